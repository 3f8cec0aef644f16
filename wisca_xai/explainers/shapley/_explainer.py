"""Shapley values of the model's output."""

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from wisca_xai._checks import check_choice, check_count
from wisca_xai._exceptions import InputError
from wisca_xai._model._response import BATCH_BYTES, Response
from wisca_xai._results._explanation import Explanation
from wisca_xai._results._validity import output_tolerance
from wisca_xai._typing import FloatArray, FloatMatrix, ResponseMethod
from wisca_xai.explainers._background import background_outputs
from wisca_xai.explainers._base import BaseExplainer
from wisca_xai.explainers._blocks import run_blocks, run_rows
from wisca_xai.explainers._budget import check_budget
from wisca_xai.explainers._make import make_explanation, zero_null_values
from wisca_xai.explainers._task import Task
from wisca_xai.explainers.shapley._coalitions import (
    enumerate_coalitions,
    noise_errors,
    repeat_noise,
)
from wisca_xai.explainers.shapley._library import (
    boosting_values,
    kernel_values,
    library_rows,
    linear_values,
    model_agnostic_values,
    tree_values,
)
from wisca_xai.explainers.shapley._mixing import fit_surrogate, mixed_rows
from wisca_xai.explainers.shapley._sampling import Sampler, pairs_needed

METHODS = ("auto", "exact", "permutation", "tree", "linear", "kernel")
# "auto" enumerates at most so many features: 2**6 coalitions cost about six times as much as walks,
# but have no error.
MAX_EXACT_FEATURES = 6
MAX_FEATURES_TO_ENUMERATE = 20  # most features for method="exact"
MAX_REFERENCE = 1000  # most background rows to which values refer
LEAST_PAIRS = 3  # pairs of walks at least: the standard error of fewer is not known
MAX_ENUMERATED = 100  # most background rows that "auto" enumerates: walks are cheaper for more


