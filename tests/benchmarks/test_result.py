"""What a figure says of itself."""

from benchmarks.kit.measure import in_turns, percentile, scaled
from benchmarks.kit.result import Result, Row


def test_a_goal_is_met_by_the_ratio_to_the_floor() -> None:
    row = Row("A1", "start", "ms", ours=30, floor=10, floor_name="git", goal=3, count=5)
    assert row.ratio == 3
    assert row.met
    assert row.markdown() == "| A1 | start | 30 ms | 10 ms: git | **3** | R ≤ 3 | yes | 5 |\n"


def test_a_missed_goal_is_said() -> None:
    assert "| **no** |" in Row("A1", "start", "ms", ours=31, floor=10, goal=3).markdown()
    assert "| **no** |" in Row("A4", "lines lost", "lines", ours=1, limit=0).markdown()


def test_a_figure_without_a_goal_claims_nothing() -> None:
    assert Row("A1", "start", "ms", ours=31, floor=10).met is None


def test_results_survive_the_way_between_processes() -> None:
    result = Result([Row("A1", "start", "ms", ours=31, floor=10, goal=3)], ["A note."])
    assert Result.from_json(result.as_json()) == result


def test_actions_take_turns_and_the_first_round_is_dropped() -> None:
    seen: list[str] = []

    def act(name: str) -> float:
        seen.append(name)
        return float(len(seen))

    values = in_turns({"a": lambda: act("a"), "b": lambda: act("b")}, rounds=2)
    assert seen == ["a", "b"] * 3
    assert values == {"a": [3.0, 5.0], "b": [4.0, 6.0]}


def test_sizes_follow_the_scale_down_to_a_least() -> None:
    assert scaled(7000, 1, least=10) == 7000
    assert scaled(7000, 0.0001, least=10) == 10
    assert percentile(range(100), 0.95) == 95
