"""The panel: explainers by name, run one after another, each failure kept apart."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import clone
from tqdm import tqdm

from wisca_xai._exceptions import ExplainerFailed, InputError, WISCAWarning
from wisca_xai._explanation import Explanation
from wisca_xai._problem import Problem
from wisca_xai._validation import check_choice, seed_entropy
from wisca_xai.explainers import EXPLAINERS, BaseExplainer

PANEL = ("shap", "lime", "permutation", "forest")


def make_panel(explainers: Any, *, background_size: int) -> list[tuple[str, BaseExplainer]]:
    """Names and fresh copies of the explainers that a user asked for.

    Raises
    ------
    InputError
        If there is none, one is unknown, two have one name, one has a model of its own, or one has
        a parameter that is wrong.
    """
    if isinstance(explainers, str | BaseExplainer) or not np.iterable(explainers):
        explainers = (explainers,)
    panel: dict[str, BaseExplainer] = {}
    for entry in explainers:
        name, explainer = _panel_entry(entry)
        if isinstance(explainer, str):
            check_choice("explainers", explainer, EXPLAINERS, also=" or (name, explainer) pairs")
            explainer = EXPLAINERS[explainer]()
            if "background_size" in explainer.get_params():
                explainer.set_params(background_size=background_size)
        elif explainer.estimator is not None or explainer.response_method != "auto":
            raise InputError(
                f"The explainer {name!r} must leave `estimator` and `response_method` at their "
                "defaults: the panel explains its own model."
            )
        explainer._check_params()
        if name in panel:
            raise InputError(
                f"`explainers` must have different names, got {name!r} twice. Pass (name, "
                "explainer) pairs."
            )
        panel[name] = clone(explainer)
    if not panel:
        raise InputError("`explainers` must name at least one explainer, got none.")
    return list(panel.items())


def run_panel(
    panel: Sequence[tuple[str, BaseExplainer]], problem: Problem
) -> tuple[dict[str, Explanation], dict[str, str]]:
    """What each explainer gave, and why the others gave nothing.

    Raises
    ------
    ExplainerFailed
        If none gave a result.

    Warns
    -----
    WISCAWarning
        For each that failed.
    """
    bar = tqdm(
        panel, desc="explainers", unit="explainer", disable=None if problem.verbose else True
    )
    components: dict[str, Explanation] = {}
    failures: dict[str, str] = {}
    for name, explainer in bar:
        answer = _attempt(explainer, problem)
        if isinstance(answer, Explanation):
            components[name] = answer
            spent = answer.receipt
            problem.response.charge(spent.model_rows, spent.model_calls, spent.model_seconds)
        else:
            failures[name] = answer
    if not components:
        table = "\n".join(f"  {name}: {reason}" for name, reason in failures.items())
        raise ExplainerFailed(f"All {len(failures)} explainers failed:\n{table}")
    for name, reason in failures.items():
        warnings.warn(
            f"The explainer {name!r} failed and takes no part in the consensus: {reason}",
            WISCAWarning,
            stacklevel=2,
        )
    return components, failures


def _panel_entry(entry: Any) -> tuple[str, Any]:
    if isinstance(entry, str):
        return entry, entry
    if isinstance(entry, BaseExplainer):
        return entry.name, entry
    if isinstance(entry, tuple | list) and len(entry) == 2 and isinstance(entry[0], str):
        name, explainer = entry
        if isinstance(explainer, str | BaseExplainer):
            return name, explainer
    raise InputError(
        f"`explainers` must be names from {sorted(EXPLAINERS)}, explainers or (name, explainer) "
        f"pairs, got {entry!r}."
    )


def _attempt(explainer: BaseExplainer, problem: Problem) -> Explanation | str:
    """The explainer's answer, or the reason why there is none."""
    try:
        if explainer.random_state is not None:
            problem = replace(problem, seed=seed_entropy(explainer.random_state))
        return explainer._run(problem)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
