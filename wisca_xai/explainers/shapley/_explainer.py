"""Shapley values of the model's output."""

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from wisca_xai._checks import check_choice, check_count
from wisca_xai._exceptions import InputError
from wisca_xai._model._response import BATCH_BYTES, Response
from wisca_xai._results._explanation import Explanation
from wisca_xai._typing import FloatArray, FloatMatrix, ResponseMethod
from wisca_xai.explainers._background import background_outputs
from wisca_xai.explainers._base import BaseExplainer
from wisca_xai.explainers._blocks import run_blocks, run_rows
from wisca_xai.explainers._budget import check_budget
from wisca_xai.explainers._make import make_explanation, zero_null_values
from wisca_xai.explainers._task import Task
from wisca_xai.explainers.shapley._coalitions import (
    ROUNDING,
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
from wisca_xai.explainers.shapley._quadratic import MOST_SLOPES, Quadratic
from wisca_xai.explainers.shapley._sampling import Sampler

METHODS = ("auto", "exact", "permutation", "tree", "linear", "kernel")
MAX_EXACT_FEATURES = 6  # 2**6 coalitions cost about six times the walks, and have no error
MAX_FEATURES_TO_ENUMERATE = 20
MAX_REFERENCE = 1000  # rows of fit that values refer to
MAX_ENUMERATED = 100  # of these, beyond which walks are as exact, and cheaper
MAX_MIXED = 5000  # for the imitation
MAX_CHANGED = 20  # rows of the background, of which each feature is changed
N_MIXED = 20  # rows on which shortcuts are checked, beside those explained
TOLERANCE = 1e-6  # of the largest output, within which shortcuts have to add up to the model's


class ShapExplainer(BaseExplainer):
    """Interventional Shapley values [1]_ of the explained output.

    Features outside a coalition take the values of background rows. The values of a row add up to
    its output less the mean output on the background.

    Parameters
    ----------
    estimator : estimator or callable
        The model to explain, fitted or not.
    engine : {"fast", "shap"}, default="fast"
        "shap" runs the library's model-agnostic explainers, the reference: all coalitions up to 10
        features, above that ten pairs of permutations, each over the whole background.
    method : {"auto", "exact", "permutation", "tree", "linear", "kernel"}, default="auto"
        Of the fast engine. "tree" is exact for the trees and forests of scikit-learn, and
        `shap.TreeExplainer` for the margin of boosting; "linear" the closed form of a linear
        output; "exact" enumerates all coalitions (at most 20 features); "permutation" samples pairs
        of opposite walks that start at one background row each; "kernel" is `shap.KernelExplainer`.
        "auto" takes "tree" or "linear" where they add up to the model's own output within 1e-6,
        also on rows mixed of explained and background ones, "exact" up to 6 features and 100
        background rows, and else "permutation".
    background_size : int, default=100
        Background rows that a row is compared with by sampling. Where there are no more, every one
        of them starts a pair of walks. Of more, so many are drawn, or fewer: as many as give the
        standard error that averaging over `background_size` of them has (see Notes). The library's
        methods (``engine="shap"``, "kernel", the margin of boosting) explain against so many rows.
    max_evals : int or None, default=None
        Budget of "permutation", in model rows per explained row; at least ``2 * n_features``, and
        two pairs of walks (``4 * (n_features - 1)`` model rows) are walked in any case. All of it
        is used. None takes what `background_size` asks for. See Notes for what None refuses.
    tol : float or None, default=None
        "permutation" goes on until every standard error of a row is at most this, in the unit of
        the output, or `max_evals` (by default 64 times `background_size` pairs) is spent.
    response_method : {"auto", "predict_proba", "decision_function", "predict"}, default="auto"
        Output that is explained.
    n_jobs : int or None, default=None
        Blocks of rows that are explained at once; see `WISCAExplainer`.
    random_state : int, RandomState instance or None, default=None
    verbose : int, default=0
        1 shows a progress bar.

    Notes
    -----
    Where background rows are drawn, a quadratic function of the features that imitates the model
    stands in for those that are not: its own Shapley values against all of them are known [2]_, and
    only what it misses is sampled. It is learned from the outputs on the background and on up to
    5000 mixed rows, once for all explained rows. The values are no more biased if it is poor, but
    take more walks. A feature that the model does not use has no part in it, so that its values and
    their errors are exactly 0.

    `standard_errors` of "permutation" are Monte-Carlo errors of walks and, where background rows
    are drawn, of that too; where every one of them starts a single pair, they are upper bounds on
    average. The other methods have none, unless the model is not deterministic: then those of
    "permutation" and "exact" include its noise (that of the row's own output only in a panel, which
    measures it).

    "permutation" without `max_evals`, "kernel" and ``engine="shap"`` refuse what would send more
    than 3e11 numbers (model rows times features, 2.4 TB) through the model, before they ask it. One
    pass takes ``2 * (n_features - 1) * background_size`` model rows per explained row, so that the
    numbers grow with the square of the features: 100 000 rows of 100 features pass, and one row of
    100 000 features does not. Closed forms of trees and linear outputs have no such limit.

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
        return make_explanation(
            task,
            values,
            method=self.name,
            family="shapley",
            unit=task.response.unit,
            signed=True,
            standard_errors=errors,
            base_values=base,
            null_values=None if self.method == "kernel" else zero_null_values(task, values),
            notes=notes,
        )

    def _check_size(self, task: Task) -> None:
        if self.max_evals is not None:
            reason = (
                " It is 2 * n_features: a pair of walks adds the features one by one, each time "
                "with a model row. Raise it, or select features first."
            )
            minimum = 2 * task.n_features
            check_count("max_evals", self.max_evals, minimum=minimum, reason=reason)
        if self.method == "exact" and task.n_features > MAX_FEATURES_TO_ENUMERATE:
            raise InputError(
                f"method='exact' enumerates 2**n_features coalitions, at most for "
                f"{MAX_FEATURES_TO_ENUMERATE} features, got {task.n_features}. Use "
                "method='permutation'."
            )

    def _background(self, task: Task, at_least: int = 0) -> FloatMatrix:
        """Drawn rows of fit: `background_size` of them, which are the first of more."""
        size = max(self.background_size, at_least)
        return task.background[task.draw_background(size)]

    def _check_cost(self, task: Task) -> None:
        n_features = task.n_features
        n_background = min(self.background_size, len(task.background))
        advice = "Select features first, explain fewer rows, lower `background_size`, or "
        if self.engine == "shap" or self.method == "kernel":
            rows_each = library_rows(n_features, n_background, kernel=self.engine != "shap")
            advice += "use engine='fast' and method='permutation' with a `max_evals`."
        elif self.max_evals is not None:
            return
        else:  # a tolerance needs two passes to be seen to be met
            rows_each = 2 * (n_features - 1) * n_background * (1 if self.tol is None else 2)
            advice += (
                f"set `max_evals`, from {2 * n_features:,} on, to the model rows that an explained "
                "row may cost."
            )
        check_budget(type(self).__name__, task, rows_each, advice)

    def _fast_values(
        self, task: Task
    ) -> tuple[FloatArray, FloatArray, FloatArray | None, tuple[str, ...]]:
        """Values, base values, standard errors and notes, by the first method that will do."""
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
        """Values (n, d, k) that cost few evaluations, if they add up to the model's own output.

        They have to on mixed rows, too: a shortcut that misreads a split need not miss the rows.
        """
        notes: tuple[str, ...] = ()
        mixed = mixed_rows(task, background)
        wider = replace(task, rows=np.vstack([task.rows, mixed]))
        few = background[: self.background_size]
        base = np.empty((0, task.n_outputs))
        for name, shortcut, others in (
            ("tree", tree_values, background),
            ("tree", boosting_values, few),  # shap's time grows with the background
            ("linear", linear_values, background),
        ):
            if self.method not in ("auto", name):
                continue
            found = shortcut(wider, others)
            if found is not None:
                outputs = np.vstack([task.outputs, task.response(mixed)])
                mean = background_outputs(task, len(others)).mean(axis=0)
                missing = outputs - mean - found.sum(axis=1)
                gap = float(np.abs(missing).max())
                if gap <= TOLERANCE * np.abs(outputs).max():
                    n = task.n_samples
                    base = np.tile(mean, (n, 1))
                    return share_out(found[:n], missing[:n]), base, ()
                notes += (
                    f"The {name} shortcut misses the model's own output by up to {gap:.2g}, so "
                    "Shapley values were computed from the model itself.",
                )
        if self.method in ("tree", "linear"):
            unknown = "It does not know the model or its output."
            if not task.response.codec.is_plain:
                unknown = "It does not know columns of categories, text or dates."
            reason = notes[0] if notes else unknown
            raise InputError(
                f"method={self.method!r} does not fit {type(task.response.model).__name__} with "
                f"response method {task.response.method!r}. {reason} Use method='auto'."
            )
        return None, base, notes

    def _sampled(
        self, task: Task, background: FloatMatrix
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Values, base values and standard errors by walks."""
        per_pair = 2 * (task.n_features - 1)
        size = min(self.background_size, len(background))
        n_pairs = None if self.max_evals is None else max(2, self.max_evals // per_pair)
        imitation = None
        if len(background) > size:
            imitation = self._imitation(task, background, per_pair * (n_pairs or size))
        elif n_pairs is not None:  # as many for each background row
            background = background[:n_pairs]
            size = len(background)
            n_pairs -= n_pairs % size
        sampler = Sampler(
            background,
            background_outputs(task, len(background)),
            size,
            task.seed_for("shap"),
            imitation,
            n_pairs,
            self.tol,
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
        # the ends of all walks are asked for once: each feature has a share of their noise
        at_ends = task.noise * np.sqrt(1 + 1 / len(background)) / task.n_features
        errors = np.hypot(task.squeezed(errors), at_ends)
        return task.squeezed(values), task.explained(base), errors

    def _imitation(self, task: Task, background: FloatMatrix, n_asked: int) -> Quadratic:
        """Learned from the background and from mixtures of its rows, which are what walks meet.

        Some of these rows differ from one of the background in a single feature. A feature that
        changes no output there has no part in the imitation: if the model does not use it, its
        Shapley values are 0 and not what chance makes of it.
        """
        generator = np.random.default_rng(task.seed_for("imitation"))
        n, d = background.shape
        n_asked = min(n_asked, MAX_MIXED) if d <= MOST_SLOPES else 0
        known = background_outputs(task, n)
        if n_asked == 0:
            return Quadratic.fit(background, known)
        n_changed = min(MAX_CHANGED, n_asked // (2 * d), n - 1)
        changed = np.repeat(background[:n_changed, None], d, axis=1)
        changed[:, range(d), range(d)] = np.roll(background, -n_changed, axis=0)[:n_changed]
        changed = changed.reshape(-1, d)
        mixed = mix(background, background, n_asked - len(changed), generator)
        rows = np.vstack([changed, mixed])
        outputs = task.response(rows)
        used = None
        if n_changed:
            moved = outputs[: len(changed)].reshape(n_changed, d, -1) - known[:n_changed, None]
            used = np.abs(moved).max(axis=(0, 2)) > ROUNDING * np.abs(known).max()
        return Quadratic.fit(np.vstack([background, rows]), np.vstack([known, outputs]), used)


def _enumerated(
    task: Task, background: FloatMatrix
) -> tuple[FloatArray, FloatArray, FloatArray | None]:
    """Values, base values, and errors by the model's noise, if it has some."""
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


def mixed_rows(task: Task, background: FloatMatrix) -> FloatMatrix:
    """Rows of coalitions of all sizes: some entries explained, the others of the background."""
    generator = np.random.default_rng(task.seed_for("mixed rows"))
    return mix(task.rows, background, N_MIXED, generator)


def mix(
    rows: FloatMatrix, others: FloatMatrix, n_mixed: int, generator: np.random.Generator
) -> FloatMatrix:
    """Random rows, in which a random share of the entries are those of random other rows."""
    shape = (n_mixed, rows.shape[1])
    inside = generator.random(shape) < generator.random((n_mixed, 1))
    some = rows[generator.integers(len(rows), size=n_mixed)]
    return np.where(inside, some, others[generator.integers(len(others), size=n_mixed)])


def share_out(values: FloatArray, missing: FloatMatrix) -> FloatArray:
    """Add rounding errors `missing` (n, k) to values (n, d, k), in proportion to their size.

    shap's trees hold float32, whose errors exceed 1e-6 where outputs exceed 100.
    """
    size = np.abs(values)
    total = size.sum(axis=1, keepdims=True)
    share = size / np.where(total > 0, total, 1.0)
    return np.asarray(values + missing[:, None, :] * share)
