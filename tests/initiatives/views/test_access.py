"""Every address of this app asks who is there, and answers what is not there with 404."""

import re

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from initiatives.urls import urlpatterns

PATTERNS = [pattern for pattern in urlpatterns if isinstance(pattern, URLPattern)]
POST_ONLY = re.compile(r"(sync|delete|archive|restore|queue-all|queue|approve|withdraw|retry|complete|remove)/$")


def address(pattern: URLPattern) -> str:
    return reverse(str(pattern.name), args=["nothing"] * len(pattern.pattern.converters))


@pytest.mark.django_db
@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: str(pattern.name))
def test_nobody_sees_anything_without_signing_in(pattern: URLPattern) -> None:
    for response in (Client().get(address(pattern)), Client().post(address(pattern))):
        assert response.status_code == 302
        assert response["Location"].startswith(reverse("sign-in"))


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: str(pattern.name))
def test_what_is_not_there_is_not_found(pattern: URLPattern, person_client: Client) -> None:
    url = address(pattern)
    if not pattern.pattern.converters:
        assert person_client.get(url).status_code == 200
    elif POST_ONLY.search(url):
        assert person_client.get(url).status_code == 405
        assert person_client.post(url).status_code == 404
    else:
        assert person_client.get(url).status_code == 404


def test_a_token_of_the_form_is_needed(person: object) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")  # type: ignore[arg-type]
    assert client.post(reverse("projects"), {"name": "x"}).status_code == 403
