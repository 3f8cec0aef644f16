"""WISCAExplainer: a panel of explainers, merged into one consensus."""

import copy
from dataclasses import replace
from typing import Any, ClassVar, cast

from numpy.typing import ArrayLike
from sklearn.base import OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from wisca_xai._checks import check_choice, check_count
from wisca_xai._exceptions import InputError
from wisca_xai._panel._build import build_consensus
from wisca_xai._panel._measure import N_NULL_FEATURES, measure_reliability
from wisca_xai._panel._members import (
    PANEL,
    make_panel,
    named_explainers,
    parameters_of,
    with_explainers,
)
from wisca_xai._panel._notes import constant_note, single_row_note
from wisca_xai._panel._refit import check_refittable, refit_notes, refit_p_values
from wisca_xai._panel._row_weights import row_weights
from wisca_xai._panel._run import check_timeout, run_panel, warn_of_jobs
from wisca_xai._panel._votes import WEIGHTINGS, check_weighting, give_votes
from wisca_xai._results._component_notes import notes_of
from wisca_xai._results._consensus_explanation import ConsensusExplanation
from wisca_xai._results._plan import MergePlan, find_function
from wisca_xai._results._subset import values_of_single_rows
from wisca_xai._results._votes import BY_KIND, BY_ROW
from wisca_xai._typing import FloatMatrix, ResponseMethod, Target
from wisca_xai.consensus import ConsensusFunction
from wisca_xai.explainers import BaseExplainer, Task, make_explanation
from wisca_xai.explainers._registry import new_explainer


