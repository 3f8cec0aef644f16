"""One consensus that several files look at."""

import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from tests.faithfulness.tasks import small_panel
from wisca_xai.faithfulness import faithfulness_report


@pytest.fixture(scope="session")
def species():
    """The iris table, and its classes."""
    return load_iris(return_X_y=True, as_frame=True)


@pytest.fixture(scope="session")
def iris(species):
    """A consensus of four explainers on 12 rows of three classes, and its scores."""
    table, y = species
    explainer = small_panel(LogisticRegression(max_iter=500)).fit(table, y)
    X = table.iloc[5::13]
    explanation = explainer.explain(X, y.loc[X.index])
    return explainer, X, explanation, faithfulness_report(explainer, explanation, X, random_state=1)
