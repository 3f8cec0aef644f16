"""The outside of the package: what `import wisca_xai` shows, and errors that name the way."""

import importlib
import subprocess
import sys

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

import wisca_xai
from wisca_xai import LimeExplainer, ShapExplainer, WISCAExplainer

X = np.random.default_rng(0).normal(size=(20, 2))
MODEL = LinearRegression().fit(X, X[:, 0])
SUBPACKAGES = [
    "cli",
    "consensus",
    "datasets",
    "explainers",
    "faithfulness",
    "metrics",
    "plots",
    "selection",
    "study",
]


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_import_is_light():
    """shap, lime, matplotlib and skops are imported where they are used."""
    heavy = ("shap", "lime", "matplotlib", "skops", "sklearn.ensemble", "tqdm", "polars")
    assert run(f"import sys, wisca_xai; print([m for m in {heavy} if m in sys.modules])") == "[]"


@pytest.mark.parametrize("name", SUBPACKAGES)
def test_subpackages_work_after_the_import(name):
    found = run(f"import wisca_xai; print(wisca_xai.{name}.__name__)")
    assert found == f"wisca_xai.{name}"


def test_dir_shows_what_is_public_and_nothing_else():
    shown = set(dir(wisca_xai))
    assert shown == {*wisca_xai.__all__, *SUBPACKAGES, "__version__"}
    assert all(getattr(wisca_xai, name) is not None for name in shown)


@pytest.mark.parametrize("name", SUBPACKAGES)
def test_every_subpackage_lists_its_names(name):
    module = importlib.import_module(f"wisca_xai.{name}")
    assert all(hasattr(module, public) for public in getattr(module, "__all__", ()))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'wisca'"):
        _ = wisca_xai.wisca


def test_versions_are_shown(capsys):
    wisca_xai.show_versions()
    shown = dict(line.split(": ", 1) for line in capsys.readouterr().out.splitlines())
    assert shown["wisca-xai"] == wisca_xai.__version__
    assert shown["numpy"] == np.__version__


@pytest.mark.parametrize("explainer", [WISCAExplainer, ShapExplainer, LimeExplainer])
def test_data_in_the_constructor_names_fit(explainer):
    with pytest.raises(TypeError, match=r"\(model\).fit\(X_train\).explain\(X\)"):
        explainer(MODEL, X)


@pytest.mark.parametrize("name", ["shap_values", "explain_instance"])
def test_methods_of_shap_and_lime_name_explain(name):
    with pytest.raises(AttributeError, match=r"use explain\(X\), whose `values` are"):
        getattr(ShapExplainer(MODEL), name)


def test_a_plot_method_names_the_plots():
    explanation = ShapExplainer(MODEL).fit(X).explain(X[:2])
    with pytest.raises(AttributeError, match=r"wisca_xai\.plots\.importance\(explanation\)"):
        explanation.plot()


def test_an_explainer_is_called_like_its_explain():
    explainer = WISCAExplainer(MODEL, explainers=("shap", "lime"), random_state=0).fit(X)
    assert explainer(X[:3], target="all") == explainer.explain(X[:3], target="all")


@pytest.mark.parametrize("name", ["n_jobs", "verbose"])
def test_every_explainer_takes_jobs_and_a_progress_bar(name):
    for explainer in (WISCAExplainer, *wisca_xai.explainers.EXPLAINERS.values()):
        assert name in explainer().get_params(), explainer


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("shap_values", "the attributions are `values`"),
        ("abs", r"mean_magnitude\(\) is the mean of the absolute values"),
        ("ranking", "only a consensus has it"),
        ("waterfall", "pictures are functions"),
    ],
)
def test_names_of_others_lead_to_ours(name, message):
    with pytest.raises(AttributeError, match=message):
        getattr(ShapExplainer(MODEL).fit(X).explain(X[:2]), name)
