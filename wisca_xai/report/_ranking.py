"""The ranking of a report: a table whose bars and marks are on one scale."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from wisca_xai._results._by_class import OfClass
from wisca_xai._results._direction import class_of_directions
from wisca_xai._results._marks import marks
from wisca_xai._text import display_name, display_names
from wisca_xai.report._words import NAME_WIDTH, number, whole_name

WIDTH = 280  # of the bars, in the units of the picture
EDGE = 8  # beside the smallest and the largest number, for half a mark
DIRECTIONS = {"up": "▲ up", "down": "▼ down", "mixed": "◆ mixed"}


def ranking_of(whole: Any, classes: Sequence[OfClass] = ()) -> dict[str, Any]:
    """Lines of the ranking, the axis, the explainers with the number of their mark, and classes."""
    table, found = whole.ranking(), marks(whole)
    importance = table["importance"].to_numpy(np.float64)
    ends = table[["lower", "upper"]].to_numpy(np.float64)
    own = [one.importance for one in classes]
    shown = [importance, *found.values(), *own, ends[~np.isnan(ends)]]
    scale = _Scale(np.concatenate([np.ravel(part) for part in shown]))
    shown_names = display_names(whole.feature_names, width=NAME_WIDTH)
    names = dict(zip(whole.feature_names, shown_names, strict=True))
    places = {name: j for j, name in enumerate(whole.feature_names)}
    lines, towards = [], class_of_directions(whole)
    labels = display_names([str(one.label) for one in classes])
    for place, row in enumerate(table.to_dict("records")):
        j = places[row["feature"]]
        lines.append(
            {
                "id": j,
                "place": place,
                "name": names[row["feature"]],
                "title": whole_name(row["feature"]),
                "rank": int(row["rank"]),
                "ranks": _range(row["best_rank"], row["worst_rank"]),
                "importance": number(row["importance"]),
                "value": float(row["importance"]),
                "interval": _interval(row["lower"], row["upper"]),
                "direction": DIRECTIONS.get(row["direction"] or "", ""),
                "is_noise": row["above_noise"] is not None and not row["above_noise"],
                "bar": scale.bar(row["importance"]),
                "line": scale.line(row["lower"], row["upper"]),
                "marks": [scale.place(part[j]) for part in found.values()],
                "shares": [number(part[j]) for part in found.values()],
            }
        )
    return {
        "lines": lines,
        "explainers": [display_name(name) for name in found],
        "ticks": scale.ticks(),
        "zero": scale.place(0.0),
        "width": WIDTH,
        "has_noise": any(line["is_noise"] for line in lines),
        "towards": "" if towards is None else display_name(str(towards)),
        "by_class": [
            _of_class(one, name, scale) for one, name in zip(classes, labels, strict=True)
        ],
        "n_classes": len(set(map(str, whole.targets.tolist()))) if classes else 0,
        "has_direction": any(line["direction"] for line in lines),
    }


def _of_class(found: OfClass, label: str, scale: "_Scale") -> dict[str, Any]:
    """The bars of one class, by position of the feature."""
    return {
        "label": label,
        "n_rows": found.n_rows,
        "importances": [number(value) for value in found.importance],
        "values": [float(f"{value:.4g}") for value in found.importance],
        "bars": [scale.bar(value) for value in found.importance],
        "directions": [DIRECTIONS.get(word or "", "") for word in found.directions],
    }


def _range(best: float, worst: float) -> str:
    if np.isnan(best):
        return ""
    return f"{int(best)}" if best == worst else f"{int(best)} to {int(worst)}"


def _interval(lower: float, upper: float) -> str:
    return "" if np.isnan(lower) else f"{number(lower)} to {number(upper)}"


class _Scale:
    """Places of numbers in a picture; 0 is always inside."""

    def __init__(self, numbers: Any) -> None:
        self.low = min(0.0, float(np.min(numbers, initial=0.0)))
        self.high = max(0.0, float(np.max(numbers, initial=0.0)))
        if self.high == self.low:
            self.high = 1.0

    def place(self, value: float) -> float:
        share = (float(value) - self.low) / (self.high - self.low)
        return round(EDGE + share * (WIDTH - 2 * EDGE), 1)

    def bar(self, value: float) -> tuple[float, float]:
        start, end = sorted((self.place(0.0), self.place(value)))
        return start, round(end - start, 1)

    def line(self, lower: float, upper: float) -> tuple[float, float] | None:
        return None if np.isnan(lower) else (self.place(lower), self.place(upper))

    def ticks(self) -> list[tuple[float, str]]:
        """Some round numbers, with their places."""
        step = 10.0 ** np.floor(np.log10((self.high - self.low) / 2))
        for factor in (1, 2, 5):
            if (self.high - self.low) / (step * factor) <= 4:
                step *= factor
                break
        found = np.arange(np.ceil(self.low / step), np.floor(self.high / step) + 1) * step
        return [(self.place(value), number(value)) for value in found]
