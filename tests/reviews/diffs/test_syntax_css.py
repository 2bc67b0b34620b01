import re
from pathlib import Path

import pytest

from reviews.diffs import highlight

STATIC = Path(__file__).parents[3] / "static/css"
CSS = (STATIC / "syntax.css").read_text()
TOKENS = {
    name: (light, dark)
    for name, light, dark in re.findall(
        r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", (STATIC / "tokens.css").read_text()
    )
}
USED = sorted(set(re.findall(r"var\(--([\w-]+)\)", CSS)))
LINES = ("surface", "diff-added", "diff-removed", "diff-target")


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_colour_has_aa_contrast_on_every_kind_of_line(scheme: int) -> None:
    assert len(USED) >= 8
    low = {
        (name, line): round(contrast(TOKENS[name][scheme], TOKENS[line][scheme]), 2)
        for name in [*USED, "code-text"]
        for line in LINES
        if contrast(TOKENS[name][scheme], TOKENS[line][scheme]) < 4.5
    }
    assert low == {}


def test_every_class_has_a_colour() -> None:
    selectors = " ".join(re.findall(r"([^{}]+)\{[^{}]*color", CSS))
    for css_class in set(highlight._CLASSES.values()):
        assert re.search(rf"\.{css_class}\b", selectors), css_class
