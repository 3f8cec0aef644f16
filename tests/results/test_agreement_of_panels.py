"""Agreement of the explainers of a consensus: the table, and the disagreement of rows."""

import numpy as np
import pandas as pd
import pytest

from wisca_xai import merge_explanations
from wisca_xai.metrics import (
    disagreement_scores,
    feature_agreement,
    rank_correlation,
    sign_agreement,
    weighted_rank_agreement,
)

RNG = np.random.default_rng(0)
ONE, TWO = (pd.DataFrame(RNG.normal(size=(8, 6)), columns=list("abcdef")) for _ in range(2))
WHOLE = pd.Series(RNG.exponential(size=6), index=list("abcdef"))
PANEL = merge_explanations({"one": ONE, "two": TWO, "whole": WHOLE})


def test_the_table_has_four_measures_of_each_pair():
    table = PANEL.agreement(k=2)
    measures = ["agreement", "rank_correlation", "feature_agreement", "sign_agreement"]
    assert list(table.columns) == ["first", "second", *measures]
    a, b = (part.abs().mean().to_numpy() for part in (ONE, TWO))
    expected = [
        weighted_rank_agreement(a, b),
        rank_correlation(a, b),
        feature_agreement(a, b, 2),
        sign_agreement(ONE, TWO),
    ]
    assert table.loc[0, measures].tolist() == pytest.approx(expected)
    assert table["sign_agreement"].isna().tolist() == [False, True, True]


def test_the_disagreement_of_a_row_counts_global_explainers_too():
    cube = [ONE.to_numpy(), TWO.to_numpy(), np.tile(WHOLE.to_numpy(), (8, 1))]
    found = PANEL.row_disagreement()
    np.testing.assert_allclose(found, disagreement_scores(cube))
    pairs = [weighted_rank_agreement(cube[i], cube[j]) for i, j in ((0, 1), (0, 2), (1, 2))]
    np.testing.assert_allclose(found, (1 - np.mean(pairs, axis=0)) / 2, atol=1e-11)
