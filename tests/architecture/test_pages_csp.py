"""What a strict Content-Security-Policy would refuse is in no template, and what templates load is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
MODULES = sorted((ROOT / "static" / "js").glob("*.js"))
STATIC = re.compile(r"""\{%\s*static\s+['"]([^'"]+)['"]\s*%\}""")

REFUSED = {
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "a style element": re.compile(r"<style\b", re.IGNORECASE),
    "an event handler": re.compile(r"<[^>]*\son[a-z]+\s*=\s*[\"']", re.IGNORECASE),
    "an inline script": re.compile(
        r"<script(?![^>]*\ssrc=)(?![^>]*type=[\"'](importmap|application/json)[\"'])", re.IGNORECASE
    ),
    "a javascript: address": re.compile(r"javascript:", re.IGNORECASE),
    "hx-on, hx-vals=js: or another attribute that needs eval": re.compile(r"\bhx-on|=[\"']js:", re.IGNORECASE),
}


@pytest.mark.parametrize("what", REFUSED)
def test_no_template_has(what: str) -> None:
    found = [str(page.relative_to(ROOT)) for page in TEMPLATES if REFUSED[what].search(page.read_text())]
    assert found == []


def test_an_import_map_carries_a_nonce() -> None:
    bad = [
        page.name
        for page in TEMPLATES
        for tag in re.findall(r"<script[^>]*importmap[^>]*>", page.read_text())
        if "nonce" not in tag
    ]
    assert bad == []


def test_every_own_file_a_template_loads_is_there() -> None:
    own = {"css", "js", "img"}
    missing = [
        f"{page.relative_to(ROOT)}: {name}"
        for page in TEMPLATES
        for name in STATIC.findall(page.read_text())
        if name.split("/")[0] in own and not (ROOT / "static" / name).is_file()
    ]
    assert missing == []


def test_modules_do_not_import_each_other() -> None:
    """Hashed file names are not rewritten inside scripts, so an import would miss the cache or the file."""
    importing = re.compile(r"^\s*import\b(?!\s*\()|\bfrom\s+['\"]\./", re.MULTILINE)
    assert [module.name for module in MODULES if importing.search(module.read_text())] == []


def test_modules_make_no_code_from_text() -> None:
    evil = re.compile(r"\beval\(|new Function\(|document\.write\(|\.style\.cssText|setAttribute\(['\"]style")
    assert [module.name for module in MODULES if evil.search(module.read_text())] == []


def test_third_party_files_come_from_packages() -> None:
    known = {"css", "js", "img"}
    assert {folder.name for folder in (ROOT / "static").iterdir()} <= known
