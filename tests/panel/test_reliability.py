"""Reliability: other rows and other panels, checked with counts by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.explainers.fixed import FixedExplainer
from tests.panel.cases import IRIS, MODEL, ROWS, SPECIES, fast_panel, fixed_consensus
from tests.panel.merge_oracle import merge_by_hand, unused_by_hand
from wisca_xai import (
    Explanation,
    ForestExplainer,
    InputError,
    LimeExplainer,
    ShapExplainer,
    WISCAExplainer,
)
from wisca_xai._results._reliability import Reliability
from wisca_xai.consensus import wisca, wisca_signed


def test_without_an_explainer_is_the_merge_of_the_others(iris):
    _, explanation = iris
    parts, without = explanation.components, explanation.reliability.without
    assert list(without) == list(parts)
    for name, found in without.items():
        votes = {other: vote for other, vote in explanation.votes.items() if other != name}
        # An explainer without a vote still tells which features are unused.
        unused = unused_by_hand(parts)
        expected, _ = merge_by_hand(parts, votes, explanation.weights, unused=unused)
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)


def test_without_an_explainer_the_others_keep_their_votes():
    X = np.zeros((5, 3))
    panel = (
        *(
            ("a", FixedExplainer(values=(3.0, 2.0, 1.0))),
            ("b", FixedExplainer(values=(1.0, 3.0, 2.0))),
        ),
        ForestExplainer(n_estimators=3),
    )
    explainer = WISCAExplainer(
        lambda Z: Z[:, 2], explainers=panel, weighting="family", random_state=0
    )
    X = np.random.default_rng(0).normal(size=(50, 3))
    explanation = explainer.fit(X).explain(X[:3])
    assert explanation.votes == {"a": 0.5, "b": 0.5, "forest": 1.0}
    forest = np.sqrt(explanation.components["forest"].values)  # shares of variance
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
    assert fixed_consensus(np.zeros((5, 2))).reliability.without == {}


def test_resamples_are_centred_at_the_importance_and_the_signed_sum(iris):
    _, explanation = iris
    found = explanation.reliability.resamples
    assert found.n_samples == 13
    np.testing.assert_allclose(found.importance.mean(axis=0), explanation.importance)
    np.testing.assert_allclose(found.signed.mean(axis=0), explanation.wisca)
    parts = [part.values for part in explanation.components.values()]
    parts[3] = np.sqrt(parts[3])  # the forest gives shares of variance
    votes = list(explanation.votes.values())
    signed = wisca_signed(
        parts[:2], parts[2:], explanation.weights, method_weights=votes
    ).importance
    np.testing.assert_allclose(explanation.wisca, signed, rtol=1e-12)
    assert found.importance.std(axis=0).min() > 0


def ranking_of_rows(n, *more):
    X = np.random.default_rng(0).normal(size=(400, 2))
    explainer = WISCAExplainer(
        lambda Z: Z[:, 0] * np.abs(Z[:, 1]),
        explainers=(ShapExplainer(background_size=10), *more),
        random_state=0,
    )
    return explainer.fit(X).explain(X[:n]).ranking()


def test_more_rows_narrow_the_intervals():
    widths = []
    for n in (20, 180):
        ranking = ranking_of_rows(n)
        widths.append((ranking["upper"] - ranking["lower"]).to_numpy())
    assert widths[0].mean() > 2 * widths[1].mean()  # 3 times as wide, by the root of 9


def test_explainers_that_differ_widen_the_intervals_however_many_rows():
    """The shares are 2/3 and 1/3: their jackknife has the standard error 1/6."""
    one, two = FixedExplainer(values=(2.0, 1.0)), FixedExplainer(values=(1.0, 2.0))
    X = np.zeros((300, 2))
    ranking = fixed_consensus(X, one, two, rows=X).ranking()
    np.testing.assert_allclose((ranking["upper"] - ranking["lower"]) / 2, 1.96 / 6, rtol=0.2)
    np.testing.assert_allclose(ranking["importance"], 0.5)
    agreed = fixed_consensus(X, one, one, rows=X).ranking()
    np.testing.assert_allclose(agreed["upper"], agreed["lower"])


@pytest.mark.parametrize("n", [20, 180])
def test_intervals_hold_the_importance_and_the_rank(n):
    ranking = ranking_of_rows(n, "permutation")
    assert (ranking["lower"] >= 0).all()
    assert (ranking["upper"] <= 1).all()
    assert (ranking["lower"] <= ranking["importance"]).all()
    assert (ranking["importance"] <= ranking["upper"]).all()
    assert ranking["best_rank"].le(ranking["rank"]).all()
    assert ranking["worst_rank"].ge(ranking["rank"]).all()


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
    explanation = fixed_consensus(pd.DataFrame(np.zeros((5, 3)), columns=list("abc")))
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
    one, two = (
        FixedExplainer(values=(3.0, 2.0, 1.0)),
        FixedExplainer(values=(5.0, -1.0, 0.0)),
    )  # below 0 is 0
    explanation = fixed_consensus(
        X, one, two, FixedExplainer(values=(1.0, 1.0, 1.0))
    )  # the last has no say
    assert explanation.partial_order().edges() == [(0, 1), (0, 2)]
    assert explanation.partial_order(["c", "a"]).edges() == [(1, 0)]
    assert (
        fixed_consensus(X, one, FixedExplainer(values=(1.0, 2.0, 3.0))).partial_order().edges()
        == []
    )


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


@pytest.mark.parametrize("n_refits", [0, 2])
def test_shuffled_rows_give_the_same_bytes_of_every_field(n_refits):
    generator = np.random.default_rng(0)
    rows = IRIS[ROWS] * np.linspace(0.5, 1.5, 13)[:, None]  # some lie outside
    order, other = generator.permutation(13), generator.permutation(150)
    panel = (LimeExplainer(n_samples=100), *fast_panel()[2:])
    explainer = WISCAExplainer(MODEL, explainers=panel, random_state=0, n_refits=n_refits)
    once = explainer.fit(IRIS, SPECIES).explain(rows, SPECIES[ROWS])
    again = explainer.fit(IRIS.iloc[other], SPECIES.iloc[other]).explain(
        rows.iloc[order], SPECIES[ROWS].iloc[order]
    )
    assert np.ptp(once.reliability.outside) > 0
    assert bytes_of(again.reliability) == bytes_of(once.reliability, order)
    pd.testing.assert_frame_equal(again.ranking(), once.ranking(), check_exact=True)
    for name, part in once.components.items():
        taken = part._reordered(order)
        found = again.components[name]
        assert found.null_values.tobytes() == taken.null_values.tobytes()
        assert found.diagnostics.keys() == taken.diagnostics.keys()
        for key, values in taken.diagnostics.items():
            assert found.diagnostics[key].tobytes() == values.tobytes()
    assert again.verdict() == once.verdict()


@pytest.mark.parametrize("n_refits", [0, 2])
@pytest.mark.parametrize("n_rows", [1, 13])
@pytest.mark.parametrize("with_y", [True, False], ids=["with y", "without y"])
def test_every_field_is_saved(tmp_path, n_refits, n_rows, with_y):
    explainer = WISCAExplainer(
        MODEL, explainers=fast_panel()[1:], random_state=0, n_refits=n_refits
    )
    rows = IRIS[ROWS][:n_rows]
    y = SPECIES[ROWS][:n_rows] if with_y else None
    explanation = explainer.fit(IRIS, SPECIES).explain(rows, y)
    assert (explanation.reliability.refit_p_values is None) == (not n_refits)
    assert (explanation.reliability.resamples is None) == (n_rows == 1)
    explanation.save(tmp_path / "saved.npz")
    loaded = Explanation.load(tmp_path / "saved.npz")
    assert isinstance(loaded.reliability, Reliability)
    assert loaded == explanation
    pd.testing.assert_frame_equal(loaded.ranking(), explanation.ranking(), check_exact=True)
    assert loaded.verdict() == explanation.verdict()


def test_chosen_rows_take_their_counts_along(iris):
    _, explanation = iris
    part = explanation[[5, 2]].reliability
    np.testing.assert_array_equal(part.outside, explanation.reliability.outside[[5, 2]])
    assert part.resamples.n_samples == 2
