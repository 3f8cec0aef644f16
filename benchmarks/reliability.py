"""Check that intervals and `above_noise` are right: `python -m benchmarks.reliability`.

Errors: how the Monte-Carlo errors of different rows correlate. The intervals assume 0.2.
Intervals: how often the 95% interval of an importance, and of a rank, contains its true value. It
is that of the mean over many samples of rows and seeds. Ties: how often features of equal effects
are called ordered, and how far apart their importances are. Sizes: how far the importances of
linear models are from their effects. Noise: how often a feature that the model ignores is called
above noise. `benchmarks.refits` does the same for models that learned from noise.
"""

import argparse
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from scipy.stats import rankdata
from sklearn.tree import DecisionTreeClassifier

from benchmarks.models import fit_model, make_table
from wisca_xai import WISCAExplainer

N_TRAIN = 500
N_ROWS, N_SEEDS = 100, 12  # rows and seeds whose errors are compared
N_TRUTH = 60  # the truth is the mean of 60 explanations of 958 rows each


def explain(model: Any, X: Any, y: Any, rows: Any, seed: int) -> Any:
    explainer = WISCAExplainer(model, random_state=seed).fit(X[:N_TRAIN], y[:N_TRAIN])
    return explainer.explain(X[rows], y[rows])


def coverage(name: str, n_rows: int, n_repeats: int) -> tuple[float, float]:
    """Share of 95% intervals of importances and of ranks that contain the true value."""
    X, y = make_table(12_000, 8)
    model = fit_model(name, X[:N_TRAIN], y[:N_TRAIN])
    population = np.arange(N_TRAIN, len(X))
    parts = np.array_split(population, 12)
    large = [
        explain(model, X, y, parts[seed % 12], 1000 + seed).importance.to_numpy()
        for seed in range(N_TRUTH)
    ]
    truth, held, ranked = np.mean(large, axis=0), [], []
    ranks = rankdata(-truth, method="min")
    for seed in range(n_repeats):
        rows = np.random.default_rng(seed).choice(population, n_rows, replace=False)
        resamples = explain(model, X, y, rows, seed).reliability.resamples
        lower, upper = resamples.interval()
        held.append((lower <= truth) & (truth <= upper))
        best, worst = resamples.rank_interval()
        ranked.append((best <= ranks) & (ranks <= worst))
    return float(np.mean(held)), float(np.mean(ranked))


def explain_sum(effects: Any, seed: int, n_rows: int = 200) -> Any:
    """Explain a linear function of standard normal features with these effects."""
    effects = np.asarray(effects, dtype=float)
    X = np.random.default_rng(seed).normal(size=(800, len(effects)))

    def model(table: Any) -> Any:
        return table @ effects

    return WISCAExplainer(model, random_state=seed).fit(X[:600]).explain(X[600 : 600 + n_rows])


def tied(n_tied: int, n_others: int, seed: int) -> tuple[bool, float]:
    """Ties of equal effects, beside `n_others` unused features.

    Whether an order of tied features is called certain, and the ratio of their largest to their
    smallest importance.
    """
    explanation = explain_sum([1.0] * n_tied + [0.0] * n_others, seed)
    ranking = explanation.ranking().set_index("feature").loc[list(explanation.feature_names)]
    some = ranking.head(n_tied)
    is_ordered = bool((some["worst_rank"] < n_tied).any() or (some["best_rank"] > 1).any())
    return is_ordered, float(some["importance"].max() / some["importance"].min())


def size_error(effects: Any, seed: int) -> float:
    """Largest error of an importance of a linear model, as a share of the largest importance."""
    importance = explain_sum(effects, seed).importance.to_numpy()
    return float(np.abs(importance / importance.max() - np.array(effects) / max(effects)).max())


