"""Explainers by name: those of this package, and those that other packages register."""

import difflib
from importlib.metadata import EntryPoint, entry_points

from wisca_xai._exceptions import InputError
from wisca_xai.explainers._base import BaseExplainer
from wisca_xai.explainers._forest import ForestExplainer
from wisca_xai.explainers._marginal import InclusionExplainer, OcclusionExplainer
from wisca_xai.explainers._permutation import PermutationExplainer
from wisca_xai.explainers.lime import LimeExplainer
from wisca_xai.explainers.shapley import ShapExplainer

GROUP = "wisca_xai.explainers"  # entry-point group in which other packages register theirs
EXPLAINERS: dict[str, type[BaseExplainer]] = {
    explainer.name: explainer
    for explainer in (
        ShapExplainer,
        LimeExplainer,
        OcclusionExplainer,
        InclusionExplainer,
        PermutationExplainer,
        ForestExplainer,
    )
}


def _registered() -> dict[str, EntryPoint]:
    """Entry points of other packages, by the explainer's name."""
    return {point.name: point for point in entry_points(group=GROUP)}


def explainer_names() -> list[str]:
    """Names of all explainers, sorted."""
    return sorted({*EXPLAINERS, *_registered()})


def find_explainer(name: str) -> type[BaseExplainer]:
    """The class of an explainer. Other packages cannot replace the names of this package.

    Raises
    ------
    InputError
        If the name is unknown, or if its entry point cannot be imported or is not a subclass of
        `BaseExplainer`.
    """
    if name in EXPLAINERS:
        return EXPLAINERS[name]
    known = _registered()
    if name not in known:
        nearest = difflib.get_close_matches(name, explainer_names(), n=1)
        hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
        raise InputError(
            f"`explainers` must be names from {explainer_names()} or (name, explainer) pairs, got "
            f"{name!r}.{hint}"
        )
    point = known[name]
    try:
        found = point.load()
    except Exception as error:  # code of another package may raise anything
        raise InputError(
            f"The explainer {name!r} is registered as {point.value}, which cannot be imported: "
            f"{type(error).__name__}: {error}"
        ) from error
    if not (isinstance(found, type) and issubclass(found, BaseExplainer)):
        raise InputError(
            f"The explainer {name!r} is registered as {point.value}, which must be a subclass of "
            f"BaseExplainer, got {found!r}."
        )
    return found


def new_explainer(name: str) -> BaseExplainer:
    """A fresh explainer, with default parameters, by its name.

    Raises
    ------
    InputError
        As `find_explainer`, or if the class cannot be made without arguments.
    """
    found = find_explainer(name)
    try:
        return found()
    except TypeError as error:
        raise InputError(
            f"The explainer {name!r} cannot be made without arguments: {error}. Pass the pair "
            f"({name!r}, explainer)."
        ) from error
