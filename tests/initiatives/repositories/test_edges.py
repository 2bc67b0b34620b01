from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from initiatives.repositories.edges import find_path


def test_the_path_is_the_shortest_and_names_both_ends() -> None:
    edges = [("c", "b"), ("b", "a"), ("c", "x"), ("x", "y"), ("y", "a")]

    assert find_path(edges, start="c", goal="a") == ["c", "b", "a"]


def test_there_is_no_path_against_the_arrows() -> None:
    assert find_path([("b", "a")], start="a", goal="b") == []


_nodes = st.sampled_from("abcdef")


@given(st.lists(st.tuples(_nodes, _nodes), max_size=15), _nodes, _nodes)
def test_a_path_is_made_of_edges_and_exists_exactly_where_the_goal_is_reachable(
    edges: list[tuple[str, str]], start: str, goal: str
) -> None:
    path = find_path(edges, start=start, goal=goal)

    reachable = {start}
    for _ in edges:
        reachable |= {target for source, target in edges if source in reachable}
    assert bool(path) == (goal in reachable)
    assert all(step in edges for step in pairwise(path))
