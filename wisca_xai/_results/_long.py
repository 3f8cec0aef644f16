"""Attributions as a long table: one line for each explainer, row, class and feature."""

from typing import Any

import numpy as np
import pandas as pd


def long_frame(explanation: Any) -> pd.DataFrame:
    """See `Explanation.to_frame`. A consensus comes first, and then its explainers."""
    components = getattr(explanation, "components", None)
    name = explanation.method if components is None else "consensus"
    parts = {name: explanation, **(components or {})}
    tables = [_long(name, part).astype(object) for name, part in parts.items()]
    table = pd.concat(tables, ignore_index=True)
    # Labels and values that some explainers lack keep their types: row 3 does not become 3.0.
    whole = [name for name in table if table[name].notna().all()]
    kinds: dict[Any, Any] = {"attribution": np.float64, "standard_error": np.float64}
    return table.astype(kinds).astype(table[whole].infer_objects().dtypes.to_dict() | kinds)


def _long(name: str, part: Any) -> pd.DataFrame:
    n_features = len(part.feature_names)
    names = np.asarray(part.feature_names, dtype=object)
    lines: dict[str, Any] = {"explainer": name, "row": None, "target": None, "feature": names}
    lines["value"] = None
    if part.scope == "local":
        n, k = len(part.values), part.values.shape[2] if part.values.ndim == 3 else 1
        index = pd.RangeIndex(n) if part.index is None else part.index.to_flat_index()
        lines["row"] = index.repeat(k * n_features)
        lines["feature"] = np.tile(names, n * k)
        if part.targets is not None:
            by_row = np.tile(part.targets, n) if part.values.ndim == 3 else part.targets
            lines["target"] = np.repeat(by_row, n_features)
        if part.data is not None:
            cells = np.asarray(part._columns_of(part.data), dtype=object)
            lines["value"] = np.repeat(cells, k, axis=0).ravel()
    for column, values in (("attribution", part.values), ("standard_error", part.standard_errors)):
        lines[column] = None if values is None else _by_class(values).ravel()
    lines["unit"] = part.unit
    return pd.DataFrame(lines, index=pd.RangeIndex(len(lines["feature"])))


def _by_class(values: Any) -> Any:
    return np.moveaxis(values, 1, 2) if values.ndim == 3 else values
