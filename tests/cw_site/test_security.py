import pytest
from django.contrib.auth.models import User
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("ada", password="correct horse battery"))
    return client


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "0.0.0.0"])
def test_another_host_name_is_refused(client: Client, host: str) -> None:
    assert client.get("/sign-in/", headers={"Host": host}).status_code == 400


def test_every_page_carries_the_policy(signed_in: Client) -> None:
    answer = signed_in.get("/")
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in answer


@pytest.mark.parametrize("site", ["cross-site", "same-site", "made-up"])
def test_what_another_site_sends_is_refused_even_with_cookies(signed_in: Client, site: str) -> None:
    answer = signed_in.post("/sign-out/", headers={"Sec-Fetch-Site": site})
    assert answer.status_code == 403
    assert signed_in.get("/").status_code == 200


def test_a_form_without_the_csrf_token_is_refused() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_user("ada"))
    assert client.post("/sign-out/").status_code == 403


def test_unknown_addresses_are_told_in_the_right_language(signed_in: Client) -> None:
    page, api = signed_in.get("/nothing/"), signed_in.get("/api/nothing")
    assert page.status_code == api.status_code == 404
    assert "nothing here" in page.content.decode()
    assert api.json()["code"] == "not_found"


@pytest.mark.parametrize("address", ["/agents/a%00b/", "/tasks/%00/", "/?page=%00", "/first-run/%00/"])
def test_an_address_with_a_nul_is_refused_and_no_error(signed_in: Client, address: str) -> None:
    assert signed_in.get(address).status_code == 400


def test_health_is_open_and_says_nothing_else(client: Client) -> None:
    answer = client.get("/api/health")
    assert answer.json() == {"status": "ok"}
