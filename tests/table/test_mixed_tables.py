"""Models on raw tables: text, categories, dates, missing values, from one end to the other."""

from itertools import combinations
from math import comb

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
    TargetEncoder,
)

from tests.versions import is_at_least
from wisca_xai import InputError, LimeExplainer, ShapExplainer, WISCAExplainer, WISCASelector

PANEL_OF_30 = (("shap", ShapExplainer(background_size=30)), "lime", "permutation", "forest")
N = 120
CITIES = np.array(["Bari", "Como", "Rome", "Turin"])


def make_customers():
    """Ten columns of ten kinds, and a class that depends on most of them."""
    generator = np.random.default_rng(0)
    city, plan = generator.integers(0, 4, N), generator.integers(0, 3, N)
    income, visits = generator.normal(30, 8, N), generator.poisson(4, N)
    days = generator.integers(0, 900, N)
    member = generator.random(N) < 0.4
    z = (city == 2) * 1.5 + plan - 0.05 * (income - 30) - 0.002 * days + member
    X = pd.DataFrame(
        {
            "city": pd.Series(CITIES[city], dtype="str").mask(generator.random(N) < 0.1),
            "sector": pd.Categorical(np.array(["it", "law", "art"])[generator.integers(0, 3, N)]),
            "plan": pd.Categorical.from_codes(plan, ["basic", "plus", "pro"], ordered=True),
            "member": member,
            "visits": pd.Series(visits, dtype="Int64").mask(generator.random(N) < 0.2),
            "income": np.where(generator.random(N) < 0.2, np.nan, income),
            "since": pd.Timestamp("2021-03-01") + pd.to_timedelta(days, unit="D"),
            "code": pd.Series(generator.integers(0, 3, N), dtype=object),
        }
    )
    return X, np.where(z + generator.logistic(size=N) > 1.2, "buys", "leaves")


X, Y = make_customers()


def to_days(table):
    dates = pd.DataFrame(table)
    return (dates - pd.Timestamp("2020-01-01")) / pd.Timedelta(days=1)


# scikit-learn 1.9 warns of `cv=3`, which earlier versions ask for.
TARGETS = (
    TargetEncoder(cv=StratifiedKFold(3))
    if is_at_least("scikit-learn", "1.9")
    else TargetEncoder(cv=3, shuffle=False)
)


def make_model():
    return make_pipeline(
        make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore"), ["city", "sector"]),
            (TARGETS, ["code"]),
            (OrdinalEncoder(categories=[["basic", "plus", "pro"]]), ["plan"]),
            (SimpleImputer(add_indicator=True), ["income", "visits"]),
            (make_pipeline(FunctionTransformer(to_days), StandardScaler()), ["since"]),
            (StandardScaler(), ["member"]),
        ),
        LogisticRegression(max_iter=1000),
    )


MODEL = make_model().fit(X, Y)


def explain(rows=X[:20], y=Y[:20], *, table=X, labels=Y, **settings):
    explainer = WISCAExplainer(MODEL, random_state=0, explainers=PANEL_OF_30, **settings)
    return explainer.fit(table, labels).explain(rows, y)


@pytest.fixture(scope="module")
def explanation():
    return explain()


def check_same_bytes(one, two):
    np.testing.assert_array_equal(one.values, two.values)
    for name, component in one.components.items():
        np.testing.assert_array_equal(component.values, two.components[name].values)


def test_a_pipeline_on_raw_columns_is_explained_by_all(explanation):
    assert dict(explanation.failures) == {}
    assert sorted(explanation.components) == ["forest", "lime", "permutation", "shap"]
    assert explanation.feature_names == tuple(X)
    shap = explanation.components["shap"]
    np.testing.assert_allclose(
        shap.base_values + shap.values.sum(axis=1), MODEL.predict_proba(X[:20]).max(axis=1)
    )
    assert set(explanation.ranking()["feature"][:4]) & {"plan", "city"}
    assert explanation.reliability.outside.sum() == 0


