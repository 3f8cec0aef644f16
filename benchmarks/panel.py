"""Compare the whole panel with the same panel by hand: `python -m benchmarks.panel`.

"By hand" is what one writes today: a loop over rows with lime, `shap.explainers.Permutation` with
its defaults, `permutation_importance`, and a random forest fitted to the predictions.
"""

import argparse
import time
import warnings
from typing import Any

import numpy as np
import shap
from lime.lime_tabular import LimeTabularExplainer
from sklearn.ensemble import RandomForestRegressor
from sklearn.inspection import permutation_importance

from benchmarks.models import NAMES, fit_model, geometric_mean, make_table
from wisca_xai import WISCAExplainer


def by_hand(model: Any, X: Any, rows: Any, labels: Any, share: int) -> float:
    """Seconds of the panel without this package.

    lime and shap cost the same per row for any number of rows. So they are measured on the first
    `share` rows, and the time is scaled up. The rest runs on all rows.
    """
    start = time.perf_counter()
    permutation_importance(model, rows, labels, n_repeats=5, random_state=0)
    RandomForestRegressor(random_state=0).fit(X, model.predict_proba(X))
    whole = time.perf_counter() - start
    start = time.perf_counter()
    scale, rows = len(rows) / share, rows[:share]
    lime = LimeTabularExplainer(X, random_state=0)
    predicted = model.predict_proba(rows).argmax(axis=1)
    for row, label in zip(rows, predicted, strict=True):
        lime.explain_instance(row, model.predict_proba, labels=[label], num_features=X.shape[1])
    background = X[np.random.default_rng(0).choice(len(X), 100, replace=False)]
    masker = shap.maskers.Independent(background, max_samples=100)
    shap.explainers.Permutation(model.predict_proba, masker, seed=0)(rows, silent=True)
    return whole + (time.perf_counter() - start) * scale


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--hand-rows", type=int, default=20, help="rows of the panel by hand")
    parser.add_argument("--jobs", type=int, default=1, help="n_jobs of WISCAExplainer")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    X, y = make_table(1000, 20)
    n_rows, hand_rows = arguments.rows, arguments.hand_rows
    warm = fit_model("logistic", X, y)  # warm up: imports, and numba's compiler
    by_hand(warm, X, X[:4], y[:4], 2)
    WISCAExplainer(warm, random_state=0).fit(X, y).explain(X[:2], y[:2])
    print(
        f"Panel, {n_rows} rows x 20 features, n_jobs={arguments.jobs}; lime and shap by hand: "
        f"{hand_rows} rows, scaled up."
    )
    columns = f"{'model':10}{'wisca_xai':>11}{'in model':>10}{'outside/in':>12}{'by hand':>10}"
    print(f"{columns}{'ratio':>8}")
    ratios = []
    for name in NAMES:
        model = fit_model(name, X, y)
        start = time.perf_counter()
        explainer = WISCAExplainer(model, random_state=0, n_jobs=arguments.jobs).fit(X, y)
        explanation = explainer.explain(X[:n_rows], y[:n_rows])
        seconds = time.perf_counter() - start
        inside = explanation.receipt.model_seconds
        hand = by_hand(model, X, X[:n_rows], y[:n_rows], hand_rows)
        ratios.append(hand / seconds)
        share = (seconds - inside) / inside
        print(
            f"{name:10}{seconds:11.2f}{inside:10.2f}{share:12.2f}{hand:10.1f}{ratios[-1]:8.1f}",
            flush=True,
        )
        parts = {k: round(c.receipt.seconds, 2) for k, c in explanation.components.items()}
        print(f"{'':10}seconds by explainer: {parts}", flush=True)
    print(f"geometric mean of the ratios: {geometric_mean(ratios):.1f}")


if __name__ == "__main__":
    main()
