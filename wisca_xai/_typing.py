"""Type aliases that state shapes, and the allowed values of parameters and results."""

from collections.abc import Hashable
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
FloatVector: TypeAlias = NDArray[np.float64]  # (n,)
FloatMatrix: TypeAlias = NDArray[np.float64]  # (n, d)
FloatCube: TypeAlias = NDArray[np.float64]  # (m, n, d)
BoolArray: TypeAlias = NDArray[np.bool_]
BoolVector: TypeAlias = NDArray[np.bool_]  # (n,)
BoolMatrix: TypeAlias = NDArray[np.bool_]  # (n, d)
IntVector: TypeAlias = NDArray[np.intp]  # (n,)
IntMatrix: TypeAlias = NDArray[np.intp]  # (n, d)
LabelVector: TypeAlias = NDArray[Any]  # (k,) or (n,): labels of any dtype

Target: TypeAlias = Hashable  # "predicted", "all", or one class label

ResponseMethod: TypeAlias = Literal["auto", "predict_proba", "decision_function", "predict"]
Unit: TypeAlias = Literal[
    "probability",  # of a class, in [0, 1]
    "margin",  # of a decision function, on any scale; 0 is undecided
    "indicator",  # 1 for the predicted class, 0 for the others
    "target",  # the unit of y (regression), or of the output of a function
    "score",  # of a scorer such as accuracy or R2, or of a survival model
    "1",  # dimensionless
]
Family: TypeAlias = Literal[
    "shapley",
    "occlusion",
    "inclusion",
    "local_surrogate",
    "global_surrogate",
    "loss",
    "consensus",
]
Aggregation: TypeAlias = Literal["magnitude", "signed"]
