"""One seed gives the same bytes for any order of explainers, and of rows that are equal."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from tests.panel.test_same_bytes import CLASSES, NUMERIC, arrays_of
from wisca_xai import WISCAExplainer
from wisca_xai._results._votes import FIRST_MERGED

MODEL = LogisticRegression().fit(NUMERIC, CLASSES)
ORDERS = (FIRST_MERGED[::-1], ("forest", "lime", "shap", "occlusion", "permutation"))


def explained(explainers=FIRST_MERGED, X=NUMERIC[:12], y=CLASSES[:12], **settings):
    explainer = WISCAExplainer(MODEL, explainers=explainers, random_state=0, **settings)
    return explainer.fit(NUMERIC, CLASSES).explain(X, y)


def changed(one, other):
    return [name for name, array in one.items() if array.tobytes() != other[name].tobytes()]


@pytest.mark.parametrize("weighting", ["fidelity", "crh", "equal", "faithfulness"])
def test_the_order_of_explainers_changes_no_byte(weighting):
    reference = explained(weighting=weighting)
    for order in ORDERS:
        found = explained(order, weighting=weighting)
        assert list(found.components) == list(order) == list(found.votes)
        assert changed(arrays_of(reference), arrays_of(found)) == []
        assert found.votes == reference.votes
        columns = ["feature", "importance", "lower", "upper", "rank"]
        pd.testing.assert_frame_equal(found.ranking()[columns], reference.ranking()[columns])
        half, whole = found[:6], reference[:6]
        assert half.votes == whole.votes
        assert half.importance.equals(whole.importance)


def test_the_order_of_explainers_with_names_of_their_own_changes_no_byte():
    pairs = [("z", "lime"), ("a", "permutation"), ("m", "occlusion"), ("b", "forest")]
    assert changed(arrays_of(explained(pairs)), arrays_of(explained(pairs[::-1]))) == []


def test_rows_that_are_equal_have_equal_parts_of_an_importance_in_any_order():
    rows = pd.concat([NUMERIC[:10]] * 3, ignore_index=True)
    y = np.r_[CLASSES[:10], CLASSES[:10], 1 - CLASSES[:10]]
    order = np.random.default_rng(0).permutation(30)
    one = arrays_of(explained(X=rows, y=y))
    other = arrays_of(explained(X=rows.iloc[order], y=y[order]))
    assert changed({k: a[order] if len(a) == 30 else a for k, a in one.items()}, other) == []
    parts = one["permutation row_effects"]
    np.testing.assert_array_equal(parts[:10], parts[10:20])
    np.testing.assert_allclose(parts.mean(axis=0), one["permutation values"], atol=1e-12)
