"""A table and a fast panel for the tests of refits."""

import numpy as np
import pandas as pd

from wisca_xai import LimeExplainer, WISCAExplainer

RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(120, 4)), columns=list("abcd"))
NOISE, LABELS = RNG.normal(size=120), RNG.integers(2, size=120)
PANEL = ("permutation", LimeExplainer(n_samples=200))


def explain_refitted(model, y, table=X, *, panel=PANEL, n=20, **settings):
    settings = {"n_refits": 5, "random_state": 0, **settings}
    explainer = WISCAExplainer(model, explainers=panel, **settings).fit(table, y)
    return explainer.explain(table[:n], y[:n])
