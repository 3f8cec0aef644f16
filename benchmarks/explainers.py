"""Compare each fast engine with its library, in one run: `python -m benchmarks.explainers`.

The tables are: LIME over all six models; Shapley values against exact ones, which are enumerated,
with the coverage of their intervals; and permutation importance.
"""

import argparse
import time
import warnings
from typing import Any

import numpy as np
import shap
from sklearn.inspection import permutation_importance

from benchmarks.models import NAMES, fit_model, geometric_mean, make_table
from wisca_xai import LimeExplainer, PermutationExplainer, ShapExplainer

HEADER = f"{'model':10}{'explainer':32}{'rows':>6}{'seconds':>10}{'model rows':>13}{'error':>11}"


class Counted:
    """A function that returns a model's probabilities and counts the rows it is called with."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.rows = 0

    def __call__(self, Z: Any) -> Any:
        self.rows += len(Z)
        return self.model.predict_proba(Z)


def timed(explainer: Any, X: Any, rows: Any, y: Any = None) -> Any:
    """Explanation and wall seconds, including the `fit` of the background."""
    start = time.perf_counter()
    explanation = explainer.fit(X).explain(rows, y)
    return explanation, time.perf_counter() - start


def line(model: str, explainer: str, rows: int, seconds: float, cost: float, error: str) -> None:
    print(f"{model:10}{explainer:32}{rows:6}{seconds:10.2f}{cost:13,.0f}{error:>11}", flush=True)


def lime_table(n_rows: int) -> None:
    """Time our engine on all rows, and lime on a share of them: its cost per row is constant."""
    print(f"\nLIME, {n_rows} rows x 20 features; error: largest difference from lime's numbers")
    print(HEADER)
    X, y = make_table(2000, 20)
    share = max(n_rows // 10, 1)
    ratios = []
    for name in NAMES:
        model = fit_model(name, X, y)
        ours, seconds = timed(LimeExplainer(model, random_state=0), X, X[:n_rows])
        library = LimeExplainer(model, engine="lime", random_state=0)
        theirs, part = timed(library, X, X[:share])
        scaled = part * n_rows / share
        gap = np.abs(ours.values[:share] - theirs.values).max()
        line(name, "wisca_xai", n_rows, seconds, ours.receipt.model_rows, f"{gap:.1e}")
        cost = theirs.receipt.model_rows * n_rows / share
        line(name, f"lime (of {share} rows, x{n_rows // share})", n_rows, scaled, cost, "")
        ratios.append(scaled / seconds)
        print(f"{'':10}ratio {ratios[-1]:.0f}")
    print(f"geometric mean of the ratios: {geometric_mean(ratios):.0f}")


def shapley_table(n_rows: int, n_repeats: int) -> None:
    """Error against exact values for each budget, ours and that of shap.explainers.Permutation."""
    print(f"\nShapley values, {n_rows} rows x 11 features, background of 100; error: rmse to exact")
    print(HEADER)
    X, y = make_table(1000, 11)
    background, rows = X[:100], X[100 : 100 + n_rows]
    for name in ("mlp", "svc"):
        model = fit_model(name, X, y)
        exact, seconds = timed(
            ShapExplainer(model, method="exact", random_state=0), background, rows
        )
        line(name, "exact", n_rows, seconds, exact.receipt.model_rows / n_rows, "0")
        errors, covered = {}, {}
        for passes in (1, 2, 4, 8):
            runs = []
            for seed in range(n_repeats):
                explainer = ShapExplainer(
                    model, method="permutation", max_evals=20 * 100 * passes, random_state=seed
                )
                runs.append(timed(explainer, background, rows))
            gaps = np.array([run.values - exact.values for run, _ in runs])
            spread = np.array([run.standard_errors for run, _ in runs])
            covered[passes] = float((np.abs(gaps) <= 1.96 * spread).mean())
            cost = runs[0][0].receipt.model_rows / n_rows
            errors[cost] = float(np.sqrt((gaps**2).mean()))
            seconds = float(np.median([t for _, t in runs]))
            line(
                name,
                f"wisca_xai, {passes} x background",
                n_rows,
                seconds,
                cost,
                f"{errors[cost]:.5f}",
            )
        print(f"{'':10}95% intervals cover: {covered}")
        for n_permutations in (10, 21):
            reference(model, name, background, rows, exact.values, n_permutations, errors)


def reference(
    model: Any, name: str, background: Any, rows: Any, exact: Any, n_permutations: int, ours: Any
) -> None:
    """Time the library's sampler, and find the fewest rows with which our error is no larger."""
    counted = Counted(model)
    predicted = model.predict_proba(rows).argmax(axis=1)
    start = time.perf_counter()
    masker = shap.maskers.Independent(background, max_samples=len(background))
    explainer = shap.explainers.Permutation(counted, masker, seed=0)
    answer = explainer(rows, max_evals=n_permutations * (2 * rows.shape[1] + 1), silent=True)
    seconds = time.perf_counter() - start
    values = answer.values[np.arange(len(rows)), :, predicted]
    error = float(np.sqrt(((values - exact) ** 2).mean()))
    cost = counted.rows / len(rows)
    line(name, f"shap, {n_permutations} permutations", len(rows), seconds, cost, f"{error:.5f}")
    enough = [rows_ for rows_, ours_error in ours.items() if ours_error <= error]
    # The error falls with the square root of the rows, so it is known for other budgets, too.
    one_pass, first = min(ours.items())
    fair = min([*enough, max(one_pass, one_pass * (first / error) ** 2)])
    print(f"{'':10}wisca_xai: no larger error with {cost / fair:.1f} times fewer rows")


