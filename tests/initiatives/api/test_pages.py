"""Pages through the API: Tiptap JSON, or Markdown with ?format=markdown."""

from typing import Any

from tests.factories import make_initiative
from tests.initiatives.api.conftest import Api

DOCUMENT: dict[str, Any] = {
    "type": "doc",
    "content": [{"type": "paragraph", "content": [{"type": "text", "text": "Hi", "marks": [{"type": "bold"}]}]}],
}


def test_a_page_is_kept_as_tiptap(api: Api) -> None:
    pages = f"/initiatives/{make_initiative(name='Docs').pk}/pages"
    assert api.get(pages) == {"items": [], "count": 0}
    made = api.post(pages, {"title": "One", "content": DOCUMENT}, status=201)
    assert made["content"] == DOCUMENT
    assert api.get(f"/pages/{made['id']}")["content"] == DOCUMENT
    assert sorted(row["title"] for row in api.get(pages)["items"]) == ["Docs", "One"]
    below = api.post(pages, {"title": "Two", "parent_page_id": made["id"]}, status=201)
    assert (below["parent_page_id"], below["content"]) == (made["id"], {"type": "doc", "content": []})
    api.delete(f"/pages/{made['id']}")
    api.get(f"/pages/{below['id']}", status=404)


def test_markdown_in_and_out(api: Api) -> None:
    pages = f"/initiatives/{make_initiative().pk}/pages"
    made = api.post(f"{pages}?format=markdown", {"title": "One", "content": "# Hi\n\n- [x] done"}, status=201)
    assert made["content"].strip() == "# Hi\n\n- [x] done"
    path = f"/pages/{made['id']}"
    assert api.get(path)["content"]["content"][0]["type"] == "heading"
    assert api.patch(f"{path}?format=markdown", {"content": "**Hi**"})["content"].strip() == "**Hi**"
    assert api.get(path)["content"] == DOCUMENT
    refused = api.patch(f"{path}?format=markdown", {"content": DOCUMENT}, status=422)
    assert "Markdown text" in refused["fields"]["content"][0]


def test_what_is_not_known_is_refused_with_a_sentence(api: Api) -> None:
    pages = f"/initiatives/{make_initiative().pk}/pages"
    unknown = {"type": "doc", "content": [{"type": "iframe", "attrs": {"src": "https://example.org"}}]}
    refused = api.post(pages, {"title": "One", "content": unknown}, status=422)
    assert refused["detail"] == "This rich text cannot be taken: unknown node type 'iframe' (at content[0])."
    link = "[x](javascript:alert(1))"
    assert "javascript" in api.post(pages, {"title": "One", "content": link}, status=422)["detail"]
    assert api.get(pages)["count"] == 0


def test_the_root_stays(api: Api) -> None:
    pages = f"/initiatives/{make_initiative().pk}/pages"
    made = api.post(pages, {"title": "One"}, status=201)
    assert "root page" in api.delete(f"/pages/{made['parent_page_id']}", status=409)["detail"]
