"""One cell of the study: scores of all explainers and functions for a table, model and seed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from wisca_xai._exceptions import WISCAWarning
from wisca_xai._panel._explainer import WISCAExplainer
from wisca_xai._process import silenced
from wisca_xai._results._consensus_explanation import ConsensusExplanation
from wisca_xai._results._explanation import Explanation
from wisca_xai._results._plan import MergePlan
from wisca_xai._results._stack import Stack
from wisca_xai._typing import FloatArray, FloatVector, IntVector
from wisca_xai.consensus import CONSENSUS, published, wisca_signed
from wisca_xai.datasets import GroundTruthDataset, make_dataset
from wisca_xai.metrics import average_precision, rank_correlation, recovery
from wisca_xai.study._models import fit_model, score_model, used_features

# The lowest ROC AUC (classification) or R2 (regression) of a valid model. Worse models know too
# little of the truth of the data.
VALID = {"classification": 0.6, "regression": 0.3}
USED = 0.05  # a model uses a feature if its share of the largest importance exceeds this


@dataclass(frozen=True)
class Cell:
    """What a cell computes: a table, a model, a seed, and sizes that limit the work."""

    dataset: str
    model: str
    seed: int
    max_samples: int
    n_explained: int
    background_size: int


def run_cell(cell: Cell) -> pd.DataFrame:
    """Compute the scores of a cell; see `wisca_xai.study.run_study` for the columns."""
    data = _make_table(cell)
    test, train = _split(cell, len(data.X))
    model = fit_model(cell.model, data, train, cell.seed)
    model_score = score_model(model, data, test)
    rows = test[: cell.n_explained]
    explanation = _explain(cell, model, data, train, rows)
    methods = {
        **explainer_importances(explanation),
        **consensus_importances(explanation),
        **published_importances(explanation, _performance(model_score, data)),
    }
    used = used_features(model, data, test, train)
    records = [
        (kind, name, *score)
        for (kind, name), importance in methods.items()
        for score in _scores(data, used, importance)
    ]
    records += _row_scores(data, rows, explanation)
    table = pd.DataFrame(records, columns=["kind", "method", "truth", "measure", "score"])
    described: dict[str, Any] = {
        "dataset": cell.dataset,
        "model": cell.model,
        "seed": cell.seed,
        "model_score": model_score,
        "valid": bool(model_score >= VALID[data.task]),
        "seconds": explanation.receipt.seconds,
    }
    for position, (column, value) in enumerate(described.items()):
        table.insert(position, column, value)
    return table


def _make_table(cell: Cell) -> GroundTruthDataset:
    data = make_dataset(cell.dataset, random_state=cell.seed)
    if len(data.X) > cell.max_samples:
        return make_dataset(cell.dataset, n_samples=cell.max_samples, random_state=cell.seed)
    return data


def _split(cell: Cell, n_samples: int) -> tuple[IntVector, IntVector]:
    """Positions of the test rows and the training rows, in random order."""
    order = np.random.default_rng(cell.seed).permutation(n_samples)
    n_test = max(n_samples // 3, min(20, n_samples - 1))
    return order[:n_test], order[n_test:]


def _explain(
    cell: Cell, model: Any, data: GroundTruthDataset, train: Any, rows: Any
) -> ConsensusExplanation:
    explainer = WISCAExplainer(model, random_state=cell.seed)
    explainer.set_params(shap__background_size=cell.background_size)
    explainer.fit(data.X.iloc[train], data.y.iloc[train])
    with silenced(WISCAWarning):  # An explainer that fails has no scores.
        return explainer.explain(data.X.iloc[rows], data.y.iloc[rows])


def explainer_importances(explanation: ConsensusExplanation) -> dict[tuple[str, str], FloatVector]:
    """Importance of each single explainer."""
    parts = explanation.components.items()
    return {("explainer", name): component.mean_magnitude() for name, component in parts}


def consensus_importances(
    explanation: ConsensusExplanation,
) -> dict[tuple[str, str], FloatVector]:
    """Importance of each consensus function, and of the ablations of `wisca`.

    "wisca" is the result of `WISCAExplainer`. In the other functions every explainer has one vote.
    """
    merged = {key: plan.merge(kept) for key, (plan, kept) in _plans(explanation).items()}
    found = {key: np.abs(one.importance) for key, one in merged.items()}
    found["consensus", "wisca"] = explanation.importance.to_numpy()
    return found


def _plans(
    explanation: ConsensusExplanation,
) -> dict[tuple[str, str], tuple[MergePlan, Mapping[str, Explanation]]]:
    """Plans of all functions and ablations, each with the explanations that it merges."""
    components, whole = explanation.components, explanation.plan
    equal = replace(whole, votes=dict.fromkeys(components, 1.0), by_row=False)
    kept = {
        f"without {name}": {n: components[n] for n in components if n != name}
        for name in components
    }
    kept["global explainers only"] = _of_scope(components, "global")
    kept["local explainers only"] = _of_scope(components, "local")
    even = replace(whole, row_weights=np.ones_like(whole.row_weights))
    plans = {
        **{name: (replace(equal, function=CONSENSUS[name]), components) for name in CONSENSUS},
        "without confidence weights": (even, components),
        "equal votes": (equal, components),
        "signed": (replace(whole, function=wisca_signed), components),
        **{name: (whole, some) for name, some in kept.items() if some},
    }
    kinds = {name: "consensus" if name in CONSENSUS else "ablation" for name in plans}
    return {(kinds[name], name): plan for name, plan in plans.items()}


def published_importances(
    explanation: ConsensusExplanation, performance: float
) -> dict[tuple[str, str], FloatVector]:
    """Importance of the authors' published functions; of signed results the magnitude."""
    stack = Stack.of(explanation.components, explanation.votes, by_row=False)
    if stack.local is None or stack.importances is None or stack.local.ndim != 3:
        return {}
    pooled = stack.local.reshape(-1, stack.local.shape[2])
    # Probabilities are computed back from row weights, w = (2p - 1)^2.
    probabilities = np.tile((1 + np.sqrt(explanation.weights)) / 2, len(stack.local))
    vectors = (stack.importances, pooled)
    calls: dict[str, Callable[[], FloatVector]] = {
        "average_mean": lambda: published.average_mean(*vectors),
        "geometric_mean": lambda: published.geometric_mean(*vectors),
        "harmonic_mean": lambda: published.harmonic_mean(*vectors),
        "voting": lambda: published.voting(*vectors),
        "average_rank": lambda: -published.average_rank(*vectors),
        "accuracy_weighted": lambda: published.accuracy_weighted(
            *vectors, probabilities=probabilities, performance=performance
        ),
        "wisca_published": lambda: published.wisca_published(*vectors, probabilities=probabilities),
    }
    found = {}
    for name, call in calls.items():
        importance = call()
        if name == "average_rank":  # It was negated, because the smallest rank is the best.
            importance = importance - importance.min()
        found["published", name] = np.abs(importance)
    return found


