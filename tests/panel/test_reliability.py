"""Reliability: other rows, other panels and mere noise, compared with counts by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import r2_score

from wisca_xai import (
    BaseExplainer,
    Explanation,
    ForestExplainer,
    InputError,
    LimeExplainer,
    ShapExplainer,
    WISCAExplainer,
)
from wisca_xai._panel._measure import N_NULL_FEATURES
from wisca_xai._panel._plan import Stack
from wisca_xai._results._reliability import Reliability
from wisca_xai.consensus import value_groups, wisca, wisca_signed

IRIS, SPECIES = load_iris(return_X_y=True, as_frame=True)
SPECIES = pd.Series(np.array(["lily", "rose", "tulip"])[SPECIES])
MODEL = LogisticRegression(max_iter=500).fit(IRIS, SPECIES)
ROWS = slice(None, None, 12)


class Told(BaseExplainer):
    """A global explainer that says what it is told."""

    name, scope = "told", "global"

    def __init__(
        self,
        estimator=None,
        *,
        values=(),
        null_values=None,
        response_method="auto",
        random_state=None,
    ):
        self.estimator = estimator
        self.values = values
        self.null_values = null_values
        self.response_method = response_method
        self.random_state = random_state

    def _explain(self, task):
        return task.explanation(
            np.resize(np.array(self.values, dtype=float), task.n_features),
            method="told",
            family="loss",
            unit="1",
            signed=False,
            null_values=None
            if self.null_values is None
            else np.resize(self.null_values, task.n_null_features),
        )


def fast_panel():
    return (
        ShapExplainer(background_size=10),
        LimeExplainer(n_samples=300),
        "permutation",
        ForestExplainer(n_estimators=20),
    )


def first_column(X):
    return np.nan_to_num(np.asarray(X, dtype=float)[:, 0])


def told(X, *panel, rows=None, y=None, model=first_column, **settings):
    panel = panel or (Told(values=(1.0, 0.5)),)
    named = [(f"told {i}", explainer) for i, explainer in enumerate(panel)]
    explainer = WISCAExplainer(model, explainers=named, random_state=0, **settings).fit(X)
    return explainer.explain(X[:3] if rows is None else rows, y)


@pytest.fixture(scope="module")
def iris():
    explainer = WISCAExplainer(MODEL, explainers=fast_panel(), random_state=0).fit(IRIS, SPECIES)
    return explainer, explainer.explain(IRIS[ROWS], SPECIES[ROWS])


# -- above noise --------------------------------------------------------------------------------


def test_chance_is_the_share_of_null_features_that_reach_a_feature():
    X = np.zeros((5, 3))
    explanation = told(X, Told(values=(0.9, 0.5, 0.1), null_values=(0.5, 0.05, 0.7, 0.0)))
    assert explanation.reliability.null_p_values.tolist() == [1 / 21, 11 / 21, 11 / 21]


def test_chance_is_counted_in_the_consensus_of_all_that_measured_their_noise():
    model = LogisticRegression(max_iter=500).fit(IRIS, SPECIES)
    model.coef_[:, :2] = 0.0  # LIME and the forest give these something all the same
    explainer = WISCAExplainer(model, explainers=fast_panel(), random_state=0)
    explanation = explainer.fit(IRIS, SPECIES).explain(IRIS[ROWS], SPECIES[ROWS])
    parts = explanation.components
    for name, part in parts.items():
        assert part.null_values.shape[-1] == N_NULL_FEATURES, name
    for name in ("shap", "permutation"):
        np.testing.assert_array_equal(
            parts[name].null_values, np.zeros_like(parts[name].null_values)
        )
    for name in ("lime", "forest"):
        assert np.abs(parts[name].null_values).max() > 0
    local = [np.hstack([parts[name].values, parts[name].null_values]) for name in ("shap", "lime")]
    whole = [
        np.concatenate([parts[name].values, parts[name].null_values])
        for name in ("permutation", "forest")
    ]
    # a null is a shuffled copy of a column, whose turns go round, and is grouped as that is
    groups = value_groups(IRIS[ROWS])[:, [*range(4), *list(range(4)) * (N_NULL_FEATURES // 4)]]
    votes = [explanation.votes[name] for name in ("shap", "lime", "permutation", "forest")]
    both = wisca(local, whole, explanation.weights, method_weights=votes, groups=groups).importance
    expected = [
        (1 + sum(null >= real for null in both[4:])) / (1 + N_NULL_FEATURES) for real in both[:4]
    ]
    assert explanation.reliability.null_p_values.tolist() == expected
    above = explanation.ranking().set_index("feature")["above_noise"]
    assert above[list(IRIS.columns)].tolist() == [p <= 0.05 for p in expected]
    assert above.nunique() == 2


def test_explainers_without_null_values_take_no_part_in_chance():
    X = np.zeros((5, 2))
    silent, noisy = Told(values=(9.0, 0.0)), Told(values=(0.4, 0.5), null_values=(0.45, 0.0))
    assert told(X, silent, noisy).reliability.null_p_values.tolist() == [11 / 21, 1 / 21]
    assert told(X, silent).reliability.null_p_values is None
    ranking = told(X, silent).ranking()
    assert ranking["above_noise"].isna().all()


def test_chance_of_all_classes(iris):
    explainer, _ = iris
    explanation = explainer.explain(IRIS[ROWS], target="all")
    assert explanation.components["lime"].null_values.shape == (13, N_NULL_FEATURES, 3)
    assert explanation.components["shap"].null_values.shape == (13, N_NULL_FEATURES, 3)
    assert explanation.reliability.null_p_values.shape == (4,)
    assert explanation.reliability.null_p_values.min() == 1 / (1 + N_NULL_FEATURES)


def test_used_features_stand_above_noise_and_unused_ones_hardly_ever():
    panel = ShapExplainer(background_size=10), "lime", "permutation", "forest"
    chances = []
    for seed in range(12):
        X = np.random.default_rng(seed).normal(size=(250, 8))
        explainer = WISCAExplainer(
            lambda Z: Z[:, 2] - 0.5 * Z[:, 5], explainers=panel, random_state=seed
        )
        reliability = explainer.fit(X).explain(X[:30]).reliability
        assert reliability.above_noise()[[2, 5]].all()
        chances += np.delete(reliability.null_p_values, [2, 5]).tolist()
    assert np.mean(np.array(chances) <= 0.05) <= 0.05
    assert np.mean(chances) == pytest.approx(0.5, abs=0.08)  # as of any p-value


@pytest.mark.parametrize(
    ("chance", "refit_p_values", "expected"),
    [
        ([0.05, 0.06, 0.01], None, [True, False, True]),
        ([0.05, 0.06, 0.01], [0.01, 0.01, 0.2], [True, False, False]),
        (None, [0.01, 0.05, 0.2], [True, True, False]),
    ],
)
def test_a_feature_has_to_stand_above_both_kinds_of_noise(chance, refit_p_values, expected):
    known = [None if p is None else np.array(p) for p in (chance, refit_p_values)]
    reliability = Reliability(None, *known, {}, (), np.zeros(2), 0.5)
    assert reliability.above_noise().tolist() == expected
    assert reliability.above_noise(1.0).tolist() == [True] * 3
    assert Reliability(None, None, None, {}, (), np.zeros(2), 0.5).above_noise() is None


# -- other panels, other rows --------------------------------------------------------------------


def test_without_an_explainer_is_the_merge_of_the_others(iris):
    _, explanation = iris
    parts = {name: part.values for name, part in explanation.components.items()}
    assert list(explanation.reliability.without) == list(parts)
    groups = value_groups(IRIS[ROWS])
    for name, found in explanation.reliability.without.items():
        local = [other for other in ("shap", "lime") if other != name]
        whole = [other for other in ("permutation", "forest") if other != name]
        expected = wisca(
            [parts[other] for other in local],
            [parts[other] for other in whole],
            explanation.weights,
            method_weights=[explanation.votes[other] for other in local + whole],
            groups=groups,
        ).importance
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)


def test_without_an_explainer_the_others_keep_their_votes():
    X = np.zeros((5, 3))
    panel = (
        *(("a", Told(values=(3.0, 2.0, 1.0))), ("b", Told(values=(1.0, 3.0, 2.0)))),
        ForestExplainer(n_estimators=3),
    )
    explainer = WISCAExplainer(lambda Z: Z[:, 2], explainers=panel, random_state=0)
    X = np.random.default_rng(0).normal(size=(50, 3))
    explanation = explainer.fit(X).explain(X[:3])
    assert explanation.votes == {"a": 0.5, "b": 0.5, "forest": 1.0}
    forest = explanation.components["forest"].values
    expected = wisca(None, [[1.0, 3.0, 2.0], forest], method_weights=[0.5, 1.0]).importance
    np.testing.assert_allclose(explanation.reliability.without["a"], expected, rtol=1e-12)
    equal = explainer.set_params(weighting="equal").fit(X).explain(X[:3])
    assert set(equal.votes.values()) == {1.0}
    whole = [[3.0, 2.0, 1.0], [1.0, 3.0, 2.0], forest]
    np.testing.assert_allclose(equal.importance, wisca(None, whole).importance, rtol=1e-12)


def test_an_unknown_weighting_is_refused():
    explainer = WISCAExplainer(MODEL, weighting="familly")
    with pytest.raises(InputError, match=r"`weighting` must be one of .* Did you mean 'family'"):
        explainer.fit(IRIS)


def test_a_single_explainer_leaves_nothing_to_leave_out():
    assert told(np.zeros((5, 2))).reliability.without == {}


def test_resamples_are_centred_at_the_importance_and_the_signed_sum(iris):
    _, explanation = iris
    found = explanation.reliability.resamples
    assert found.n_samples == 13
    np.testing.assert_allclose(found.importance.mean(axis=0), explanation.importance)
    np.testing.assert_allclose(found.signed.mean(axis=0), explanation.wisca)
    parts = [part.values for part in explanation.components.values()]
    votes = list(explanation.votes.values())
    signed = wisca_signed(
        parts[:2], parts[2:], explanation.weights, method_weights=votes
    ).importance
    np.testing.assert_allclose(explanation.wisca, signed, rtol=1e-12)
    assert found.importance.std(axis=0).min() > 0


def test_more_rows_narrow_the_intervals():
    X = np.random.default_rng(0).normal(size=(400, 2))
    widths = []
    for n in (20, 180):
        explainer = WISCAExplainer(
            lambda Z: Z[:, 0] * np.abs(Z[:, 1]),
            explainers=(ShapExplainer(background_size=10), "permutation"),
            random_state=0,
        )
        ranking = explainer.fit(X).explain(X[:n]).ranking()
        widths.append((ranking["upper"] - ranking["lower"]).to_numpy())
        assert (ranking["lower"] >= 0).all()
        assert (ranking["upper"] <= 1).all()
        assert (ranking["lower"] <= ranking["importance"]).all()
        assert (ranking["importance"] <= ranking["upper"]).all()
        assert ranking["best_rank"].le(ranking["rank"]).all()
        assert ranking["worst_rank"].ge(ranking["rank"]).all()
    assert widths[0].mean() > 2 * widths[1].mean()  # 3 times as wide, by the root of 9


def test_a_single_row_has_no_resamples(iris):
    explainer, _ = iris
    explanation = explainer.explain(IRIS[:1])
    assert explanation.reliability.resamples is None
    ranking = explanation.ranking()
    unknown = ["lower", "upper", "p_positive", "best_rank", "worst_rank", "p_top"]
    assert ranking[unknown].isna().all(axis=None)
    assert ranking["rank"].tolist() == [1, 2, 3, 4]
    assert "ConsensusExplanation" in repr(explanation)


@pytest.mark.parametrize("k", [1, 2, 3, 10])
def test_the_ranking_takes_k_and_a_level(iris, k):
    _, explanation = iris
    ranking = explanation.ranking(k=k)
    assert ranking["p_top"].sum() == pytest.approx(min(k, 4))
    narrow = explanation.ranking(level=0.5)
    assert (narrow["lower"] > ranking["lower"]).any()
    with pytest.raises(InputError, match="`k` must be an integer of at least 1, got 0"):
        explanation.ranking(k=0)


def test_the_interval_of_a_signed_consensus_may_lie_below_zero():
    X = np.random.default_rng(0).normal(size=(60, 3)) + 1
    explainer = WISCAExplainer(
        lambda Z: Z @ [1.0, -2.0, 0.0],
        explainers=(LimeExplainer(n_samples=300), ShapExplainer(background_size=20)),
        consensus="wisca_signed",
        random_state=0,
    )
    ranking = explainer.fit(X).explain(X[:30]).ranking()
    assert ranking["lower"].min() < 0
    assert ranking["lower"].min() >= -1
    assert ((ranking["p_positive"] >= 0) & (ranking["p_positive"] <= 1)).all()


def with_others(importance, without):
    """A consensus of three features, and what it would be without some explainers."""
    explanation = told(pd.DataFrame(np.zeros((5, 3)), columns=list("abc")))
    series = pd.Series(importance, index=explanation.importance.index)
    arrays = {name: np.array(values) for name, values in without.items()}
    reliability = replace(explanation.reliability, without=arrays)
    return replace(explanation, importance=series, reliability=reliability)


def test_influence_is_the_change_of_the_ranks():
    without = {"shap": [1.0, 0.5, 0.0], "lime": [0.0, 1.0, -2.0]}
    table = with_others([0.5, -1.0, 0.5], without).influence()
    assert list(table.columns) == ["without", "feature", "rank", "rank_without", "change"]
    expected = {
        ("shap", "a"): (2, 1, -1),
        ("shap", "b"): (1, 2, 1),
        ("shap", "c"): (2, 3, 1),
        ("lime", "a"): (2, 3, 1),
        ("lime", "b"): (1, 2, 1),
        ("lime", "c"): (2, 1, -1),
    }
    assert {row[:2]: row[2:] for row in table.itertuples(index=False, name=None)} == expected


def test_influence_starts_with_the_largest_change_up_or_down():
    without = {"lime": [0.5, 1.0, 0.4], "shap": [0.2, 0.1, 1.0]}
    table = with_others([0.5, 1.0, 0.4], without).influence()
    assert table["change"].tolist() == [2, -2, 0, 0, 0, 0]
    assert table["feature"].tolist() == ["b", "c", "a", "b", "c", "a"]
    assert table["without"].tolist() == ["shap"] * 2 + ["lime"] * 3 + ["shap"]


def test_without_others_there_is_no_influence():
    table = with_others([0.5, 1.0, 0.4], {}).influence()
    assert table.shape == (0, 5)


def test_the_partial_order_is_what_all_components_say():
    X = pd.DataFrame(np.zeros((5, 3)), columns=list("abc"))
    one, two = Told(values=(3.0, 2.0, 1.0)), Told(values=(5.0, -1.0, 0.0))  # below 0 is 0
    explanation = told(X, one, two, Told(values=(1.0, 1.0, 1.0)))  # the last has no say
    assert explanation.partial_order().edges() == [(0, 1), (0, 2)]
    assert explanation.partial_order(["c", "a"]).edges() == [(1, 0)]
    assert told(X, one, Told(values=(1.0, 2.0, 3.0))).partial_order().edges() == []


# -- the data ------------------------------------------------------------------------------------


def test_features_whose_ranks_correlate_are_grouped():
    generator = np.random.default_rng(0)
    one, other, noise, *steps = generator.normal(size=(6, 400))
    chain = np.cumsum([other, 0.6 * steps[0], 0.7 * steps[1]], axis=0)
    X = pd.DataFrame(
        {
            "one": one,
            "chain 1": chain[0],
            "alone": noise,
            "curved": np.exp(3 * one),
            "chain 2": chain[1],
            "mirrored": -one,
            "chain 3": chain[2],
        }
    )
    assert X["chain 1"].corr(X["chain 3"], method="spearman") < 0.8  # linked by chain 2 alone
    found = told(X).reliability.correlated
    assert found == (("one", "curved", "mirrored"), ("chain 1", "chain 2", "chain 3"))
    assert all(type(name) is str for group in found for name in group)


@pytest.mark.parametrize("correlation", [0.75, 0.85])
def test_the_threshold_is_a_correlation_of_ranks_of_0_8(correlation):
    one, two = np.random.default_rng(0).normal(size=(2, 3000))
    X = pd.DataFrame({"a": one, "b": correlation * one + np.sqrt(1 - correlation**2) * two})
    assert told(X).reliability.correlated == ((("a", "b"),) if correlation > 0.8 else ())


def test_independent_features_form_no_group():
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(50, 4)), columns=list("abcd"))
    assert told(X).reliability.correlated == ()


def test_constants_and_missing_values_are_in_no_group():
    one, two = np.arange(20.0), np.arange(20.0)
    two[3] = np.nan
    X = pd.DataFrame({"a": one, "hole": two, "same": 1.0, "b": one**2, "same too": 1.0})
    X["endless"] = np.where(one < 19, one, np.inf)
    assert told(X).reliability.correlated == (("a", "b"),)
    assert told(X[["a", "same"]]).reliability.correlated == ()


def test_two_rows_tell_nothing_of_correlations():
    X = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 5.0]})
    assert told(X, rows=X).reliability.correlated == ()


def test_the_features_outside_of_the_background_are_counted_by_row():
    X = pd.DataFrame({"a": [0.0, 1.0, 0.5], "b": [-1.0, 1.0, 0.0], "c": [2.0, 2.0, 2.0]})
    rows = pd.DataFrame(
        {
            "a": [0.5, 1.01, -0.1, 0.0, np.nan],
            "b": [0.5, 0.0, 1.5, 1.0, 0.0],
            "c": [2.0, 2.0, 3.0, 2.0, 2.0],
        }
    )
    assert told(X, rows=rows).reliability.outside.tolist() == [0.0, 1.0, 3.0, 0.0, 1.0]


def test_the_skill_of_a_regression_is_its_r2():
    generator = np.random.default_rng(0)
    X = generator.normal(size=(60, 2))
    y = X @ [1.0, 2.0] + generator.normal(size=60)
    model = LinearRegression().fit(X[:30], y[:30])
    explanation = told(X, model=model, rows=X[30:], y=y[30:])
    assert explanation.reliability.skill == pytest.approx(r2_score(y[30:], model.predict(X[30:])))


def test_the_skill_of_a_classifier_is_the_share_of_errors_that_it_avoids():
    X = pd.DataFrame({"a": [0.0, 0.0, 1.0, 1.0, 1.0]})
    model = RandomForestClassifier(5, random_state=0).fit(X, ["n", "n", "y", "y", "y"])
    truth = np.array(["n", "y", "y", "y", "n", "y"])  # 2 errors; "y" throughout has 2 as well
    rows = pd.DataFrame({"a": [0.0, 0.0, 1.0, 1.0, 1.0, 1.0]})
    assert told(X, model=model, rows=rows, y=truth).reliability.skill == pytest.approx(0.0)
    truth = np.array(["n", "n", "y", "y", "n", "y"])  # 1 error of 3
    assert told(X, model=model, rows=rows, y=truth).reliability.skill == pytest.approx(2 / 3)
    truth = np.array(["y", "y", "n", "n", "n", "n"])  # wrong throughout: 6 errors of 2
    assert told(X, model=model, rows=rows, y=truth).reliability.skill == pytest.approx(-2.0)


def test_the_skill_is_not_known_without_y_or_of_a_single_value():
    X = IRIS[:20]
    assert np.isnan(told(X, model=MODEL).reliability.skill)
    assert np.isnan(told(X, model=MODEL, rows=X, y=["lily"] * 20).reliability.skill)
    assert np.isnan(told(X, rows=X, y=np.ones(20)).reliability.skill)


def test_a_function_whose_classes_have_no_names_has_no_known_skill():
    explanation = told(IRIS, model=MODEL.predict_proba, rows=IRIS[ROWS], y=SPECIES[ROWS])
    assert np.isnan(explanation.reliability.skill)
    assert "hardly better than a constant" not in explanation.verdict()


# -- all of it -----------------------------------------------------------------------------------


def bytes_of(reliability, order=slice(None)):
    """All numbers of a Reliability, those of rows in an order."""
    arrays = [
        reliability.null_p_values,
        *reliability.without.values(),
        reliability.outside[order],
        np.array(reliability.skill),
    ]
    arrays += [reliability.resamples.importance, reliability.resamples.signed]
    arrays += [] if reliability.refit_p_values is None else [reliability.refit_p_values]
    return [array.tobytes() for array in arrays], reliability.correlated, list(reliability.without)


@pytest.mark.parametrize("refit", [False, 2])
def test_shuffled_rows_give_the_same_bytes_of_every_field(refit):
    generator = np.random.default_rng(0)
    rows = IRIS[ROWS] * np.linspace(0.5, 1.5, 13)[:, None]  # some lie outside
    order, other = generator.permutation(13), generator.permutation(150)
    panel = (LimeExplainer(n_samples=100), *fast_panel()[2:])
    explainer = WISCAExplainer(MODEL, explainers=panel, random_state=0, refit=refit)
    once = explainer.fit(IRIS, SPECIES).explain(rows, SPECIES[ROWS])
    again = explainer.fit(IRIS.iloc[other], SPECIES.iloc[other]).explain(
        rows.iloc[order], SPECIES[ROWS].iloc[order]
    )
    assert np.ptp(once.reliability.outside) > 0
    assert bytes_of(again.reliability) == bytes_of(once.reliability, order)
    pd.testing.assert_frame_equal(again.ranking(), once.ranking(), check_exact=True)
    for name, part in once.components.items():
        taken = part.take(order)
        found = again.components[name]
        assert found.null_values.tobytes() == taken.null_values.tobytes()
        assert found.diagnostics.keys() == taken.diagnostics.keys()
        for key, values in taken.diagnostics.items():
            assert found.diagnostics[key].tobytes() == values.tobytes()
    assert again.verdict() == once.verdict()


@pytest.mark.parametrize("refit", [False, 2])
@pytest.mark.parametrize("n_rows", [1, 13])
@pytest.mark.parametrize("with_y", [True, False], ids=["with y", "without y"])
def test_all_of_it_is_saved(tmp_path, refit, n_rows, with_y):
    explainer = WISCAExplainer(MODEL, explainers=fast_panel()[1:], random_state=0, refit=refit)
    rows = IRIS[ROWS][:n_rows]
    y = SPECIES[ROWS][:n_rows] if with_y else None
    explanation = explainer.fit(IRIS, SPECIES).explain(rows, y)
    assert (explanation.reliability.refit_p_values is None) == (not refit)
    assert (explanation.reliability.resamples is None) == (n_rows == 1)
    explanation.save(tmp_path / "saved.npz")
    loaded = Explanation.load(tmp_path / "saved.npz")
    assert isinstance(loaded.reliability, Reliability)
    assert loaded == explanation
    pd.testing.assert_frame_equal(loaded.ranking(), explanation.ranking(), check_exact=True)
    assert loaded.verdict() == explanation.verdict()


def test_rows_in_another_order_take_their_counts_along(iris):
    _, explanation = iris
    part = explanation.take([5, 2])
    np.testing.assert_array_equal(part.reliability.outside, explanation.reliability.outside[[5, 2]])
    assert part.reliability.resamples is explanation.reliability.resamples


def test_null_values_have_the_groups_of_the_columns_that_they_copy(monkeypatch):
    seen = []
    merge_others = Stack.merge_others

    def record(self, function, local, importances, weights, groups=None):
        seen.append(groups)
        return merge_others(self, function, local, importances, weights, groups)

    monkeypatch.setattr(Stack, "merge_others", record)
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 3)), columns=["a", "b", "c"])
    WISCAExplainer(
        lambda table: table["a"] * table["b"], explainers=("lime", "forest"), random_state=0
    ).fit(X).explain(X[:30])
    (wide,) = [groups for groups in seen if groups is not None and groups.shape[1] > 3]
    assert wide.shape == (30, 3 + N_NULL_FEATURES)
    for k in range(N_NULL_FEATURES):
        np.testing.assert_array_equal(wide[:, 3 + k], wide[:, k % 3])
    assert not np.array_equal(wide[:, 0], wide[:, 1])
