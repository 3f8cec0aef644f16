"""Explanations to merge."""

import numpy as np
import pandas as pd

from wisca_xai import Explanation
from wisca_xai._panel._merge import merge_explanations

RNG = np.random.default_rng(0)
LABELS = [f"row {i}" for i in range(5)]
ONE, TWO = (pd.DataFrame(v, columns=list("abc"), index=LABELS) for v in RNG.normal(size=(2, 5, 3)))
LOSS = pd.Series(RNG.random(3), index=list("abc"))
TABLE = pd.DataFrame(RNG.normal(size=(5, 3)), columns=list("abc"), index=LABELS)
WEIGHTS = np.array([1.0, 0.5, 0.25, 0.0, 0.75])


def merged(*given, names=("one", "two", "loss"), **settings):
    given = given or (ONE, TWO, LOSS)
    return merge_explanations(dict(zip(names, given, strict=False)), **settings)


def explanation(values, **settings):
    return Explanation(values, tuple("cab"), "some", "some", "1", True, **settings)
