"""The explained rows of a report: values, outputs, and what speaks for and against them."""

import base64
import numbers
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from wisca_xai._ranking import order_of
from wisca_xai._results._direction import towards_second
from wisca_xai._text import display_names
from wisca_xai._typing import FloatArray, FloatVector, IntVector
from wisca_xai.report._pack import packed
from wisca_xai.report._words import CELL_WIDTH, NAME_WIDTH, cell, number

MINUS = "\N{MINUS SIGN}"
N_REASONS = 3  # features that are named for each row


def chosen_rows(n_samples: int, max_rows: int) -> IntVector:
    """Positions of at most `max_rows` rows, evenly spaced."""
    if n_samples <= max_rows:
        return np.arange(n_samples)
    return np.unique(np.linspace(0, n_samples - 1, max_rows).astype(np.intp))


def outputs_of(whole: Any) -> tuple[FloatArray, FloatArray, str] | None:
    """Outputs and base values (n, k) from an explainer that adds up to them, and their unit."""
    for part in whole.components.values():
        if part.family == "shapley" and part.base_values is not None and part.scope == "local":
            base = part.base_values.reshape(len(part), -1)
            sums = part.values.reshape(len(part), len(part.feature_names), -1).sum(axis=1)
            return base + sums, base, part.unit
    return None


@dataclass(frozen=True)
class Judged:
    """How far the model is from the truth in each row: a word for people, a number to sort by."""

    title: str
    texts: list[str]
    sizes: FloatVector


def judged_rows(whole: Any, y: Any) -> Judged | None:
    """Which predictions are wrong, or how wrong; None if that is not known.

    It is known for predicted classes, and for outputs that predict y.
    """
    if y is None or whole.scope == "global":
        return None
    truth = [
        None if is_missing else _plain(v) for v, is_missing in zip(y, _missing(y), strict=True)
    ]
    if whole.receipt.settings.get("target") == "predicted" and whole.targets is not None:
        return _right_or_wrong(whole, truth)
    found = outputs_of(whole)
    if found is None or found[2] != "target":
        return None
    try:
        known = np.array([np.nan if value is None else float(value) for value in truth])
    except (TypeError, ValueError):  # y holds no numbers, such as pairs of an event and its time
        return None
    error = found[0][:, 0] - known
    return Judged("error", [number(one) for one in error], np.nan_to_num(np.abs(error), nan=-1.0))


def _right_or_wrong(whole: Any, truth: list[Any]) -> Judged | None:
    """None if y is not in the words of the classes."""
    labels = whole.targets.tolist()
    classes = labels if whole.classes is None else whole.classes.tolist()
    if not {value for value in truth if value is not None} <= set(classes):
        return None
    wrong = [one != two and two is not None for one, two in zip(labels, truth, strict=True)]
    words = [
        "" if value is None else "wrong" if is_wrong else "right"
        for value, is_wrong in zip(truth, wrong, strict=True)
    ]
    return Judged("right?", words, np.array(wrong, dtype=np.float64))


def _missing(y: list[Any]) -> list[bool]:
    return [np.ndim(value) == 0 and bool(pd.isna(value)) for value in y]


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def rows_of(whole: Any, rows: IntVector, y: Any, judged: Judged | None) -> dict[str, Any]:
    """Lines of the table of rows."""
    if whole.scope == "global":
        return {"lines": [], "has_output": False, "has_y": False, "unit": ""}
    n_features = len(whole.feature_names)
    values = whole.values.reshape(len(whole), n_features, -1)
    found = outputs_of(whole)
    outputs = None if found is None else found[0]
    names = display_names(whole.feature_names, width=NAME_WIDTH)
    shown = _class_of_each_row(whole, outputs)
    disagreement = whole.row_disagreement().to_numpy()
    labels = display_names(row_labels(whole), width=CELL_WIDTH)
    lines = []
    for place, i in enumerate(rows.tolist()):
        k = int(shown[i])
        lines.append(
            {
                "place": place,
                "label": labels[i],
                "class": _class_name(whole, i, k),
                "output": "" if outputs is None else number(outputs[i, k]),
                "base": "" if found is None else number(found[1][i, k]),
                "y": "" if y is None else cell(y[i]),
                "sort_y": y[i] if y is not None and isinstance(y[i], numbers.Real) else "",
                "judged": "" if judged is None else judged.texts[i],
                "sort_judged": 0.0 if judged is None else float(f"{judged.sizes[i]:.4g}"),
                "weight": number(whole.weights[i], 2),
                "disagreement": number(disagreement[i], 2),
                "sort_weight": round(float(whole.weights[i]), 4),
                "sort_disagreement": round(float(np.nan_to_num(disagreement[i], nan=-1.0)), 4),
                "reasons": _reasons(values[i, :, k], names),
            }
        )
    return {
        "lines": lines,
        "has_output": outputs is not None,
        "has_class": whole.targets is not None,
        "has_y": y is not None,
        "y_is_number": y is not None and all(isinstance(v, numbers.Real) for v in y),
        "is_all": whole.values.ndim == 3,
        "judged": None if judged is None else judged.title,
        "n_wrong": int(judged.sizes.sum()) if judged and judged.title == "right?" else None,
        "n_all": len(whole),
        "weighting": whole.row_weighting,
        "unit": "" if found is None else found[2],
    }


def row_labels(whole: Any) -> list[str]:
    """The row labels as text."""
    if whole.index is None:
        return [str(i) for i in range(len(whole))]
    return [
        " / ".join(map(str, label)) if isinstance(label, tuple) else str(label)
        for label in whole.index
    ]


