"""Conversion to the library shap."""

from typing import Any

import numpy as np

from wisca_xai._exceptions import InputError
from wisca_xai._process import silenced


def shap_of(explanation: Any, data: Any) -> Any:
    """See `Explanation.to_shap`; `data` may be None."""
    if explanation.scope == "global":
        raise InputError(f"to_shap needs values per row, but {explanation.method!r} is global.")
    with silenced():  # Importing shap warns about its use of matplotlib.
        import shap

    base = explanation.base_values
    if base is None:
        base = np.zeros(explanation.values.shape[:1] + explanation.values.shape[2:])
    table = None if data is None else explanation._columns_of(data)
    outputs = None
    if explanation.values.ndim == 3 and explanation.targets is not None:
        outputs = [str(label) for label in explanation.targets]
    return shap.Explanation(
        explanation.values.copy(),
        base_values=np.array(base),
        data=None if table is None else np.asarray(table),
        feature_names=list(explanation.feature_names),
        output_names=outputs,
    )
