"""The picture of the plan: layers, edges that pass between boxes, words for those who do not see it."""

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from initiatives.graph import BOX_HEIGHT, BOX_WIDTH, Graph, Node, draw


def make_node(key: str, *, title: str = "", status: str = "pending", done: int = 0, total: int = 0) -> Node:
    return Node(key, title or key, status, status.capitalize(), f"#{key}", done, total)


def places(graph: Graph) -> dict[str, tuple[int, int]]:
    return {box.node.key: (box.x, box.y) for box in graph.boxes}


def test_nothing_gives_an_empty_picture() -> None:
    graph = draw([], [])
    assert (graph.boxes, graph.paths) == ([], [])


def test_a_node_stands_right_of_what_it_waits_for() -> None:
    nodes = [make_node(key) for key in "abcd"]
    at = places(draw(nodes, [("b", "a"), ("c", "a"), ("d", "b"), ("d", "c")]))
    assert at["a"][0] < at["b"][0] == at["c"][0] < at["d"][0]
    assert at["b"][1] != at["c"][1]


def test_the_longest_way_decides_the_layer() -> None:
    at = places(draw([make_node(key) for key in "abc"], [("c", "a"), ("c", "b"), ("b", "a")]))
    assert at["a"][0] < at["b"][0] < at["c"][0]


def test_a_long_edge_does_not_cross_the_box_between() -> None:
    graph = draw([make_node(key) for key in "abc"], [("c", "a"), ("c", "b"), ("b", "a")])
    box = next(box for box in graph.boxes if box.node.key == "b")
    straight = [re.search(r" (\d+)H(\d+)", path.data) for path in graph.paths]
    heights = [int(match[1]) for match in straight if match]
    assert len(heights) == 1
    assert not box.y <= heights[0] <= box.y + BOX_HEIGHT


def test_an_edge_is_met_when_what_it_waits_for_is_completed() -> None:
    nodes = [make_node("a", status="completed"), make_node("b"), make_node("c")]
    assert [path.met for path in draw(nodes, [("b", "a"), ("c", "b")]).paths] == [True, False]


def test_a_circle_and_unknown_ends_do_no_harm() -> None:
    graph = draw([make_node("a"), make_node("b")], [("a", "b"), ("b", "a"), ("a", "gone")])
    assert len(graph.boxes) == 2


def test_a_box_says_itself_in_words_and_cuts_a_long_title() -> None:
    box = draw([make_node("a", title="A very long name of a phase indeed", done=1, total=4)], []).boxes[0]
    assert box.label == "A very long name of a phase indeed: pending, 1 of 4 tasks completed"
    assert box.title == "A very long name of a…"
    assert box.fill_width == box.track_width // 4


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=20))
def test_boxes_never_overlap_and_edges_lead_to_the_right(pairs: list[tuple[int, int]]) -> None:
    nodes = [make_node(str(number)) for number in range(9)]
    edges = [(str(max(pair)), str(min(pair))) for pair in pairs if pair[0] != pair[1]]
    graph = draw(nodes, edges)
    at = places(graph)
    assert all(at[after][0] > at[before][0] for after, before in edges)
    taken = sorted(at.values())
    for (x, y), (other_x, other_y) in pairwise(taken):
        assert other_x >= x + BOX_WIDTH or (x == other_x and other_y >= y + BOX_HEIGHT)
    assert all(x + BOX_WIDTH <= graph.width and y + BOX_HEIGHT <= graph.height for x, y in taken)
