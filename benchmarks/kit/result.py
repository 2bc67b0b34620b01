"""What a benchmark found, and how it is printed."""

from dataclasses import asdict, dataclass, field
from typing import Any, Self

HEAD = "| # | measured | ours | beside it, in the same run | R | goal | met | n |\n|---|---|---|---|---|---|---|---|\n"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure beside its floor. `goal` is the largest ratio ours/floor that will do, `limit` the largest figure."""

    id: str
    what: str
    unit: str
    ours: float
    floor: float | None = None
    floor_name: str = ""
    goal: float | None = None
    limit: float | None = None
    count: int = 0

    @property
    def ratio(self) -> float | None:
        """Ours by the floor; None where there is no floor (or it is nothing)."""
        return self.ours / self.floor if self.floor else None

    @property
    def met(self) -> bool | None:
        """Whether the goal is met, None where there is none."""
        verdicts = []
        if self.goal is not None and self.ratio is not None:
            verdicts.append(self.ratio <= self.goal)
        if self.limit is not None:
            verdicts.append(self.ours <= self.limit)
        return all(verdicts) if verdicts else None

    def markdown(self) -> str:
        """The row of the table."""
        floor = "–" if self.floor is None else f"{number(self.floor)} {self.unit}: {self.floor_name}"
        goals = [] if self.goal is None else [f"R ≤ {self.goal:g}"]
        goals += [] if self.limit is None else [f"≤ {self.limit:g} {self.unit}"]
        ratio = "–" if self.ratio is None else f"**{number(self.ratio)}**"
        cells = (
            *(self.id, self.what, f"{number(self.ours)} {self.unit}", floor, ratio, " and ".join(goals) or "–"),
            *({True: "yes", False: "**no**", None: "–"}[self.met], str(self.count or "–")),
        )
        return f"| {' | '.join(cells)} |\n"


@dataclass(frozen=True, slots=True)
class Result:
    """The rows of one benchmark, and sentences that belong below the table."""

    rows: list[Row]
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """For the process that collects the results."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """The reverse of as_json."""
        return cls([Row(**row) for row in value["rows"]], value["notes"])


def number(value: float) -> str:
    """Three digits that count."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
