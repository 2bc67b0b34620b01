"""The phases as a picture: layers from left to right, drawn as SVG by a template. No Django, no scripts.

A node stands one layer right of everything it waits for. An edge over several layers is led between the boxes of the
layers that it passes, as if a thin node stood there; a few sweeps order each layer by the middle of its neighbours.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

BOX_WIDTH, BOX_HEIGHT = 200, 72
_GAP_X, _GAP_Y, _MARGIN = 64, 24, 20
_LANE = 12
_PADDING = 14
_TITLE_LENGTH = 23
_SWEEPS = 6


@dataclass(frozen=True)
class Node:
    """What is drawn: `key` is its id, `done` of `total` its progress."""

    key: str
    title: str
    status: str
    status_label: str
    href: str
    done: int = 0
    total: int = 0


@dataclass(frozen=True)
class Box:
    """A node with its place; y and x are its upper left corner, all in pixels."""

    node: Node
    x: int
    y: int

    @property
    def width(self) -> int:
        return BOX_WIDTH

    @property
    def height(self) -> int:
        return BOX_HEIGHT

    @property
    def title(self) -> str:
        """The name, cut to what fits."""
        name = self.node.title
        return name if len(name) <= _TITLE_LENGTH else name[: _TITLE_LENGTH - 1].rstrip() + "…"

    @property
    def text_x(self) -> int:
        return self.x + _PADDING

    @property
    def end_x(self) -> int:
        return self.x + BOX_WIDTH - _PADDING

    @property
    def title_y(self) -> int:
        return self.y + 26

    @property
    def status_y(self) -> int:
        return self.y + 46

    @property
    def track_y(self) -> int:
        return self.y + 58

    @property
    def track_width(self) -> int:
        return BOX_WIDTH - 2 * _PADDING

    @property
    def fill_width(self) -> int:
        return self.track_width * self.node.done // self.node.total if self.node.total else 0

    @property
    def label(self) -> str:
        """The box in words, for those who do not see it."""
        tasks = f", {self.node.done} of {self.node.total} tasks completed" if self.node.total else ", no tasks yet"
        return f"{self.node.title}: {self.node.status_label.lower()}{tasks}"


@dataclass(frozen=True)
class Path:
    """An edge: the path's data, and whether what it waits for is completed."""

    data: str
    met: bool


@dataclass(frozen=True)
class Graph:
    """A picture of `width` by `height` pixels."""

    width: int
    height: int
    boxes: list[Box] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)


def draw(nodes: Sequence[Node], edges: Iterable[tuple[str, str]]) -> Graph:
    """Lay the nodes out. An edge is (who waits, what it waits for); edges to unknown nodes are left out."""
    known = {node.key: node for node in nodes}
    pairs = [(before, after) for after, before in edges if after in known and before in known]
    layer_of = _layers([node.key for node in nodes], pairs)
    layers, chains = _with_lanes([node.key for node in nodes], layer_of, pairs)
    _order(layers, chains)
    places = _places(layers, known)
    boxes = [Box(node, *places[node.key]) for node in nodes]
    paths = [Path(_curve(chain, places, known), met=known[chain[0]].status == "completed") for chain in chains]
    width = max((box.x + BOX_WIDTH for box in boxes), default=0) + _MARGIN
    height = max((y + (BOX_HEIGHT if key in known else _LANE) for key, (_, y) in places.items()), default=0) + _MARGIN
    return Graph(width, height, boxes, paths)


def _layers(keys: Sequence[str], pairs: Sequence[tuple[str, str]]) -> dict[str, int]:
    """The longest way from a node that waits for nothing. A circle (which the database refuses) just ends."""
    waits_for: dict[str, list[str]] = {key: [] for key in keys}
    for before, after in pairs:
        waits_for[after].append(before)
    layer_of = dict.fromkeys(keys, 0)
    for _ in keys:
        changed = False
        for key in keys:
            wanted = max((layer_of[before] + 1 for before in waits_for[key]), default=0)
            if wanted > layer_of[key] and wanted < len(keys):
                layer_of[key], changed = wanted, True
        if not changed:
            break
    return layer_of


def _with_lanes(
    keys: Sequence[str], layer_of: dict[str, int], pairs: Sequence[tuple[str, str]]
) -> tuple[list[list[str]], list[list[str]]]:
    """The layers with a thin node for each layer that an edge passes, and each edge as its chain of nodes."""
    layers: list[list[str]] = [[] for _ in range(max(layer_of.values(), default=-1) + 1)]
    for key in keys:
        layers[layer_of[key]].append(key)
    chains = []
    for number, (before, after) in enumerate(pairs):
        chain = [before]
        for layer in range(layer_of[before] + 1, layer_of[after]):
            lane = f"lane {number} {layer}"
            layers[layer].append(lane)
            chain.append(lane)
        chains.append([*chain, after])
    return layers, chains


def _order(layers: list[list[str]], chains: Sequence[Sequence[str]]) -> None:
    """Sort each layer by the middle of its neighbours, to and fro, so that few edges cross."""
    left: dict[str, list[str]] = {}
    right: dict[str, list[str]] = {}
    for chain in chains:
        for before, after in pairwise(chain):
            left.setdefault(after, []).append(before)
            right.setdefault(before, []).append(after)
    for sweep in range(_SWEEPS):
        neighbours = left if sweep % 2 == 0 else right
        for layer in layers if sweep % 2 == 0 else layers[::-1]:
            rank = {key: index / max(len(row) - 1, 1) for row in layers for index, key in enumerate(row)}
            middle = {
                key: sum(rank[other] for other in neighbours[key]) / len(neighbours[key])
                if key in neighbours
                else rank[key]
                for key in layer
            }
            layer.sort(key=lambda key: middle[key])


def _places(layers: Sequence[Sequence[str]], known: dict[str, Node]) -> dict[str, tuple[int, int]]:
    """The upper left corner of each node; a layer stands in the middle of the height."""
    heights = [
        sum(BOX_HEIGHT if key in known else _LANE for key in layer) + _GAP_Y * (len(layer) - 1) for layer in layers
    ]
    tallest = max(heights, default=0)
    places: dict[str, tuple[int, int]] = {}
    for number, layer in enumerate(layers):
        x, y = _MARGIN + number * (BOX_WIDTH + _GAP_X), _MARGIN + (tallest - heights[number]) // 2
        for key in layer:
            places[key] = (x, y)
            y += (BOX_HEIGHT if key in known else _LANE) + _GAP_Y
    return places


def _curve(chain: Sequence[str], places: dict[str, tuple[int, int]], known: dict[str, Node]) -> str:
    """A smooth line from the right side of the first box, straight along its lanes, to the left side of the last."""
    start_x, start_y = _right_of(chain[0], places, known)
    data = f"M{start_x} {start_y}"
    for key in chain[1:]:
        x, top = places[key]
        y = top + (BOX_HEIGHT if key in known else _LANE) // 2
        bend = (x - start_x) // 2
        data += f"C{start_x + bend} {start_y} {x - bend} {y} {x} {y}"
        if key not in known:
            data += f"H{x + BOX_WIDTH}"
        start_x, start_y = x + BOX_WIDTH, y
    return data


def _right_of(key: str, places: dict[str, tuple[int, int]], known: dict[str, Node]) -> tuple[int, int]:
    x, y = places[key]
    return x + BOX_WIDTH, y + (BOX_HEIGHT if key in known else _LANE) // 2
