"""How often `n_refits` calls noise above noise, and how often it finds features that matter:
`python -m benchmarks.refits`.

"called" is the share of false ones among the features that are called, "found" the share of
relevant features that are called. In null cases y is random, so that "called" is the share of fits
in which any feature is called. Even seeds explain rows that the model was fitted on, odd ones new
rows. With `--rounds 1` all columns are always shuffled together, which is the same as shuffling y.
"""

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.datasets import make_friedman1
from sklearn.ensemble import (
    GradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LassoCV, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC

from wisca_xai import LimeExplainer, ShapExplainer, WISCAExplainer
from wisca_xai._panel import _refit

EFFECTS = np.array([4, 3, 2, 1, 0.5, 0, 0, 0, 0, 0])
N_NEW = 50  # rows that the models are not fitted on
Table = tuple[Any, Any, Any]  # X, y, and which features are relevant


def make_null(seed: int, n_samples: int) -> Table:
    generator = np.random.default_rng(seed)
    X, y = generator.normal(size=(n_samples, 10)), generator.integers(2, size=n_samples)
    return X, y, np.zeros(10, dtype=bool)


def make_classes(seed: int, n_samples: int) -> Table:
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(n_samples, 10))
    return X, draw_classes(generator, X @ EFFECTS / 2), EFFECTS > 0


def make_line(seed: int, n_samples: int) -> Table:
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(n_samples, 10))
    return X, X @ EFFECTS + 4 * generator.normal(size=n_samples), EFFECTS > 0


def make_curves(seed: int, n_samples: int) -> Table:
    X, y = make_friedman1(n_samples, 10, noise=1.0, random_state=seed)
    return X, y, np.arange(10) < 5


def make_mixed(seed: int, n_samples: int, *, size: float = 1.0) -> Table:
    """Three relevant features, and noise: a category of twelve levels, one of three, two floats."""
    generator = np.random.default_rng(seed)
    columns = {
        "large": generator.normal(size=n_samples),
        "small": generator.normal(size=n_samples),
        "group": generator.choice(["u", "v", "w"], n_samples),
        "noise 12": generator.choice(list("abcdefghijkl"), n_samples),
        "noise 3": generator.choice(["x", "y", "z"], n_samples),
        "noise a": generator.normal(size=n_samples),
        "noise b": generator.normal(size=n_samples),
    }
    X = pd.DataFrame(columns)
    logits = 1.5 * X["large"] + 0.75 * X["small"] + 1.5 * ((X["group"] == "u") - 1 / 3)
    y = draw_classes(generator, size * logits.to_numpy())
    return X, y, np.arange(7) < 3 * bool(size)


def make_mixed_null(seed: int, n_samples: int) -> Table:
    return make_mixed(seed, n_samples, size=0.0)


def draw_classes(generator: np.random.Generator, logits: Any) -> Any:
    return (generator.random(len(logits)) < 1 / (1 + np.exp(-logits))).astype(int)


def encoded(model: Any) -> Any:
    """A Pipeline that knows its columns by name."""
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    parts = make_column_transformer(
        (StandardScaler(), ["large", "small", "noise a", "noise b"]),
        (one_hot, make_column_selector("group|noise 12|noise 3")),
    )
    return make_pipeline(parts, model)


def forest() -> Any:
    return RandomForestClassifier(40, random_state=0)


def boosting() -> Any:
    return GradientBoostingClassifier(n_estimators=40, random_state=0)


Case = tuple[Callable[[int, int], Table], int, Callable[[], Any]]
CASES: dict[str, Case] = {
    "null, logistic": (make_null, 150, LogisticRegression),
    "null, forest": (make_null, 150, forest),
    "null, boosting": (make_null, 150, boosting),
    "null, mixed logistic": (make_mixed_null, 150, lambda: encoded(LogisticRegression())),
    "null, mixed forest": (make_mixed_null, 150, lambda: encoded(forest())),
    "logistic": (make_classes, 100, LogisticRegression),
    "logistic, 300 rows": (make_classes, 300, LogisticRegression),
    "forest": (make_classes, 100, forest),
    "forest, 300 rows": (make_classes, 300, forest),
    "boosting": (make_classes, 100, boosting),
    "boosting, 300 rows": (make_classes, 300, boosting),
    "margin": (make_classes, 100, LinearSVC),
    "friedman": (make_curves, 100, lambda: RandomForestRegressor(40, random_state=0)),
    "lasso, tuned": (make_line, 100, lambda: LassoCV(cv=3)),
    "mixed logistic": (make_mixed, 200, lambda: encoded(LogisticRegression())),
    "mixed forest": (make_mixed, 200, lambda: encoded(forest())),
}


def measure(name: str, seed: int, n_refits: int, n_rounds: int) -> tuple[Any, Any, float]:
    """Which features are called above noise, which are relevant, and the seconds."""
    make, n_samples, make_model = CASES[name]
    X, y, relevant = make(seed, n_samples + N_NEW)
    fitted, new = slice(0, n_samples), slice(n_samples, None)
    rows = new if seed % 2 else slice(0, N_NEW)
    _refit.MAX_ROUNDS = n_rounds
    panel = (ShapExplainer(background_size=10), LimeExplainer(n_samples=200), "permutation")
    model = make_model().fit(X[fitted], y[fitted])
    explainer = WISCAExplainer(model, explainers=panel, n_refits=n_refits, random_state=seed)
    start = time.perf_counter()
    explanation = explainer.fit(X[fitted], y[fitted]).explain(X[rows])
    return explanation.reliability.above_noise(), relevant, time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", nargs="+", default=list(CASES), choices=list(CASES))
    parser.add_argument("--fits", type=int, default=200, help="models per case")
    parser.add_argument("--first", type=int, default=1000, help="the first seed")
    parser.add_argument("--refits", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=_refit.MAX_ROUNDS, help="at most")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    print(f"{'':24}{'called':>8}{'found':>8}{'seconds':>9}   features called, in % of fits")
    for name in arguments.cases:
        runs = Parallel(n_jobs=arguments.jobs)(
            delayed(measure)(name, seed, arguments.refits, arguments.rounds)
            for seed in range(arguments.first, arguments.first + arguments.fits)
        )
        called, relevant, seconds = (np.array(part) for part in zip(*runs, strict=True))
        wrong = (called & ~relevant).sum(axis=1) / np.maximum(called.sum(axis=1), 1)
        found = called[relevant].mean() if relevant.any() else np.nan
        by_feature = " ".join(f"{share:3.0f}" for share in 100 * called.mean(axis=0))
        print(
            f"{name:24}{wrong.mean():8.3f}{found:8.3f}{seconds.mean():9.2f}   {by_feature}",
            flush=True,
        )


if __name__ == "__main__":
    main()
