"""Equal effects are equal importances, twice the effect is twice the importance, in any unit."""

import numpy as np
import pandas as pd
import pytest

from tests.panel.merge_oracle import merge_by_hand, votes_by_hand
from wisca_xai import (
    Explanation,
    OcclusionExplainer,
    ShapExplainer,
    WISCAExplainer,
    merge_explanations,
)
from wisca_xai._results._plan import MergePlan
from wisca_xai._results.external import from_external
from wisca_xai.consensus import wisca


def explained(model, X, n_rows=100, seed=0, **settings):
    return WISCAExplainer(model, random_state=seed, **settings).fit(X).explain(X[:n_rows])


def test_two_equal_effects_are_equally_important():
    ordered = 0
    for seed in range(10):
        X = np.random.default_rng(seed).normal(size=(300, 4))
        explanation = explained(lambda Z: Z[:, 0] + Z[:, 1], X, seed=seed)
        one, two = explanation.importance[["x0", "x1"]]
        assert abs(one - two) <= 0.25 * max(one, two)
        ranking = explanation.ranking().set_index("feature").loc[["x0", "x1"]]
        ordered += ranking["worst_rank"].min() < ranking["best_rank"].max()
    assert ordered <= 1


@pytest.mark.parametrize("seed", range(3))
def test_importances_are_proportional_to_the_effects(seed):
    X = np.random.default_rng(seed).normal(size=(300, 4))
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    importance = explained(lambda Z: Z @ [4.0, 3.0, 2.0, 1.0], X, 300, seed).importance
    assert importance.sum() == pytest.approx(1)
    np.testing.assert_allclose(importance / importance["x0"], [1, 0.75, 0.5, 0.25], atol=0.1)


def of_copies(X, **settings):
    X = X.copy()
    X[:, 1] = X[:, 0]
    return explained(lambda Z: np.tanh(Z[:, 0] + Z[:, 1]) + Z[:, 2], X, 40, **settings)


@pytest.mark.parametrize("seed", range(5))
def test_exact_copies_that_are_read_alike_tie(seed):
    X = np.random.default_rng(seed).normal(size=(200, 4))
    panel = ShapExplainer(method="exact"), OcclusionExplainer(n_draws=200), "permutation"
    explanation = of_copies(X, explainers=panel, seed=seed)
    one, two = explanation.importance[["x0", "x1"]]
    assert one == pytest.approx(two, rel=1e-6)
    ranking = explanation.ranking().set_index("feature")
    assert ranking.loc["x0", "rank"] == ranking.loc["x1", "rank"]
    sampled = of_copies(X, seed=seed)  # the default panel draws other samples for each column
    assert sampled.importance["x0"] == pytest.approx(sampled.importance["x1"], rel=0.1)
    for found in (explanation, sampled):
        ranking = found.ranking().set_index("feature").loc[["x0", "x1"]]
        assert (ranking["worst_rank"] - ranking["best_rank"] >= 1).all()


def test_what_is_equal_up_to_rounding_is_tied():
    """Three thirds of which one is 1e-16 larger, in both orders of the columns."""
    third = np.full((20, 3), 1 / 3)
    third[:, 0] += 1e-16
    for values in (third, third[:, ::-1]):
        frame = pd.DataFrame(np.column_stack([values, np.full(20, 0.1)]), columns=list("abcd"))
        ranking = merge_explanations({"one": frame}).ranking()
        assert ranking["feature"].tolist() == list("abcd")
        assert ranking["rank"].tolist() == [1, 1, 1, 4]
        assert ranking["best_rank"].tolist() == [1, 1, 1, 4]
        assert ranking["worst_rank"].tolist() == [3, 3, 3, 4]


def answer(values, family="x", unit="target", **settings):
    values = np.asarray(values, dtype=float)
    names = tuple("abcde")[: values.shape[-1]]
    return Explanation(values, names, family, family, unit, True, **settings)


SHARES = np.array([0.64, 0.16, 0.04, 0.16])
EFFECTS = np.array([0.8, 0.4, 0.2, 0.4])  # their roots


def test_shares_of_variance_are_merged_as_their_roots():
    amplitude = answer(np.tile(EFFECTS, (3, 1)) * [[1], [-1], [1]])
    parts = {"shares": answer(SHARES, "loss", squared=True), "effects": amplitude}
    found = merge_explanations(parts)
    np.testing.assert_allclose(found.importance, EFFECTS / EFFECTS.sum(), rtol=1e-12)
    np.testing.assert_allclose(found.components["shares"].mean_magnitude(), EFFECTS, rtol=1e-12)
    plain = merge_explanations({**parts, "shares": answer(SHARES, "loss")})
    assert plain.importance["a"] > found.importance["a"] + 0.05
    assert found.agreement()["agreement"].tolist() == pytest.approx([1.0])


def test_a_share_below_0_is_noise_and_counts_as_0():
    parts = {"shares": answer([0.25, -0.09, 0.0], "loss", squared=True)}
    assert merge_explanations(parts).importance.tolist() == [1.0, 0.0, 0.0]


