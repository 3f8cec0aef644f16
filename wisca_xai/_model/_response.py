"""Response: the only caller of the model."""

import time
from typing import Any

import numpy as np
import pandas as pd
from sklearn import get_config

from wisca_xai._compat import quiet_libraries
from wisca_xai._exceptions import InputError, ModelContractError
from wisca_xai._model._boosting import LIBRARIES, library_of, method_of, name_of, owner_of
from wisca_xai._model._linear import Margin
from wisca_xai._model._outputs import (
    NOTES,
    UNITS,
    are_shares,
    as_array,
    as_numbers,
    check_no_labels,
    check_shares,
    choose_method,
    classes_of,
    kind_of,
)
from wisca_xai._model._predicted import positions_of
from wisca_xai._table import TableCodec, copy_table
from wisca_xai._typing import FloatMatrix, IntVector, LabelVector, ResponseMethod, Unit

BATCH_ROWS = 2**14  # most rows of a batch: twice as many save little time; 10 columns fit in 4 MiB
BATCH_BYTES = 2**26  # most bytes of a batch
LARGEST = 1e75  # the fourth powers of larger outputs, which errors are made of, are not finite


class Response:
    """The model's outputs on rows of floats: named, checked, in batches, and counted.

    Parameters
    ----------
    model : fitted estimator or callable
        A callable takes the table and returns (n,) or (n, k) numbers.
    codec : TableCodec
        Restores the table that the model was fitted on.
    response_method : {"auto", "predict_proba", "decision_function", "predict"}, default="auto"
        "auto" takes the first of the three methods that the model has. Regressors use predict.

    Attributes
    ----------
    method : str
        The method that is called; "call" for a callable.
    unit : str
        Unit of the outputs, see `wisca_xai._typing.Unit`.
    labels : ndarray of shape (k,) or None
        The class of each output column; None for a single output without classes. For a callable
        it is known after the first call.
    rows, calls : int
        Rows evaluated and calls made.
    seconds : float
        Time spent in the model.
    note : str or None
        A sentence on the explained output, for models without classes or a target.
    needs_target : bool
        Whether outputs are several numbers that are no probabilities, so that none is predicted.
    has_made_up_labels : bool
        Whether the labels are positions of outputs, because the model is a function.
    changes_input : bool
        Whether the model changed the table of its first call.
    margin : Margin or None
        The linear function behind the outputs of a wide table, checked against the model itself.
    """

    def __init__(
        self, model: Any, codec: TableCodec, *, response_method: ResponseMethod = "auto"
    ) -> None:
        self.model = model
        self.codec = codec
        self.method = choose_method(model, response_method)
        kind = kind_of(model)
        self.unit: Unit = UNITS.get(self.method, "target")
        self.labels: LabelVector | None = None
        if kind == "classifier":
            self.labels = classes_of(model)
        elif self.method == "predict":
            self.unit = "score" if kind == "survival" else "target"
        self.note = NOTES[kind].format(method=self.method) if kind in NOTES else None
        self.margin: Margin | None = None
        self._gives_labels = self.method == "predict" and self.labels is not None
        # Networks give probabilities by `predict`, and have no classes.
        self._settled = self.method != "call" and (kind != "" or self.method != "predict")
        self.needs_target = False
        self.has_made_up_labels = False
        self.changes_input = False
        self._is_watched = True  # until the first call
        self._most_rows: int | None = None  # of a batch, once a larger one raised MemoryError
        self.rows = 0
        self.calls = 0
        self.seconds = 0.0

    @property
    def task(self) -> str:
        """Whether outputs belong to classes ("classification") or not ("regression")."""
        return "regression" if self.labels is None else "classification"

    def fresh(self) -> "Response":
        """A copy with its counters at zero."""
        other = object.__new__(Response)
        other.__dict__.update(self.__dict__, rows=0, calls=0, seconds=0.0)
        return other

    def charge(self, rows: int, calls: int, seconds: float) -> None:
        """Add the cost of another response, which may have run in another process."""
        self.rows += rows
        self.calls += calls
        self.seconds += seconds

    def __call__(self, matrix: FloatMatrix) -> FloatMatrix:
        """Outputs of shape (n_rows, k) as float64.

        Raises
        ------
        ModelContractError
            If the model returns another shape, several targets, or numbers that are not finite or
            too large.
        """
        raw = self.evaluate(matrix, self.method)
        if not self._settled:
            self._settle(raw)
        outputs = self._normalise(raw, len(matrix))
        broken = ~np.isfinite(outputs).all(axis=1)
        if broken.any():
            raise ModelContractError(
                f"The model's {self.method} must return finite numbers, got "
                f"{outputs[broken][0, :10].tolist()} for {int(broken.sum())} of {len(matrix)} rows."
            )
        if (np.abs(outputs) > LARGEST).any():
            raise ModelContractError(
                f"The model's {self.method} must return numbers up to {LARGEST:g}, because the "
                f"powers of larger ones are not finite, got {np.abs(outputs).max():g}. Explain a "
                "function that divides them by a constant."
            )
        return outputs

    def of_table(self, table: Any) -> FloatMatrix:
        """Outputs of shape (n_rows, k) on a table as the user gives it, in one batch."""
        call = self.model if self.method == "call" else getattr(self.model, self.method)
        n_rows, began = len(table), time.perf_counter()
        with quiet_libraries():
            raw = as_array(call(table), self.labels if self.method != "predict" else None)
        self.charge(n_rows, 1, time.perf_counter() - began)
        return self._normalise(raw, n_rows)

    def evaluate(self, matrix: FloatMatrix, method: str) -> Any:
        """Call `method` of the model on the rows, in batches of bounded memory.

        If the model runs out of memory, the batch is halved, down to a single row.
        """
        row_bytes = 8 * (3 * matrix.shape[1] + (1 if self.labels is None else len(self.labels)))
        size = min(rows_in_memory(row_bytes), self._most_rows or len(matrix))
        call = method_of(self.model, method)
        blocks = []
        start = 0
        while start < len(matrix):
            stop = min(start + size, len(matrix))
            table = self.codec.decode(matrix[start:stop])
            before = copy_table(table) if self._is_watched else None
            began = time.perf_counter()
            try:
                with quiet_libraries():
                    block = as_array(call(table), None if method == "predict" else self.labels)
                # A model may write each batch into the same array.
                blocks.append(block if len(table) == len(matrix) else np.array(block))
            except Exception as error:
                if is_out_of_memory(error) and stop - start > 1:
                    self._most_rows = size = (stop - start) // 2
                    continue
                error.add_note(f"raised by the model's {method} on rows {start} to {stop - 1}")
                raise
            self.charge(stop - start, 1, time.perf_counter() - began)
            start = stop
            if before is not None:
                self._is_watched, self.changes_input = False, not _is_same(before, table)
        found = np.concatenate(blocks)
        # CatBoost predicts classes in a column, which scorers do not expect.
        is_column = method == "predict" and found.shape == (len(matrix), 1)
        return found[:, 0] if is_column else found

    def predict(self, matrix: FloatMatrix) -> IntVector | None:
        """Position of the class (n_rows,) that the model's `predict` gives.

        None if the outputs themselves say it: without classes, for a callable, for outputs that
        come from `predict`, and for a model without `predict`.

        Raises
        ------
        ModelContractError
            If the model predicts something else than its classes.
        """
        if self.labels is None or self.method in ("call", "predict"):
            return None
        if not hasattr(self.model, "predict"):
            return None
        return positions_of(self.evaluate(matrix, "predict"), self.labels, len(matrix))

    def failing_rows(self, matrix: FloatMatrix, *, most: int = 5) -> list[int]:
        """Positions of the first rows, at most `most`, on which the model fails one by one.

        The list is empty if it fails on all rows, as far as some of them tell.
        """
        found: list[int] = []
        blocks = [(0, len(matrix))]
        while blocks and len(found) < most:
            start, stop = blocks.pop()
            if not self._fails(matrix[start:stop]):
                continue
            if stop - start == 1:
                found.append(start)
            else:
                middle = (start + stop) // 2
                blocks += [(middle, stop), (start, middle)]
        others = np.linspace(0, len(matrix) - 1, 20).astype(int)
        if found == list(range(len(found))) and all(self._fails(matrix[[j]]) for j in others):
            return []
        return found

    def _fails(self, matrix: FloatMatrix) -> bool:
        try:
            self(matrix)
        except Exception:  # The model may raise anything.
            return True
        return False

    def column(self, label: Any) -> int:
        """Position of a class among the outputs.

        Raises
        ------
        InputError
            If the model has no such class, or no classes.
        """
        if self.labels is None:
            raise InputError(
                f"`target` must be 'predicted' or 'all' for a model without classes, got {label!r}."
            )
        if isinstance(label, list | np.ndarray) and np.shape(label) == (1,):
            label = label[0]
        one = (np.ndim(label) == 0 or isinstance(label, tuple)) and label is not pd.NA
        matches = [j for j, known in enumerate(self.labels) if one and known == label]
        if not matches:
            known = self.labels.tolist()
            raise InputError(
                f"`target` must be 'predicted', 'all' or one of the model's classes "
                f"{known[:20]}, got {label!r}.{'' if one else ' Explain one class at a time.'}"
            )
        return matches[0]

    def _settle(self, raw: Any) -> None:
        """Set labels and unit by the first outputs: shares of 1 are probabilities.

        Several other numbers are margins of classes if the model is known to give margins.
        """
        self._settled = True
        check_no_labels(self.model, raw)
        if raw.ndim != 2 or raw.shape[1] < 2:
            return
        has_shares = are_shares(as_numbers(raw, self.method))
        if has_shares or self.method == "call":
            known = getattr(owner_of(self.model), "classes_", None)
            self.has_made_up_labels = known is None or np.shape(known) != raw.shape[1:]
            self.labels = np.arange(raw.shape[1]) if self.has_made_up_labels else np.asarray(known)
            self.unit = "probability" if has_shares else "margin"
            self.needs_target = not has_shares and name_of(self.model) != "decision_function"

    def _normalise(self, raw: Any, n_rows: int) -> FloatMatrix:
        """Checked outputs of shape (n_rows, k) from what the model returned."""
        if self._gives_labels and self.labels is not None:
            return self._indicators(raw, self.labels, n_rows)
        outputs = as_numbers(raw, self.method)
        if outputs.ndim == 1:
            outputs = outputs[:, None]
        n_outputs = 1 if self.labels is None else len(self.labels)
        if self.method == "decision_function" and (outputs.shape[1], n_outputs) == (1, 2):
            outputs = np.hstack([-outputs, outputs])
        if outputs.shape != (n_rows, n_outputs):
            hint = (
                " Multi-output models are not supported: explain one output at a time, with a "
                "callable such as `lambda X: model.predict(X)[:, 0]`."
                if outputs.ndim == 2 and n_outputs == 1 and outputs.shape[0] == n_rows
                else ""
            )
            is_raw = library_of(self.model) in LIBRARIES and not hasattr(self.model, "fit")
            if hint and is_raw:
                hint = (
                    " Pass a function instead, such as `lambda X: model.predict(X)`, and as "
                    "`target` which of its outputs to explain."
                )
            raise ModelContractError(
                f"The model's {self.method} must return shape {(n_rows, n_outputs)}, "
                f"got {raw.shape}.{hint}"
            )
        if self.method == "predict_proba" and n_outputs > 1:
            check_shares(outputs)
        return outputs

    def _indicators(self, raw: Any, labels: LabelVector, n_rows: int) -> FloatMatrix:
        """Outputs (n_rows, k) from predicted classes: 1 for the predicted class, else 0."""
        outputs = np.zeros((n_rows, len(labels)))
        outputs[np.arange(n_rows), positions_of(raw, labels, n_rows)] = 1.0
        return outputs


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error says that memory, also that of a GPU, does not suffice."""
    text = str(error).lower()
    return isinstance(error, MemoryError) or "out of memory" in text or "oom when" in text


def _is_same(before: Any, after: Any) -> bool:
    """Whether a table of any kind is still as before."""
    if isinstance(before, np.ndarray):
        return pd.DataFrame(before).equals(pd.DataFrame(after))
    return bool(before.equals(after))


def rows_in_memory(row_bytes: int) -> int:
    """Number of rows of `row_bytes` bytes to hold in memory at once, at least 1.

    The number is constant as long as scikit-learn's ``working_memory`` holds so many rows, because
    BLAS rounds a row differently in a batch of another size. Larger batches are no faster.
    """
    fixed = min(BATCH_ROWS, BATCH_BYTES // row_bytes)
    return max(1, min(fixed, int(get_config()["working_memory"] * 2**20) // row_bytes))
