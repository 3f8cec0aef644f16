"""One cell of the study: a table, a model and a seed; every explainer and consensus scored."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from wisca_xai._exceptions import WISCAWarning
from wisca_xai._panel._explainer import WISCAExplainer
from wisca_xai._panel._votes import votes_by_kind
from wisca_xai._results._consensus_explanation import ConsensusExplanation
from wisca_xai._results._explanation import Explanation
from wisca_xai._results._plan import MergePlan, Stack
from wisca_xai._typing import FloatArray, FloatVector, IntMatrix
from wisca_xai.consensus import CONSENSUS, ConsensusFunction, published, value_groups, wisca
from wisca_xai.datasets import GroundTruthDataset, make_dataset
from wisca_xai.metrics import average_precision, rank_correlation, recovery
from wisca_xai.study._models import fit_model, score_model, used_features

VALID = {"classification": 0.6, "regression": 0.3}  # ROC AUC, R2: below, a model is no guide
USED = 0.05  # share of the largest importance from which a model is said to use a feature


@dataclass(frozen=True)
class Cell:
    """What is computed: a table, a model, a seed, and sizes that bound the work."""

    dataset: str
    model: str
    seed: int
    max_samples: int
    n_explained: int
    background_size: int


def run_cell(cell: Cell) -> pd.DataFrame:
    """Scores of a cell, one per row; see `wisca_xai.study.run_study` for the columns."""
    data = make_dataset(cell.dataset, random_state=cell.seed)
    if len(data.X) > cell.max_samples:
        data = make_dataset(cell.dataset, n_samples=cell.max_samples, random_state=cell.seed)
    order = np.random.default_rng(cell.seed).permutation(len(data.X))
    n_test = max(len(order) // 3, min(20, len(order) - 1))
    test, train = order[:n_test], order[n_test:]
    model = fit_model(cell.model, data, train, cell.seed)
    model_score = score_model(model, data, test)
    rows = test[: cell.n_explained]
    explainer = WISCAExplainer(model, random_state=cell.seed)
    explainer.set_params(shap__background_size=cell.background_size)
    explainer.fit(data.X.iloc[train], data.y.iloc[train])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WISCAWarning)  # an explainer that fails is missing below
        explanation = explainer.explain(data.X.iloc[rows], data.y.iloc[rows])
    groups = value_groups(data.X.iloc[rows].to_numpy())
    methods = {
        **explainer_importances(explanation),
        **consensus_importances(explanation, groups),
        **published_importances(explanation, _performance(model_score, data)),
    }
    used = used_features(model, data, test, train)
    records = []
    for (kind, name), importance in methods.items():
        for truth, measure, score in _scores(data, used, importance):
            records.append((kind, name, truth, measure, score))
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


def explainer_importances(explanation: ConsensusExplanation) -> dict[tuple[str, str], FloatVector]:
    """Importance of each single explainer."""
    parts = explanation.components.items()
    return {("explainer", name): component.mean_magnitude() for name, component in parts}


def consensus_importances(
    explanation: ConsensusExplanation, groups: IntMatrix
) -> dict[tuple[str, str], FloatVector]:
    """Importance by every consensus function, and by the ablations of `wisca`.

    "wisca" is the result of `WISCAExplainer`; the others, too, give every explainer one vote.
    """
    components, weights = explanation.components, explanation.weights
    even, equal = np.ones_like(weights), dict.fromkeys(components, 1.0)
    plans = {name: MergePlan(function, weights, equal) for name, function in CONSENSUS.items()}
    found = {
        ("consensus", name): np.abs(plan.merge(components).importance)
        for name, plan in plans.items()
    }
    found["consensus", "wisca"] = explanation.importance.to_numpy()

    def ablate(
        kept: Mapping[str, Explanation],
        votes: Mapping[str, float] = explanation.votes,
        row_weights: FloatVector = weights,
        row_groups: IntMatrix | None = groups,
        function: ConsensusFunction = wisca,
    ) -> FloatVector:
        return MergePlan(function, row_weights, votes, row_groups).merge(kept).importance

    fidelity = dict(zip(components, votes_by_kind("fidelity", components).tolist(), strict=True))
    ablations = {
        "without confidence weights": ablate(components, row_weights=even),
        "votes by fidelity": ablate(components, fidelity),
        "magnitudes with their scatter": ablate(components, row_groups=None),
        "arithmetic mean of methods": ablate(components, function=partial(wisca, power=1)),
        "signed": found["consensus", "wisca_signed"],
    }
    kept = {
        f"without {name}": {n: components[n] for n in components if n != name} for name in equal
    }
    kept["global explainers only"] = _of_scope(components, "global")
    kept["local explainers only"] = _of_scope(components, "local")
    ablations |= {name: ablate(some) for name, some in kept.items() if some}
    return found | {("ablation", name): importance for name, importance in ablations.items()}


def published_importances(
    explanation: ConsensusExplanation, performance: float
) -> dict[tuple[str, str], FloatVector]:
    """Importance by the authors' published functions; signed ones order by magnitude."""
    stack = Stack.of(explanation.components, explanation.votes)
    if stack.local is None or stack.importances is None or stack.local.ndim != 3:
        return {}
    pooled = stack.local.reshape(-1, stack.local.shape[2])
    # the weight of a row stands in for its probability: w = (2p - 1)^2
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
        if name == "average_rank":  # the smallest rank is the best
            importance = importance - importance.min()
        found["published", name] = np.abs(importance)
    return found


def _scores(
    data: GroundTruthDataset, used: FloatVector | None, importance: FloatVector
) -> list[tuple[str, str, float]]:
    """Recovery of the data's truth and of the model's: (truth, measure, score)."""
    relevant = data.relevant_features
    effects = None if data.effects is None else np.abs(data.effects).mean(axis=0)
    scores = [("data", *item) for item in recovery(importance, relevant, effects).items()]
    scores = [s for s in scores if "sign" not in s[1]]  # importances have none
    if used is not None and used.max() > 0:
        share = used > USED * used.max()
        scores.append(("model", "average_precision", average_precision(importance, share)))
        scores.append(("model", "spearman", float(rank_correlation(importance, used))))
    return scores


def _row_scores(
    data: GroundTruthDataset, rows: Any, explanation: ConsensusExplanation
) -> list[tuple[str, str, str, str, float]]:
    """Average precision row by row, where the truth differs between rows."""
    if data.relevant.ndim == 1:
        return []
    relevant = data.relevant[rows]
    parts: dict[tuple[str, str], FloatArray] = {("consensus", "wisca"): explanation.values}
    for name, component in explanation.components.items():
        parts["explainer", name] = np.broadcast_to(component.values, relevant.shape)
    return [
        (kind, name, "row", "average_precision", average_precision(values, relevant))
        for (kind, name), values in parts.items()
    ]


def _performance(model_score: float, data: GroundTruthDataset) -> float:
    """(2 AUC - 1)^2, or R2: a factor of all importances, which orders nothing."""
    if np.isnan(model_score) or model_score <= -1:
        return 0.0
    return (2 * model_score - 1) ** 2 if data.task == "classification" else model_score


def _of_scope(components: Mapping[str, Explanation], scope: str) -> dict[str, Explanation]:
    return {name: c for name, c in components.items() if c.scope == scope}
