"""Notes on the components of a consensus for its reader."""

from collections.abc import Mapping

from wisca_xai._ranking import all_tied
from wisca_xai._results._explanation import Explanation
from wisca_xai._results._stack import unused_features
from wisca_xai._text import display_names


def notes_of(components: Mapping[str, Explanation]) -> list[str]:
    """Notes of all components, and a note on each one that does not affect the ranking."""
    silent = [
        f"{name} rates all features equally, so it does not affect the ranking."
        for name, component in components.items()
        if len(component.feature_names) > 1 and all_tied(component.mean_magnitude())
    ]
    return [*(note for c in components.values() for note in c.notes), *silent, *_unused(components)]


def _unused(components: Mapping[str, Explanation]) -> list[str]:
    """A note on the features that the model does not use."""
    unused = unused_features(components)
    if not unused.any():
        return []
    names = display_names(next(iter(components.values())).feature_names)
    found = [name for name, is_unused in zip(names, unused, strict=True) if is_unused]
    shown = ", ".join(found[:10]) + (" ..." if len(found) > 10 else "")
    return [f"No evaluation shows that the model reacts to {shown}: importance 0."]
