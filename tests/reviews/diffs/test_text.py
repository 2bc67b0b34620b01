import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.diffs import text

# (what is written, the code points that must become boxes)
HIDDEN = [
    ("access\u202e \u2066// admin\u2069 \u2066", [0x202E, 0x2066, 0x2069, 0x2066]),
    *((f"a{chr(code)}b", [code]) for code in range(0x202A, 0x202F)),
    *((f"a{chr(code)}b", [code]) for code in range(0x2066, 0x206A)),
    *((f"a{chr(code)}b", [code]) for code in range(0x200B, 0x2010)),
    *((f"a{chr(code)}b", [code]) for code in (0x00, 0x07, 0x08, 0x0B, 0x0C, 0x0D, 0x1B, 0x1F, 0x7F, 0x85, 0x9F)),
    *((f"a{chr(code)}b", [code]) for code in (0xFEFF, 0x3000, 0xE0001, 0xE0041, 0xE007F, 0xE0100, 0xFE00, 0xFE0F)),
    *((f"a{chr(code)}b", [code]) for code in (0xAD, 0x34F, 0x61C, 0x2028, 0x2029, 0x2060, 0x3164, 0xFFF9, 0x2800)),
    ("a\ud800b", [0xD800]),
    ("\U000e0068\U000e0069", [0xE0068, 0xE0069]),
]
SEEN = ["plain", "tab\there", "café", "naïve 漢字 кириллица עברית عربى", "❤️ and 1️⃣ and ☎️", "line\nline", "", "a\u0301"]


@pytest.mark.parametrize(("value", "codes"), HIDDEN, ids=lambda value: ascii(value)[:40])
def test_what_cannot_be_seen_becomes_a_box(value: str, codes: list[int]) -> None:
    html = text.to_html(value)
    assert [int(part[2 : part.index(" ")], 16) for part in html.split('title="')[1:]] == codes
    assert html.count('<span class="invisible" title="U+') == len(codes)
    for code in codes:
        assert chr(code) not in html
        assert f">U+{code:04X}</span>" in html
        assert f"<U+{code:04X}>" in text.visible(value)
    assert text.has_hidden(value)
    html.encode()


@pytest.mark.parametrize("value", SEEN, ids=ascii)
def test_what_can_be_seen_stays(value: str) -> None:
    assert text.to_html(value) == value
    assert not text.has_hidden(value)


def test_the_box_has_the_name_of_the_character() -> None:
    assert text.to_html("\u202e") == '<span class="invisible" title="U+202E RIGHT-TO-LEFT OVERRIDE">U+202E</span>'
    assert text.character_name("\x1b") == "U+001B ESCAPE"
    assert text.character_name("\x80") == "U+0080 CONTROL"
    assert text.character_name("\ud800") == "U+D800 LONE SURROGATE"


def test_the_line_ends_of_crlf_are_not_hidden_text() -> None:
    assert not text.has_hidden("a\r\nb\r\n")
    assert not text.has_hidden("a\r")
    assert text.has_hidden("a\rb")


def test_names_are_one_line_of_plain_text() -> None:
    assert text.visible("a\nb\tc") == "a<U+000A>b<U+0009>c"
    assert text.visible(b"caf\xe9\n") == "caf\\xe9<U+000A>"
    assert text.visible(b"caf\xe9".decode(errors="surrogateescape")) == "caf\\xe9"
    assert text.visible("feature/\u202egnp.exe") == "feature/<U+202E>gnp.exe"
    assert text.visible('<b>"x"') == '<b>"x"'


@given(st.text())
def test_no_hidden_character_and_no_tag_gets_through(value: str) -> None:
    html = text.to_html(value)
    html.encode()
    boxes_gone = html.replace('<span class="invisible" title="', "").replace("</span>", "").replace('">U+', "")
    assert "<" not in boxes_gone
    allowed = {0x09, 0x0A, 0xFE0E, 0xFE0F}
    for character in html:
        assert unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp") or ord(character) in allowed, (
            ascii(character)
        )


@given(st.binary())
def test_every_byte_is_decoded(data: bytes) -> None:
    decoded, valid = text.decode(data)
    decoded.encode()
    assert decoded.count("\n") == data.count(b"\n")
    assert not valid or decoded.encode() == data
    text.visible(data).encode()


@given(st.text())
def test_escaped_text_is_safe_in_an_attribute(value: str) -> None:
    assert not set(text.escape(value)) & set("<>\"'")