class WISCAExplainer(OneToOneFeatureMixin, TransformerMixin, BaseExplainer):  # type: ignore[misc]
    """Explain a model by the consensus of several explainers: WISCA [1]_.

    Each explainer gives attributions in its own unit. They are scaled, the rows are weighted by
    the model's confidence, and all explainers are merged into one consensus. The result also
    contains the attributions of each explainer.

    Parameters
    ----------
    estimator : estimator or callable
        The model: a scikit-learn style estimator or Pipeline, or a function that takes a table and
        returns numbers. A fitted model is used as it is. If it is not fitted, a clone is fitted on
        the X, y of `fit`. `sklearn.base.clone` of the explainer, and therefore cross-validation,
        drops what the model has learned, but keeps a function or a
        `sklearn.frozen.FrozenEstimator` as it is.
    explainers : sequence of str, explainers, or (name, explainer) pairs
        Default: ``("shap", "occlusion", "lime", "permutation", "forest")``. Explainers that other
        packages register in the entry-point group ``wisca_xai.explainers`` can be given by name,
        too.
    consensus : str or callable, default="wisca"
        A name in `wisca_xai.consensus.CONSENSUS`, or a function with the signature of
        `wisca_xai.consensus.ConsensusFunction`. A custom function gets raw attributions in
        different units and must scale them.
    weighting : str, default="fidelity"
        How much each explainer counts (its vote).

        - "equal": one vote each.
        - "family": one vote for each family (see `Explanation.family`), so that three variants of
          SHAP cannot outvote LIME. Occlusion, inclusion and permutation change one feature at a
          time, and share a vote; so do LIME and the forest, which imitate the model.
        - "fidelity": the votes of "family" times `Explanation.fidelity`: how well the explainer
          describes the model, from 0 to 1. In each row, local explainers count by the square of
          their fidelity there (`Explanation.row_fidelity`).
        - "faithfulness": votes by deletion and insertion curves.
        - "topsis": votes by faithfulness, stability and complexity.
        - "optimal": the votes with the smallest error of faithfulness and robustness; global
          explainers get the mean vote.
        - "crh": votes by distance from the consensus, larger for nearer explainers.

        "faithfulness", "topsis" and "optimal" need more model evaluations and one output per row.
    response_method : {"auto", "predict_proba", "decision_function", "predict"}, default="auto"
        Output that is explained; "auto" takes the first of these methods that the model has.
    n_refits : int, default=0
        Number of clones of the model that are refitted to measure the model's own noise. A feature
        is then above noise only if the model also reacts to it more than clones that learned from
        shuffled columns do. At first all columns are shuffled. Features that are found stay as they
        are in a second and a third round of `n_refits` clones, so that weaker ones can be found. If
        no feature is found, there is one round. 30 is recommended: with fewer than 20, no
        feature can be distinguished from noise. Each refit costs one fit and one run of
        the panel on at most 50 rows. Any model that can be cloned and fitted will do. `fit` needs
        y.
    n_jobs : int or None, default=None
        Number of blocks of rows that are explained at once, as in joblib: -1 uses all processors.
        The result does not depend on it. The model must allow calls from several threads, as
        scikit-learn's models do.
    random_state : int, RandomState instance or None, default=None
        With an integer, every run gives the same bytes.
    verbose : int, default=0
        1 shows progress bars in a terminal or a notebook.
    timeout : float or None, default=None
        Seconds that each explainer may take. Explainers then run in another process, so the model
        must be picklable. An explainer that takes longer or crashes its process is stopped and
        recorded in `failures`, and the others continue. Apart from that, the result does not
        depend on `timeout`. There is no limit for the model's outputs for the rows, and for what
        `weighting` and `n_refits` measure.

    Attributes
    ----------
    estimator_ : estimator or callable
        The explained model.
    explainers_ : list of (str, explainer)
        The explainers of the panel, by name.
    background_, codec_, n_features_in_, feature_names_in_
        As for every explainer.

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
    ['forest', 'lime', 'occlusion', 'permutation', 'shap']
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
        n_refits: int = 0,
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
        self.n_refits = n_refits
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose
        self.timeout = timeout

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Get parameters, also those of the model and of the explainers, as ``lime__n_samples``.

        Parameters
        ----------
        deep : bool, default=True
            Whether to include the parameters of the model and of the explainers.

        Returns
        -------
        params : dict
            Parameters by name. With `deep` it also contains every explainer by its name.
        """
        params: dict[str, Any] = super().get_params(deep=deep)
        if deep:
            own = super().get_params(deep=False)
            for name, explainer in named_explainers(self.explainers).items():
                if name in own:  # `fit` raises the error.
                    continue
                params[name] = explainer
                inner = parameters_of(explainer)
                params |= {f"{name}__{key}": value for key, value in inner.items()}
        return params

    def set_params(self, **params: Any) -> "WISCAExplainer":
        """Set parameters, also of the model (`estimator__C`) and of explainers (`lime__n_samples`).

        Parameters
        ----------
        **params : dict
            The name of an explainer replaces that explainer. A parameter of an explainer, such as
            ``shap__background_size=200``, also works if the explainer is given by name: the name
            is then replaced by an explainer object.

        Returns
        -------
        self : WISCAExplainer
        """
        if "explainers" in params:  # The other parameters may name the new explainers.
            self.explainers = params.pop("explainers")
        named = named_explainers(self.explainers)
        own = self.get_params(deep=False)
        new = {name: params.pop(name) for name in named if name in params and name not in own}
        if new:
            self.explainers = with_explainers(self.explainers, new)
            named |= new
        inner = {key.partition("__")[0] for key in params if "__" in key}
        by_name = {n: e for n, e in named.items() if n in inner - own.keys() and isinstance(e, str)}
        if by_name:
            fresh = {name: new_explainer(explainer) for name, explainer in by_name.items()}
            self.explainers = with_explainers(self.explainers, fresh)
        super().set_params(**params)
        return self

    def fit(self, X: Any, y: ArrayLike | None = None, **params: Any) -> "WISCAExplainer":
        """Keep the background, and fit the model if it is not fitted yet.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_background, n_features)
            The background, in the form that the model takes. Usually the training data.
        y : array-like of shape (n_background,), default=None
            Target; needed if the model is not fitted.
        **params : dict
            Metadata such as `sample_weight` for the model's `fit`; with
            ``sklearn.set_config(enable_metadata_routing=True)`` those that it requests. They do not
            weight the background or the explained rows.

        Returns
        -------
        self : WISCAExplainer

        Raises
        ------
        InputError
            If there is no model, the columns are not the model's, the panel is not valid,
            metadata are passed with a fitted model, which is not fitted again, or `n_refits` needs
            y or a model that can be refitted.
        """
        super().fit(X, y, **params)
        if self.n_refits:
            check_refittable(self.estimator_, self.background_y_)
        self.explainers_ = self._panel()
        return self

    def explain(
        self,
        X: Any,
        y: ArrayLike | None = None,
        *,
        target: Target = "predicted",
        keep_data: bool = True,
    ) -> ConsensusExplanation:
        """Explain the model's output for the rows of X by the consensus of the panel.

        If `fit` was not called before, X is also the background, and a note says so.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
            Columns of a DataFrame are matched by name.
        y : array-like of shape (n_samples,), default=None
            True values. With them, the verdict says how well the model predicts these rows and
            those of `fit`, which needs at most 1000 more model rows, usually none. Rows of a
            regression are weighted by their residuals, and a `PermutationExplainer` with a
            `scoring` can measure that score.
        target : "predicted", "all" or a class label, default="predicted"
            Output that is explained: that of each row's predicted class, of every class, or of the
            given class. Models without classes have one output.
        keep_data : bool, default=True
            Whether the explanation keeps a copy of X in its attribute `data`.

        Returns
        -------
        explanation : ConsensusExplanation

        Raises
        ------
        InputError
            If X, y or `target` do not match the model.
        ModelContractError
            If the model returns anything but one finite number per row and output.
        ExplainerError
            If no explainer gave a result.

        Warns
        -----
        WISCAWarning
            For each explainer that failed and is left out of the consensus.
        """
        found = super().explain(X, y, target=target, keep_data=keep_data)
        return cast(ConsensusExplanation, found)

    def transform(self, X: Any) -> FloatMatrix:
        """Local consensus for the predicted class, from the local explainers.

        Each row is merged alone, so that its values do not depend on the other rows. A rule of
        `weighting` that looks at all rows together is replaced by "family".

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
        ExplainerError
            If no local explainer gave a result.
        """
        check_is_fitted(self)
        panel = self._panel()
        local = [(name, explainer) for name, explainer in panel if explainer.scope == "local"]
        if not local:
            raise InputError(
                "transform needs a local explainer such as 'shap' or 'lime', but `explainers` has "
                f"only {[name for name, _ in panel]}."
            )
        only_local = copy.copy(self)
        only_local.explainers = local
        only_local.n_refits = 0  # They would not change the values.
        if self.weighting not in BY_KIND:  # Other votes depend on all rows of X together.
            only_local.weighting = "family"
        return values_of_single_rows(only_local.explain(X, keep_data=False))

    def _check_params(self) -> None:
        super()._check_params()
        check_timeout(self.timeout)
        self._panel()
        find_function(self.consensus)
        check_choice("weighting", self.weighting, WEIGHTINGS)
        check_count("n_refits", self.n_refits, minimum=0)

    def _panel(self) -> list[tuple[str, BaseExplainer]]:
        return make_panel(self.explainers, reserved=self.get_params(deep=False))

    def _clones_model(self) -> bool:
        return bool(self.n_refits)

    def _explain(self, task: Task) -> ConsensusExplanation:
        check_weighting(self.weighting, task)
        if self.n_refits:
            check_refittable(self.estimator_, task.background_y)
        warn_of_jobs(self.estimator_, self.n_jobs)
        task = replace(task, n_null_features=N_NULL_FEATURES)
        panel = self.explainers_ = self._panel()  # as set_params may have changed it since `fit`
        components, failures = run_panel(panel, task, timeout=self.timeout)
        weights = row_weights(task)
        plan = MergePlan(
            find_function(self.consensus),
            weights.values,
            give_votes(self.weighting, components, task, dict(panel)),
            self.weighting == BY_ROW,
        )
        refit_values = None
        if self.n_refits:
            refit_values = refit_p_values(panel, task, plan, self.n_refits)
        merged = plan.merge(components)
        notes = [*constant_note(task), *weights.notes, *notes_of(components)]
        notes += [*single_row_note(task, components), *refit_notes(self.n_refits)]
        body = make_explanation(
            task,
            merged.values,
            method=self.name,
            family="consensus",
            unit="1",
            signed=True,
            notes=tuple(dict.fromkeys(notes)),
        )
        return build_consensus(
            body,
            merged.importance,
            plan,
            components,
            levels=task.response.codec.categorical,
            consensus=self.consensus,
            row_weighting=weights.origin,
            failures=failures,
            reliability=measure_reliability(
                task, plan, components, merged.importance, refit_values
            ),
            rows=task.rows,
            classes=task.response.labels,
        )
