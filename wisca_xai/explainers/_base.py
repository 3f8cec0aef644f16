"""BaseExplainer: everything that explainers share, so that each file holds one method only."""

import copy
import time
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.utils import Tags
from sklearn.utils.metadata_routing import MetadataRouter
from sklearn.utils.validation import validate_data
from threadpoolctl import ThreadpoolController

from wisca_xai._checks import (
    array_checks,
    check_not_sparse,
    check_target_column,
    check_unique_names,
)
from wisca_xai._compat import installed_version
from wisca_xai._exceptions import InputError
from wisca_xai._model._boosting import expected_labels, level_columns, takes_frames
from wisca_xai._model._fitting import fit_model, inherit_tags, is_fitted, route_to_model
from wisca_xai._model._response import Response
from wisca_xai._random import canonical_order, seed_entropy
from wisca_xai._results._explanation import Explanation, Receipt
from wisca_xai._table import TableCodec, align_columns, as_table, is_frame, labels_of
from wisca_xai._typing import Target
from wisca_xai.explainers._answer import check_answer
from wisca_xai.explainers._task import Task, resolve_target, settings_of


class BaseExplainer(BaseEstimator, ABC):  # type: ignore[misc]
    """Base class of all explainers; a new one implements `_explain` and sets the class words.

    Attributes
    ----------
    estimator_ : estimator or callable
        The explained model: `estimator` itself if it is fitted, else a clone fitted on X, y.
    background_ : ndarray of shape (n_background, n_features)
        Reference data: the rows of fit as codes (see `codec_`), in canonical order.
    codec_ : TableCodec
        Codes of the columns; restores the table that the model expects.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Only if X has string column names.
    """

    name: ClassVar[str]
    scope: ClassVar[str]  # "local" or "global"
    libraries: ClassVar[tuple[str, ...]] = ()  # whose versions belong into the receipt

    estimator: Any
    response_method: Any
    random_state: Any

    def fit(self, X: Any, y: ArrayLike | None = None, **params: Any) -> Self:
        """Keep reference data, and fit the model if it is not fitted yet.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_background, n_features)
            Reference data, as the model takes it: the training data, as a rule.
        y : array-like of shape (n_background,), default=None
            Target; needed if the model is not fitted.
        **params : dict
            Metadata such as `sample_weight` for the model's `fit`; with
            ``sklearn.set_config(enable_metadata_routing=True)`` those that it requests. The
            reference data are not weighed by them.

        Returns
        -------
        self : object

        Raises
        ------
        InputError
            If there is no model, the columns are not the model's, or there are metadata that cannot
            be used: a fitted model is not fitted again.
        """
        self._check_params()
        if self.estimator is None:
            raise InputError(
                f"{type(self).__name__} needs a model, got estimator=None. Pass a scikit-learn "
                f"estimator or a callable: {type(self).__name__}(model)."
            )
        check_not_sparse(X)
        X = as_table(X)
        labels = labels_of(X) if is_frame(X) else None
        if labels is not None:
            check_unique_names(labels)
            names = expected_labels(self.estimator, labels) if is_fitted(self.estimator) else None
            if names is not None:
                X, _ = align_columns(X, names)
            if len(X) == 0:
                raise InputError("Found array with 0 sample(s) while a minimum of 1 is required.")
            validate_data(self, X, skip_check_array=True)
        else:
            X = validate_data(self, X, **array_checks(X))
        y = check_target_column(y, X)
        self.estimator_ = fit_model(self, X, y, params, refit=getattr(self, "refit", False))
        expected = getattr(self.estimator_, "n_features_in_", X.shape[1])
        if expected != X.shape[1]:
            raise InputError(
                f"X has {X.shape[1]} features, but {type(self.estimator_).__name__} is expecting "
                f"{expected} features as input."
            )
        names = expected_labels(self.estimator_, labels)
        codec = TableCodec.of(X, names=names)
        if names is None and hasattr(self.estimator_, "n_features_in_"):
            codec = codec.for_arrays(as_frame=takes_frames(self.estimator_))
        self.codec_ = codec.with_levels(level_columns(self.estimator_))
        background = self.codec_.encode(X)
        order = canonical_order(background, y)
        self.background_ = background[order]
        self.background_y_ = None if y is None else y[order]
        return self

    def explain(
        self, X: Any, y: ArrayLike | None = None, *, target: Target = "predicted"
    ) -> Explanation:
        """Explain the model's output for the rows of X.

        Without a call of `fit` before, X is the reference data too, and the result says so.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
            Columns of a DataFrame are matched by name.
        y : array-like of shape (n_samples,), default=None
            True values, for methods that measure a score.
        target : "predicted", "all" or a class label, default="predicted"
            Output that is explained: of each row's predicted class, of every class, or of the
            class that is named. Models without classes have one output.

        Returns
        -------
        explanation : Explanation

        Raises
        ------
        InputError
            If X, y or `target` do not fit the model.
        ModelContractError
            If the model returns something else than one finite number per row and output.
        """
        start = time.perf_counter()
        self._check_params()
        explainer = self
        notes: tuple[str, ...] = ()
        if not is_fitted(self):
            explainer = copy.copy(self).fit(X, y)
            notes = ("The explained rows were the reference data too: call fit(X_train) first.",)
        with one_blas_thread():
            task, order, more_notes = explainer._pose(X, y, target)
        explanation = explainer._run(task)
        posed = task.response
        receipt = replace(
            explanation.receipt,
            model_rows=explanation.receipt.model_rows + posed.rows,
            model_calls=explanation.receipt.model_calls + posed.calls,
            model_seconds=explanation.receipt.model_seconds + posed.seconds,
            seconds=time.perf_counter() - start,
        )
        notes = (*notes, *more_notes, *explanation.notes)
        return replace(explanation, receipt=receipt, notes=notes).take(np.argsort(order))

    def _check_params(self) -> None:  # not every explainer has something to check
        """Raise InputError for a parameter that is wrong whatever the data are."""

    @abstractmethod
    def _explain(self, task: Task) -> Explanation:
        """Answer a posed task; rows stay in the task's order."""

    def _run(self, task: Task) -> Explanation:
        """Answer a task, check the answer, and write its receipt."""
        start = time.perf_counter()
        response = task.response.fresh()
        asked = replace(task, response=response)
        try:
            with one_blas_thread():
                explanation = self._explain(asked)
                notes = check_answer(explanation, asked)
        except Exception as error:
            error.add_note(f"raised by {type(self).__name__}")
            raise
        params = {k: v for k, v in self.get_params(deep=False).items() if k != "estimator"}
        receipt = Receipt(
            model_rows=response.rows,
            model_calls=response.calls,
            seconds=time.perf_counter() - start,
            model_seconds=response.seconds,
            seed=task.seed,
            settings={
                **settings_of(params),
                "response_method": response.method,
                "n_background": len(task.background),
            },
            versions={
                name: installed_version(name)
                for name in ("wisca-xai", "numpy", "scikit-learn", *self.libraries)
            },
        )
        return replace(explanation, receipt=receipt, notes=(*explanation.notes, *notes))

    def _pose(
        self, X: Any, y: ArrayLike | None, target: Target
    ) -> tuple[Task, Any, tuple[str, ...]]:
        """Check the input; returns the task, the order of its rows, and notes."""
        check_not_sparse(X)
        X = as_table(X)
        note, index = None, getattr(X, "index", None)
        if is_frame(X) and self.codec_.is_named:
            X, note = align_columns(X, self.codec_.labels)
            if len(X) == 0:
                raise InputError("Found array with 0 sample(s) while a minimum of 1 is required.")
        if is_frame(X):
            validate_data(self, X, reset=False, skip_check_array=True)
        else:
            X = validate_data(self, X, reset=False, **array_checks(X))
        y = check_target_column(y, X)
        codec = self.codec_.extended(X)
        matrix = codec.encode(X)
        order = canonical_order(matrix, y)
        rows = matrix[order]
        index = index if isinstance(index, pd.Index) else pd.RangeIndex(len(rows))
        response = Response(self.estimator_, codec, response_method=self.response_method)
        try:
            outputs = response(rows)
        except Exception as error:
            _describe_rows(error, response, rows, index[order])
            _describe_missing(error, matrix, codec)
            raise
        notes = [] if note is None else [f"In X, {note}."]
        if response.note is not None:
            notes.append(response.note)
        if len(self.background_) == 1:
            notes.append("The reference data are a single row: all is compared with that row.")
        task = Task(
            response=response,
            rows=rows,
            outputs=outputs,
            background=self.background_,
            columns=resolve_target(target, response, outputs),
            index=index[order],
            seed=seed_entropy(self.random_state),
            target=target,
            verbose=getattr(self, "verbose", 0),
            n_jobs=getattr(self, "n_jobs", None),
            y=None if y is None else y[order],
            background_y=self.background_y_,
        )
        return task, order, tuple(notes)

    def get_metadata_routing(self) -> MetadataRouter:
        """Metadata of `fit` go to the model's `fit`.

        Returns
        -------
        routing : MetadataRouter
        """
        return route_to_model(self)

    def __sklearn_tags__(self) -> Tags:
        return inherit_tags(super().__sklearn_tags__(), self.estimator)


def one_blas_thread() -> Any:
    """Context in which BLAS sums in one order: with other threads it rounds differently.

    Workers of joblib have fewer threads than their parent, so results would depend on n_jobs.
    """
    return ThreadpoolController().limit(limits=1, user_api="blas")


def _describe_missing(error: Exception, matrix: Any, codec: TableCodec) -> None:
    counts = (~np.isfinite(matrix)).sum(axis=0)
    found = {name: int(n) for name, n in zip(codec.feature_names, counts, strict=True) if n}
    if found:
        error.add_note(f"entries of X that are missing or infinite, by column: {found}")


def _describe_rows(error: Exception, response: Response, rows: Any, index: pd.Index) -> None:
    """Say which rows the model does not answer, unless it answers none at all."""
    if isinstance(error, MemoryError | NotFittedError) or len(rows) == 1:
        return
    found = response.failing_rows(rows)
    if 0 < len(found) < len(rows):
        labels = index[found].tolist()
        error.add_note(f"rows of X that the model fails on, the first {len(found)}: {labels}")