def _class_of_each_row(whole: Any, outputs: FloatArray | None) -> IntVector:
    """Which of the explained classes the table shows: the one with the largest output."""
    if whole.values.ndim < 3 or outputs is None:
        last = whole.values.shape[2] - 1 if whole.values.ndim == 3 else 0
        return np.full(len(whole), last)
    return np.asarray(outputs.argmax(axis=1))


def _class_name(whole: Any, i: int, k: int) -> str:
    if whole.targets is None:
        return ""
    return cell(whole.targets[k if whole.values.ndim == 3 else i])


def _reasons(values: FloatArray, names: list[str]) -> list[dict[str, str]]:
    order = [j for j in order_of(values)[:N_REASONS] if values[j] != 0]
    return [{"name": names[j], "sign": "+" if values[j] > 0 else MINUS} for j in order]


def data_of(whole: Any, rows: IntVector) -> dict[str, Any]:
    """What the script draws from: attributions, weights, and the values of the table."""
    explainers = []
    shown = display_names(map(str, whole.components))
    parts = [("consensus", whole), *zip(shown, whole.components.values(), strict=True)]
    for place, (name, part) in enumerate(parts):
        if part.scope == "local" and whole.scope == "local":
            explainers.append({**_attributions(name, part, rows), "place": place - 1})
    return {
        "features": display_names(whole.feature_names, width=NAME_WIDTH),
        "classes": _explained_classes(whole),
        "explainers": explainers,
        "weights": [round(float(w), 3) for w in whole.weights[rows]] if len(rows) else [],
        "columns": columns_of(whole, rows),
        "signs": signs_of(whole, rows),
    }


def signs_of(whole: Any, rows: IntVector) -> list[int] | None:
    """What turns the attributions of each row towards the second of two classes; None if nothing.

    Rows that explain their predicted class can then be drawn together.
    """
    found = towards_second(whole.targets, whole.classes) if whole.values.ndim == 2 else None
    return None if found is None else found[rows].astype(int).tolist()


def _attributions(name: str, part: Any, rows: IntVector) -> dict[str, Any]:
    is_additive = part.family == "shapley" and part.base_values is not None
    base = part.base_values[rows].reshape(len(rows), -1) if is_additive else None
    sums = part.values[rows].sum(axis=1).reshape(len(rows), -1)
    return {
        "name": name,
        "unit": "" if part.unit == "1" else part.unit,
        "signed": bool(part.signed),
        "values": packed(part.values[rows]),
        "base": None if base is None else _digits(base),
        "outputs": None if base is None else _digits(base + sums),
    }


def _digits(numbers: FloatArray) -> list[list[float]]:
    return [[float(f"{number:.6g}") for number in line] for line in numbers]


def _explained_classes(whole: Any) -> list[str]:
    if whole.values.ndim < 3:
        return []
    targets = range(whole.values.shape[2]) if whole.targets is None else whole.targets.tolist()
    return display_names([str(label) for label in targets])


def columns_of(whole: Any, rows: IntVector) -> list[dict[str, Any]] | None:
    """Values of each feature: numbers, or levels with a code for each row; None without data."""
    if whole.data is None or whole.scope == "global":
        return None
    table = whole._columns_of(whole.data)[rows]
    return [_column(table[:, j], j in whole.levels) for j in range(table.shape[1])]


def _column(values: Any, is_level: bool) -> dict[str, Any]:
    column = pd.Series(list(values)).infer_objects()
    if not is_level and pd.api.types.is_bool_dtype(column.dtype):
        is_level = True
    if not is_level and column.dtype.kind in "mM" and len(column):
        order = np.asarray(column.rank(method="dense"), dtype=np.float64)
        return {**_packed_numbers(order), "texts": [cell(value) for value in values]}
    found = None if is_level else _numbers(column)
    if found is not None:
        has_infinite = bool(np.isinf(found).any())
        shown = {"texts": [cell(value) for value in values]} if has_infinite else {}
        return {**_packed_numbers(found), **shown}
    texts = [cell(value) for value in values]
    levels = list(dict.fromkeys(texts))
    codes = {text: code for code, text in enumerate(levels)}
    return {"levels": levels, "codes": [codes[text] for text in texts]}


def _numbers(column: pd.Series) -> FloatVector | None:
    try:
        found = pd.to_numeric(column)
    except (TypeError, ValueError):  # texts
        return None
    return np.asarray(found.to_numpy(np.float64, na_value=np.nan), dtype=np.float64)


def numbers_in(column: dict[str, Any]) -> FloatVector:
    """The numbers of a column; NaN where they are missing or infinite."""
    if "floats" in column:
        found = np.frombuffer(base64.b64decode(column["floats"]), dtype="<f4").astype(np.float64)
        return np.where(np.isfinite(found), found, np.nan)
    return np.array([np.nan if n is None else n for n in column["numbers"]], dtype=np.float64)


def _packed_numbers(numbers: FloatVector) -> dict[str, Any]:
    """Whole numbers as they are; others as base64 of float32, which keeps six digits."""
    known = numbers[np.isfinite(numbers)]
    if (known == np.round(known)).all() and (np.abs(known) < 2.0**53).all():
        return {"numbers": [int(x) if np.isfinite(x) else None for x in numbers.tolist()]}
    with np.errstate(over="ignore"):
        codes = numbers.astype("<f4")
    return {"floats": base64.b64encode(codes.tobytes()).decode()}
