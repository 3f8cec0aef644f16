"""The features of a report: small pictures of the most important ones, without a script."""

from typing import Any

import numpy as np

from wisca_xai._text import display_name, display_names
from wisca_xai._typing import FloatVector, IntVector
from wisca_xai.report._rows import chosen_rows, columns_of, numbers_in, signs_of
from wisca_xai.report._words import NAME_WIDTH, number

N_PICTURES = 6
WIDTH, HEIGHT, EDGE = 230, 130, 10
MOST_POINTS = 400  # in a picture without a script
MOST_LEVELS = 8  # categories of a picture
OPACITIES = (0.25, 0.5, 0.9)  # of rows with a low, a middle and a high weight


def features_of(whole: Any, rows: IntVector) -> dict[str, Any]:
    """Pictures of values against attributions, and the size of each explainer's attributions."""
    names = display_names(whole.feature_names, width=NAME_WIDTH)
    order = [whole.feature_names.index(name) for name in whole.ranking()["feature"]]
    parts = {"consensus": whole, **whole.components}
    table = [
        {
            "id": j,
            "name": names[j],
            "sizes": [number(part.mean_magnitude()[j]) for part in parts.values()],
        }
        for j in order
    ]
    return {
        "pictures": _pictures(whole, rows, order[:N_PICTURES], names),
        "table": table,
        "explainers": [display_name(name) for name in parts],
        "units": ["" if part.unit == "1" else part.unit for part in parts.values()],
        "has_data": whole.data is not None,
        "meaning": _meaning(whole, rows),
        "width": WIDTH,
        "height": HEIGHT,
    }


def _meaning(whole: Any, rows: IntVector) -> str:
    """What a point at the top speaks for."""
    if signs_of(whole, rows) is not None:
        return f"class {display_name(str(whole.classes[1]))}"
    if whole.targets is None:
        return "a high output"
    if whole.values.ndim == 3:
        return "the class that is shown"
    labels = set(whole.targets.tolist())
    if len(labels) == 1:
        return f"class {display_name(str(labels.pop()))}"
    return "the predicted class of the row, which differs from row to row"


def _pictures(
    whole: Any, rows: IntVector, features: list[int], names: list[str]
) -> list[dict[str, Any]]:
    shown = rows[chosen_rows(len(rows), MOST_POINTS)] if len(rows) else rows
    columns = columns_of(whole, shown)
    if columns is None:
        return []
    values, signs = whole.values[shown], signs_of(whole, shown)
    if signs is not None:
        values = values * np.array(signs)[:, None]
    label = ""
    if values.ndim == 3:
        values = values[:, :, -1]
        label = "" if whole.targets is None else display_name(str(whole.targets[-1]))
    bins = np.digitize(whole.weights[shown], [1 / 3, 2 / 3])
    return [
        {"id": j, "name": names[j], "class": label, **_picture(values[:, j], columns[j], bins)}
        for j in features
    ]


def _picture(attributions: FloatVector, column: dict[str, Any], bins: IntVector) -> dict[str, Any]:
    low, high = min(0.0, attributions.min()), max(0.0, attributions.max())
    y = HEIGHT - EDGE - (attributions - low) / ((high - low) or 1.0) * (HEIGHT - 2 * EDGE)
    zero = HEIGHT - EDGE - (0.0 - low) / ((high - low) or 1.0) * (HEIGHT - 2 * EDGE)
    if "levels" in column:
        x, ends = _places_of_levels(column)
    else:
        numbers = numbers_in(column)
        x, ends = _places_of_numbers(numbers, column.get("texts"))
    paths = []
    for level, opacity in enumerate(OPACITIES):
        points = np.flatnonzero((bins == level) & np.isfinite(x))
        steps = "".join(f"M{x[i]:.0f} {y[i]:.0f}h0" for i in points)
        if steps:
            paths.append({"d": steps, "opacity": opacity})
    lowest, highest = number(low), number(high)
    return {"paths": paths, "zero": round(zero, 1), "ends": ends, "low": lowest, "high": highest}


def _places_of_levels(column: dict[str, Any]) -> tuple[FloatVector, list[str]]:
    levels = column["levels"][:MOST_LEVELS]
    codes = np.array(column["codes"], dtype=float)
    width = (WIDTH - 2 * EDGE) / len(levels)
    # Rows of a category lie side by side, in the order of the table.
    beside = np.arange(len(codes)) * 0.61803 % 1 - 0.5
    x = EDGE + (codes + 0.5 + 0.6 * beside) * width
    x[codes >= MOST_LEVELS] = np.nan
    shown = display_names(levels, width=max(4, 40 // len(levels)))
    rest = len(column["levels"]) - len(levels)
    return x, [*shown, f"{rest} more not shown"] if rest else shown


def _places_of_numbers(numbers: FloatVector, texts: list[str] | None) -> tuple[Any, list[str]]:
    if not np.isfinite(numbers).any():
        return np.full(len(numbers), np.nan), ["missing", ""]
    first, last = int(np.nanargmin(numbers)), int(np.nanargmax(numbers))
    low, high = numbers[first], numbers[last]
    x = EDGE + (numbers - low) / ((high - low) or 1.0) * (WIDTH - 2 * EDGE)
    ends = [number(low, 4), number(high, 4)] if texts is None else [texts[first], texts[last]]
    return x, ends
