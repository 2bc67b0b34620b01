"""Rich text: what is stored has passed a closed schema; Markdown goes in and comes out; HTML is safe."""

import json
from typing import Any

import pytest

from cw_site.foundation.errors import Invalid
from initiatives.richtext import LONGEST, check_document, from_markdown, html_of, load, markdown_of, stored

MARKDOWN = """# Title

text **bold** *soft* ~~gone~~ `code` [link](https://example.org/x)

- one
- two
  - deeper

1. first
2. second

- [ ] open
- [x] done

> said

```py
x = 1
```

| a | b |
| --- | :---: |
| 1 | 2 |

---"""


def paragraph(*content: dict[str, Any]) -> dict[str, Any]:
    return {"type": "doc", "content": [{"type": "paragraph", "content": list(content)}]}


def text(words: str, *marks: dict[str, Any]) -> dict[str, Any]:
    return {"type": "text", "text": words} | ({"marks": list(marks)} if marks else {})


def test_markdown_comes_back_as_it_was() -> None:
    assert markdown_of(stored(MARKDOWN)).strip() == MARKDOWN


def test_what_markdown_becomes_passes_the_schema() -> None:
    document = from_markdown(MARKDOWN + "\n\n![picture](https://example.org/a.png)")
    assert check_document(document) == document


@pytest.mark.parametrize("nothing", [None, "", "  \n"])
def test_nothing_is_stored_as_nothing(nothing: str | None) -> None:
    assert stored(nothing) is None
    assert (markdown_of(None), load(None), html_of(None)) == ("", {"type": "doc", "content": []}, "")


def test_a_document_is_taken_as_a_dict_and_as_its_text() -> None:
    document = paragraph(text("Hi"))
    assert stored(document) == stored(json.dumps(document))
    assert load(stored(document)) == document


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"type": "doc", "content": [{"type": "widget"}]}, "unknown node type 'widget' (at content[0])"),
        (paragraph(text("u", {"type": "underline"})), "unknown mark type 'underline'"),
        (
            paragraph(text("x", {"type": "link", "attrs": {"href": "javascript:alert(1)"}})),
            "'javascript' is not allowed",
        ),
        ({"type": "doc", "content": [{"type": "htmlBlock", "attrs": {"html": "<b>"}}]}, "htmlBlock"),
        ({"type": "paragraph"}, "root node must have type 'doc'"),
        ({"type": "doc", "content": "x"}, "must be a list"),
        (paragraph(text("bell \x07")), "control characters"),
        (paragraph(text("half \ud800")), "not allowed"),
        ({"type": "doc", "content": [{"type": "heading", "attrs": {"level": 10**30}}]}, "cannot be taken"),
    ],
)
def test_what_the_schema_does_not_know_is_refused_with_a_sentence(document: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_document(document)
    assert words in refused.value.message
    assert refused.value.fields == {"content": [refused.value.message]}


def test_what_is_no_object_is_refused() -> None:
    with pytest.raises(Invalid, match="a JSON object"):
        check_document(["doc"])


@pytest.mark.parametrize("depth", [150, 950, 5000])
def test_a_bomb_of_nesting_is_refused(depth: int) -> None:
    node: dict[str, Any] = {"type": "paragraph"}
    for _ in range(depth):
        node = {"type": "blockquote", "content": [node]}
    with pytest.raises(Invalid, match=r"deep|depth"):
        check_document({"type": "doc", "content": [node]})


def test_too_much_is_refused() -> None:
    with pytest.raises(Invalid, match="too long"):
        stored("x" * (LONGEST + 1))


def test_links_of_other_schemes_in_markdown_are_refused() -> None:
    with pytest.raises(Invalid, match="javascript"):
        stored("[x](javascript:alert(1))")


def test_html_in_markdown_stays_text() -> None:
    content = stored("<script>alert(1)</script> and <b>bold</b>")
    assert "<script>" not in html_of(content)
    assert "&lt;script&gt;" in html_of(content)


def test_text_that_is_no_document_is_read_as_markdown() -> None:
    assert load("# Old")["content"][0]["type"] == "heading"
    assert markdown_of('{"not": "a doc"}') == '{"not": "a doc"}'
    assert "<h1>Old</h1>" in html_of("# Old")


def test_a_stored_document_of_another_make_is_shown_as_it_is() -> None:
    odd = '{"type":"doc","content":[{"type":"widget"}]}'
    assert markdown_of(odd) == odd
