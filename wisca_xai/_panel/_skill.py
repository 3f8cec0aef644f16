"""Skill of the model: how well its outputs predict y, on the explained rows and on those of fit."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from wisca_xai._typing import FloatMatrix, IntVector, LabelVector
from wisca_xai.explainers._background import background_outputs
from wisca_xai.explainers._task import Task

MOST_FIT_ROWS = 1000  # largest number of background rows on which the skill is measured
BLOCK_ROWS = 2**14  # background rows that are compared with the explained rows at once
UNKNOWN = float("nan")


def measure_skill(task: Task) -> dict[str, Any]:
    """Fields of `Reliability` on the model's skill."""
    response, y = task.response, task.y
    is_class = response.task == "classification"
    if not is_class and response.unit != "target":
        return {"skill": UNKNOWN}  # The output is no prediction of y, such as a risk.
    if y is None:
        return {"skill": UNKNOWN, "with_y": False}
    guesses = task.outputs
    if task.is_decided_otherwise:
        guesses = _decisions(task, task.predicted)
    found: dict[str, Any] = {"skill": _skill(task, y, guesses), "with_y": True}
    if np.isfinite(found["skill"]):
        found["skill_of_fit"] = _skill_of_fit(task)
    if is_class and _is_known(task, y):
        found |= {"auc": _auc(task, y), **_rarest(y)}
    return found


def rows_from_fit(task: Task) -> int:
    """Number of explained rows that also occur in the background, compared as codes.

    0 if fewer than half of the background's rows are distinct: then rows meet by chance.
    """
    wanted = _as_bytes(task.rows)
    found, distinct = set(), 0
    for start in range(0, len(task.background), BLOCK_ROWS):
        block = set(_as_bytes(task.background[start : start + BLOCK_ROWS]))
        distinct += len(block)  # Rows are sorted, so equal rows are together.
        found |= block.intersection(wanted)
    if 2 * distinct < len(task.background):
        return 0
    return sum(row in found for row in wanted)


def _as_bytes(rows: FloatMatrix) -> list[bytes]:
    """Each row as bytes; equal numbers, and all NaN, have the same bytes."""
    same = np.where(np.isnan(rows), np.nan, rows) + 0.0  # Adding 0.0 turns -0.0 into 0.0.
    return [row.tobytes() for row in same]


def _skill(task: Task, y: LabelVector, outputs: FloatMatrix) -> float:
    """R2, or the Brier skill score against the shares of the classes in `y`."""
    if y.dtype.names is not None:
        return UNKNOWN
    if task.response.task == "regression":
        truth = np.asarray(y, dtype=np.float64)[:, None]
    elif task.response.unit == "probability" and _is_known(task, y):
        truth = _indicators(task, y).astype(np.float64)
    else:
        return UNKNOWN
    error, reference = (((truth - guess) ** 2).sum() for guess in (outputs, truth.mean(axis=0)))
    return float(1 - error / reference) if reference > 0 else UNKNOWN


def _decisions(task: Task, predicted: IntVector) -> FloatMatrix:
    """1 for the predicted class of each row, else 0.

    They replace probabilities that the model itself does not decide by: those of a model with a
    tuned threshold are often far from the shares of the classes.
    """
    return np.asarray(predicted[:, None] == np.arange(task.n_outputs), dtype=np.float64)


def _skill_of_fit(task: Task) -> float:
    """The same skill on rows of the background; mostly explainers have asked for them already."""
    y, drawn = task.background_y, task.draw_background(MOST_FIT_ROWS)
    if y is None:
        return UNKNOWN
    try:
        outputs = background_outputs(task, len(drawn))
        if task.is_decided_otherwise:
            predicted = task.response.predict(task.background[drawn])
            outputs = outputs if predicted is None else _decisions(task, predicted)
    except Exception:  # A model may fail on rows that no explainer needed.
        return UNKNOWN
    return _skill(task, y[drawn], outputs)


def _is_known(task: Task, y: LabelVector) -> bool:
    """Whether all entries of `y` are classes of the model. A function's classes have no names."""
    if y.dtype.names is not None or task.response.labels is None:
        return False
    return set(np.unique(y).tolist()) <= set(task.response.labels.tolist())


def _indicators(task: Task, y: LabelVector) -> NDArray[np.bool_]:
    """Whether each row (n_samples, k) is of each class."""
    return np.asarray(y[:, None] == np.asarray(task.response.labels)[None, :])


def _auc(task: Task, y: LabelVector) -> float:
    """Area under the ROC curve; the mean of one class against the rest for several classes."""
    from sklearn.metrics import roc_auc_score  # imported here because it is slow

    unit, is_binary = task.response.unit, task.n_outputs == 2
    if unit != "probability" and not (unit == "margin" and is_binary):
        return UNKNOWN
    truth, scores = _indicators(task, y), task.outputs
    if is_binary:
        truth, scores = truth[:, 1:], scores[:, 1:]
    varied = truth.any(axis=0) & ~truth.all(axis=0)
    areas = [roc_auc_score(truth[:, j], scores[:, j]) for j in np.flatnonzero(varied)]
    return float(np.mean(areas)) if areas else UNKNOWN


def _rarest(y: LabelVector) -> dict[str, Any]:
    """The class with the fewest rows, and its share."""
    classes, counts = np.unique(y, return_counts=True)
    label = classes[counts.argmin()]
    label = label.item() if isinstance(label, np.generic) else label
    kept = label if isinstance(label, str | bool | int | float) else None  # Files hold these.
    return {"prevalence": float(counts.min() / counts.sum()), "rarest_class": kept}
