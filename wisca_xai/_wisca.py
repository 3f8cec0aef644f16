"""WISCAExplainer: a panel of explainers, merged into one consensus."""

import copy
from dataclasses import fields, replace
from typing import Any, ClassVar, cast

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from wisca_xai._consensus_explanation import ConsensusExplanation
from wisca_xai._exceptions import InputError
from wisca_xai._explanation import display_name
from wisca_xai._panel import PANEL, check_timeout, make_panel, run_panel
from wisca_xai._problem import Problem
from wisca_xai._refit import N_REFITS, check_refittable, refit_chance
from wisca_xai._stack import Stack, find_function, name_of, notes_of, scale_component, takes_votes
from wisca_xai._trust import N_DUMMIES, measure_trust
from wisca_xai._typing import FloatMatrix, FloatVector, ResponseMethod, Target
from wisca_xai._validation import check_choice, check_count
from wisca_xai._votes import WEIGHTINGS, check_weighting, give_votes
from wisca_xai.consensus import (
    ConsensusFunction,
    confidence_weight,
    residual_weight,
    value_groups,
    wisca_signed,
)
from wisca_xai.explainers import BaseExplainer

N_REPEATED = 20  # rows that the model is asked about twice
ROUNDING = 1e-6  # of the largest output: BLAS and float32 round otherwise in another batch


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
        of one's own gets raw attributions of different units, and has to scale them; without a
        parameter `method_weights` it gets no votes, and `weighting` does nothing.
    weighting : str, default="fidelity"
        How much each explainer counts. "equal": each has one vote. "family": each family of
        explainers (see `Explanation.family`) has one, so that three variants of SHAP cannot outvote
        LIME. "fidelity": the same, times the R2 of the imitation for those that imitate the model
        (LIME's lines, the surrogate forest). The others measure: "faithfulness" (deletion and
        insertion curves), "topsis" (faithfulness, stability and complexity) and "optimal" (least
        error of faithfulness and robustness; global explainers have the mean vote) ask the model
        more, and need one output per row; "crh" (nearness to the consensus) asks nothing.
    response_method : {"auto", "predict_proba", "decision_function", "predict"}, default="auto"
        Output that is explained; "auto" takes the first of these that the model has.
    background_size : int, default=100
        Background rows that Shapley values average over.
    refit : bool or int, default=False
        Whether to measure the model's noise too, by refitting clones of it (True: 20) to the table
        beside a shuffled copy of it: `ranking` then calls only those features above chance that
        the model prefers to such shadows. Costs as many fits and panels; with fewer than 20 a lone
        feature cannot be told from chance. Needs y in `fit`.
    n_jobs : int or None, default=None
        Rows that are explained at once, as in joblib: -1 uses all processors. The result does not
        depend on it. The model has to bear calls from several threads, as scikit-learn's do.
    random_state : int, RandomState instance or None, default=None
        An integer makes every run give the same bytes.
    verbose : int, default=0
        1 shows a progress bar on stderr.
    timeout : float or None, default=None
        Seconds that each explainer may take. Each then runs in a process apart, to which the model
        goes by pickle; one that takes longer, or that brings its process down, is stopped and
        recorded in `failures`, and the others go on. The result does not depend on it. The model's
        first answers for the rows, and what `weighting` and `refit` measure, have no limit.

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
        weighting: str = "fidelity",
        response_method: ResponseMethod = "auto",
        background_size: int = 100,
        refit: bool | int = False,
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
        timeout: float | None = None,
    ) -> None:
        self.estimator = estimator
        self.explainers = explainers
        self.consensus = consensus
        self.weighting = weighting
        self.response_method = response_method
        self.background_size = background_size
        self.refit = refit
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose
        self.timeout = timeout

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

        Each family of explainers has one vote (each explainer with ``weighting="equal"``), so that
        the values of a row do not depend on the others.

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
        if self.weighting != "equal":  # the other votes depend on the rows that come together
            only_local.weighting = "family"
        return np.array(only_local.explain(X).values)

    def _check_params(self) -> None:
        check_count("background_size", self.background_size)
        check_timeout(self.timeout)
        make_panel(self.explainers, background_size=self.background_size)
        find_function(self.consensus)
        check_choice("weighting", self.weighting, WEIGHTINGS)
        if not isinstance(self.refit, bool):
            check_count("refit", self.refit)

    def _explain(self, problem: Problem) -> ConsensusExplanation:
        function = find_function(self.consensus)
        weighting = self.weighting if takes_votes(function) else "equal"
        check_weighting(weighting, problem)
        if self.refit:
            check_refittable(problem)
        problem = replace(problem, n_dummies=N_DUMMIES)
        repeated = _repeat_note(problem)
        components, failures = run_panel(self.explainers_, problem, timeout=self.timeout)
        weights, weight_note = _row_weights(problem)
        votes = give_votes(weighting, components, problem, dict(self.explainers_))
        chance = None
        if self.refit:
            n_refits = N_REFITS if self.refit is True else self.refit
            chance = refit_chance(self.explainers_, problem, votes, weights, function, n_refits)
        groups = value_groups(problem.rows, levels=problem.response.codec.categorical)
        stack = Stack.of(components, votes)
        merged = stack.merge(function, weights, groups)
        own_notes = [*repeated, *_constant_note(problem), *weight_note]
        notes = [*own_notes, *notes_of(components)]
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
            consensus=self.consensus
            if isinstance(self.consensus, str)
            else name_of(self.consensus),
            importance=pd.Series(merged.importance, index=index, name="importance"),
            wisca=stack.merge(wisca_signed, weights).importance,
            components=components,
            scaled={name: scale_component(c) for name, c in components.items()},
            weights=weights,
            failures=failures,
            votes=votes,
            trust=measure_trust(problem, components, votes, weights, groups, function, chance),
        )


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


def _repeat_note(problem: Problem) -> list[str]:
    """A note if the model does not give the same rows the same outputs again."""
    outputs = problem.outputs[:N_REPEATED]
    try:
        again = problem.response(problem.rows[:N_REPEATED])
    except Exception as error:  # it has answered these rows before
        reason = f"{type(error).__name__}: {error}"
        return [f"The model failed on rows that it had answered before ({reason})."]
    difference = float(np.abs(again - outputs).max())
    if difference <= ROUNDING * np.abs(outputs).max():
        return []
    return [
        f"The model is not deterministic: asked twice about the same {len(outputs)} rows, its "
        f"outputs differ by up to {difference:.2g}. No result can be more exact than that."
    ]


def _constant_note(problem: Problem) -> list[str]:
    """A note that names the columns that no explainer can tell anything about."""
    if len(problem.background) == 1:
        return []
    background = problem.background
    same = (background == background[0]) | (np.isnan(background) & np.isnan(background[0]))
    names = [
        display_name(name)
        for name, constant in zip(
            problem.response.codec.feature_names, same.all(axis=0), strict=True
        )
        if constant
    ]
    if not names:
        return []
    shown = ", ".join(names[:10])
    return [f"Constant in the reference data: {shown}{' ...' if len(names) > 10 else ''}."]
