"""LIME draws no value where more than half of a column's range is empty."""

import numpy as np
import pandas as pd
import pytest

from wisca_xai import LimeExplainer

GENERATOR = np.random.default_rng(0)
INCOME = GENERATOR.lognormal(size=300)


def with_code(share, code):
    column = INCOME.copy()
    column[: int(share * 300)] = code
    return column


COLUMNS = {
    "a tenth is -999": with_code(0.1, -999.0),
    "half is -999": with_code(0.5, -999.0),
    "a fifth is 1e9": with_code(0.2, 1e9),
    "one outlier": np.append(INCOME[1:], 1e6),
    "two clusters": np.where(np.arange(300) < 100, INCOME, INCOME + 500),
}


def recorded(seen):
    def model(table):
        column = np.asarray(table)[:, 0]
        seen.append(column)
        return np.clip(column, 0, 5) + np.asarray(table)[:, 1]

    return model


@pytest.mark.parametrize("settings", [{}, {"discretizer": None}, {"engine": "lime"}])
@pytest.mark.parametrize("name", COLUMNS)
def test_no_draw_lies_between_a_code_and_the_rest(name, settings):
    table = np.column_stack([COLUMNS[name], GENERATOR.normal(size=300)])
    known = np.unique(table[:, 0])
    widest = np.argmax(np.diff(known))
    low, high = known[widest], known[widest + 1]
    seen = []
    explainer = LimeExplainer(recorded(seen), n_samples=500, random_state=0, **settings)
    explainer.fit(table).explain(table[::50])
    drawn = np.concatenate(seen)
    assert not ((drawn > low) & (drawn < high)).any()
    assert not np.isin(drawn, known).all()  # elsewhere there are values between those that occur
    assert (drawn <= low).any()


def test_a_code_is_drawn_about_as_often_as_it_occurs():
    table = pd.DataFrame({"income": COLUMNS["a tenth is -999"], "other": INCOME})
    seen = []
    LimeExplainer(recorded(seen), random_state=0).fit(table).explain(table[:1])
    drawn = np.concatenate(seen)
    assert 0.07 < (drawn == -999).mean() < 0.17
