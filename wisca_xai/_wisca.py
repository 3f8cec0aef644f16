"""WISCAExplainer: a panel of explainers, merged into one consensus."""

import copy
import warnings
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, ClassVar, cast

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import OneToOneFeatureMixin, TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted
from tqdm import tqdm

from wisca_xai._consensus_explanation import ConsensusExplanation
from wisca_xai._exceptions import ExplainerFailed, InputError, WISCAWarning
from wisca_xai._explanation import Explanation
from wisca_xai._problem import Problem
from wisca_xai._typing import FloatMatrix, FloatVector, ResponseMethod, Target
from wisca_xai._validation import check_choice, check_count, seed_entropy
from wisca_xai.consensus import (
    CONSENSUS,
    Consensus,
    ConsensusFunction,
    confidence_weight,
    min_max,
    residual_weight,
    wisca_signed,
)
from wisca_xai.explainers import EXPLAINERS, BaseExplainer

PANEL = ("shap", "lime", "permutation", "forest")


class WISCAExplainer(OneToOneFeatureMixin, TransformerMixin, BaseExplainer):  # type: ignore[misc]
    """Explain a model by the consensus of several explainers: WISCA [1]_.

    Every explainer answers in its own unit; each vector is scaled, each row weighed by the model's
    confidence in it, and all are merged. The result tells what each explainer said, too.

    Parameters
    ----------
    estimator : estimator or callable
        The model: fitted (used as it is) or not (a clone is fitted on the X, y of `fit`); any
        scikit-learn style estimator or Pipeline, or a function of a table that returns numbers.
    explainers : sequence of str, explainers, or (name, explainer) pairs
        Default: ``("shap", "lime", "permutation", "forest")``.
    consensus : str or callable, default="wisca"
        A name in `wisca_xai.consensus.CONSENSUS`, or a function of the same signature. A function
        of one's own gets raw attributions of different units, and has to scale them.
    response_method : {"auto", "predict_proba", "decision_function", "predict"}, default="auto"
        Output that is explained; "auto" takes the first of these that the model has.
    background_size : int, default=100
        Background rows that Shapley values average over.
    n_jobs : int or None, default=None
        Rows that are explained at once, as in joblib: -1 uses all processors. The result does not
        depend on it. The model has to bear calls from several threads, as scikit-learn's do.
    random_state : int, RandomState instance or None, default=None
        An integer makes every run give the same bytes.
    verbose : int, default=0
        1 shows a progress bar on stderr.

    Attributes
    ----------
    estimator_ : estimator or callable
        The explained model.
    explainers_ : list of (str, explainer)
        The panel.
    background_, codec_, n_features_in_, feature_names_in_
        As in every explainer.

    References
    ----------
    .. [1] A. J. Banegas-Luna, H. Perez-Sanchez, C. Martinez-Cortes, "WISCA: A Consensus-Based
       Approach to Harmonizing Interpretability in Tabular Datasets", MAKE 8(4), 97, 2026.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> model = LogisticRegression(max_iter=500).fit(X, y)
    >>> explanation = WISCAExplainer(model, random_state=0).fit(X, y).explain(X[::10], y[::10])
    >>> explanation.ranking()["feature"].tolist()[:2]
    ['petal length (cm)', 'petal width (cm)']
    >>> sorted(explanation.components)
    ['forest', 'lime', 'permutation', 'shap']
    """

    name: ClassVar[str] = "wisca"
    scope: ClassVar[str] = "local"

    def __init__(
        self,
        estimator: Any = None,
        *,
        explainers: Any = PANEL,
        consensus: str | ConsensusFunction = "wisca",
        response_method: ResponseMethod = "auto",
        background_size: int = 100,
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.estimator = estimator
        self.explainers = explainers
        self.consensus = consensus
        self.response_method = response_method
        self.background_size = background_size
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: ArrayLike | None = None) -> "WISCAExplainer":
        """Keep reference data, and fit the model if it is not fitted yet.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_background, n_features)
            Reference data, as the model takes it: the training data, as a rule.
        y : array-like of shape (n_background,), default=None
            Target; needed if the model is not fitted.

        Returns
        -------
        self : WISCAExplainer

        Raises
        ------
        InputError
            If there is no model, the columns are not the model's, or the panel is not valid.
        """
        super().fit(X, y)
        self.explainers_ = make_panel(self.explainers, background_size=self.background_size)
        return self

    def explain(
        self, X: Any, y: ArrayLike | None = None, *, target: Target = "predicted"
    ) -> ConsensusExplanation:
        """Explain the model's output for the rows of X by the consensus of the panel.

        Without a call of `fit` before, X is the reference data too, and the result says so.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
            Columns of a DataFrame are matched by name.
        y : array-like of shape (n_samples,), default=None
            True values: permutation importance measures a score with them, and a regression's rows
            are weighed by their residuals.
        target : "predicted", "all" or a class label, default="predicted"
            Output that is explained: of each row's predicted class, of every class, or of the
            class that is named. Models without classes have one output.

        Returns
        -------
        explanation : ConsensusExplanation

        Raises
        ------
        InputError
            If X, y or `target` do not fit the model.
        ModelContractError
            If the model returns something else than one finite number per row and output.
        ExplainerFailed
            If no explainer gave a result.

        Warns
        -----
        WISCAWarning
            For each explainer that failed; the consensus goes on without it.
        """
        return cast(ConsensusExplanation, super().explain(X, y, target=target))

    def transform(self, X: Any) -> FloatMatrix:
        """Local consensus of the predicted class; global explainers take no part in it.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)

        Returns
        -------
        values : ndarray of shape (n_samples, n_features)
            Dimensionless, in [-1, 1]. A DataFrame after ``set_output(transform="pandas")``.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ExplainerFailed
            If no local explainer gave a result.
        """
        check_is_fitted(self)
        local = [
            (name, explainer) for name, explainer in self.explainers_ if explainer.scope == "local"
        ]
        if not local:
            raise InputError(
                "transform needs a local explainer such as 'shap' or 'lime', but `explainers` has "
                f"only {[name for name, _ in self.explainers_]}."
            )
        only_local = copy.copy(self)
        only_local.explainers_ = local
        return np.array(only_local.explain(X).values)

    def _check_params(self) -> None:
        check_count("background_size", self.background_size)
        make_panel(self.explainers, background_size=self.background_size)
        _consensus_function(self.consensus)

    def _explain(self, problem: Problem) -> ConsensusExplanation:
        components, failures = self._run_panel(problem)
        weights, weight_note = _row_weights(problem)
        function = _consensus_function(self.consensus)
        merged = merge(components, weights, function)
        plain = merge(components, weights, wisca_signed)
        notes = [*weight_note, *(note for c in components.values() for note in c.notes)]
        notes += [
            f"{name} tells no feature from another, and takes no side in the ranking."
            for name, component in components.items()
            if problem.n_features > 1 and np.ptp(component.mean_magnitude()) == 0
        ]
        body = problem.explanation(
            merged.values,
            method=self.name,
            family="consensus",
            unit="1",
            signed=True,
            notes=tuple(dict.fromkeys(notes)),
        )
        index = pd.Index(body.feature_names, name="feature")
        return ConsensusExplanation(
            **{part.name: getattr(body, part.name) for part in fields(body)},
            consensus=self.consensus if isinstance(self.consensus, str) else _name(self.consensus),
            importance=pd.Series(merged.importance, index=index, name="importance"),
            wisca=plain.importance,
            components=components,
            scaled={name: _scaled(c) for name, c in components.items()},
            weights=weights,
            failures=failures,
        )

    def _run_panel(self, problem: Problem) -> tuple[dict[str, Explanation], dict[str, str]]:
        panel = tqdm(
            self.explainers_,
            desc="explainers",
            unit="explainer",
            disable=None if self.verbose else True,
        )
        components: dict[str, Explanation] = {}
        failures: dict[str, str] = {}
        for name, explainer in panel:
            answer = _attempt(explainer, problem)
            if isinstance(answer, Explanation):
                components[name] = answer
                spent = answer.receipt
                problem.response.charge(spent.model_rows, spent.model_calls, spent.model_seconds)
            else:
                failures[name] = answer
        if not components:
            table = "\n".join(f"  {name}: {reason}" for name, reason in failures.items())
            raise ExplainerFailed(f"All {len(failures)} explainers failed:\n{table}")
        for name, reason in failures.items():
            warnings.warn(
                f"The explainer {name!r} failed and takes no part in the consensus: {reason}",
                WISCAWarning,
                stacklevel=2,
            )
        return components, failures