def test_a_pipeline_that_is_not_fitted_is_fitted_on_raw_columns(explanation):
    explainer = WISCAExplainer(make_model(), random_state=0, explainers=PANEL_OF_30)
    check_same_bytes(explainer.fit(X, Y).explain(X[:20], Y[:20]), explanation)


def test_boosting_on_categories_and_missing_values_is_explained():
    columns = ["sector", "plan", "income", "visits", "member"]
    model = HistGradientBoostingClassifier(categorical_features="from_dtype", max_iter=5)
    table = X[columns].assign(city=X["city"].astype("category"))
    model.fit(table, Y)
    found = WISCAExplainer(model, random_state=0).fit(table, Y).explain(table[:8], Y[:8])
    assert dict(found.failures) == {}
    shap = found.components["shap"]
    np.testing.assert_allclose(
        shap.base_values + shap.values.sum(axis=1), model.predict_proba(table[:8]).max(axis=1)
    )
    lines = ShapExplainer(model, response_method="decision_function", random_state=0)
    found = lines.fit(table).explain(table[:5], target="buys")
    assert not any("shortcut" in note for note in found.notes)  # codes are not what trees split


def shapley_by_hand(predict, row, background):
    """From the definition: columns of the row put into the background by pandas, all at once."""
    names, known = list(background), pd.concat([row, background])
    subsets = [set(s) for size in range(len(names) + 1) for s in combinations(names, size)]
    from_background = np.arange(1, len(known))
    table = pd.DataFrame(
        {
            name: known[name]
            .iloc[np.concatenate([from_background * (name not in s) for s in subsets])]
            .array
            for name in names
        }
    )
    worth = dict(
        zip(
            map(frozenset, subsets),
            predict(table).reshape(len(subsets), -1).mean(axis=1),
            strict=True,
        )
    )
    values = []
    for name in names:
        total = 0.0
        for inside, value in worth.items():
            if name not in inside:
                share = 1 / (len(names) * comb(len(names) - 1, len(inside)))
                total += share * (worth[inside | {name}] - value)
        values.append(total)
    return values


SIX = ["city", "plan", "member", "visits", "income", "since"]


def make_small_model():
    return make_pipeline(
        make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore"), ["city", "plan"]),
            (SimpleImputer(add_indicator=True), ["income", "visits"]),
            (make_pipeline(FunctionTransformer(to_days), StandardScaler()), ["since"]),
            ("passthrough", ["member"]),
        ),
        LogisticRegression(max_iter=1000),
    ).fit(X[SIX], Y)


def test_shapley_values_equal_enumeration_by_pandas():
    model, background, rows = make_small_model(), X[SIX][:12], X[SIX][50:56]

    def predict(table):
        return model.predict_proba(table)[:, 0]

    expected = [shapley_by_hand(predict, rows[i : i + 1], background) for i in range(len(rows))]
    exact = ShapExplainer(model, method="exact", background_size=12).fit(background)
    found = exact.explain(rows, target="buys")
    np.testing.assert_allclose(found.values, expected, rtol=0, atol=1e-9)
    sampled = ShapExplainer(
        model, method="permutation", background_size=12, max_evals=1200, random_state=0
    ).fit(background)
    found = sampled.explain(rows, target="buys")
    apart = np.abs(found.values - expected)
    assert (apart <= 3 * found.standard_errors + 1e-12).mean() >= 0.95
    assert apart.max() > 1e-9