def test_what_comes_from_elsewhere_is_squared_only_if_stated():
    series = pd.Series(SHARES, index=list("abcd"))
    assert from_external(series).squared is False
    squared = merge_explanations({"shares": answer(SHARES, squared=True)})
    plain = merge_explanations({"shares": series})
    np.testing.assert_allclose(squared.importance, EFFECTS / EFFECTS.sum(), rtol=1e-12)
    np.testing.assert_allclose(plain.importance, SHARES / SHARES.sum(), rtol=1e-12)


def test_attributions_of_one_unit_are_added_as_they_are():
    """In the second row the second explainer finds ten times the effect, and counts as much."""
    one, two = [[2.0, -1.0], [1.0, 0.0]], [[0.0, -3.0], [0.0, -10.0]]
    parts = {"one": answer(one, "x"), "two": answer(two, "y")}
    found = merge_explanations(parts, weighting="equal")
    # Means (1, -2) and (.5, -5), divided by the largest magnitudes 3 and 10.
    np.testing.assert_allclose(found.values, [[1 / 3, -2 / 3], [0.05, -0.5]], rtol=1e-12)


def test_attributions_of_two_units_are_divided_by_their_mean_magnitudes():
    """The mean magnitudes are 1 and 50."""
    one, two = [[2.0, -1.0], [1.0, 0.0]], [[0.0, -100.0], [60.0, -40.0]]
    parts = {"one": answer(one, "x"), "two": answer(two, "y", unit="1")}
    found = merge_explanations(parts, weighting="equal")
    # Rows (2, -1) and (0, -2), and (1, 0) and (1.2, -.8).
    np.testing.assert_allclose(found.values, [[0.5, -0.75], [1.1 / 1.2, -0.4 / 1.2]], rtol=1e-12)
    other = {**parts, "two": answer(np.array(two) * 1e6, "y", unit="score")}
    np.testing.assert_allclose(
        merge_explanations(other, weighting="equal").values, found.values, rtol=1e-12
    )


@pytest.mark.parametrize("seed", range(20))
def test_the_default_merge_is_a_loop_over_methods_and_rows(seed):
    """Random panels with other units, families, fits, squared units and unused features."""
    generator = np.random.default_rng(seed)
    n, d = generator.integers(1, 6), generator.integers(2, 5)
    parts = {}
    for name in "abc"[: generator.integers(1, 4)]:
        fits = generator.choice([0.0, 0.5, 1.0, 1.3], size=n) if generator.random() < 0.7 else None
        parts[name] = answer(
            generator.normal(size=(n, d)) * 10 ** generator.integers(0, 3),
            generator.choice(["x", "y"]),
            generator.choice(["target", "1"]),
            diagnostics={} if fits is None else {generator.choice(["fidelity", "r2"]): fits},
            fidelity=None if fits is None else float(np.clip(fits, 0, 1).mean()),
            unused=generator.random(d) < 0.4 if generator.random() < 0.5 else None,
        )
    for name in "gh"[: generator.integers(0, 3)]:
        family, squared = generator.choice(["x", "z"]), bool(generator.random() < 0.5)
        parts[name] = answer(generator.normal(size=d), family, "score", squared=squared)
    votes, weights = votes_by_hand(parts), generator.random(n)
    if not any(votes.values()):
        votes = dict.fromkeys(votes, 1.0)
    found = MergePlan(wisca, weights, votes, by_row=True).merge(parts)
    importance, values = merge_by_hand(parts, votes, weights)
    np.testing.assert_allclose(found.importance, importance, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(found.values, values, rtol=1e-12, atol=1e-15)


def test_in_each_row_an_explainer_counts_by_the_square_of_its_fit():
    rows = np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([[0.0, 1.0], [0.0, 1.0]])
    fits = np.array([1.0, 0.5]), np.array([0.0, 1.0])
    parts = {
        name: answer(values, name, diagnostics={"fidelity": fit}, fidelity=float(fit.mean()))
        for name, values, fit in zip("xy", rows, fits, strict=True)
    }
    np.testing.assert_array_equal(parts["x"].row_fidelity(), [1.0, 0.5])
    found = merge_explanations(parts)
    # The first row is x alone; in the second the votes are 1/4 and 1.
    np.testing.assert_allclose(found.values, [[1.0, 0.0], [0.2, 0.8]], rtol=1e-12)
    np.testing.assert_allclose(found.importance, [0.75 / 1.25, 0.5 / 1.25], rtol=1e-12)
    assert found.votes == {"x": 0.75, "y": 0.5}
    alike = merge_explanations(parts, weighting="family")
    np.testing.assert_allclose(alike.values, [[0.5, 0.5], [0.5, 0.5]], rtol=1e-12)


def test_if_no_explainer_has_a_fit_all_count_alike():
    none = {"diagnostics": {"r2": np.zeros(2)}, "fidelity": 0.0}
    parts = {
        "x": answer([[3.0, 1.0], [0.0, 1.0]], "x", **none),
        "y": answer([[0.0, 2.0], [0.0, 2.0]], "y", **none),
    }
    found = merge_explanations(parts, weights=[1.0, 0.5])
    # Sums over rows (3, 1.5) and (0, 3): shares (2/3, 1/3) and (0, 1).
    np.testing.assert_allclose(found.importance, [1 / 3, 2 / 3], rtol=1e-12)
    np.testing.assert_allclose(found.values, [[0.5, 0.5], [0.0, 0.75]], rtol=1e-12)
