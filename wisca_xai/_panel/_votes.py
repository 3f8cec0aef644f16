"""How much each explainer of a panel counts."""

from collections.abc import Callable, Mapping

import numpy as np

from wisca_xai._exceptions import ExplainerError, InputError
from wisca_xai._results._explanation import Explanation
from wisca_xai._typing import FloatCube, FloatMatrix, FloatVector, IntVector
from wisca_xai.consensus import (
    crh_weights,
    faithfulness_weights,
    family_weights,
    min_max,
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
    """Vote of each explainer in the consensus.

    Parameters
    ----------
    weighting : str
        One of `WEIGHTINGS`; see `WISCAExplainer`.

        - "fidelity" multiplies the votes of "family" by each explainer's `Explanation.fidelity`;
          without one, by 1.
        - "faithfulness" is the skill over random rankings; see `skills_of`.
        - "topsis" weighs skill, instability (`stability_of`; 0 for a global explainer, whose one
          vector serves all rows) and `complexity` (the largest possible where all values are 0).
        - "crh" weighs the mean magnitudes.
        - "optimal" weighs the local explainers, each scaled to the root mean square of the model's
          changes under `mask_changes`. An explainer whose sums point the other way, or nowhere,
          gets no vote. Global explainers get the mean vote of the local ones.
    components : mapping of str to Explanation
        What the explainers gave, in the order of the task's rows.
    task : Task
        Its response is charged with all that the measures ask of the model.
    panel : mapping of str to explainer
        The explainers, of which "topsis" and "optimal" ask the neighbours of the rows.

    Returns
    -------
    votes : dict of str to float
        0 or more, with mean 1; of "family" each family has the sum 1, of "fidelity" at most
        1. A single explainer has 1.

    Raises
    ------
    InputError
        As `check_weighting`.
    ExplainerError
        If an explainer fails on the neighbours of the rows.
    """
    check_weighting(weighting, task)
    votes = np.ones(1)
    if len(components) > 1:
        votes = (
            votes_by_kind(weighting, components)
            if weighting in BY_KIND
            else RULES[weighting](components, task, panel)
        )
    return dict(zip(components, votes.tolist(), strict=True))


def check_weighting(weighting: str, task: Task) -> None:
    """Raise InputError if a weighting that measures one output per row meets all of them."""
    if task.columns is None and weighting in OF_ONE_OUTPUT:
        others = [name for name in WEIGHTINGS if name not in OF_ONE_OUTPUT]
        raise InputError(
            f"`weighting` must be one of {others} for target='all', got {weighting!r}, which "
            "measures one output per row. Or explain one class."
        )


def votes_by_kind(weighting: str, components: Components) -> FloatVector:
    """Votes that need no model: "equal", "family" or "fidelity"."""
    if weighting == "equal":
        return np.ones(len(components))
    families = family_weights([component.family for component in components.values()])
    if weighting == "family":
        return families
    # a method that imitates the model has as much say as the imitation is worth
    fidelity = [1.0 if c.fidelity is None else c.fidelity for c in components.values()]
    return families * np.array(fidelity) if any(fidelity) else families


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


def _crh(components: Components, task: Task, panel: Panel) -> FloatVector:
    vectors = [min_max(component.mean_magnitude()) for component in components.values()]
    return crh_weights(vectors) * len(components)


def _optimal(components: Components, task: Task, panel: Panel) -> FloatVector:
    local = {name: c for name, c in components.items() if c.scope == "local"}
    votes = dict.fromkeys(components, 1.0)
    if len(local) > 1:
        near = _neighbours(local, task, panel, "optimal")
        found = _optimal_of_local(local, near, task)
        votes.update(zip(local, (found * len(local)).tolist(), strict=True))
    return np.array(list(votes.values()))


def _optimal_of_local(local: Components, near: Mapping[str, FloatCube], task: Task) -> FloatVector:
    """Shares (m,) of the local methods."""
    drawn = mask_changes(task, N_MASKS, N_BACKGROUND)
    masks, counts, changes = drawn
    shares = np.full(len(local), 1 / len(local))
    if never_changes(task, drawn):
        return shares
    base, jittered, telling = [], [], []
    for name, component in local.items():
        unit = np.abs(component.values).max() or 1.0
        factor = _factor(component.values / unit @ masks.T, counts, changes)
        telling.append(factor > 0)
        if factor > 0:
            base.append(component.values / unit * factor)
            jittered.append(near[name].swapaxes(0, 1) / unit * factor)
    if not base:
        return shares
    each = masks.repeat(counts, axis=0)[:, None, :]
    masked = np.broadcast_to(each, (len(each), *task.rows.shape))
    drops = changes.repeat(counts, axis=1).T
    shares = np.zeros(len(local))
    shares[telling] = optimal_weights(base, jittered, masked, drops)
    return shares


def _factor(told: FloatMatrix, counts: IntVector, changes: FloatMatrix) -> float:
    """What brings sums of attributions (n_samples, m) to the size of the model's changes.

    0 where they go the wrong way, or nowhere. The factor of the smallest error would shrink what
    tells little to nothing, and nothing is robust: random numbers got more votes than LIME by it.
    """
    if (told * changes @ counts).sum() <= 0:
        return 0.0
    return float(np.sqrt((changes**2 @ counts).sum() / (told**2 @ counts).sum()))


def _neighbours(
    components: Components, task: Task, panel: Panel, weighting: str
) -> dict[str, FloatCube]:
    """Attributions (n, p, d) of the same neighbours by each local method, with its own draws."""
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
                f"{name!r} failed there: {type(error).__name__}: {error}. Leave it out, or use "
                "another weighting."
            ) from error
    return near


RULES: dict[str, Rule] = {
    "faithfulness": _faithfulness,
    "topsis": _topsis,
    "crh": _crh,
    "optimal": _optimal,
}
BY_KIND = ("equal", "family", "fidelity")
WEIGHTINGS = (*BY_KIND, *RULES)
OF_ONE_OUTPUT = ("faithfulness", "topsis", "optimal")