@pytest.mark.parametrize("size", [40, 25], ids=["every background row", "some of them"])
def test_sampled_values_of_mixed_columns_are_within_two_standard_errors(size):
    background, rows = X[:40], X[60:80]
    assert background.isna().any().sum() == 3
    assert rows.isna().any().sum() == 3

    def predict(table):
        return MODEL.predict_proba(table)[:, 0]

    expected = [shapley_by_hand(predict, rows[i : i + 1], background) for i in range(len(rows))]
    within = []
    for seed in range(4):  # rows share their walks: of one seed many may miss together
        explainer = ShapExplainer(MODEL, background_size=size, random_state=seed).fit(background)
        found = explainer.explain(rows, target="buys")
        assert found.receipt.settings["method"] == "auto"
        apart = np.abs(found.values - expected)
        assert apart.max() > 1e-9  # sampled, not enumerated
        within.append(apart <= 2 * found.standard_errors + 1e-12)
    assert np.mean(within) >= 0.95
    # The errors are bounded from above, because large errors would hide a wrong value.
    assert np.median(found.standard_errors) < 0.05 * np.abs(expected).max()


def test_the_form_of_the_table_does_not_matter(explanation):
    columns = list(X)[::-1]
    check_same_bytes(explain(X[columns][:20], table=X[columns]), explanation)
    odd = X.set_axis(pd.MultiIndex.from_product([["a"], range(N)]))
    check_same_bytes(explain(odd[:20], table=odd), explanation)
    check_same_bytes(explain(n_jobs=2), explanation)


def test_the_order_of_rows_does_not_matter(explanation):
    order = np.random.default_rng(1).permutation(20)
    everyone = np.random.default_rng(2).permutation(N)
    found = explain(X[:20].iloc[order], Y[:20][order], table=X.iloc[everyone], labels=Y[everyone])
    np.testing.assert_array_equal(found.values, explanation.values[order])
    np.testing.assert_array_equal(found.importance, explanation.importance)


def test_the_users_table_is_never_changed():
    table = X.copy()
    for name in ("income", "member"):
        table[name].to_numpy().flags.writeable = False
    explain(table[:20], table=table)
    pd.testing.assert_frame_equal(table, X)


class Recorder:
    """A function of a table that remembers every value that it saw."""

    def __init__(self):
        self.seen = {name: set() for name in X}
        self.dtypes = set()

    def __call__(self, table):
        self.dtypes.add(tuple(map(str, table.dtypes)))
        for name in X:
            self.seen[name] |= {(type(v), v) for v in table[name] if not pd.isna(v)}
        return MODEL.predict_proba(table)[:, 1]


@pytest.mark.parametrize("discretizer", ["quartile", None], ids=["bins", "normals"])
def test_perturbed_rows_hold_only_what_occurs(discretizer):
    model = Recorder()
    background, rows = X[:80], X[80:]
    LimeExplainer(model, discretizer=discretizer, n_samples=1000, random_state=0).fit(
        background
    ).explain(rows)
    for name in ("city", "sector", "plan", "member", "since", "code"):
        known = {(type(v), v) for v in X[name] if not pd.isna(v)}
        assert model.seen[name] <= known
        assert model.seen[name] >= {(type(v), v) for v in rows[name] if not pd.isna(v)}
    kept = [dtype for name, dtype in X.dtypes.items() if name != "visits"]  # not always whole
    found = {
        tuple(d for d, name in zip(t, X, strict=True) if name != "visits") for t in model.dtypes
    }
    assert found == {tuple(map(str, kept))}


def test_an_unseen_level_reaches_the_model_as_it_is():
    model = Recorder()
    rows = X[:3].assign(
        city=["Oslo", "Rome", None],
        sector=pd.Categorical(["law", "spy", "it"]),
        since=pd.Series([pd.Timestamp("2030-01-01 12:34:56.789"), X["since"][0], X["since"][1]]),
        code=pd.Series([7, 0, 1], dtype=object),
    )
    found = ShapExplainer(model, random_state=0, background_size=10).fit(X).explain(rows)
    assert (str, "Oslo") in model.seen["city"]
    assert (str, "spy") in model.seen["sector"]
    assert (int, 7) in model.seen["code"]
    assert (pd.Timestamp, pd.Timestamp("2030-01-01 12:34:56.789")) in model.seen["since"]
    np.testing.assert_allclose(
        found.base_values + found.values.sum(axis=1), MODEL.predict_proba(rows)[:, 1]
    )


