"""Explanations from real lime objects."""

from types import SimpleNamespace

import numpy as np
import pytest

from tests.results.external_cases import DIABETES, FOREST, LINEAR, NAMES, ROWS, limes
from wisca_xai import InputError
from wisca_xai._results.external import from_external


def test_lime_of_the_predicted_class(all_limes):
    found = from_external(all_limes)
    predicted = FOREST.predict(ROWS.to_numpy())
    for i, (one, label) in enumerate(zip(all_limes, predicted, strict=True)):
        given = dict(one.local_exp[label])
        assert found.values[i].tolist() == [given[j] for j in range(4)]
        assert found.base_values[i] == one.intercept[label]
        assert found.targets[i] == one.class_names[label]
    assert found.feature_names == NAMES
    assert (found.method, found.family, found.signed) == ("lime", "local_surrogate", True)


def test_lime_keeps_the_fit_of_the_last_class_only(all_limes):
    scores = np.array([one.score for one in all_limes])
    last = from_external(all_limes, target="virginica")
    np.testing.assert_array_equal(last.diagnostics["r2"], scores)
    assert last.fidelity == pytest.approx(np.clip(scores, 0, 1).mean())
    other = from_external(all_limes, target="setosa")
    assert (dict(other.diagnostics), other.fidelity) == ({}, None)
    known = from_external(all_limes).diagnostics["r2"]
    is_last = FOREST.predict(ROWS.to_numpy()) == 2
    np.testing.assert_array_equal(known, np.where(is_last, scores, np.nan))
    top = limes(top_labels=2)
    np.testing.assert_array_equal(from_external(top).diagnostics["r2"], [one.score for one in top])


def test_a_poor_fit_has_no_negative_fidelity():
    rows = limes(top_labels=1)
    rows[0].score, rows[1].score = -3.0, None
    found = from_external(rows)
    assert found.diagnostics["r2"][0] == -3.0
    assert np.isnan(found.diagnostics["r2"][1])
    assert found.fidelity == pytest.approx(sum(one.score for one in rows[2:]) / 5)


@pytest.mark.parametrize("target", ["versicolor", 1, "all"])
def test_lime_of_a_class_or_of_all(all_limes, target):
    found = from_external(all_limes, target=target)
    values = found.values[:, :, 1] if target == "all" else found.values
    base = found.base_values[:, 1] if target == "all" else found.base_values
    for i, one in enumerate(all_limes):
        assert values[i].tolist() == [dict(one.local_exp[1])[j] for j in range(4)]
        assert base[i] == one.intercept[1]
    expected = ["setosa", "versicolor", "virginica"] if target == "all" else ["versicolor"] * 6
    assert found.targets.tolist() == expected


def test_features_that_lime_left_out_are_0():
    rows = limes(top_labels=1, num_features=2)
    found = from_external(rows)
    assert ((found.values != 0).sum(axis=1) == 2).all()
    for i, one in enumerate(rows):
        (given,) = one.local_exp.values()
        for j, value in given:
            assert found.values[i, j] == value


def test_lime_of_a_regression_is_not_its_mirror_image():
    rows = limes(DIABETES, DIABETES[:3], LINEAR.predict, mode="regression", feature_names=None)
    found = from_external(rows)
    for i, one in enumerate(rows):
        assert found.values[i].tolist() == [dict(one.local_exp[1])[j] for j in range(10)]
        assert found.base_values[i] == one.intercept[1]
        assert found.diagnostics["r2"][i] == one.score
    assert found.targets is None
    assert found.feature_names == tuple(f"x{j}" for j in range(10))
    assert from_external(rows[0]).values.tolist() == found.values[:1].tolist()


def test_lime_of_a_regression_has_no_class_to_name():
    rows = limes(DIABETES, DIABETES[:3], LINEAR.predict, mode="regression", feature_names=None)
    with pytest.raises(InputError, match=r"regression: it has no classes: `target` must be None"):
        from_external(rows, target=1)


def test_names_of_categories_lose_their_levels():
    generator = np.random.default_rng(0)
    X = np.column_stack([generator.integers(0, 2, (60, 2)), generator.normal(size=60)])
    settings = {
        "feature_names": ["colour", "sea=land", "size"],
        "categorical_features": [0, 1],
        "categorical_names": {0: ["red", "rust"], 1: ["x", "y=2"]},
        "mode": "regression",
    }
    rows = limes(X, np.array([[0, 0, 0.5], [1, 1, 0.1]]), lambda Z: Z[:, 0] - Z[:, 2], **settings)
    assert rows[0].domain_mapper.feature_names[0] == "colour=red"
    assert from_external(rows).feature_names == ("colour", "sea=land", "size")
    assert from_external(rows[:1]).feature_names == ("colour", "sea=land", "size")
    assert from_external(rows[1:]).feature_names == ("colour", "sea=land=y", "size")
    given = from_external(rows[:1], feature_names=["a", "b", "c"])
    assert given.feature_names == ("a", "b", "c")


def test_lime_must_have_explained_the_class_of_each_row():
    rows = limes(labels=(1,))
    with pytest.raises(InputError, match=r"the class '0' in row 0, but it has explained \['1'\]"):
        from_external(rows)
    assert from_external(rows, target=1).targets.tolist() == ["1"] * 6
    with pytest.raises(InputError, match=r"the class '0' in row 0"):
        from_external(rows, target="all")


def test_rows_of_lime_belong_together(all_limes):
    other = limes(DIABETES, DIABETES[:1], LINEAR.predict, mode="regression", feature_names=None)
    with pytest.raises(InputError, match=r"same mode, got 'classification' in row 0.*row 6"):
        from_external(all_limes + other)
    unnamed = limes(feature_names=None, labels=(0, 1, 2))
    with pytest.raises(InputError, match=r"same list of classes, got \['setosa'.*in row 6"):
        from_external(all_limes + unnamed)
    named = limes(labels=(0,), class_names=["setosa", "versicolor", "virginica"])
    for one in named:
        one.domain_mapper.feature_names = list("abcd")
    with pytest.raises(InputError, match=r"same features, got \['a', 'sepal length"):
        from_external(all_limes + named, target=0)
    for one in named:
        one.domain_mapper.feature_names = list("abc")
    with pytest.raises(InputError, match=r"same number of features, got 4 in row 0 and 3 in row 6"):
        from_external(all_limes + named)
    text = SimpleNamespace(local_exp={}, domain_mapper=SimpleNamespace())
    with pytest.raises(InputError, match=r"must explain tables, got texts or images"):
        from_external([text])
