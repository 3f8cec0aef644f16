"""Fixtures that several files use."""

import pytest

from tests.panel import cases, vote_cases
from tests.panel.tables import fast_panel, table
from wisca_xai import WISCAExplainer


@pytest.fixture(scope="module")
def wine():
    X, y, model = table("wine")
    explainer = WISCAExplainer(model.fit(X, y), explainers=fast_panel(), random_state=0).fit(X, y)
    return explainer, X, y


@pytest.fixture(scope="module")
def iris():
    explainer = WISCAExplainer(cases.MODEL, explainers=cases.fast_panel(), random_state=0).fit(
        cases.IRIS, cases.SPECIES
    )
    return explainer, explainer.explain(cases.IRIS[cases.ROWS], cases.SPECIES[cases.ROWS])


@pytest.fixture(scope="module")
def forest_panel():
    return vote_cases.run(vote_cases.useful_and_noise(), vote_cases.forest())
