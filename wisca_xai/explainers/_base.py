"""BaseExplainer: the code that all explainers share."""

import copy
import time
from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from numbers import Integral
from typing import Any, ClassVar, Self, cast

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils import Tags
from sklearn.utils.metadata_routing import MetadataRouter

from wisca_xai._checks import (
    check_classes_of_target,
    check_numbers_of_target,
    check_target_column,
)
from wisca_xai._compat import installed_version, one_blas_thread
from wisca_xai._exceptions import InputError
from wisca_xai._model._columns import (
    check_number_of_columns,
    expected_labels,
    level_columns,
    made_up_note,
    n_columns_of,
    takes_frames,
)
from wisca_xai._model._described import described
from wisca_xai._model._fitting import fit_model, inherit_tags, is_fitted, route_to_model
from wisca_xai._model._outputs import check_model
from wisca_xai._model._own_table import check_own_table, check_table_of_fit, lost_rows
from wisca_xai._model._predicted import predicted_positions
from wisca_xai._model._response import Response
from wisca_xai._process import kept_random_state, shared_warnings
from wisca_xai._random import canonical_order, seed_entropy
from wisca_xai._results._explanation import Explanation
from wisca_xai._results._receipt import Receipt
from wisca_xai._table import TableCodec, as_table, copy_table, is_frame, labels_of, read_table
from wisca_xai._typing import FloatMatrix, Target
from wisca_xai.explainers._answer import check_answer
from wisca_xai.explainers._blocks import possible_jobs
from wisca_xai.explainers._budget import usual_limits
from wisca_xai.explainers._first_outputs import ask_incomplete, first_outputs
from wisca_xai.explainers._margins import checked_margin
from wisca_xai.explainers._repeats import ask_again
from wisca_xai.explainers._task import Task, decision_note, resolve_target, settings_of

# Methods of the explainers of shap and lime.
FOREIGN_METHODS = ("shap_values", "shap_interaction_values", "explain_instance", "explain_row")


