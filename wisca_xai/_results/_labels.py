"""Names for readers in place of the names of columns and classes."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from wisca_xai._exceptions import InputError
from wisca_xai._typing import LabelVector


def relabelled(explanation: Any, labels: Mapping[Any, str]) -> Any:
    """A copy with other names of features and classes; see `Explanation.with_labels`.

    Raises
    ------
    InputError
        If `labels` is not a mapping to text, has a key that is neither a feature nor a class, or
        gives two features or two classes the same label.
    """
    classes = _classes_of(explanation)
    _check(labels, explanation.feature_names, classes)
    features = tuple(labels.get(name, name) for name in explanation.feature_names)
    _check_apart("features", features)
    _check_apart("classes", [labels.get(label, label) for label in classes])
    return _relabelled(explanation, features, labels)


def _relabelled(one: Any, features: tuple[str, ...], labels: Mapping[Any, str]) -> Any:
    changes: dict[str, Any] = {
        "feature_names": features,
        "targets": _shown(one.targets, labels),
        "data": None,
    }
    if one.data is not None:
        cells = one._columns_of(one.data)
        changes["data"] = pd.DataFrame(cells, columns=pd.Index(features), index=one.index)
    if hasattr(one, "components"):
        index = pd.Index(features, name="feature")
        changes["importance"] = one.importance.set_axis(index)
        changes["classes"] = _shown(one.classes, labels)
        changes["components"] = {
            name: _relabelled(part, features, labels) for name, part in one.components.items()
        }
        known = dict(zip(one.feature_names, features, strict=True))
        changes["reliability"] = replace(
            one.reliability,
            correlated=tuple(
                tuple(known[name] for name in group) for group in one.reliability.correlated
            ),
            rarest_class=labels.get(one.reliability.rarest_class, one.reliability.rarest_class),
        )
    return replace(one, **changes)


def _shown(found: LabelVector | None, labels: Mapping[Any, str]) -> LabelVector | None:
    if found is None or not any(label in labels for label in found.tolist()):
        return found
    return np.array([str(labels.get(label, label)) for label in found.tolist()])


def _classes_of(explanation: Any) -> list[Any]:
    """Classes of which the explanation speaks, each once."""
    found = [getattr(explanation, "classes", None), explanation.targets]
    return list(dict.fromkeys(label for one in found if one is not None for label in one.tolist()))


def _check(labels: Any, features: tuple[str, ...], classes: list[Any]) -> None:
    if not isinstance(labels, Mapping):
        raise InputError(
            "`labels` must be a mapping from names of features, or classes, to text, such as "
            f"{{{features[0]!r}: 'a longer name'}}, got {type(labels).__name__}."
        )
    for name, label in labels.items():
        if name not in features and name not in classes:
            raise InputError(
                f"`labels` must have names of features or classes as keys, got {name!r}. The "
                f"features are {list(features[:10])}, and the classes {classes[:10]}."
            )
        if not isinstance(label, str) or not label:
            raise InputError(f"`labels` must map to text that is not empty, got {label!r}.")


def _check_apart(what: str, names: Any) -> None:
    texts = [str(name) for name in names]
    twice = sorted({name for name in texts if texts.count(name) > 1}) if len(texts) < 1000 else []
    if len(set(texts)) < len(texts):
        raise InputError(f"`labels` must keep {what} apart, got the same for two: {twice[:5]}.")