class ShapExplainer(BaseExplainer):
    """Interventional Shapley values [1]_ of the explained output.

    Features outside a coalition take the values of background rows. The values of a row add up to
    its output minus the mean output on the background.

    Parameters
    ----------
    estimator : estimator or callable
        The model to explain, fitted or not.
    engine : {"fast", "shap"}, default="fast"
        "fast" uses the methods below. "shap" runs the model-agnostic explainers of the library, as
        a reference: all coalitions up to 10 features, above that ten pairs of permutations, each
        over the whole background.
    method : {"auto", "exact", "permutation", "tree", "linear", "kernel"}, default="auto"
        Method of the fast engine:

        - "tree": exact values of the trees and forests of scikit-learn, and of the margin of
          boosting, whose trees shap reads.
        - "linear": the closed form for a linear output.
        - "exact": all coalitions, for at most 20 features.
        - "permutation": sampled pairs of opposite walks. A walk starts at a background row, and
          takes over the values of the explained row one by one, in random order.
        - "kernel": `shap.KernelExplainer`.
        - "auto": "tree" or "linear" if they add up to the model's own output, also on rows mixed
          from explained and background rows. Gaps may reach 1e-6 of the outputs, and 1e-4 of their
          spread. Otherwise "exact" up to 6 features and 100 background rows, and "permutation"
          above.
    background_size : int, default=100
        Precision of sampled Shapley values: they match averaging over this many background rows.
        If there are no more background rows, each of them starts a pair of walks. If there are
        more, rows are sampled until the standard error is that of averaging over `background_size`
        rows, and at most this many (see Notes). The library's methods (``engine="shap"``,
        "kernel") use this many background rows. "tree" and "linear" use all, at most 1000.
    max_evals : int or None, default=None
        Budget of "permutation" in model rows per explained row, at least ``2 * n_features``. All of
        it is used, unless `tol` is met before. Three pairs of walks (``6 * (n_features - 1)`` model
        rows) are sampled in any case, because fewer have no standard error. None takes what
        `background_size` needs. See Notes for what None refuses.
    tol : float or None, default=None
        "permutation" samples until every standard error of a row is at most `tol`, in the unit of
        the output, or until `max_evals` (by default 64 times `background_size` pairs) is spent.
    response_method : {"auto", "predict_proba", "decision_function", "predict"}, default="auto"
        Output that is explained.
    n_jobs : int or None, default=None
        Number of blocks of rows that are explained at once; see `WISCAExplainer`.
    random_state : int, RandomState instance or None, default=None
    verbose : int, default=0
        1 shows a progress bar.

    Notes
    -----
    If background rows are sampled, a surrogate of the model corrects for the rows that are not
    sampled. It is a quadratic function of the features. Its own Shapley values against the whole
    background are known, and only its difference from the model is sampled [2]_. It is fitted once
    for all explained rows, to the outputs on the background and on up to 5000 mixed rows. A poor
    surrogate adds no bias; it only needs more samples. The surrogate ignores features that the
    model does not use, so their values and standard errors are exactly 0.

    `standard_errors` of "permutation" are the Monte-Carlo errors of the walks, including the
    sampling of background rows. If every background row starts a single pair, they are upper
    bounds on average. The other methods have no standard errors if the model is deterministic. If
    it is not, those of "permutation" and "exact" include its noise.

    "permutation" without `max_evals`, "kernel" and ``engine="shap"`` raise InputError if they would
    send more than 3e11 numbers (model rows times features, 2.4 TB) through the model, before they
    call it. One pass takes ``2 * (n_features - 1) * background_size`` model rows per explained row,
    so the numbers grow with the square of the features: 100 000 rows of 100 features pass, and one
    row of 100 000 features does not. Closed forms of trees and linear outputs have no such limit.

    References
    ----------
    .. [1] S. Lundberg, S.-I. Lee, "A Unified Approach to Interpreting Model Predictions", 2017.
    .. [2] W. G. Cochran, "Sampling Techniques", 1977 (difference and regression estimators).

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> model = LogisticRegression(max_iter=500).fit(X, y)
    >>> explanation = ShapExplainer(model, random_state=0).fit(X).explain(X[:3])
    >>> explanation
    Explanation(shap, 3 rows x 4 features, unit: probability)
    >>> output = explanation.base_values + explanation.values.sum(axis=1)
    >>> bool(np.allclose(output, model.predict_proba(X[:3]).max(axis=1)))
    True
    """

    name: ClassVar[str] = "shap"
    scope: ClassVar[str] = "local"
    libraries: ClassVar[tuple[str, ...]] = ("shap",)

    def __init__(
        self,
        estimator: Any = None,
        *,
        engine: str = "fast",
        method: str = "auto",
        background_size: int = 100,
        max_evals: int | None = None,
        tol: float | None = None,
        response_method: ResponseMethod = "auto",
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.estimator = estimator
        self.engine = engine
        self.method = method
        self.background_size = background_size
        self.max_evals = max_evals
        self.tol = tol
        self.response_method = response_method
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def _check_params(self) -> None:
        super()._check_params()
        check_choice("engine", self.engine, ("fast", "shap"))
        check_choice("method", self.method, METHODS)
        check_count("background_size", self.background_size)
        if self.tol is not None and not self.tol > 0:
            raise InputError(f"`tol` must be positive or None, got {self.tol!r}.")

    def _explain(self, task: Task) -> Explanation:
        self._check_size(task)
        if self.engine == "shap" or self.method in ("permutation", "kernel"):
            self._check_cost(task)
        errors: FloatArray | None = None
        notes: tuple[str, ...] = ()
        if self.engine == "shap":
            values, base = model_agnostic_values(task, self._background(task))
        elif self.method == "kernel":
            values, base = kernel_values(task, self._background(task))
        else:
            values, base, errors, notes = self._fast_values(task)
        n, n_all = self.background_size, len(task.background)
        if n < n_all and (self.engine == "shap" or self.method == "kernel"):
            notes = (
                f"Shapley values of the library refer to {n} of {n_all} background rows, so that "
                "their error is not known.",
            )
        return make_explanation(
            task,
            values,
            method=self.name,
            family="shapley",
            unit=task.response.unit,
            signed=True,
            standard_errors=errors,
            base_values=base,
            null_values=(
                None if self.method == "kernel" else zero_null_values(task, values, errors)
            ),
            tells_unused=self.method != "kernel",
            notes=notes,
        )

    def _check_size(self, task: Task) -> None:
        if self.max_evals is not None:
            reason = (
                " It is 2 * n_features: a pair of walks adds features one by one, with a model row "
                "for each. Raise `max_evals`, or select features first."
            )
            minimum = 2 * task.n_features
            check_count("max_evals", self.max_evals, minimum=minimum, reason=reason)
        if self.method == "exact" and task.n_features > MAX_FEATURES_TO_ENUMERATE:
            raise InputError(
                f"method='exact' enumerates 2**n_features coalitions, for at most "
                f"{MAX_FEATURES_TO_ENUMERATE} features, got {task.n_features}. Use "
                "method='permutation'."
            )

    def _background(self, task: Task, at_least: int = 0) -> FloatMatrix:
        """Sampled background rows: `background_size` of them, or `at_least` if that is more."""
        size = max(self.background_size, at_least)
        return task.background[task.draw_background(size)]

    def _check_cost(self, task: Task) -> None:
        """Raise InputError if too many numbers would go through the model."""
        n_features = task.n_features
        n_background = min(self.background_size, len(task.background))
        advice = "lower `background_size`, or "
        if self.engine == "shap" or self.method == "kernel":
            rows_each = library_rows(n_features, n_background, kernel=self.engine != "shap")
            advice += "use engine='fast' and method='permutation' with a `max_evals`."
        elif self.max_evals is not None or task.response.margin is not None:
            return
        else:  # at least two passes are needed to see that a tolerance is met
            rows_each = 2 * (n_features - 1) * n_background * (1 if self.tol is None else 2)
            advice += (
                f"set `max_evals`, from {2 * n_features:,} on, to the number of model rows that an "
                "explained row may cost."
            )
        check_budget(type(self).__name__, task, rows_each, advice)

    def _fast_values(
        self, task: Task
    ) -> tuple[FloatArray, FloatArray, FloatArray | None, tuple[str, ...]]:
        """Values, base values, standard errors and notes, by the first method that is suitable."""
        background = self._background(task, at_least=MAX_REFERENCE)
        found, base, notes = self._shortcut(task, background)
        if found is not None:
            return task.explained(found), task.explained(base), None, notes
        is_cheap = task.n_features <= MAX_EXACT_FEATURES and len(background) <= MAX_ENUMERATED
        if self.method == "exact" or task.n_features == 1 or (self.method == "auto" and is_cheap):
            values, base, errors = _enumerated(task, background)
        else:
            self._check_cost(task)
            values, base, errors = self._sampled(task, background)
        if errors is not None and self.tol is not None and errors.max() > self.tol:
            n_missed = int((errors.reshape(len(errors), -1).max(axis=1) > self.tol).sum())
            notes += (
                f"The tolerance {self.tol:g} of Shapley values was not met in {n_missed} of "
                f"{len(errors)} rows within the budget: raise `max_evals`.",
            )
        return values, base, errors, notes

    def _shortcut(
        self, task: Task, background: FloatMatrix
    ) -> tuple[FloatArray | None, FloatMatrix, tuple[str, ...]]:
        """Values (n, d, k) of "tree" or "linear", if they add up to the model's own output.

        They are checked on mixed rows too, because a shortcut that misreads a split can still be
        right for the explained rows.
        """
        notes: tuple[str, ...] = ()
        mixed = mixed_rows(task, background)
        wider = replace(task, rows=np.vstack([task.rows, mixed]))
        for name, shortcut in (
            ("tree", tree_values),
            ("tree", boosting_values),
            ("linear", linear_values),
        ):
            if self.method not in ("auto", name):
                continue
            found = shortcut(wider, background)
            if found is None:
                continue
            outputs = np.vstack([task.outputs, task.response(mixed)])
            known = background_outputs(task, len(background))
            mean = known.mean(axis=0)
            missing = outputs - mean - found.sum(axis=1)
            gaps = np.abs(missing).max(axis=0)
            if (gaps <= output_tolerance(np.vstack([outputs, known]))).all():
                n = task.n_samples
                return share_out(found[:n], missing[:n]), np.tile(mean, (n, 1)), ()
            notes += (
                f"Shapley values were computed from the model's outputs, and not from its {name} "
                f"structure, whose sums differ from the outputs by up to {gaps.max():.2g}.",
            )
        self._check_shortcut(task, notes)
        return None, np.empty((0, task.n_outputs)), notes

    def _check_shortcut(self, task: Task, notes: tuple[str, ...]) -> None:
        """Raise InputError if the user asked for a shortcut that does not work."""
        if self.method not in ("tree", "linear"):
            return
        unknown = "It does not support the model or its output."
        if not task.response.codec.is_plain:
            unknown = "It does not support columns of categories, text or dates."
        reason = notes[0] if notes else unknown
        raise InputError(
            f"method={self.method!r} does not fit {type(task.response.model).__name__} with "
            f"response method {task.response.method!r}. {reason} Use method='auto'."
        )

    def _sampled(
        self, task: Task, background: FloatMatrix
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Values, base values and standard errors from sampled walks."""
        per_pair = 2 * (task.n_features - 1)
        size = min(self.background_size, len(background))
        n_pairs = None if self.max_evals is None else max(LEAST_PAIRS, self.max_evals // per_pair)
        surrogate, least = None, 0
        if len(background) > size:
            size = min(max(size, LEAST_PAIRS), len(background))
            surrogate = fit_surrogate(task, background, per_pair * (n_pairs or size))
            known = background_outputs(task, len(background))
            least = pairs_needed(known, surrogate(background), n_pairs or size)
            if n_pairs is None:
                size = min(max(size, least), len(background))
                surrogate = surrogate if size < len(background) else None
        elif n_pairs is not None:  # every background row starts equally many pairs
            background = background[:n_pairs]
            size = len(background)
            n_pairs -= n_pairs % size
        sampler = Sampler(
            background,
            background_outputs(task, len(background)),
            size,
            task.seed_for("shap"),
            surrogate,
            n_pairs,
            self.tol,
            least,
        )

        def sample(response: Response, block: slice) -> tuple[FloatArray, FloatArray]:
            columns = None if task.columns is None else task.columns[block]
            return sampler.sample(response, task.rows[block], task.outputs[block], columns)

        n_explained = task.n_outputs if task.columns is None else 1
        kept = 8 * 2 * size * task.n_features * n_explained  # bytes of a row's contributions
        at_once = max(1, min(sampler.rows_at_once, BATCH_BYTES // kept))
        blocks = run_blocks(task, self.name, sample, size=at_once)
        values, errors = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
        base = np.tile(sampler.outputs.mean(axis=0), (task.n_samples, 1))
        # The ends of all walks are evaluated once, so each feature gets a share of their noise.
        at_ends = task.noise * np.sqrt(1 + 1 / len(background)) / task.n_features
        errors = np.hypot(task.squeezed(errors), at_ends)
        return task.squeezed(values), task.explained(base), errors


def _enumerated(
    task: Task, background: FloatMatrix
) -> tuple[FloatArray, FloatArray, FloatArray | None]:
    """Values, base values, and standard errors if the model has noise, by enumeration."""
    known_outputs = background_outputs(task, len(background))

    def enumerate_all(response: Response, i: int) -> tuple[FloatMatrix, FloatMatrix]:
        chosen = task.chosen(i)
        asked = (response, task.rows[i], background, chosen)
        values, of_background, of_row = enumerate_coalitions(*asked)
        output = np.broadcast_to(task.outputs[i, chosen], of_row.shape)
        known = np.vstack([known_outputs[:, chosen], output])
        noise = repeat_noise(known, np.vstack([of_background, of_row]))
        return values, noise_errors(noise, task.n_features, len(background))

    both = np.array(run_rows(task, "shap", enumerate_all))
    errors = task.squeezed(both[:, 1]) if both[:, 1].any() else None
    base = np.tile(known_outputs.mean(axis=0), (task.n_samples, 1))
    return task.squeezed(both[:, 0]), task.explained(base), errors


def share_out(values: FloatArray, missing: FloatMatrix) -> FloatArray:
    """Add rounding errors `missing` (n, k) to values (n, d, k), in proportion to their magnitude.

    shap's trees use float32, whose errors exceed 1e-6 if outputs exceed 100.
    """
    size = np.abs(values)
    total = size.sum(axis=1, keepdims=True)
    share = size / np.where(total > 0, total, 1.0)
    return np.asarray(values + missing[:, None, :] * share)
