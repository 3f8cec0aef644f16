"""Views that other folders offer for results: they register here, so that results know none."""

from collections.abc import Callable
from typing import Any

_VIEWS: dict[str, Callable[..., Any]] = {}


def offer_view(name: str, view: Callable[..., Any]) -> None:
    """Offer a view of a result, such as "page"; the last one counts."""
    _VIEWS[name] = view


def view(name: str) -> Callable[..., Any]:
    """The view with this name."""
    return _VIEWS[name]