def _scores(
    data: GroundTruthDataset, used: FloatVector | None, importance: FloatVector
) -> list[tuple[str, str, float]]:
    """Recovery of the truth of the data and of the model, as (truth, measure, score)."""
    relevant = data.relevant_features
    effects = None if data.effects is None else np.abs(data.effects).mean(axis=0)
    scores = [("data", *item) for item in recovery(importance, relevant, effects).items()]
    scores = [s for s in scores if "sign" not in s[1]]  # Importances have no signs.
    if used is not None and used.max() > 0:
        share = used > USED * used.max()
        scores.append(("model", "average_precision", average_precision(importance, share)))
        scores.append(("model", "spearman", float(rank_correlation(importance, used))))
    return scores


def _row_scores(
    data: GroundTruthDataset, rows: Any, explanation: ConsensusExplanation
) -> list[tuple[str, str, str, str, float]]:
    """Average precision row by row, if the truth differs between rows."""
    if data.relevant.ndim == 1:
        return []
    relevant = data.relevant[rows]
    parts: dict[tuple[str, str], FloatArray] = {
        key: plan.merge(kept).values
        for key, (plan, kept) in _plans(explanation).items()
        if any(component.scope == "local" for component in kept.values())
    }
    parts["consensus", "wisca"] = explanation.values
    for name, component in explanation.components.items():
        if component.scope == "local":
            parts["explainer", name] = component.values
    return [
        (kind, name, "row", "average_precision", average_precision(values, relevant))
        for (kind, name), values in parts.items()
    ]


def _performance(model_score: float, data: GroundTruthDataset) -> float:
    """(2 AUC - 1)^2, or R2: a factor of all importances, which does not affect their order."""
    if np.isnan(model_score) or model_score <= -1:
        return 0.0
    return (2 * model_score - 1) ** 2 if data.task == "classification" else model_score


def _of_scope(components: Mapping[str, Explanation], scope: str) -> dict[str, Explanation]:
    return {name: c for name, c in components.items() if c.scope == scope}
