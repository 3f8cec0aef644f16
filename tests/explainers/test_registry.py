"""Explainers of other packages: by name, through the entry points of an installed package."""

import sys

import numpy as np
import pytest

from wisca_xai import BaseExplainer, InputError, WISCAExplainer
from wisca_xai.explainers import make_explanation
from wisca_xai.explainers._registry import explainer_names, find_explainer

X = np.random.default_rng(0).normal(size=(30, 3))
CODE = """
import numpy as np
from wisca_xai.explainers import BaseExplainer, make_explanation


class Gaps(BaseExplainer):
    name = "gaps"
    scope = "local"

    def __init__(self, estimator=None, *, response_method="auto", random_state=None, factor=1.0):
        self.estimator = estimator
        self.response_method = response_method
        self.random_state = random_state
        self.factor = factor

    def _explain(self, task):
        values = self.factor * (task.rows - task.background.mean(axis=0))
        return make_explanation(
            task, values, method="gaps", family="gaps", unit="1", signed=True
        )
"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A package with explainers, as pip lays it out."""
    (tmp_path / "gap_package.py").write_text(CODE)
    info = tmp_path / "gap_package-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: gap-package\nVersion: 1.0\n")
    points = {
        "gaps": "gap_package:Gaps",
        "shap": "gap_package:Gaps",
        "missing": "no_package:Gaps",
        "number": "gap_package:np",
    }
    lines = [f"{name} = {value}" for name, value in points.items()]
    text = "\n".join(["[wisca_xai.explainers]", *lines])
    (info / "entry_points.txt").write_text(text + "\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("gap_package", None)


@pytest.mark.usefixtures("installed")
def test_an_installed_explainer_goes_by_name():
    explainer = WISCAExplainer(lambda rows: rows[:, 0], explainers=("gaps", "lime"), random_state=0)
    explainer.set_params(gaps__factor=2.0)
    found = explainer.fit(X).explain(X[:4])
    np.testing.assert_allclose(found.components["gaps"].values, 2 * (X[:4] - X.mean(axis=0)))


@pytest.mark.usefixtures("installed")
def test_names_of_this_package_are_not_taken():
    assert find_explainer("shap").__name__ == "ShapExplainer"
    assert {"gaps", "shap", "lime"} <= set(explainer_names())


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing", r"'missing' is registered as no_package:Gaps, which cannot be imported"),
        ("number", "must be a subclass of BaseExplainer"),
        ("gap", r"names from \['forest', 'gaps', .*, got 'gap'. Did you mean 'gaps'"),
    ],
)
def test_what_is_no_explainer_is_named(name, message):
    with pytest.raises(InputError, match=message):
        WISCAExplainer(len, explainers=(name, "lime")).fit(X)


def test_an_explainer_that_is_passed_needs_no_registration():
    class First(BaseExplainer):
        name, scope = "first", "global"

        def __init__(self, estimator=None, *, response_method="auto", random_state=None):
            self.estimator = estimator
            self.response_method = response_method
            self.random_state = random_state

        def _explain(self, task):
            values = np.array([1.0, 0.0, 0.0])
            return make_explanation(
                task, values, method="first", family="first", unit="1", signed=False
            )

    found = WISCAExplainer(lambda rows: rows[:, 0], explainers=(First(), "permutation")).fit(X)
    assert found.explain(X[:5]).ranks()["first"].tolist() == [1, 2, 2]
