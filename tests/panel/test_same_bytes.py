"""One seed gives the same bytes, however the table comes and the work is cut."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from tests.versions import is_at_least
from wisca_xai import (
    ForestExplainer,
    LimeExplainer,
    PermutationExplainer,
    ShapExplainer,
    WISCAExplainer,
)
from wisca_xai._model._response import BATCH_ROWS, rows_in_memory

RNG = np.random.default_rng(0)
N, N_EXPLAINED, N_COLUMNS = 60, 5, 6
# float32 holds these values exactly.
ARRAY = RNG.normal(size=(N, N_COLUMNS)).astype(np.float32).astype(np.float64)
NUMERIC = pd.DataFrame(ARRAY, columns=list("abcdef"))
MIXED = NUMERIC.assign(
    b=pd.Categorical(RNG.choice(["u", "v", "w"], N)),
    c=pd.Series(RNG.choice(["p", "q"], N), dtype="str"),
    d=RNG.integers(0, 5, N),
    e=RNG.random(N) < 0.5,
)
CLASSES = (ARRAY[:, 0] + ARRAY[:, 5] > 0).astype(int)
TABLES = {"array": ARRAY, "numeric frame": NUMERIC, "mixed frame": MIXED}


def fitted_model(kind):
    """Linear for frames, and one whose rows BLAS rounds by the size of the batch for arrays."""
    if kind == "array":
        net = MLPClassifier((5,), max_iter=5, random_state=0)
        with pytest.warns(UserWarning, match="Maximum iterations"):
            return net.fit(ARRAY, CLASSES)
    if kind == "numeric frame":
        return LogisticRegression().fit(NUMERIC, CLASSES)
    encoder = make_column_transformer(
        (OneHotEncoder(), ["b", "c"]), (StandardScaler(), list("af")), remainder="passthrough"
    )
    return make_pipeline(encoder, LogisticRegression()).fit(MIXED, CLASSES)


@pytest.fixture(scope="module")
def models():
    return {kind: fitted_model(kind) for kind in TABLES}


EXPLAINERS = {
    "shap": lambda **kw: ShapExplainer(method="permutation", background_size=10, **kw),
    "shap, exact": lambda **kw: ShapExplainer(method="exact", background_size=5, **kw),
    "lime": lambda **kw: LimeExplainer(n_samples=100, **kw),
    "permutation": lambda **kw: PermutationExplainer(**kw),
    "forest": lambda **kw: ForestExplainer(n_estimators=5, **kw),
    "panel": lambda **kw: WISCAExplainer(
        explainers=(
            ShapExplainer(method="permutation", background_size=10),
            LimeExplainer(n_samples=100),
            "permutation",
            ForestExplainer(n_estimators=5),
        ),
        **kw,
    ),
}


def arrays_of(explanation):
    """All numbers of an explanation, with those of its parts."""
    found = {"values": explanation.values, "base_values": explanation.base_values}
    found["standard_errors"] = explanation.standard_errors
    found |= dict(explanation.diagnostics)
    if hasattr(explanation, "components"):
        assert explanation.failures == {}
        found["importance"] = explanation.importance.to_numpy()
        found["weights"] = explanation.weights
        found["null_p_values"] = explanation.reliability.null_p_values
        found["resampled"] = explanation.reliability.resamples.importance
        for name, part in explanation.components.items():
            found |= {f"{name} {key}": array for key, array in arrays_of(part).items()}
    return {key: array for key, array in found.items() if array is not None}


def bytes_of(explanation):
    return {key: array.tobytes() for key, array in arrays_of(explanation).items()}


def explained(make, model, table, rows=None, **settings):
    explainer = make(estimator=model, random_state=0, **settings).fit(table)
    return explainer.explain(table[:N_EXPLAINED] if rows is None else rows)


@pytest.fixture(scope="module")
def references(models):
    """What each explainer gives for the plain table, worked out once."""
    known = {}

    def reference(name, kind):
        if (name, kind) not in known:
            known[name, kind] = explained(EXPLAINERS[name], models[kind], TABLES[kind])
        return known[name, kind]

    return reference


def read_only(X):
    X = X.copy()
    X.setflags(write=False)
    return X


def on_disk(X, folder):
    mapped = np.memmap(folder / "X.dat", dtype=np.float64, mode="w+", shape=X.shape)
    mapped[:] = X
    mapped.flush()
    return np.memmap(folder / "X.dat", dtype=np.float64, mode="r", shape=X.shape)


def strided(X):
    wide = np.zeros((2 * len(X), X.shape[1] + 3))
    wide[::2, 1:-2] = X
    return wide[::2, 1:-2]


ARRAY_FORMS = {
    "Fortran order": lambda X, folder: np.asfortranarray(X),
    "read-only": lambda X, folder: read_only(X),
    "memory map": on_disk,
    "other byte order": lambda X, folder: X.astype(X.dtype.newbyteorder()),
    "strided": lambda X, folder: strided(X),
    "reversed strides": lambda X, folder: X[::-1].copy()[::-1],
}


class ReadingFloat32:
    """A model of float64 tables that reads them as float32."""

    def __init__(self, model):
        self.model, self.classes_ = model, model.classes_

    def fit(self, X, y=None):
        return self

    def predict_proba(self, X):
        return self.model.predict_proba(as_float32(X))

    def predict(self, X):
        return self.model.predict(as_float32(X))


def as_float32(X):
    return floats_as(np.float32)(X, None) if isinstance(X, pd.DataFrame) else X.astype(np.float32)


def floats_as(dtype):
    def change(X, folder):
        return X.astype({name: dtype for name in X if X[name].dtype == np.float64})

    return change


FRAME_FORMS = {
    "columns reordered": lambda X, folder: X.iloc[:, ::-1],
    "a column more": lambda X, folder: X.assign(z=1.0),
    "text as index": lambda X, folder: X.set_axis([f"row {i}" for i in range(len(X))]),
    "index repeated": lambda X, folder: X.set_axis(np.zeros(len(X), dtype=int)),
    "columns apart": lambda X, folder: pd.DataFrame({name: X[name].copy() for name in X}),
    "nullable floats": floats_as("Float64"),
    "other byte order": floats_as(np.dtype(np.float64).newbyteorder()),
}
NUMERIC_FORMS = {
    "of a Fortran array": lambda X, folder: pd.DataFrame(np.asfortranarray(X), columns=X.columns),
    "of a read-only array": lambda X, folder: pd.DataFrame(
        read_only(X.to_numpy()), columns=X.columns, copy=False
    ),
    "of a memory map": lambda X, folder: pd.DataFrame(
        on_disk(X.to_numpy(), folder), columns=X.columns, copy=False
    ),
}
MIXED_FORMS = {
    "categories as text": lambda X, folder: X.astype({"b": "str"}),
    "text as objects": lambda X, folder: X.astype({"b": object, "c": object}),
    "small integers": lambda X, folder: X.astype({"d": np.int8}),
    "nullable": lambda X, folder: X.astype({"d": "Int64", "e": "boolean"}),
}
FORMS = [
    *[("array", form, change) for form, change in ARRAY_FORMS.items()],
    *[("numeric frame", form, change) for form, change in (FRAME_FORMS | NUMERIC_FORMS).items()],
    *[("mixed frame", form, change) for form, change in (FRAME_FORMS | MIXED_FORMS).items()],
]


# The panel holds every explainer's numbers, so that each alone needs fewer forms.
ALONE = ("Fortran order", "other byte order", "columns reordered", "text as index")


@pytest.mark.parametrize(
    ("name", "kind", "change"),
    [
        pytest.param(name, kind, change, id=f"{name}, {kind}, {form}")
        for name in EXPLAINERS
        for kind, form, change in FORMS
        if name == "panel" or form in ALONE
    ],
)
def test_the_form_of_the_table_changes_no_byte(name, kind, change, models, references, tmp_path):
    changed = change(TABLES[kind], tmp_path)
    if (
        kind == "numeric frame"
        and "Float64" in map(str, changed.dtypes)
        and not is_at_least("pandas", "3")
    ):
        pytest.skip(
            "the last bits of scikit-learn's outputs differ for nullable floats of pandas 2"
        )
    found = explained(EXPLAINERS[name], models[kind], changed)
    assert bytes_of(found) == bytes_of(references(name, kind))
    assert found.feature_names == references(name, kind).feature_names
    if isinstance(changed, pd.DataFrame) and found.index is not None:
        assert found.index.equals(changed.index[:N_EXPLAINED])


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("name", EXPLAINERS)
def test_float32_changes_no_byte_beyond_what_the_model_makes_of_it(name, kind, models, references):
    """The model gets float32, as it would without an explainer."""
    single = explained(EXPLAINERS[name], models[kind], as_float32(TABLES[kind]))
    double = explained(EXPLAINERS[name], ReadingFloat32(models[kind]), TABLES[kind])
    assert bytes_of(single) == bytes_of(double)
    np.testing.assert_allclose(single.values, references(name, kind).values, atol=1e-4)


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("name", EXPLAINERS)
def test_the_order_of_rows_changes_no_byte(name, kind, models, references):
    """Neither that of the background nor that of the explained rows."""
    table, order = TABLES[kind], np.random.default_rng(1).permutation(N_EXPLAINED)
    shuffle = np.random.default_rng(2).permutation(N)
    background = table[shuffle] if kind == "array" else table.iloc[shuffle]
    rows = table[order] if kind == "array" else table.iloc[order]
    explainer = EXPLAINERS[name](estimator=models[kind], random_state=0).fit(background)
    found, reference = arrays_of(explainer.explain(rows)), arrays_of(references(name, kind))
    assert found.keys() == reference.keys()
    for key, array in reference.items():
        expected = array[order] if len(array) == N_EXPLAINED else array
        assert found[key].tobytes() == expected.tobytes(), key


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("name", EXPLAINERS)
@pytest.mark.parametrize("mebibytes", [0.5, 4096])
def test_working_memory_changes_no_byte(name, kind, mebibytes, models, references):
    with sklearn.config_context(working_memory=mebibytes):
        found = explained(EXPLAINERS[name], models[kind], TABLES[kind])
    assert bytes_of(found) == bytes_of(references(name, kind))


def test_batches_are_cut_at_the_same_rows_as_long_as_memory_lasts():
    with sklearn.config_context(working_memory=4):
        assert rows_in_memory(8 * (3 * 10 + 2)) == BATCH_ROWS
        assert rows_in_memory(8 * 10_000) == 52
    with sklearn.config_context(working_memory=10**6):
        assert rows_in_memory(8) == BATCH_ROWS
        assert rows_in_memory(8 * 10_000) == 838  # 64 MiB


def test_large_calls_round_alike_in_any_memory():
    """More rows than a batch: LIME asks for all of them in one call."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(60, 10))
    model = LogisticRegression().fit(X, X[:, 0] > 0)

    def answer():
        lime = LimeExplainer(model, n_samples=BATCH_ROWS + 1000, random_state=0)
        return bytes_of(lime.fit(X).explain(X[:2]))

    whole = answer()
    for mebibytes in (4, 16, 4096):
        with sklearn.config_context(working_memory=mebibytes):
            assert answer() == whole


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("n_jobs", [2, -1])
def test_the_number_of_jobs_changes_no_byte(kind, n_jobs, models, references):
    found = explained(EXPLAINERS["panel"], models[kind], TABLES[kind], n_jobs=n_jobs)
    assert bytes_of(found) == bytes_of(references("panel", kind))


@pytest.mark.parametrize(
    "model",
    [RandomForestClassifier(5, random_state=0), LinearRegression()],
    ids=["TreeExplainer", "linear closed form"],
)
@pytest.mark.parametrize("form", ["Fortran order", "float32", "other byte order", "strided"])
def test_shortcuts_of_shap_give_the_same_bytes(model, form, tmp_path):
    model.fit(ARRAY, CLASSES)
    make = lambda **kw: ShapExplainer(**kw)  # noqa: E731
    changed = as_float32(ARRAY) if form == "float32" else ARRAY_FORMS[form](ARRAY, tmp_path)
    assert bytes_of(explained(make, model, changed)) == bytes_of(explained(make, model, ARRAY))