class BaseExplainer(BaseEstimator, ABC):  # type: ignore[misc]
    """Base class of all explainers.

    A new explainer sets `name` and `scope`, stores its parameters in ``__init__`` (including
    `estimator`, `response_method`, `n_jobs`, `verbose` and `random_state`), and implements
    `_explain`. `check_explainer` checks that it keeps the contract.

    Attributes
    ----------
    estimator_ : estimator or callable
        The explained model: `estimator` itself if it is fitted, else a clone fitted on X, y.
    background_ : ndarray of shape (n_background, n_features)
        The background: the rows passed to `fit` as codes (see `codec_`), in canonical order.
    codec_ : TableCodec
        Encodes tables as floats, and restores the table that the model expects.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features,)
        Only if X has string column names.
    """

    name: ClassVar[str]
    scope: ClassVar[str]  # "local" or "global"
    libraries: ClassVar[tuple[str, ...]] = ()  # versions of these packages go into the receipt

    estimator: Any
    response_method: Any
    n_jobs: int | None = None  # of explainers whose constructor does not take it
    verbose: int = 0
    random_state: Any

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Refuse a second positional argument, where shap's explainers take the background."""
        if len(args) > 1:
            raise TypeError(
                f"{cls.__name__} takes one positional argument, the model, got {len(args)}. Pass "
                f"the background to fit: {cls.__name__}(model).fit(X_train).explain(X)."
            )
        return cast(Self, super().__new__(cls))

    def __getattr__(self, name: str) -> Any:
        """Raise AttributeError, with a hint if shap or lime has a method of this name."""
        hint = ""
        if name in FOREIGN_METHODS:
            hint = ": use explain(X), whose `values` are the attributions"
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{hint}.")

    def fit(self, X: Any, y: ArrayLike | None = None, **params: Any) -> Self:
        """Store the background, and fit the model if it is not fitted yet.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_background, n_features)
            The background, in the form that the model takes. This is usually the training data.
        y : array-like of shape (n_background,), default=None
            True values of the target. They are needed if the model is not fitted.
        **params : dict
            Metadata for the model's `fit`, such as `sample_weight`. With
            ``sklearn.set_config(enable_metadata_routing=True)``, only those that the model requests
            are passed. They do not weight the background.

        Returns
        -------
        self : object
            The fitted explainer.

        Raises
        ------
        InputError
            If there is no model, if the columns differ from the model's, or if metadata cannot be
            used, for example because the model is fitted already and is not fitted again.
        """
        self._check_params()
        if self.estimator is None:
            raise InputError(
                f"{type(self).__name__} needs a model, got estimator=None. Pass a scikit-learn "
                f"estimator or a callable: {type(self).__name__}(model)."
            )
        check_model(self.estimator)
        X, _ = read_table(self, X, reset=True, expected=self._labels_of_model)
        labels = labels_of(X) if is_frame(X) else None
        y = check_target_column(y, X)
        with shared_warnings():
            self.estimator_ = fit_model(self, X, y, params, clones_later=self._clones_model())
        check_number_of_columns(self.estimator_, X.shape[1])
        names = expected_labels(self.estimator_, labels)
        codec = TableCodec.of(X, names=names)
        are_text = labels is None or all(isinstance(label, str) for label in labels)
        if names is None and are_text and n_columns_of(self.estimator_) is not None:
            codec = codec.for_arrays(as_frame=takes_frames(self.estimator_))
        self.codec_ = codec.with_levels(level_columns(self.estimator_))
        background = self.codec_.encode(X)
        lost = lost_rows(self.codec_, X, background)
        if len(lost):
            response = Response(self.estimator_, self.codec_, response_method=self.response_method)
            check_table_of_fit(response, X, background, lost)
        order = canonical_order(background, y)
        self.background_ = background[order]
        self.background_y_ = None if y is None else y[order]
        return self

    def explain(
        self,
        X: Any,
        y: ArrayLike | None = None,
        *,
        target: Target = "predicted",
        keep_data: bool = True,
    ) -> Explanation:
        """Explain the model's output for the rows of X.

        If `fit` was not called before, X is also the background, and a note says so.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
            Columns of a DataFrame are matched by name.
        y : array-like of shape (n_samples,), default=None
            True values of the target, for explainers that measure a score.
        target : "predicted", "all" or a class label, default="predicted"
            Output to explain: that of the class that the model's `predict` gives in each row, that
            of every class, or that of the given class. Models without classes have a single
            output. A class that is itself called "all" or "predicted" is given as a list.
        keep_data : bool, default=True
            Whether a local explanation keeps a copy of X, as `data`.

        Returns
        -------
        explanation : Explanation

        Raises
        ------
        InputError
            If X, y or `target` does not fit the model.
        ModelContractError
            If the model does not return one finite number per row and output.
        """
        with shared_warnings():
            return self._explained(X, y, target, keep_data)

    def _explained(self, X: Any, y: ArrayLike | None, target: Target, keep: bool) -> Explanation:
        """The body of `explain`."""
        start = time.perf_counter()
        self._check_params()
        explainer = self
        notes: tuple[str, ...] = ()
        if not is_fitted(self):
            explainer = copy.copy(self).fit(X, y)
            notes = (
                "The explained rows were the background too. Call fit(X_train) first to avoid it.",
            )
        with one_blas_thread():
            task, order, more_notes = explainer._pose(X, y, target)
            noise, repeated = ask_again(task)
        try:
            explanation = explainer._run(replace(task, noise=noise))
        except Exception as error:  # What the model does may be the reason.
            for note in repeated:
                error.add_note(note)
            raise
        posed = task.response
        receipt = replace(
            explanation.receipt,
            model_rows=explanation.receipt.model_rows + posed.rows,
            model_calls=explanation.receipt.model_calls + posed.calls,
            model_seconds=explanation.receipt.model_seconds + posed.seconds,
            seconds=time.perf_counter() - start,
        )
        notes = (*notes, *more_notes, *repeated, *explanation.notes)
        explanation = explanation._reordered(np.argsort(order))
        data = copy_table(X) if keep and explanation.scope == "local" else None
        return replace(explanation, receipt=receipt, notes=notes, data=data)

    def __call__(
        self,
        X: Any,
        y: ArrayLike | None = None,
        *,
        target: Target = "predicted",
        keep_data: bool = True,
    ) -> Explanation:
        """The same as `explain`, with the same parameters."""
        return self.explain(X, y, target=target, keep_data=keep_data)

    def _check_params(self) -> None:
        """Raise InputError for a parameter that is invalid for any data.

        A subclass that overrides it calls ``super()._check_params()`` first.
        """
        if self.n_jobs is not None and (not isinstance(self.n_jobs, Integral) or not self.n_jobs):
            raise InputError(f"`n_jobs` must be None or a non-zero integer, got {self.n_jobs!r}.")
        if not isinstance(self.verbose, Integral):
            raise InputError(f"`verbose` must be 0 or 1, got {self.verbose!r}.")

    def _clones_model(self) -> bool:
        """Whether clones of the model are fitted later, without the metadata of `fit`."""
        return False

    def _labels_of_model(self, labels: list[Hashable]) -> Sequence[Hashable] | None:
        """Columns that the model was fitted on; None if it is not fitted or does not store them."""
        return expected_labels(self.estimator, labels) if is_fitted(self.estimator) else None

    @abstractmethod
    def _explain(self, task: Task) -> Explanation:
        """Compute the attributions of ``task.rows``, in their order.

        Every explainer implements this method. It calls the model only through ``task.response``,
        seeds all random numbers with ``task.seed_for``, and does not change `task`.
        `make_explanation` builds the explanation.
        """

    def _run(self, task: Task) -> Explanation:
        """Explain a task, check the explanation, and add its receipt."""
        start = time.perf_counter()
        response = task.response.fresh()
        asked = replace(task, response=response)
        try:
            with one_blas_thread(), self._random_state_kept():
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
                **settings_of({**params, "target": task.target}),
                "model": described(task.response.model),
                "response_method": response.method,
                "n_background": len(task.background),
            },
            versions={
                name: installed_version(name)
                for name in ("wisca-xai", "numpy", "scikit-learn", *self.libraries)
            },
        )
        return replace(explanation, receipt=receipt, notes=(*explanation.notes, *notes))

    def _random_state_kept(self) -> AbstractContextManager[None]:
        """Undo what another package's explainer does to NumPy's global generator.

        Those of this package leave it alone, so that draws of other threads need not be undone.
        """
        is_ours = type(self)._explain.__module__.startswith("wisca_xai.")
        return nullcontext() if is_ours else kept_random_state()

    def _pose(
        self, X: Any, y: ArrayLike | None, target: Target
    ) -> tuple[Task, Any, tuple[str, ...]]:
        """Check the input. Returns the task, the order of its rows, and notes."""
        index = getattr(as_table(X), "index", None)
        X, note = self._read(X)
        y = check_target_column(y, X)
        codec = self.codec_.extended(X)
        matrix = codec.encode(X)
        order = canonical_order(matrix, y)
        rows = matrix[order]
        index = index if isinstance(index, pd.Index) else pd.RangeIndex(len(rows))
        response = Response(self.estimator_, codec, response_method=self.response_method)
        outputs = first_outputs(response, rows, index[order])
        ask_incomplete(response, self.background_, rows)
        check_own_table(response, X, matrix, outputs, order)
        if y is not None and response.labels is None and response.unit == "target":
            check_numbers_of_target(y)
            check_numbers_of_target(self.background_y_)
        if y is not None and response.labels is not None:
            check_classes_of_target(y, response.labels, made_up=response.has_made_up_labels)
        predicted = predicted_positions(response, rows, outputs, self.background_)
        notes = [] if note is None else [f"In X, {note}."]
        if response.note is not None:
            notes.append(response.note)
        if response.changes_input:
            notes.append(
                "The model changes the table that it gets. Each call gets a copy, so that this has "
                "no effect here."
            )
        if self.codec_.is_named:
            notes += made_up_note(self.estimator_, self.codec_.labels)
        if len(self.background_) == 1:
            notes.append("The background is a single row, so all rows are compared with it.")
        response.margin = checked_margin(response, rows, outputs, self.background_)
        task = Task(
            response=response,
            rows=rows,
            outputs=outputs,
            background=self.background_,
            columns=resolve_target(target, response, predicted),
            predicted=predicted,
            index=index[order],
            seed=seed_entropy(self.random_state),
            target=target,
            verbose=self.verbose,
            n_jobs=possible_jobs(self.n_jobs),
            limits=usual_limits(),
            y=None if y is None else y[order],
            background_y=self.background_y_,
        )
        notes += decision_note(task)
        return task, order, tuple(notes)

    def _encoded(self, X: Any) -> FloatMatrix:
        """The rows of X as codes, in their order; the model is not asked."""
        X, _ = self._read(X)
        return self.codec_.extended(X).encode(X)

    def _read(self, X: Any) -> tuple[Any, str | None]:
        """X with the columns of `fit`, and a note on columns that were moved or left out."""
        known = self.codec_.labels if self.codec_.is_named else None
        return read_table(self, X, reset=False, expected=lambda labels: known)

    def get_metadata_routing(self) -> MetadataRouter:
        """Pass metadata of `fit` to the model's `fit`.

        Returns
        -------
        routing : MetadataRouter
            Router from `fit` to the `fit` of the model.
        """
        return route_to_model(self)

    def __sklearn_tags__(self) -> Tags:
        return inherit_tags(super().__sklearn_tags__(), self.estimator)