def make_panel(explainers: Any, *, background_size: int) -> list[tuple[str, BaseExplainer]]:
    """Names and fresh copies of the explainers that a user asked for.

    Raises
    ------
    InputError
        If there is none, one is unknown, two have one name, one has a model of its own, or one has
        a parameter that is wrong.
    """
    if isinstance(explainers, str | BaseExplainer) or not np.iterable(explainers):
        explainers = (explainers,)
    panel: dict[str, BaseExplainer] = {}
    for entry in explainers:
        name, explainer = _panel_entry(entry)
        if isinstance(explainer, str):
            check_choice("explainers", explainer, EXPLAINERS, also=" or (name, explainer) pairs")
            explainer = EXPLAINERS[explainer]()
            if "background_size" in explainer.get_params():
                explainer.set_params(background_size=background_size)
        elif explainer.estimator is not None or explainer.response_method != "auto":
            raise InputError(
                f"The explainer {name!r} must leave `estimator` and `response_method` at their "
                "defaults: the panel explains its own model."
            )
        explainer._check_params()
        if name in panel:
            raise InputError(
                f"`explainers` must have different names, got {name!r} twice. Pass (name, "
                "explainer) pairs."
            )
        panel[name] = clone(explainer)
    if not panel:
        raise InputError("`explainers` must name at least one explainer, got none.")
    return list(panel.items())


