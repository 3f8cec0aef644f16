"""The six models of the study, and the features that each of them uses."""

from typing import Any

import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from wisca_xai._model._response import Response
from wisca_xai._process import silenced
from wisca_xai._table import TableCodec
from wisca_xai._typing import FloatVector
from wisca_xai.datasets import GroundTruthDataset
from wisca_xai.explainers.shapley._coalitions import exact_values

MODELS = ("linear", "tree", "forest", "boosting", "mlp", "knn")
# Exact Shapley values are the truth of models with up to this many features. They are computed for
# this many rows, with this many background rows.
MAX_FEATURES_TO_ENUMERATE = 12
N_TRUTH_ROWS, N_TRUTH_BACKGROUND = 12, 20


def fit_model(name: str, data: GroundTruthDataset, rows: Any, seed: int) -> Any:
    """Fit one of `MODELS` to some rows of a table."""
    model, needs_scaling = _new_model(name, data.task == "classification", seed)
    text = data.X.select_dtypes(exclude="number").columns.tolist()
    steps = [StandardScaler()] if needs_scaling else []
    if text:
        encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
        others = steps[0] if steps else "passthrough"
        steps = [make_column_transformer((encoder, text), remainder=others)]
    with silenced(ConvergenceWarning):
        fitted = make_pipeline(*steps, model) if steps else model
        return fitted.fit(data.X.iloc[rows], data.y.iloc[rows])


def _new_model(name: str, label: bool, seed: int) -> tuple[Any, bool]:
    """One of `MODELS`, not fitted, and whether its columns should have the same spread."""
    match name:
        case "linear":
            return LogisticRegression() if label else Ridge(), True
        case "tree":
            kind = DecisionTreeClassifier if label else DecisionTreeRegressor
            return kind(min_samples_leaf=5, random_state=seed), False
        case "forest":
            kind = RandomForestClassifier if label else RandomForestRegressor
            return kind(min_samples_leaf=2, random_state=seed), False
        case "boosting":
            kind = GradientBoostingClassifier if label else GradientBoostingRegressor
            return kind(random_state=seed), False
        case "mlp":
            kind = MLPClassifier if label else MLPRegressor
            net = kind(hidden_layer_sizes=(50,), alpha=0.01, max_iter=400, random_state=seed)
            return net, True
    kind = KNeighborsClassifier if label else KNeighborsRegressor
    return kind(10), True


def score_model(model: Any, data: GroundTruthDataset, rows: Any) -> float:
    """ROC AUC (one-vs-rest for several classes) or R2 on some rows; NaN if not defined."""
    X, y = data.X.iloc[rows], data.y.iloc[rows]
    if data.task == "regression":
        return float(r2_score(y, model.predict(X)))
    probabilities = model.predict_proba(X)
    if set(np.unique(y)) != set(model.classes_):
        return float("nan")
    if probabilities.shape[1] == 2:
        return float(roc_auc_score(y, probabilities[:, 1]))
    return float(roc_auc_score(y, probabilities, multi_class="ovr"))


def used_features(
    model: Any, data: GroundTruthDataset, rows: Any, background: Any
) -> FloatVector | None:
    """Importance (n_features,) of each feature to the model, the truth that explainers can recover.

    With few features it is the mean magnitude of exact interventional Shapley values of the
    predicted class. With many features it comes from the structure of the model: standardised
    coefficients, or the impurity importance of trees. None for other models with many features.
    """
    n_features = data.X.shape[1]
    if n_features > MAX_FEATURES_TO_ENUMERATE:
        last = model[-1] if hasattr(model, "steps") else model
        if hasattr(last, "coef_"):
            return np.asarray(np.abs(np.atleast_2d(last.coef_)).mean(axis=0))
        found = getattr(last, "feature_importances_", None)
        return None if found is None else np.asarray(found)
    codec = TableCodec.of(data.X)
    response = Response(model, codec)
    matrix = codec.encode(data.X)
    total = np.zeros(n_features)
    some, others = rows[:N_TRUTH_ROWS], background[:N_TRUTH_BACKGROUND]
    predicted = response(matrix[some]).argmax(axis=1)
    for row, column in zip(matrix[some], predicted.tolist(), strict=True):
        values = exact_values(response, row, matrix[others], slice(column, column + 1))
        total += np.abs(values[:, 0]) / len(some)
    return total
