"""One seed gives the same bytes, in any order of the rows."""

import warnings

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from tests.explainers.guard_cases import (
    IRIS,
    MAKERS,
    MODEL,
    NAMES,
    ROW_NAMES,
    ROWS,
    check_same_bytes,
    every_explainer,
    explain,
)

with warnings.catch_warnings():  # the library's own import warns with recent Matplotlib
    warnings.simplefilter("ignore")
    import shap  # noqa: F401


every_target = pytest.mark.parametrize("target", ["predicted", "all", "rose"])


@every_explainer
@every_target
def test_one_seed_gives_the_same_bytes(make, target):
    one = explain(make, target=target)
    np.random.seed(99)  # noqa: NPY002
    two = explain(make, target=target)
    check_same_bytes(one, two)
    assert one == two


@pytest.mark.parametrize("name", ["lime", "permutation", "forest"])
def test_another_seed_gives_other_values(name):
    one, two = (explain(MAKERS[name], random_state=seed).values for seed in (3, 4))
    assert (one != two).any()


def test_another_seed_draws_another_background():
    one, two = (explain(MAKERS["shap"], random_state=seed).values for seed in (3, 4))
    assert (one != two).any()


@every_explainer
def test_a_random_state_moves_on_from_call_to_call(make):
    explainer = make(MODEL, random_state=np.random.RandomState(0)).fit(IRIS, NAMES)
    first, second = (explainer.explain(ROWS[:2]).receipt.seed for _ in range(2))
    assert first != second
    again = make(MODEL, random_state=np.random.RandomState(0)).fit(IRIS, NAMES)
    assert again.explain(ROWS[:2]).receipt.seed == first


@every_explainer
def test_the_seed_in_the_receipt_repeats_the_run(make):
    one = explain(make, random_state=None)
    check_same_bytes(explain(make, random_state=one.receipt.seed), one)


@every_explainer
@pytest.mark.parametrize("forest", [False, True], ids=["logistic", "forest"])
def test_shuffled_rows_give_the_same_bytes_per_row(make, forest):
    model = MODEL
    if forest:
        model = RandomForestClassifier(n_estimators=5, random_state=0).fit(IRIS, NAMES)
    shuffle = np.random.default_rng(0).permutation(len(ROWS))
    one = explain(make, model=model)
    two = explain(make, ROWS.iloc[shuffle], ROW_NAMES[shuffle], model=model)
    check_same_bytes(one._reordered(shuffle), two)
    if one.scope == "local":
        assert two.index.equals(ROWS.index[shuffle])
        assert two.targets.tolist() == one.targets[shuffle].tolist()


@every_explainer
def test_a_shuffled_background_gives_the_same_bytes(make):
    shuffle = np.random.default_rng(0).permutation(len(IRIS))
    two = explain(make, X=IRIS.iloc[shuffle], labels=NAMES[shuffle])
    check_same_bytes(explain(make), two)


@pytest.mark.parametrize("name", ["shap", "lime"])
def test_a_row_alone_gives_what_it_gives_among_others(name):
    whole = explain(MAKERS[name], target="rose")
    for i in (0, 6):
        alone = explain(MAKERS[name], ROWS[i : i + 1], None, target="rose")
        np.testing.assert_allclose(alone.values[0], whole.values[i], rtol=0, atol=1e-12)


@every_explainer
def test_the_index_and_the_targets_are_those_of_the_rows(make):
    explanation = explain(make)
    if explanation.scope == "global":
        assert explanation.index is None
        assert explanation.targets is None
    else:
        assert explanation.index.equals(ROWS.index)
        assert explanation.index.name == "plant"
        assert explanation.targets.tolist() == MODEL.predict(ROWS).tolist()
