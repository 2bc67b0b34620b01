"""Text can be read and controls can be found: the colours of static/css/tokens.css meet WCAG 2.2 AA in both themes."""

import re
from pathlib import Path

import pytest

CSS = Path(__file__).resolve().parents[2] / "static" / "css"
PAIR = re.compile(r"--([a-z-]+): light-dark\(#([0-9a-f]{6}), #([0-9a-f]{6})\);")
TOKENS = {name: (light, dark) for name, light, dark in PAIR.findall((CSS / "tokens.css").read_text())}
THEMES = {"light": 0, "dark": 1}

SURFACES = ["canvas", "surface", "raised", "sunken", "hover", "selected"]
TONES = ["neutral", "violet", "blue", "amber", "green", "red"]
CODE = [name for name in TOKENS if name.startswith("code-")]
DIFF_ROWS = ["surface", "diff-added", "diff-removed", "diff-added-word", "diff-removed-word", "diff-target"]

TEXT = [
    *((text, surface) for text in ("text", "text-muted", "text-faint", "link") for surface in SURFACES),
    *((f"{tone}-text", surface) for tone in TONES for surface in (f"{tone}-bg", *SURFACES)),
    *((text, f"{tone}-bg") for tone in TONES for text in ("text", "text-muted")),
    *((code, row) for code in CODE for row in DIFF_ROWS),
    *(("text-muted", row) for row in ("diff-added-num", "diff-removed-num", "diff-hunk")),
    ("text-faint", "diff-hunk"),
    ("link", "neutral-bg"),
    ("code-name", "neutral-bg"),
    ("text-inverse", "ink"),
    ("text-inverse", "ink-hover"),
    ("approve-text", "approve"),
    ("approve-text", "approve-hover"),
    ("danger-text", "danger"),
    ("danger-text", "danger-hover"),
]
SHAPES = [
    *((f"{tone}-solid", surface) for tone in TONES for surface in ("surface", "canvas", f"{tone}-bg")),
    *((line, surface) for line in ("border-strong", "focus") for surface in ("surface", "canvas", "raised", "sunken")),
]


def luminance(color: str) -> float:
    """Relative luminance of rrggbb, 0 to 1, as WCAG defines it."""
    channels = [int(color[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def too_weak(pairs: list[tuple[str, str]], *, theme: str, least: float) -> list[str]:
    index = THEMES[theme]
    found = {(front, back): contrast(TOKENS[front][index], TOKENS[back][index]) for front, back in pairs}
    return [f"--{front} on --{back}: {ratio:.2f}" for (front, back), ratio in found.items() if ratio < least]


def test_contrast_of_black_on_white_is_21() -> None:
    assert contrast("000000", "ffffff") == pytest.approx(21)


@pytest.mark.parametrize("theme", THEMES)
def test_text_has_a_contrast_of_4_5(theme: str) -> None:
    assert too_weak(TEXT, theme=theme, least=4.5) == []


@pytest.mark.parametrize("theme", THEMES)
def test_marks_borders_of_controls_and_focus_have_a_contrast_of_3(theme: str) -> None:
    assert too_weak(SHAPES, theme=theme, least=3) == []


def test_colours_are_written_in_the_tokens_only() -> None:
    literal = re.compile(r"#[0-9a-f]{3,8}\b|\b(rgb|hsl|oklch)a?\(", re.IGNORECASE)
    sheets = [sheet for sheet in sorted(CSS.glob("*.css")) if sheet.name != "tokens.css"]
    without_comments = {sheet.name: re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL) for sheet in sheets}
    assert [name for name, css in without_comments.items() if literal.search(css)] == []


def test_every_token_that_is_used_is_defined() -> None:
    text = {sheet.name: sheet.read_text() for sheet in CSS.glob("*.css")}
    defined = set(re.findall(r"(--[a-z0-9-]+):", "\n".join(text.values())))
    used = {(name, token) for name, css in text.items() for token in re.findall(r"var\((--[a-z0-9-]+)", css)}
    assert sorted((name, token) for name, token in used if token not in defined) == []
