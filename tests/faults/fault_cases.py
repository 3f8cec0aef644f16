"""What the tests of faults share: a table, models, a cheap panel, and the list of cases."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from wisca_xai import (
    ForestExplainer,
    LimeExplainer,
    ShapExplainer,
    WISCAExplainer,
)

ARRAY = np.random.default_rng(0).normal(size=(60, 4))
FRAME = pd.DataFrame(ARRAY, columns=list("abcd"))
CLASSES = (ARRAY[:, 0] + ARRAY[:, 1] > 0).astype(int)
CLASSIFIER = LogisticRegression().fit(FRAME, CLASSES)
ARRAY_CLASSIFIER = LogisticRegression().fit(ARRAY, CLASSES)


def panel():
    return (
        ShapExplainer(background_size=10),
        LimeExplainer(n_samples=200),
        "permutation",
        ForestExplainer(n_estimators=40),
    )


def explain(model, X=FRAME, rows=None, *, y=None, row_y=None, target="predicted", **settings):
    """The consensus of the cheap panel for `rows`, or the first five rows of X."""
    settings = {"explainers": panel(), "random_state": 0, **settings}
    explainer = WISCAExplainer(model, **settings).fit(X, y)
    return explainer.explain(X[:5] if rows is None else rows, row_y, target=target)


def first(Z):
    """A model that knows the first column only."""
    return np.asarray(Z)[:, 0]


def check_complete(explanation, n_rows=5):
    """All explainers answered, with finite numbers."""
    assert explanation.failures == {}
    assert len(explanation.components) == 4
    assert len(explanation.values) == n_rows
    for values in (explanation.values, explanation.importance.to_numpy()):
        assert np.isfinite(values).all()


def case(row, what, *values):
    """A parameter of a test, with the row of the table of faults in its id."""
    return pytest.param(*values, id=f"fault-{row} {what}")


def fault(row, what):
    """Give a test of one case the row of the table of faults in its id."""
    return pytest.mark.parametrize((), [case(row, what)])
