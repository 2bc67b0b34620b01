from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cw_site import first_run

pytestmark = pytest.mark.django_db
GOOD = {"username": "ada", "password1": "correct horse battery", "password2": "correct horse battery"}


@pytest.fixture
def address(tmp_path: Path, settings: object) -> str:
    settings.CW_DATA_DIR = tmp_path  # type: ignore[attr-defined]
    return first_run.link("")


def test_the_link_makes_the_administrator_and_signs_in(client: Client, address: str) -> None:
    assert client.get(address).status_code == 200
    answer = client.post(address, GOOD)
    assert answer.status_code == 302
    assert User.objects.get().is_superuser
    assert client.get("/").status_code == 200


def test_the_link_works_once(client: Client, address: str) -> None:
    client.post(address, GOOD)
    again = Client().post(address, {**GOOD, "username": "eve"})
    assert again.status_code == 404
    assert User.objects.count() == 1


def test_a_guessed_link_is_none(client: Client, address: str) -> None:
    assert client.get("/first-run/guess/").status_code == 404
    assert client.post("/first-run/guess/", GOOD).status_code == 404


def test_nothing_is_open_before_a_link_was_printed(client: Client, tmp_path: Path, settings: object) -> None:
    settings.CW_DATA_DIR = tmp_path  # type: ignore[attr-defined]
    assert client.post("/first-run/anything/", GOOD).status_code == 404


def test_bad_input_keeps_the_name_and_the_link(client: Client, address: str) -> None:
    answer = client.post(address, {**GOOD, "password2": "another"})
    assert answer.status_code == 422
    assert 'value="ada"' in answer.content.decode()
    assert client.post(address, GOOD).status_code == 302


def test_a_link_with_odd_characters_is_refused_and_no_error(client: Client, address: str) -> None:
    assert client.get("/first-run/%C3%BC%F0%9F%A6%A6/").status_code == 404
