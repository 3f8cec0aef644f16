"""LIME: a weighted linear model around each row."""

from typing import Any, ClassVar

import numpy as np

from wisca_xai._checks import as_number, check_choice, check_count, check_no_fields
from wisca_xai._exceptions import InputError
from wisca_xai._results._explanation import Explanation
from wisca_xai._typing import FloatArray, FloatMatrix, FloatVector, ResponseMethod
from wisca_xai.explainers._background import flat_columns
from wisca_xai.explainers._base import BaseExplainer
from wisca_xai.explainers._blocks import progress_of
from wisca_xai.explainers._guard import library_call
from wisca_xai.explainers._make import make_explanation
from wisca_xai.explainers._task import Task
from wisca_xai.explainers.lime._neighbourhood import Places, draw
from wisca_xai.explainers.lime._ridges import bounded_width, fit_ridges
from wisca_xai.explainers.lime._selection import SELECTIONS, Selection

DISCRETIZERS = ("quartile", "decile", "entropy")
LARGEST = 1e150  # largest magnitude in the background: the square of larger ones overflows


class LimeExplainer(BaseExplainer):
    """LIME for tables [1]_, by default with all features.

    A neighbourhood is drawn from bins of the background. Around each row, a ridge regression of the
    explained output gives one coefficient per feature. Its regressors are "in the same bin as the
    row" or, for booleans, text and categories, "the same value as in the row". Numbers with at most
    12 different values, such as weekdays, have a bin for each value. Neighbours close to the row
    have larger weights. All rows share one neighbourhood, so the model evaluates
    `n_samples` rows in total.

    Parameters
    ----------
    estimator : estimator or callable
        The model to explain, fitted or not.
    engine : {"fast", "lime"}, default="fast"
        "fast" computes all rows from one neighbourhood. "lime" runs the library lime for each row,
        with the same draws, and gives the same numbers.
    n_samples : int, default=5000
        Size of the neighbourhood, including the row itself.
    discretizer : {"quartile", "decile", "entropy"} or None, default="quartile"
        Bins of quantities. "entropy" needs y in `fit`. None uses the standardised values themselves
        as regressors, and draws them from normal distributions around the background's mean.
    kernel_width : float or None, default=None
        Width of the kernel, in the unit of lime's distance d between a neighbour and the row. The
        neighbour's weight is ``exp(-d**2 / (2 * kernel_width**2))``. With bins, d is the square
        root of the number of features in another bin or level than the row, between 0 and
        ``sqrt(n_features)``. With ``discretizer=None``, the squared differences of standardised
        quantities count instead, and d has no upper limit. None is the library's default,
        ``0.75 * sqrt(n_features)``. Narrow kernels shrink all coefficients towards 0, because the
        ridge penalty is 1 whatever the weights add up to.
    feature_selection : str, default="none"
        How features are selected, for each row and output. A second ridge regression on the
        selected ones alone gives their coefficients. All others get exactly 0.

        - "none": all features. `num_features` is not used.
        - "highest_weights": the largest products, in absolute value, of a coefficient and the row's
          own regressor. The coefficients are those of a ridge regression on all features, with a
          penalty of 0.01.
        - "forward_selection": one feature after another, each time the one that raises R2 most, in
          regressions without penalty.
        - "lasso_path": the last step on the path of the lasso that has at most `num_features`
          features. It may have fewer.
        - "auto": "forward_selection" up to 6 features, "highest_weights" above.
    num_features : int or None, default=None
        Number of features to select, at least 1. None keeps all features.
    response_method : {"auto", "predict_proba", "decision_function", "predict"}, default="auto"
        Output that is explained.
    n_jobs : int or None, default=None
        Not used: all rows share one neighbourhood, which the model evaluates in one batch.
    random_state : int, RandomState instance or None, default=None
    verbose : int, default=0
        1 shows a progress bar.

    Notes
    -----
    A missing value is a bin or level of its own. It is drawn as often as it is missing in the
    background. With ``discretizer=None``, a missing quantity is drawn just as often, and counts as
    the mean in the regression.

    Levels, dates, whole numbers and few numbers are drawn only from those of the background: a draw
    is moved to the nearest value in its bin. So a weekday is never 2.37. A column holds whole
    numbers if all its values in the background are whole, whatever its dtype. It holds few numbers
    if at most 12 different ones occur, each twice or more on average, whatever their unit. With
    bins, each of these few has a bin; another value of an explained row counts as the nearest of
    them. All other quantities are drawn as the library draws them. ``engine="lime"`` passes the
    columns with a bin for each value to the library as categories. Without bins, it regresses on
    the values before they were moved, so that its numbers for these columns and for dates differ.

    So results do not depend on the unit of a column, unless a change of unit makes many whole
    numbers of fractions, or fractions of whole numbers.

    `base_values` are the intercepts. ``diagnostics["r2"]`` is the R2 of the local fits, a signal of
    their quality. `standard_errors` (fast engine only) are those of sampling the neighbourhood,
    which all rows share.

    With a selection, `standard_errors` are those of the second regression, and 0 for features that
    are not selected. They ignore the selection's own uncertainty: another neighbourhood may select
    other features. So they are too small. There are no `null_values`, because null features do not
    compete in the selection, and a coefficient without this hurdle is no measure of the noise. In a
    panel, ``above_noise`` then rests on the other explainers.

    Both engines keep an odd case of "lasso_path": if the output is constant, the path has no step,
    and all features are selected. The library does so too if no regressor's weighted covariance
    with the output exceeds about 1e-7, because the output is in a very large unit. Where the
    library's selection depends on rounding errors alone, the fast engine may select other
    features. Its forward selection takes the first of features with equal gains.

    The fast engine refuses more than 5000 features, because it solves a system of as many equations
    for every row. With more than `n_samples` features, the library solves a system of `n_samples`
    equations instead.

    References
    ----------
    .. [1] M. T. Ribeiro, S. Singh, C. Guestrin, "Why Should I Trust You?", KDD 2016.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> model = LogisticRegression(max_iter=500).fit(X, y)
    >>> LimeExplainer(model, n_samples=500, random_state=0).fit(X).explain(X[:3])
    Explanation(lime, 3 rows x 4 features, unit: probability)
    """

    name: ClassVar[str] = "lime"
    scope: ClassVar[str] = "local"
    libraries: ClassVar[tuple[str, ...]] = ("lime",)

    def __init__(
        self,
        estimator: Any = None,
        *,
        engine: str = "fast",
        n_samples: int = 5000,
        discretizer: str | None = "quartile",
        kernel_width: float | None = None,
        feature_selection: str = "none",
        num_features: int | None = None,
        response_method: ResponseMethod = "auto",
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.estimator = estimator
        self.engine = engine
        self.n_samples = n_samples
        self.discretizer = discretizer
        self.kernel_width = kernel_width
        self.feature_selection = feature_selection
        self.num_features = num_features
        self.response_method = response_method
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def _check_params(self) -> None:
        super()._check_params()
        check_choice("engine", self.engine, ("fast", "lime"))
        check_count("n_samples", self.n_samples, minimum=2)
        if self.discretizer is not None:
            check_choice("discretizer", self.discretizer, DISCRETIZERS, also=" or None")
        if self.kernel_width is not None and not 0 < as_number(self.kernel_width) < np.inf:
            raise InputError(
                "`kernel_width` must be None or a finite number above 0, got "
                f"{self.kernel_width!r}. Distances are between 0 and sqrt(n_features) if "
                "quantities are binned."
            )
        check_choice("feature_selection", self.feature_selection, SELECTIONS)
        if self.num_features is not None:
            check_count("num_features", self.num_features, reason=" None keeps all features.")

    def _explain(self, task: Task) -> Explanation:
        self._check_width(task)
        self._check_data(task)
        _check_magnitude(task)
        engine = self._library_values if self.engine == "lime" else self._fast_values
        parts = engine(task)
        return make_explanation(
            task,
            parts["values"],
            n_terms=self.n_samples,
            method=self.name,
            family="local_surrogate",
            unit=task.response.unit,
            signed=True,
            standard_errors=parts.get("standard_errors"),
            base_values=parts["intercepts"],
            null_values=parts.get("null_values"),
            fidelity=float(np.nanmean(np.clip(parts["r2"], 0.0, 1.0))),
            diagnostics={"r2": parts["r2"]},
            notes=self._notes(task, int(parts.get("narrow", 0))),
        )

    def _check_width(self, task: Task) -> None:
        n_features = task.n_features
        if n_features <= task.limits.equations or self.engine == "lime":
            return
        raise InputError(
            "LimeExplainer solves a system of n_features x n_features around every row, at most "
            f"for {task.limits.equations:,} features, got {n_features:,}: the matrix alone takes "
            f"{8 * n_features**2 / 1e9:,.3g} GB. Select features first, or use engine='lime', "
            "which solves a system of n_samples x n_samples instead."
        )

    def _check_data(self, task: Task) -> None:
        if self.discretizer == "entropy" and task.background_y is None:
            raise InputError("LimeExplainer(discretizer='entropy') needs y: call fit(X, y).")
        if self.discretizer == "entropy":
            check_no_fields("discretizer='entropy'", task.background_y)
        names = np.array(task.response.codec.feature_names)
        table = np.vstack([task.background, task.rows])
        infinite = names[np.isinf(table).any(axis=0)].tolist()
        if infinite:
            raise InputError(f"LIME cannot bin infinite values, found in the columns {infinite}.")
        missing = names[np.isnan(table).any(axis=0)].tolist()
        if missing and self.engine == "lime":
            raise InputError(
                f"The library lime cannot bin missing values, found in the columns {missing}. Use "
                "engine='fast', which can."
            )

    def _fast_values(self, task: Task) -> dict[str, FloatArray]:
        seed = task.seed_for("lime")
        with library_call():
            neighbours = draw(
                task.rows,
                task.background,
                task.background_y,
                categorical=task.response.codec.categorical,
                dates=task.response.codec.stepped,
                discretizer=self.discretizer,
                n_draws=self.n_samples - 1,
                seed=seed,
            )
        outputs = task.response(neighbours.samples)
        selection = self._selection()
        ridges = fit_ridges(
            task, neighbours, outputs, kernel_width=self.kernel_width, selection=selection
        )

        def stacked(part: str) -> FloatArray:
            return task.squeezed(np.array([getattr(ridge, part) for ridge in ridges]))

        found = {part: stacked(part) for part in ("standard_errors", "intercepts", "r2")}
        if task.n_null_features and selection is None:
            found["null_values"] = stacked("null_values")
        narrow = sum(ridge.variation < 1 for ridge in ridges)
        if flat_columns(task.background).all():
            narrow = 0  # No neighbour differs from another one, whatever the kernel.
        return {"values": stacked("coefficients"), **found, "narrow": np.array(narrow)}

    def _notes(self, task: Task, n_narrow: int) -> tuple[str, ...]:
        notes = []
        if n_narrow:
            notes.append(
                f"Around {n_narrow} of {task.n_samples} rows, LIME's kernel gives neighbours that "
                "differ from the row hardly any weight, so its penalty pulls the values to 0. Use "
                "a larger `kernel_width` (None is 0.75 * sqrt(n_features)) or more `n_samples`."
            )
        selection = self._selection()
        if selection is not None and selection.num_features < task.n_features:
            notes.append(
                f"LIME gives values to at most {selection.num_features} of {task.n_features} "
                "features of each row (`num_features`). The others have 0, whatever their effect."
            )
        return tuple(notes)

    def _selection(self) -> Selection | None:
        """How features are selected; None if all are kept."""
        if self.feature_selection == "none" or self.num_features is None:
            return None
        return Selection(self.feature_selection, int(self.num_features))

    def _library_values(self, task: Task) -> dict[str, FloatArray]:
        """Compute the values with the library: a new object with the same seed for each row."""
        n_samples, n_features = task.rows.shape
        coefficients = np.zeros((n_samples, n_features, task.n_outputs))
        intercepts, r2 = np.full((2, n_samples, task.n_outputs), np.nan)
        seed = task.seed_for("lime")
        # lime's classification mode takes several outputs from one call, in any unit.
        mode = "classification" if task.n_outputs > 1 else "regression"
        for i in progress_of(task, self.name):
            labels = list(range(task.n_outputs))
            if task.columns is not None:
                labels = [int(task.columns[i])]
            local = self._library_explanation(task, task.rows[i], labels, mode, seed)
            for label in labels:
                key = label if mode == "classification" else 1  # lime's key of a regression is 1
                features, values = zip(*local.local_exp[key], strict=True)
                coefficients[i, list(features), label] = values
                intercepts[i, label] = local.intercept[key]
            r2[i, labels[-1]] = local.score  # lime returns only that of the last label
        return {
            "values": task.explained(coefficients),
            "intercepts": task.explained(intercepts),
            "r2": task.explained(r2),
        }

    def _library_explanation(
        self, task: Task, row: FloatVector, labels: list[int], mode: str, seed: int
    ) -> Any:
        """What the library lime returns for one row."""
        with library_call():
            from lime.lime_tabular import LimeTabularExplainer

            width, selection, codec = self.kernel_width, self._selection(), task.response.codec
            places = Places.of(
                task.background,
                codec.categorical,
                codec.stepped,
                binned=self.discretizer is not None,
            )
            explainer = LimeTabularExplainer(
                task.background,
                mode=mode,
                training_labels=task.background_y,
                categorical_features=places.categorical,
                kernel_width=None if width is None else bounded_width(width),
                feature_selection="none" if selection is None else selection.method,
                discretize_continuous=self.discretizer is not None,
                discretizer=self.discretizer,
                random_state=seed,
            )

            def outputs(samples: FloatMatrix) -> FloatMatrix:
                # The first sample is the row itself.
                moved = places.moved(samples, task.background, explainer.discretizer)
                return task.response(np.vstack([row, moved[1:]]))

            return explainer.explain_instance(
                places.with_known_values(row[None], task.background)[0],
                outputs,
                labels=labels,
                num_features=task.n_features if selection is None else selection.num_features,
                num_samples=self.n_samples,
            )


def _check_magnitude(task: Task) -> None:
    """Raise InputError if squares of background values would overflow."""
    too_large = (np.abs(task.background) > LARGEST).any(axis=0)
    if too_large.any():
        names = np.array(task.response.codec.feature_names)[too_large].tolist()
        raise InputError(
            f"LIME needs numbers of at most {LARGEST:g}, but the columns {names} of the background "
            "have larger ones. Rescale them."
        )