def all_rows_table(n_rows: int, n_repeats: int) -> None:
    """Compare both defaults with exact values over all rows of `fit`. shap takes 100 of them."""
    print(f"\nShapley values, {n_rows} rows x 8 features, 1000 rows of fit; error: rmse to exact")
    print(HEADER)
    X, y = make_table(1000, 8)
    rows = X[:n_rows]
    for name in ("logistic", "mlp", "svc", "knn", "boosting"):
        model = fit_model(name, X, y)
        exact, seconds = timed(ShapExplainer(model, method="exact"), X, rows)
        line(name, "exact", n_rows, seconds, exact.receipt.model_rows / n_rows, "0")
        for size in (100, 200):
            runs = [
                timed(ShapExplainer(model, background_size=size, random_state=seed), X, rows)
                for seed in range(n_repeats)
            ]
            gaps = np.array([run.values - exact.values for run, _ in runs])
            spread = np.array([run.standard_errors for run, _ in runs])
            cost = np.mean([run.receipt.model_rows for run, _ in runs]) / n_rows
            seconds = float(np.median([t for _, t in runs]))
            error = float(np.sqrt((gaps**2).mean()))
            words = f"wisca_xai, background_size={size}"
            line(name, words, n_rows, seconds, cost, f"{error:.5f}")
            covered = (np.abs(gaps) <= 1.96 * spread).mean()
            print(f"{'':10}95% intervals cover {covered:.3f}")
        predicted = model.predict_proba(rows).argmax(axis=1)
        misses, counted = [], Counted(model)
        start = time.perf_counter()
        for seed in range(n_repeats):
            drawn = X[np.random.default_rng(seed).choice(len(X), 100, replace=False)]
            masker = shap.maskers.Independent(drawn, max_samples=100)
            explainer = shap.explainers.Permutation(counted, masker, seed=seed)
            values = explainer(rows, silent=True).values[np.arange(n_rows), :, predicted]
            misses.append(values - exact.values)
        seconds = (time.perf_counter() - start) / n_repeats
        error = float(np.sqrt((np.array(misses) ** 2).mean()))
        cost = counted.rows / n_repeats / n_rows
        line(name, "shap, its defaults", n_rows, seconds, cost, f"{error:.5f}")


def permutation_table() -> None:
    """Permutation importance with 5 repeats."""
    print(
        "\nPermutation importance, 500 rows x 20 features; error: largest difference in importance"
    )
    print(HEADER)
    X, y = make_table(1000, 20)
    for name in NAMES:
        model = fit_model(name, X, y)
        ours, seconds = timed(
            PermutationExplainer(model, scoring=None, random_state=0), X, X[:500], y[:500]
        )
        start = time.perf_counter()
        theirs = permutation_importance(model, X[:500], y[:500], random_state=0)
        theirs_seconds = time.perf_counter() - start
        gap = np.abs(ours.values - theirs.importances_mean).max()
        line(name, "wisca_xai", 500, seconds, ours.receipt.model_rows, f"{gap:.3f}")
        line(name, "scikit-learn (different draws)", 500, theirs_seconds, 101 * 500, "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lime-rows", type=int, default=500)
    parser.add_argument("--shapley-rows", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    lime_table(arguments.lime_rows)
    shapley_table(arguments.shapley_rows, arguments.repeats)
    all_rows_table(arguments.shapley_rows, arguments.repeats)
    permutation_table()


if __name__ == "__main__":
    main()
