"""Votes: how much each explainer of a panel counts."""

from collections.abc import Callable, Mapping

import numpy as np

from wisca_xai._exceptions import ExplainerError, InputError
from wisca_xai._results._explanation import Explanation
from wisca_xai._results._votes import FROM_RESULTS, in_canonical_order, votes_from_results
from wisca_xai._typing import FloatCube, FloatMatrix, FloatVector, IntVector
from wisca_xai.consensus import (
    faithfulness_weights,
    optimal_weights,
    topsis_weights,
)
from wisca_xai.explainers import BaseExplainer
from wisca_xai.explainers._task import Task
from wisca_xai.faithfulness._infidelity import N_MASKS, mask_changes, never_changes
from wisca_xai.faithfulness._scores import N_BACKGROUND, mean_complexity, skills_of
from wisca_xai.faithfulness._stability import distances, neighbour_values

Components = Mapping[str, Explanation]
Panel = Mapping[str, BaseExplainer]
Rule = Callable[[Components, Task, Panel], FloatVector]


def give_votes(
    weighting: str, components: Components, task: Task, panel: Panel
) -> dict[str, float]:
    """Give each explainer its vote in the consensus.

    Parameters
    ----------
    weighting : str
        One of `WEIGHTINGS`; see `WISCAExplainer`.

        - "fidelity" multiplies the votes of "family" by each explainer's `Explanation.fidelity`, or
          by 1 if it has none.
        - "faithfulness" is the skill compared with random rankings; see `skills_of`.
        - "topsis" combines skill, instability (`stability_of`; 0 for a global explainer, because
          its vector is the same for all rows) and `complexity` (the largest possible value if all
          attributions are 0).
        - "crh" compares the mean magnitudes.
        - "optimal" gives votes to the local explainers, each scaled to the root mean square of the
          model's changes under `mask_changes`. An explainer gets no vote if its sums do not have
          the direction of the changes. Global explainers get the mean vote of the local ones.
    components : mapping of str to Explanation
        Explanations by name, with the rows in the order of the task.
    task : Task
        Its response counts all model evaluations of the measures.
    panel : mapping of str to explainer
        The explainers. "topsis" and "optimal" use them to explain the neighbours of the rows.

    Returns
    -------
    votes : dict of str to float
        0 or more, with mean 1. With "family" the votes of each family add up to 1, with "fidelity"
        to at most 1. A single explainer has the vote 1.

    Raises
    ------
    InputError
        As `check_weighting`.
    ExplainerError
        If an explainer fails on the neighbours of the rows.
    """
    check_weighting(weighting, task)
    votes, ordered = np.ones(1), in_canonical_order(components)
    if len(ordered) > 1:
        votes = (
            votes_from_results(weighting, ordered)
            if weighting in FROM_RESULTS
            else RULES[weighting](ordered, task, panel)
        )
    by_name = dict(zip(ordered, votes.tolist(), strict=True))
    return {name: by_name[name] for name in components}


def check_weighting(weighting: str, task: Task) -> None:
    """Raise InputError if a weighting needs one output per row, but all classes are explained."""
    if task.columns is None and weighting in OF_ONE_OUTPUT:
        others = [name for name in WEIGHTINGS if name not in OF_ONE_OUTPUT]
        raise InputError(
            f"`weighting` must be one of {others} for target='all', got {weighting!r}, which "
            "measures one output per row. Or explain one class."
        )


def _faithfulness(components: Components, task: Task, panel: Panel) -> FloatVector:
    skills = skills_of(task, components)
    return faithfulness_weights(list(skills.values())) * len(components)


def _topsis(components: Components, task: Task, panel: Panel) -> FloatVector:
    near = _neighbours(components, task, panel, "topsis")
    skills = skills_of(task, components)
    criteria = []
    for name, component in components.items():
        unstable = distances(component.values, near[name]).mean() if name in near else 0.0
        simple = mean_complexity(component)
        most = np.log(task.n_features)
        criteria.append((skills[name], unstable, most if np.isnan(simple) else simple))
    return topsis_weights(criteria, benefit=[True, False, False]) * len(components)


def _optimal(components: Components, task: Task, panel: Panel) -> FloatVector:
    local = {name: c for name, c in components.items() if c.scope == "local"}
    votes = dict.fromkeys(components, 1.0)
    if len(local) > 1:
        near = _neighbours(local, task, panel, "optimal")
        found = _optimal_of_local(local, near, task)
        votes.update(zip(local, (found * len(local)).tolist(), strict=True))
    return np.array(list(votes.values()))


def _optimal_of_local(local: Components, near: Mapping[str, FloatCube], task: Task) -> FloatVector:
    """Votes (m,) of the local explainers, which add up to 1."""
    drawn = mask_changes(task, N_MASKS, N_BACKGROUND)
    masks, counts, changes = drawn
    shares = np.full(len(local), 1 / len(local))
    if never_changes(task, drawn):
        return shares
    base, jittered, is_aligned = [], [], []
    for name, component in local.items():
        unit = np.abs(component.values).max() or 1.0
        factor = _factor(component.values / unit @ masks.T, counts, changes)
        is_aligned.append(factor > 0)
        if factor > 0:
            base.append(component.values / unit * factor)
            jittered.append(near[name].swapaxes(0, 1) / unit * factor)
    if not base:
        return shares
    each = masks.repeat(counts, axis=0)[:, None, :]
    masked = np.broadcast_to(each, (len(each), *task.rows.shape))
    drops = changes.repeat(counts, axis=1).T
    shares = np.zeros(len(local))
    shares[is_aligned] = optimal_weights(base, jittered, masked, drops)
    return shares


def _factor(sums: FloatMatrix, counts: IntVector, changes: FloatMatrix) -> float:
    """Factor that scales sums of attributions (n_samples, m) to the size of the model's changes.

    It is 0 if the sums do not have the direction of the changes. A least-squares factor will not
    do: it shrinks uninformative attributions to almost 0, which are then rated as robust. With
    it, random numbers got more votes than LIME.
    """
    if (sums * changes @ counts).sum() <= 0:
        return 0.0
    return float(np.sqrt((changes**2 @ counts).sum() / (sums**2 @ counts).sum()))


def _neighbours(
    components: Components, task: Task, panel: Panel, weighting: str
) -> dict[str, FloatCube]:
    """Attributions (n, p, d) of the same neighbours by each local explainer, with its own seed."""
    near = {}
    for name, component in components.items():
        if component.scope == "global":
            continue
        seed = component.receipt.seed
        try:
            near[name] = neighbour_values(panel[name], task, component, seed=seed)
        except Exception as error:
            raise ExplainerError(
                f"weighting={weighting!r} needs attributions of neighbours of the rows, but "
                f"{name!r} failed on them: {type(error).__name__}: {error}. Leave it out, or use "
                "another weighting."
            ) from error
    return near


RULES: dict[str, Rule] = {
    "faithfulness": _faithfulness,
    "topsis": _topsis,
    "optimal": _optimal,
}
WEIGHTINGS = (*FROM_RESULTS, *RULES)
OF_ONE_OUTPUT = ("faithfulness", "topsis", "optimal")