def merge(
    components: Mapping[str, Explanation], weights: FloatVector, function: ConsensusFunction
) -> Consensus:
    """Apply a consensus function to explanations; with all classes explained, to each class.

    The importance is then the mean over classes.
    """
    local = [c.values for c in components.values() if c.scope == "local"]
    global_ = [c.values for c in components.values() if c.scope == "global"]
    importances = np.array(global_) if global_ else None
    if not local:
        return function(None, importances)
    if local[0].ndim == 2:
        return function(np.array(local), importances, weights)
    by_class = [
        function(np.array([values[:, :, c] for values in local]), importances, weights)
        for c in range(local[0].shape[2])
    ]
    return Consensus(
        np.stack([one.values for one in by_class], axis=2),
        np.mean([one.importance for one in by_class], axis=0),
    )


def _panel_entry(entry: Any) -> tuple[str, Any]:
    if isinstance(entry, str):
        return entry, entry
    if isinstance(entry, BaseExplainer):
        return entry.name, entry
    if isinstance(entry, tuple | list) and len(entry) == 2 and isinstance(entry[0], str):
        name, explainer = entry
        if isinstance(explainer, str | BaseExplainer):
            return name, explainer
    raise InputError(
        f"`explainers` must be names from {sorted(EXPLAINERS)}, explainers or (name, explainer) "
        f"pairs, got {entry!r}."
    )


def _consensus_function(consensus: Any) -> ConsensusFunction:
    if callable(consensus):
        return cast(ConsensusFunction, consensus)
    check_choice("consensus", consensus, CONSENSUS, also=" or a function of the same signature")
    return CONSENSUS[consensus]


def _attempt(explainer: BaseExplainer, problem: Problem) -> Explanation | str:
    """The explainer's answer, or the reason why there is none."""
    try:
        if explainer.random_state is not None:
            problem = replace(problem, seed=seed_entropy(explainer.random_state))
        return explainer._run(problem)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def _row_weights(problem: Problem) -> tuple[FloatVector, list[str]]:
    """Weight of each row by the model's confidence, with a note where there is no measure of it."""
    if problem.response.unit == "probability":
        return confidence_weight(problem.outputs.max(axis=1), n_classes=problem.n_outputs), []
    even = np.ones(problem.n_samples)
    if problem.response.task == "classification":
        return even, ["The model gives no probabilities: all rows weigh the same."]
    if problem.y is None:
        return even, ["Without y, residuals are not known: all rows weigh the same."]
    training = problem.y if problem.background_y is None else problem.background_y
    scale = float(np.std(np.asarray(training, dtype=np.float64)))
    if scale == 0:
        return even, ["The training target is constant: all rows weigh the same."]
    return residual_weight(problem.y, problem.outputs[:, 0], scale=scale), []


def _scaled(component: Explanation) -> Any:
    """`min_max` along the features, which are the second of three axes for all classes."""
    if component.values.ndim < 3:
        return min_max(component.values)
    return np.moveaxis(min_max(np.moveaxis(component.values, 1, -1)), -1, 1)


def _name(function: Any) -> str:
    return str(getattr(function, "__name__", type(function).__name__))
