import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

pytestmark = pytest.mark.django_db
OPEN = {"sign-in/", "first-run/<str:token>/", "api/health", "favicon.ico"}


def test_a_person_signs_in_and_out(client: Client) -> None:
    User.objects.create_user("ada", password="correct horse battery")
    answer = client.post("/sign-in/", {"username": "ada", "password": "correct horse battery"})
    assert answer.status_code == 302
    assert client.get("/").status_code == 200
    client.post("/sign-out/")
    assert client.get("/").status_code == 302


def test_repeated_wrong_passwords_lock_the_name(client: Client) -> None:
    User.objects.create_user("ada", password="correct horse battery")
    for _ in range(5):
        last = client.post("/sign-in/", {"username": "ada", "password": "wrong"})
    assert last.status_code == 429
    right = client.post("/sign-in/", {"username": "ada", "password": "correct horse battery"})
    assert right.status_code == 429


def test_the_page_says_how_to_begin_where_nobody_is(client: Client) -> None:
    assert "one-time link" in client.get("/sign-in/").content.decode()


def _addresses(patterns: list[URLPattern | URLResolver], prefix: str = "") -> list[str]:
    found = []
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        found += _addresses(pattern.url_patterns, route) if isinstance(pattern, URLResolver) else [route]
    return found


def test_nothing_but_the_door_is_open_to_strangers(client: Client) -> None:
    """Every address of the product, asked without a sign-in: a redirect to the door, or 401."""
    routes = [route for route in _addresses(get_resolver().url_patterns) if route not in OPEN]
    assert len(routes) > 40
    for route in routes:
        address = "/" + "".join("1" if part.startswith("<") else part for part in _split(route))
        answer = client.get(address)
        refused = answer.status_code == 401 or (
            answer.status_code == 302 and answer["Location"].startswith(("/sign-in/", "/admin/login/"))
        )
        # an address that does not take GET, or whose pattern 1 does not fit, shows nothing either
        assert refused or answer.status_code in {404, 405} or route.startswith("admin/"), (route, answer.status_code)


def _split(route: str) -> list[str]:
    parts, rest = [], route.replace("^", "").replace("$", "")
    while "<" in rest:
        before, _, after = rest.partition("<")
        inside, _, rest = after.partition(">")
        parts += [before, f"<{inside}>"]
    return [*parts, rest]
