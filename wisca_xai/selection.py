"""WISCASelector: keep the features that a model uses, by the consensus of a panel."""

import math
import numbers
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.feature_selection import SelectorMixin
from sklearn.utils import Tags
from sklearn.utils.metadata_routing import MetadataRouter
from sklearn.utils.validation import check_is_fitted, validate_data

from wisca_xai._checks import as_number, check_count, check_not_sparse, check_target_column
from wisca_xai._compat import transform_output
from wisca_xai._exceptions import InputError, WISCAWarning
from wisca_xai._model._fitting import fit_model, inherit_tags, route_to_model
from wisca_xai._panel._explainer import WISCAExplainer
from wisca_xai._process import warn
from wisca_xai._random import canonical_order, seed_entropy
from wisca_xai._ranking import order_of, ranks_of
from wisca_xai._results._consensus_explanation import ConsensusExplanation
from wisca_xai._table import (
    as_table,
    backend_of,
    is_frame,
    labels_of,
    read_table,
    select,
    take_rows,
)
from wisca_xai._typing import IntVector


class WISCASelector(SelectorMixin, MetaEstimatorMixin, BaseEstimator):  # type: ignore[misc]
    """Select features by the consensus of a panel of explainers on a model.

    A model is fitted, a `WISCAExplainer` explains its outputs for some of the rows, and the
    features with the largest consensus importance are kept. Unlike in `SelectFromModel`, the model
    needs no importances of its own.

    Parameters
    ----------
    estimator : estimator or callable
        The model. If it is not fitted, a clone is fitted on the X, y of `fit`. A fitted model, a
        `FrozenEstimator` or a function is used as it is, and nothing is learned from y. In
        cross-validation, pass a model that is not fitted: scikit-learn clones the model, which
        drops what it has learned. A `FrozenEstimator` or a function is kept as it is and may have
        been fitted on the test rows.
    n_features_to_select : "above_noise", int or float, default="above_noise"
        "above_noise" keeps the features that score higher than null features (see `n_refits` for
        the model's own noise), and at least the first of the ranking. An int is the number of
        features, a float in (0, 1] the share of them, rounded down, at least one.
    n_refits : int, default=0
        Number of clones of the model that are refitted, so that "above_noise" also covers the
        model's own noise; see `WISCAExplainer`. 30 is recommended. Without refits, only features
        that the model does not use are left out, and most models use every column a little.
    explainer : WISCAExplainer, default=None
        Settings of the panel; its `estimator` must be None. None means the default panel. Its
        `n_refits`, `n_jobs` and `random_state` are used if those of the selector have their
        default values.
    n_explained : int, default=200
        Number of rows that are explained, drawn without replacement; all if there are fewer. All
        rows are the background.
    n_jobs : int or None, default=None
        Number of blocks of rows that are explained at once; see `WISCAExplainer`.
    random_state : int, RandomState instance or None, default=None
        Seed of the draw of rows and of the explainers. With an integer, every run gives the same
        bytes.

    Attributes
    ----------
    estimator_ : estimator or callable
        The explained model: `estimator` itself if it is fitted, else a clone fitted on X, y.
    explanation_ : ConsensusExplanation
        Explanation of the drawn rows, in the order of X.
    ranking_ : ndarray of int of shape (n_features,)
        Rank of each feature, as in scikit-learn's `RFE`: the selected ones have rank 1, the others
        2, 3, ... by decreasing importance; tied features share the smaller rank. The full table is
        ``explanation_.ranking()``.
    support_ : ndarray of bool of shape (n_features,)
        Whether each feature is selected.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features,)
        Only if X has string column names.

    See Also
    --------
    WISCAExplainer : Computes the explanation that the selection is based on.

    Notes
    -----
    The consensus weights the explained rows by the model's confidence, never by a
    `sample_weight`.

    `transform` returns an array, as scikit-learn's selectors do. If the next step encodes columns,
    it needs a DataFrame with the original dtypes: ``set_output(transform="pandas")``.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> from wisca_xai.datasets import make_dataset
    >>> data = make_dataset("linear", n_samples=200, random_state=0)
    >>> data.X.columns[data.relevant_features].tolist()
    ['B', 'C', 'D', 'E']
    >>> panel = WISCAExplainer(explainers=["shap", "permutation"])
    >>> selector = WISCASelector(
    ...     LinearRegression(), n_refits=30, explainer=panel, n_explained=50, random_state=0
    ... ).fit(data.X, data.y)
    >>> selector.get_feature_names_out().tolist()
    ['B', 'C', 'D', 'E']
    >>> selector.transform(data.X).shape
    (200, 4)
    """

    def __init__(
        self,
        estimator: Any = None,
        *,
        n_features_to_select: str | float = "above_noise",
        n_refits: int = 0,
        explainer: WISCAExplainer | None = None,
        n_explained: int = 200,
        n_jobs: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.n_features_to_select = n_features_to_select
        self.n_refits = n_refits
        self.explainer = explainer
        self.n_explained = n_explained
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: Any, y: ArrayLike | None = None, **params: Any) -> "WISCASelector":
        """Fit the model, explain some of the rows, and select.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
            Training data, in the form that the model takes.
        y : array-like of shape (n_samples,), default=None
            Target; needed if the model is not fitted.
        **params : dict
            Metadata such as `sample_weight` for the model's `fit`; with
            ``sklearn.set_config(enable_metadata_routing=True)`` those that it requests.

        Returns
        -------
        self : WISCASelector

        Raises
        ------
        InputError
            If a parameter, X or y is invalid, metadata cannot be passed to the model's `fit`, or
            none of the explainers measures its noise, as "above_noise" requires.
        ModelContractError
            If the model returns anything but one finite number per row and output.
        ExplainerError
            If no explainer gave a result.

        Warns
        -----
        WISCAWarning
            If no feature is above noise, and for each explainer that failed.
        """
        explainer = self._checked_explainer()
        n_explained = check_count("n_explained", self.n_explained)
        X, _ = read_table(self, X, reset=True)
        n_kept = _n_kept(self.n_features_to_select, X.shape[1])
        y = check_target_column(y, X)
        explainer.estimator = fit_model(self, X, y, params, clones_later=explainer._clones_model())
        explainer.fit(X, y)
        positions = np.arange(X.shape[1])
        if is_frame(X):  # A fitted model may have the columns in another order.
            labels = list(explainer.codec_.labels)
            positions = _positions(labels_of(X), labels)
            X = select(X, labels)
        order = canonical_order(explainer.codec_.encode(X), y)
        rows = _draw(order, n_explained, seed=explainer.random_state)
        explanation = explainer.explain(take_rows(X, rows), None if y is None else y[rows])
        self.estimator_ = explainer.estimator_
        self.explanation_ = explanation
        self.support_ = np.zeros(len(positions), dtype=bool)
        self.support_[positions[_chosen(explanation, n_kept)]] = True
        importance = np.zeros(len(positions))
        importance[positions] = explanation.importance.abs().to_numpy()
        importance[self.support_] = 0.0  # Ranks of the other features start at 2.
        self.ranking_ = np.where(self.support_, 1, 1 + ranks_of(importance))
        return self

    def transform(self, X: Any) -> Any:
        """Keep the selected columns.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
            Columns in the order of `fit`.

        Returns
        -------
        X_selected : ndarray or DataFrame of shape (n_samples, n_selected)
            An array, or a DataFrame after ``set_output(transform="pandas")`` or ``"polars"``. The
            columns of a DataFrame keep their dtypes.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If the columns are not those of `fit`, or an array has missing values that the model
            cannot take.
        """
        support = self.get_support(indices=True)
        check_not_sparse(X)
        X = as_table(X)
        if backend_of(X) != transform_output(self):
            return super().transform(X)
        validate_data(self, X, reset=False, skip_check_array=True)
        return select(X, [labels_of(X)[j] for j in support])

    def set_params(self, **params: Any) -> "WISCASelector":
        """Set parameters, also of the model and of the panel, as ``explainer__consensus="median"``.

        Parameters
        ----------
        **params : dict
            If one of them starts with ``explainer__`` and `explainer` is None, it is first
            replaced by a default `WISCAExplainer`.

        Returns
        -------
        self : WISCASelector
        """
        inner = any(name.startswith("explainer__") for name in params)
        if inner and params.get("explainer", self.explainer) is None:
            params["explainer"] = WISCAExplainer()
        super().set_params(**params)
        return self

    def get_metadata_routing(self) -> MetadataRouter:
        """Get the routing: metadata of `fit` are passed to the model's `fit`.

        Returns
        -------
        routing : MetadataRouter
        """
        return route_to_model(self)

    def _get_support_mask(self) -> NDArray[np.bool_]:
        check_is_fitted(self)
        return self.support_

    def _checked_explainer(self) -> WISCAExplainer:
        """A new explainer with the settings of `explainer` and the selector, without a model."""
        given = WISCAExplainer() if self.explainer is None else self.explainer
        if not isinstance(given, WISCAExplainer):
            raise InputError(
                "`explainer` must be a WISCAExplainer or None, got "
                f"{given.__name__ if isinstance(given, type) else repr(given)}. Pass single "
                "explainers as WISCAExplainer(explainers=...)."
            )
        if self.estimator is None:
            raise InputError(
                "WISCASelector needs a model, got estimator=None. Pass a scikit-learn estimator or "
                "a callable: WISCASelector(model)."
            )
        if given.estimator is not None:
            raise InputError(
                "`explainer` must have estimator=None, got "
                f"{type(given.estimator).__name__}. Pass the model to WISCASelector only."
            )
        explainer: WISCAExplainer = clone(given)
        if self.n_refits != 0:
            explainer.n_refits = self.n_refits
        if self.n_jobs is not None:
            explainer.n_jobs = self.n_jobs
        random_state = given.random_state if self.random_state is None else self.random_state
        explainer.random_state = seed_entropy(random_state)
        explainer._check_params()
        return explainer

    def __sklearn_tags__(self) -> Tags:
        tags = inherit_tags(super().__sklearn_tags__(), self.estimator)
        # `transform` computes nothing; `fit` shows whether the model accepts missing values.
        tags.input_tags.allow_nan |= hasattr(self, "feature_names_in_")
        return tags


