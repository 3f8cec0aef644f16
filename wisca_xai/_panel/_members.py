"""The members of a panel: explainers by name, checked and copied."""

import contextlib
from collections.abc import Container, Mapping, Set
from typing import Any

import numpy as np
from sklearn.base import clone

from wisca_xai._exceptions import InputError
from wisca_xai.explainers import BaseExplainer
from wisca_xai.explainers._registry import explainer_names, new_explainer

PANEL = ("shap", "occlusion", "lime", "permutation", "forest")


def make_panel(
    explainers: Any, *, reserved: Container[str] = ()
) -> list[tuple[str, BaseExplainer]]:
    """Check the explainers that a user gave, and return a copy of each with its name.

    Raises
    ------
    InputError
        If there is no explainer, one is unknown, two have the same name, a name cannot be part of a
        parameter name, or one has its own model or an invalid parameter.
    """
    if isinstance(explainers, str | BaseExplainer) or not np.iterable(explainers):
        explainers = (explainers,)
    if isinstance(explainers, Mapping | Set):
        raise InputError(
            "`explainers` must be a list or tuple of names, explainers or (name, explainer) pairs, "
            f"got a {type(explainers).__name__}. Of a mapping, pass list(explainers.items())."
        )
    panel: dict[str, BaseExplainer] = {}
    for entry in explainers:
        name, explainer = _panel_entry(entry)
        if isinstance(explainer, str):
            explainer = new_explainer(explainer)
        elif explainer.estimator is not None or explainer.response_method != "auto":
            raise InputError(
                f"The explainer {name!r} must leave `estimator` and `response_method` at their "
                "defaults: the panel explains its own model."
            )
        explainer._check_params()
        if "__" in name or name in reserved:
            raise InputError(
                "Names in `explainers` must not contain '__' or be the name of a parameter, got "
                f"{name!r}. They become part of names such as 'lime__n_samples'. Rename it."
            )
        if name in panel:
            raise InputError(
                f"`explainers` must have different names, got {name!r} twice. Pass (name, "
                "explainer) pairs."
            )
        panel[name] = clone(explainer)
    if not panel:
        raise InputError("`explainers` must name at least one explainer, got none.")
    return list(panel.items())


def named_explainers(explainers: Any) -> dict[str, Any]:
    """Valid explainers by name. An explainer that is given by name stays a string."""
    found = {}
    for entry in explainers if isinstance(explainers, list | tuple) else [explainers]:
        with contextlib.suppress(InputError):
            name, explainer = _panel_entry(entry)
            found[name] = explainer
    return found


def parameters_of(explainer: Any) -> dict[str, Any]:
    """Parameters of an explainer; the defaults if it is given by name, none for unknown names."""
    if isinstance(explainer, str):
        try:
            explainer = new_explainer(explainer)
        except InputError:  # `fit` raises the error.
            return {}
    return dict(explainer.get_params())


def with_explainers(explainers: Any, new: Mapping[str, Any]) -> Any:
    """Copy `explainers`, with the ones named in `new` replaced."""
    entries = explainers if isinstance(explainers, list | tuple) else (explainers,)
    replaced = []
    for entry in entries:
        names = named_explainers((entry,)).keys() & new.keys()
        replaced += [(name, new[name]) for name in names] or [entry]
    return type(entries)(replaced)


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
        f"`explainers` must be names from {explainer_names()}, explainers or (name, explainer) "
        f"pairs, got {entry!r}."
    )
