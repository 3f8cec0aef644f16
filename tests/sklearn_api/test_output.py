"""Tables out of transform, names of features, and tags."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn import config_context
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils import get_tags

from wisca_xai import (
    ForestExplainer,
    InputError,
    LimeExplainer,
    PermutationExplainer,
    ShapExplainer,
    WISCAExplainer,
)
from wisca_xai.selection import WISCASelector

RNG = np.random.default_rng(0)
NUMBERS = pd.DataFrame(RNG.normal(size=(40, 3)), columns=["age", "size", "height"])
Y = (NUMBERS["size"] > 0).to_numpy().astype(int)
PLANS = RNG.choice(["free", "paid"], 40)
MIXED = NUMBERS.assign(plan=PLANS, count=RNG.integers(0, 9, 40))[
    ["plan", "size", "count", "age", "height"]
]
EXPLAINERS = (ShapExplainer, LimeExplainer, PermutationExplainer, ForestExplainer)


def panel(model):
    return WISCAExplainer(model, explainers=(LimeExplainer(n_samples=30),), random_state=0)


def selector(model, n_kept=2):
    inner = WISCAExplainer(explainers=("permutation",))
    return WISCASelector(model, explainer=inner, n_features_to_select=n_kept, random_state=0)


def mixed_model():
    levels = OneHotEncoder(sparse_output=False)
    encoder = make_column_transformer((levels, ["plan"]), remainder="passthrough")
    return make_pipeline(encoder, LogisticRegression())


def as_frame(table, form):
    if form == "polars":
        return pytest.importorskip("polars").DataFrame(
            {name: table[name].to_list() for name in table}
        )
    return table.set_axis([f"row {i}" for i in range(len(table))])


# set_output


@pytest.mark.parametrize("given", ["pandas", "polars"])
@pytest.mark.parametrize("asked", ["pandas", "polars"])
@pytest.mark.parametrize("table", [NUMBERS, MIXED], ids=["numbers", "mixed"])
@pytest.mark.parametrize("through", ["method", "config"])
def test_the_consensus_comes_as_the_frame_that_was_asked_for(given, asked, table, through):
    if "polars" in (given, asked):
        pytest.importorskip("polars")
    X = as_frame(table, given)
    model = LogisticRegression() if table is NUMBERS else mixed_model()
    values = panel(model).fit(X, Y).transform(X[:6])
    assert type(values) is np.ndarray
    explainer = panel(model)
    if through == "method":
        frame = explainer.fit(X, Y).set_output(transform=asked).transform(X[:6])
    else:  # the configuration reaches into the model too: it has to learn under the same
        with config_context(transform_output=asked):
            frame = explainer.fit(X, Y).transform(X[:6])
    assert type(frame).__module__.startswith(asked)
    assert list(frame.columns) == list(table.columns)
    assert explainer.get_feature_names_out().tolist() == list(table.columns)
    assert explainer.feature_names_in_.tolist() == list(table.columns)
    # A model rounds otherwise where frames come between its steps.
    np.testing.assert_allclose(frame.to_numpy(), values, rtol=0, atol=1e-12)
    if (given, asked) == ("pandas", "pandas"):
        assert frame.index.tolist() == [f"row {i}" for i in range(6)]


@pytest.mark.parametrize("form", ["pandas", "polars"])
def test_columns_come_in_the_order_of_the_model(form):
    table = as_frame(NUMBERS, form)
    model = LogisticRegression().fit(NUMBERS, Y)
    swapped = table[["height", "age", "size"]]
    explainer = panel(model).fit(swapped).set_output(transform=form)
    frame = explainer.transform(swapped[:4])
    assert list(frame.columns) == list(NUMBERS.columns)
    assert explainer.feature_names_in_.tolist() == list(NUMBERS.columns)
    straight = panel(model).fit(table).transform(table[:4])
    np.testing.assert_array_equal(frame.to_numpy(), straight)
    explanation = explainer.explain(swapped[:4])
    assert explanation.feature_names == tuple(frame.columns)
    np.testing.assert_array_equal(frame.to_numpy(), explanation.values)
    assert frame["size"].abs().sum() > 4 * frame["age"].abs().sum()  # the name has its own values


def test_arrays_have_names_by_number():
    explainer = panel(LogisticRegression()).fit(NUMBERS.to_numpy(), Y)
    frame = explainer.set_output(transform="pandas").transform(NUMBERS.to_numpy()[:2])
    assert list(frame.columns) == explainer.get_feature_names_out().tolist() == ["x0", "x1", "x2"]
    assert explainer.get_feature_names_out(["a", "b", "c"]).tolist() == ["a", "b", "c"]
    assert not hasattr(explainer, "feature_names_in_")
    with pytest.raises(ValueError, match="input_features is not equal to feature_names_in_"):
        panel(LogisticRegression()).fit(NUMBERS, Y).get_feature_names_out(["a", "b", "c"])


@pytest.mark.parametrize("through", ["method", "config"])
@pytest.mark.parametrize("form", ["pandas", "polars"])
@pytest.mark.parametrize("table", [NUMBERS, MIXED], ids=["numbers", "mixed"])
def test_selected_columns_keep_what_they_are(form, table, through):
    X = as_frame(table, form)
    chosen = selector(LogisticRegression() if table is NUMBERS else mixed_model()).fit(X, Y)
    kept = chosen.get_feature_names_out().tolist()
    assert "size" in kept
    assert kept == [name for name in table if name in kept]
    assert chosen.feature_names_in_.tolist() == list(table.columns)
    array = chosen.transform(X)
    assert type(array) is np.ndarray
    if through == "method":
        frame = chosen.set_output(transform=form).transform(X)
    else:
        with config_context(transform_output=form):
            frame = chosen.transform(X)
    assert frame.equals(X[kept])
    assert list(frame.dtypes) == list(X[kept].dtypes)
    np.testing.assert_array_equal(array, frame.to_numpy())


def test_text_and_numbers_are_kept_apart_by_the_selector():
    """All columns of a mixed table, in both frames: nothing turns into objects."""
    for form in ("pandas", "polars"):
        X = as_frame(MIXED, form)
        chosen = selector(mixed_model(), 1.0).fit(X, Y).set_output(transform=form)
        assert chosen.transform(X).equals(X)


def test_a_selector_takes_arrow_tables():
    pa = pytest.importorskip("pyarrow")
    X = pa.table({name: MIXED[name].tolist() for name in MIXED})

    def model(table):
        return np.asarray(table["size"])

    chosen = selector(model, 1).fit(X)
    assert chosen.get_feature_names_out().tolist() == ["size"]
    assert len(chosen.explanation_.weights) == 40


@pytest.mark.parametrize("form", ["pandas", "polars"])
def test_other_columns_are_refused_by_a_fitted_selector(form):
    X = as_frame(NUMBERS, form)
    chosen = selector(LogisticRegression()).fit(X, Y)
    for asked in ("default", form):
        chosen.set_output(transform=asked)
        with pytest.raises(ValueError, match="Feature names must be in the same order"):
            chosen.transform(X[["size", "height", "age"]])
        with pytest.raises(ValueError, match="feature names should match"):
            chosen.transform(X[["age", "size"]])


# Tags


@pytest.mark.parametrize("make", [*EXPLAINERS, WISCAExplainer, WISCASelector])
@pytest.mark.parametrize(
    "model",
    [
        LogisticRegression(),
        HistGradientBoostingClassifier(),
        MultinomialNB(),
        PoissonRegressor(),
        KNeighborsRegressor(),
        make_pipeline(LogisticRegression()),
    ],
    ids=lambda model: type(model).__name__,
)
def test_tags_are_those_of_the_model(make, model):
    tags, inner = get_tags(make(model)), get_tags(model)
    for name in ("categorical", "string", "positive_only"):
        assert getattr(tags.input_tags, name) == getattr(inner.input_tags, name)
    is_pipeline = hasattr(model, "steps")
    assert tags.input_tags.allow_nan == (inner.input_tags.allow_nan or is_pipeline)
    assert (tags.target_tags.required, tags.target_tags.positive_only) == (
        inner.target_tags.required,
        inner.target_tags.positive_only,
    )
    assert tags.classifier_tags == inner.classifier_tags
    assert tags.regressor_tags == inner.regressor_tags
    assert not tags.target_tags.multi_output  # though KNeighborsRegressor has it
    assert not tags.input_tags.sparse
    assert tags.estimator_type is None  # an explainer predicts nothing
    assert (tags.transformer_tags is not None) == hasattr(make, "transform")


def test_tags_are_copies():
    class Strict(LogisticRegression):
        kept = get_tags(LogisticRegression())

        def __sklearn_tags__(self):
            return self.kept

    tags = get_tags(panel(Strict()))
    tags.target_tags.required = tags.classifier_tags.multi_class = "changed"
    assert Strict.kept.target_tags.required is True
    assert Strict.kept.classifier_tags.multi_class is True


@pytest.mark.parametrize("make", [*EXPLAINERS, WISCAExplainer, WISCASelector])
def test_a_model_that_is_fitted_needs_no_y(make):
    fitted = LogisticRegression().fit(NUMBERS, Y)
    for model in (fitted, FrozenEstimator(fitted), fitted.predict_proba, None):
        assert not get_tags(make(model)).target_tags.required
    for bears in (fitted.predict_proba, HistGradientBoostingClassifier()):
        assert get_tags(make(bears)).input_tags.allow_nan
    assert not get_tags(make(None)).input_tags.allow_nan


def test_missing_values_in_a_frame_pass_the_selector():
    gaps = NUMBERS.mask(NUMBERS > 1)
    filling = make_pipeline(SimpleImputer(), LogisticRegression())
    for model in (filling, LogisticRegression()):
        chosen = selector(model, 1.0).fit(NUMBERS, Y)
        np.testing.assert_array_equal(chosen.transform(gaps), gaps.to_numpy())


def test_missing_values_in_an_array_pass_only_if_the_model_accepts_them():
    gaps = NUMBERS.mask(NUMBERS > 1)
    table = NUMBERS.to_numpy()
    filling = make_pipeline(SimpleImputer(), LogisticRegression())
    chosen = selector(filling, 1.0).fit(table, Y)
    np.testing.assert_array_equal(chosen.transform(gaps.to_numpy()), gaps.to_numpy())
    with pytest.raises(ValueError, match="Input X contains NaN"):
        selector(LogisticRegression(), 1.0).fit(table, Y).transform(gaps.to_numpy())


@pytest.mark.parametrize("make", [*EXPLAINERS, panel, selector])
def test_sparse_tables_are_refused_though_the_model_takes_them(make):
    table = csr_array(NUMBERS.to_numpy())
    with pytest.raises(InputError, match="Sparse input is not supported"):
        make(Ridge()).fit(table, Y)
    fitted = make(Ridge()).fit(NUMBERS.to_numpy(), Y)
    ask = fitted.transform if hasattr(fitted, "transform") else fitted.explain
    with pytest.raises(InputError, match="Sparse input is not supported"):
        ask(table)