def error_correlation(name: str, n_features: int) -> dict[str, float]:
    """Correlation of the Monte-Carlo errors of two rows, averaged over features, per explainer."""
    X, y = make_table(N_TRAIN + N_ROWS, n_features)
    model = fit_model(name, X[:N_TRAIN], y[:N_TRAIN])
    rows = np.arange(N_TRAIN, N_TRAIN + N_ROWS)
    explanations = [explain(model, X, y, rows, seed).components for seed in range(N_SEEDS)]
    found = {}
    for explainer in ("shap", "lime"):
        errors = np.array([components[explainer].values for components in explanations])
        errors -= errors.mean(axis=0)
        of_rows, of_means = (errors**2).mean(axis=(0, 1)), (errors.mean(axis=1) ** 2).mean(axis=0)
        known = of_rows > 1e-20  # the others are exact
        if known.any():
            share = of_means[known] / of_rows[known]
            found[explainer] = float(((share - 1 / N_ROWS) / (1 - 1 / N_ROWS)).mean())
    return found


def called_though_ignored(seed: int) -> float:
    """Share of unused features called above noise. The model uses 3 of 10 independent features."""
    X = np.random.default_rng(seed).normal(size=(300, 10))
    y = (X[:, 0] + X[:, 1] * X[:, 2] > 0).astype(int)
    learned = DecisionTreeClassifier(min_samples_leaf=10, random_state=0).fit(X[:, :3], y)

    def model(table: Any) -> Any:
        return learned.predict_proba(table[:, :3])

    explanation = WISCAExplainer(model, random_state=seed).fit(X).explain(X[:50])
    above = explanation.reliability.above_noise()
    return float(np.mean(above[3:])) if above is not None else float("nan")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=100, help="samples of rows per model")
    parser.add_argument("--ties", type=int, default=100, help="draws of tied features")
    parser.add_argument("--fits", type=int, default=200, help="models that ignore features")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    parallel = Parallel(n_jobs=arguments.jobs)
    print("Correlation of the errors of two rows, mean over features")
    cases = [(name, d) for name in ("logistic", "forest", "mlp", "knn") for d in (8, 20, 60)]
    correlations = parallel(delayed(error_correlation)(*case) for case in cases)
    for (name, n_features), found in zip(cases, correlations, strict=True):
        shown = ", ".join(f"{explainer} {value:.3f}" for explainer, value in found.items())
        print(f"{name:10}{n_features:5} features   {shown}", flush=True)
    print("Share of 95% intervals that contain the true importance")
    tested = [(name, n) for name in ("logistic", "forest", "mlp", "knn") for n in (50, 200)]
    held = parallel(delayed(coverage)(*case, arguments.repeats) for case in tested)
    for (name, n_rows), (share, of_ranks) in zip(tested, held, strict=True):
        print(f"{name:10}{n_rows:5} rows {share:8.3f}   ranks {of_ranks:.3f}", flush=True)
    print("Exact ties: share of draws in which an order is called certain, ratio of importances")
    for n_tied, n_others in [(2, 0), (3, 0), (6, 0), (2, 4), (3, 4), (6, 4)]:
        draws = parallel(delayed(tied)(n_tied, n_others, 500 + s) for s in range(arguments.ties))
        ordered, ratios = map(np.array, zip(*draws, strict=True))
        print(
            f"{n_tied} of {n_tied + n_others:2} features {ordered.mean():8.3f}   median ratio "
            f"{np.median(ratios):.3f}",
            flush=True,
        )
    print("Linear models: largest error of an importance, in shares of the largest importance")
    for effects in ((4, 3, 2, 1), (4, 3, 2, 1, 0.5, 0)):
        errors = parallel(delayed(size_error)(effects, 500 + s) for s in range(arguments.ties))
        print(
            f"{effects}: median {np.median(errors):.3f}, largest {np.max(errors):.3f}", flush=True
        )
    ignored = parallel(delayed(called_though_ignored)(seed) for seed in range(arguments.fits))
    print(f"Ignored features called above noise: {np.mean(ignored):.3f}", flush=True)


if __name__ == "__main__":
    main()
