"""The class that a model predicts in each row, which need not be that of the largest output."""

from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from wisca_xai._exceptions import ModelContractError
from wisca_xai._typing import FloatMatrix, IntVector, LabelVector

MOST_EVIDENCE = 200  # background rows that are asked for where predictions and outputs differ
MOST_OTHER = 0.25  # largest share of rows in which the largest of several margins is another class


def positions_of(raw: Any, labels: LabelVector, n_rows: int) -> IntVector:
    """Position of each predicted class (n_rows,) among `labels`.

    Raises
    ------
    ModelContractError
        If `raw` has another shape, or holds something else than classes.
    """
    if raw.shape not in ((n_rows,), (n_rows, 1)):
        raise ModelContractError(
            f"The model's predict must return shape {(n_rows,)}, got {raw.shape}. If this is one "
            "output per class, pass a callable such as `model.predict` instead of the model, and a "
            "`target` unless they are probabilities."
        )
    known = {label: j for j, label in enumerate(labels.tolist())}
    found = np.array([known.get(label, -1) for label in raw.ravel().tolist()], dtype=np.intp)
    if (found < 0).any():
        raise ModelContractError(
            f"The model's predict must return its classes {labels[:20].tolist()}, got "
            f"{raw.ravel()[found < 0][0]!r}. Pass a callable if it returns something else, such "
            "as `model.predict_proba`."
        )
    return found


def predicted_positions(
    response: Any, rows: FloatMatrix, outputs: FloatMatrix, background: FloatMatrix
) -> IntVector:
    """Position of the predicted class (n_rows,) among the outputs: that of the model's `predict`.

    A threshold other than 1/2, calibration, or votes can make it another class than that of the
    largest output. If so, or for three margins, some background rows are asked for, to tell this
    from outputs that do not belong to the classes, such as margins between pairs of classes.

    Parameters
    ----------
    response : Response
    rows, background : ndarray of shape (n_rows, n_features) and (n_background, n_features)
        Rows as codes.
    outputs : ndarray of shape (n_rows, k)
        The model's outputs on `rows`.

    Raises
    ------
    ModelContractError
        If `predict` returns something else than classes, or if the columns of the outputs do not
        belong to the classes.
    """
    largest = np.asarray(outputs.argmax(axis=1), dtype=np.intp)
    predicted = response.predict(rows)
    may_be_pairs = response.unit == "margin" and outputs.shape[1] == 3  # pairs of 3 classes are 3
    if predicted is None or ((predicted == largest).all() and not may_be_pairs):
        return largest
    some = background[:: -(-len(background) // MOST_EVIDENCE)]
    try:
        known, more = response(some), response.predict(some)
    except Exception:  # The model may fail on rows that nobody has explained yet.
        known, more = outputs[:0], predicted[:0]
    known, more = np.vstack([outputs, known]), np.concatenate([predicted, more])
    if not _are_of_classes(known, more, is_margin=response.unit == "margin"):
        other = float((known.argmax(axis=1) != more).mean())
        raise ModelContractError(
            f"The columns of the model's {response.method} must belong to its classes "
            f"{response.labels[:20].tolist()}, but in {other:.0%} of the rows predict gives "
            "another class than that of the largest column. Columns in another order, and margins "
            "between pairs of classes (SVC with decision_function_shape='ovo'), cannot be "
            "explained. Choose another `response_method`, or pass a callable that returns one "
            "column per class."
        )
    return np.asarray(predicted)


def _are_of_classes(outputs: FloatMatrix, predicted: IntVector, *, is_margin: bool) -> bool:
    """Whether each class's own column is large where the class is predicted.

    A threshold moves predictions, but they still follow their own column. So no other assignment
    of columns to classes may fit twice as well.
    """
    n_outputs = outputs.shape[1]
    other = outputs.argmax(axis=1) != predicted
    if is_margin and n_outputs > 2 and other.mean() > MOST_OTHER:
        return False
    centred = outputs - outputs.mean(axis=0)
    classes = np.unique(predicted)
    rises = np.array([centred[predicted == label].sum(axis=0) for label in classes])
    best = linear_sum_assignment(rises, maximize=True)[1]
    moved = np.flatnonzero(best != classes)
    own, most = rises[moved, classes[moved]].sum(), rises[moved, best[moved]].sum()
    return bool(own >= most / 2 - 1e-9 * np.abs(outputs).sum())