def _n_kept(wanted: Any, n_features: int) -> int | None:
    """Number of features to keep; None for those above noise."""
    if isinstance(wanted, str) and wanted == "above_noise":
        return None
    if isinstance(wanted, numbers.Integral) and not isinstance(wanted, bool):
        if 1 <= int(wanted) <= n_features:
            return int(wanted)
    elif 0 < as_number(wanted) <= 1:
        # Without rounding, 22 * (15 / 22) is just below 15.
        return max(1, math.floor(round(float(wanted) * n_features, 9)))
    raise InputError(
        "`n_features_to_select` must be 'above_noise', an integer from 1 to n_features = "
        f"{n_features} or a float in (0, 1], got {wanted!r}."
    )


def _positions(columns: list[Any], labels: list[Any]) -> IntVector:
    """Positions of the model's columns among those of X."""
    if len(labels) < len(columns):
        known = set(labels)
        extra = [label for label in columns if label not in known]
        raise InputError(
            f"X has the columns {extra} that the model was not fitted on. Leave them out, or pass "
            "a model that is not fitted."
        )
    places = {label: j for j, label in enumerate(columns)}
    return np.array([places[label] for label in labels], dtype=np.intp)


def _draw(order: IntVector, size: int, *, seed: int) -> IntVector:
    """Draw at most `size` rows, in ascending order. The draw depends on values, not on order."""
    drawn = np.random.default_rng(seed).permutation(len(order))[:size]
    return np.sort(order[drawn])


def _chosen(explanation: ConsensusExplanation, n_kept: int | None) -> IntVector:
    """Positions of the features to keep, in the order of the explanation's features."""
    ranked = order_of(explanation.importance)
    if n_kept is not None:
        return ranked[:n_kept]
    above = explanation.reliability.above_noise()
    if above is None:
        raise InputError(
            "'above_noise' needs an explainer that measures its noise, got "
            f"{list(explanation.components)}. Add one of 'lime', 'permutation' or 'forest', or "
            "give the number of features."
        )
    if not above.any():
        warn(
            "No feature is above noise: only the first of the ranking is kept, "
            f"{explanation.feature_names[ranked[0]]!r}.",
            WISCAWarning,
            stacklevel=3,
        )
        return ranked[:1]
    return np.flatnonzero(above)
