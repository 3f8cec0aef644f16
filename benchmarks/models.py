"""The models and the table that all benchmarks share."""

import warnings
from typing import Any

import numpy as np
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC

NAMES = ("logistic", "forest", "boosting", "mlp", "svc", "knn")


def make_table(n_samples: int, n_features: int, seed: int = 0) -> tuple[Any, Any]:
    """Two classes that depend on half of the features, with interactions."""
    X, y = make_classification(
        n_samples,
        n_features,
        n_informative=n_features // 2,
        n_redundant=2,
        n_clusters_per_class=4,
        random_state=seed,
    )
    return X, y


def fit_model(name: str, X: Any, y: Any) -> Any:
    """One of the six models of the study, fitted."""
    with warnings.catch_warnings():
        # The MLP need not converge here. SVC warns that its probabilities will move to a new class.
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", FutureWarning)
        return {
            "logistic": LogisticRegression(),
            "forest": RandomForestClassifier(random_state=0),
            "boosting": HistGradientBoostingClassifier(random_state=0),
            "mlp": MLPClassifier(max_iter=100, random_state=0),
            "svc": SVC(probability=True, random_state=0),
            "knn": KNeighborsClassifier(),
        }[name].fit(X, y)


def geometric_mean(ratios: list[float]) -> float:
    """Geometric mean: "twice as fast" and "half as fast" cancel."""
    return float(np.exp(np.mean(np.log(ratios))))