def test_rows_with_unseen_values_lie_outside_the_background():
    rows = X[:3].assign(city=["Oslo", "Rome", None], income=[1e6, 30.0, np.nan])
    missing = X.assign(city=X["city"].fillna("Rome"), income=X["income"].fillna(30.0))
    with_missing = explain(rows, Y[:3]).reliability.outside
    np.testing.assert_array_equal(with_missing, [2, 0, 0])
    without = explain(rows, Y[:3], table=missing).reliability.outside
    np.testing.assert_array_equal(without, [2, 0, 2])


def test_levels_and_values_that_the_background_lacks_lie_outside():
    grades = pd.CategoricalDtype(["low", "middle", "high"])
    table = pd.DataFrame({"size": np.arange(4.0), "never": np.full(4, np.nan)})
    table["grade"] = pd.Series(["low", "high", "low", "high"], dtype=grades)
    rows = pd.DataFrame({"size": [1.0, 2.0], "never": [np.nan, 3.0]})
    rows["grade"] = pd.Series(["low", "middle"], dtype=grades)

    def model(table):
        return table["size"].to_numpy()

    found = WISCAExplainer(model, random_state=0).fit(table).explain(rows)
    np.testing.assert_array_equal(found.reliability.outside, [0, 2])


def test_correlation_is_of_quantities_and_of_two_levels():
    size = np.arange(40.0)
    table = pd.DataFrame(
        {
            "size": size,
            "is_large": np.where(size < 20, "no", "yes"),
            "third": np.array(["a", "b", "c", "d"])[(size // 10).astype(int)],
            "at": pd.Timestamp("2020-01-01") + pd.to_timedelta(size, unit="h"),
        }
    )

    def model(table):
        return table["size"].to_numpy()

    found = WISCAExplainer(model, random_state=0).fit(table).explain(table[:5])
    assert found.reliability.correlated == (("size", "is_large", "at"),)


def test_arrays_of_objects_reach_a_model_of_arrays():
    array = X[["city", "code", "income"]].fillna({"city": "?"}).to_numpy(dtype=object)
    model = make_pipeline(
        make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore"), [0, 1]), (SimpleImputer(), [2])
        ),
        LogisticRegression(max_iter=1000),
    ).fit(array, Y)
    found = WISCAExplainer(model, random_state=0).fit(array, Y).explain(array[:10], Y[:10])
    assert dict(found.failures) == {}
    shap = found.components["shap"]
    np.testing.assert_allclose(
        shap.base_values + shap.values.sum(axis=1), model.predict_proba(array[:10]).max(axis=1)
    )
    as_lists = WISCAExplainer(model, random_state=0).fit(array.tolist(), Y)
    check_same_bytes(as_lists.explain(array[:10].tolist(), Y[:10]), found)


def test_values_that_are_not_hashable_are_named():
    table = pd.DataFrame({"a": [1.0, 2.0], "tags": [["x"], ["y"]]})
    with pytest.raises(InputError, match=r"'tags' must hold .*: unhashable type: 'list'"):
        WISCAExplainer(lambda table: table["a"]).fit(table)


def test_the_selector_hands_mixed_columns_on_as_they_are():
    panel = WISCAExplainer(explainers=["permutation"])
    selector = WISCASelector(
        make_model(), n_features_to_select=4, explainer=panel, n_explained=30, random_state=0
    ).fit(X, Y)
    kept = X.columns[selector.support_]
    assert X[kept].isna().any().any()
    as_array = selector.transform(X)
    pd.testing.assert_frame_equal(
        pd.DataFrame(as_array, columns=kept), X[kept].astype(object), check_dtype=False
    )
    selector.set_output(transform="pandas")
    pd.testing.assert_frame_equal(selector.transform(X), X[kept])
