"""explanation.data: the explained rows as they came, in every part, and in files on request."""

import os
import stat

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from wisca_xai import (
    Explanation,
    InputError,
    LimeExplainer,
    WISCAExplainer,
    merge_explanations,
)

X, Y = load_iris(return_X_y=True, as_frame=True)
MODEL = LogisticRegression(max_iter=500).fit(X, Y)
ROWS = X[::15]


@pytest.fixture(scope="module")
def explainer():
    panel = (LimeExplainer(n_samples=100), "permutation")
    return WISCAExplainer(MODEL, explainers=panel, random_state=0).fit(X, Y)


def test_the_rows_are_kept_as_they_came(explainer):
    found = explainer.explain(ROWS)
    pd.testing.assert_frame_equal(found.data, ROWS)
    pd.testing.assert_frame_equal(found.components["lime"].data, ROWS)
    pd.testing.assert_frame_equal(found[[3, 1]].data, ROWS.iloc[[3, 1]])


def test_later_changes_of_the_table_do_not_reach_them(explainer):
    rows = ROWS.copy()
    found = explainer.explain(rows)
    rows.iloc[0, 0] = 99.0
    assert found.data.iloc[0, 0] == ROWS.iloc[0, 0]


def test_an_array_is_kept_read_only():
    model = LogisticRegression(max_iter=500).fit(X.to_numpy(), Y)
    found = LimeExplainer(model, n_samples=50).fit(X.to_numpy()).explain(ROWS.to_numpy())
    np.testing.assert_array_equal(found.data, ROWS)
    assert not found.data.flags.writeable


def test_a_polars_frame_stays_one(explainer):
    assert isinstance(explainer.explain(pl.from_pandas(ROWS))[:3].data, pl.DataFrame)


def test_they_can_be_left_out(explainer):
    found = explainer.explain(ROWS, keep_data=False)
    assert found.data is None
    assert found.components["lime"].data is None
    assert found == explainer(ROWS)


def test_shap_shows_them(explainer):
    found = explainer.explain(ROWS)
    np.testing.assert_array_equal(found.to_shap().data, ROWS)
    np.testing.assert_array_equal(found.components["lime"].to_shap().data, ROWS)
    np.testing.assert_array_equal(found.to_shap(ROWS + 1).data, ROWS + 1)
    assert explainer.explain(ROWS, keep_data=False).to_shap().data is None


def test_a_file_holds_them_only_on_request(explainer, tmp_path):
    found = explainer.explain(ROWS)
    found.save(tmp_path / "without.npz")
    assert Explanation.load(tmp_path / "without.npz").data is None
    found.save(tmp_path / "with.npz", include_data=True)
    loaded = Explanation.load(tmp_path / "with.npz")
    assert loaded == found
    pd.testing.assert_frame_equal(loaded.data, ROWS)
    pd.testing.assert_frame_equal(loaded.components["lime"].data, ROWS)


def test_a_file_holds_columns_of_any_kind(tmp_path):
    table = pd.DataFrame(
        {
            "size": [1.5, np.nan, 3.0],
            "count": pd.array([1, None, 3], dtype="Int64"),
            "kind": pd.Categorical(["a", None, "b"]),
            "text": ["x", "y", None],
            "flag": [True, False, True],
            "day": pd.to_datetime(["2026-01-01", None, "2026-01-03"]),
            "n": [1, 2, 3],
        },
        index=["one", "two", "three"],
    )
    found = LimeExplainer(lambda rows: np.arange(len(rows)) * 1.0, n_samples=20, random_state=0)
    explanation = found.fit(table).explain(table)
    explanation.save(tmp_path / "mixed.npz", include_data=True)
    pd.testing.assert_frame_equal(Explanation.load(tmp_path / "mixed.npz").data, table)


def test_what_cannot_be_saved_is_named(explainer, tmp_path):
    found = explainer.explain(pl.from_pandas(ROWS))
    with pytest.raises(InputError, match=r"got DataFrame. Save without them, or explain X.to_pand"):
        found.save(tmp_path / "polars.npz", include_data=True)


def test_files_have_the_permissions_of_the_users_other_files(explainer, tmp_path):
    found = explainer.explain(ROWS)
    found.save(tmp_path / "saved.npz")
    (tmp_path / "other").touch()
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("saved.npz", "other")]
    assert modes[0] == modes[1]
    assert sorted(os.listdir(tmp_path)) == ["other", "saved.npz"]  # noqa: PTH208


def test_a_link_leads_to_the_saved_file(explainer, tmp_path):
    (tmp_path / "link.npz").symlink_to(tmp_path / "target.npz")
    explainer.explain(ROWS).save(tmp_path / "link.npz")
    assert (tmp_path / "link.npz").is_symlink()
    assert (tmp_path / "target.npz").stat().st_size > 0


def test_shap_shows_columns_under_their_names():
    X = pd.DataFrame({"a": [0.0, 1.0, 2.0], "b": [100.0, 101.0, 99.0]})
    explainer = LimeExplainer(lambda rows: 2 * rows["a"] + rows["b"], n_samples=50).fit(X)
    shown = explainer.explain(X[["b", "a"]].assign(c=7.0)).to_shap()
    assert shown.feature_names == ["a", "b"]
    np.testing.assert_array_equal(shown.data, X)


@pytest.mark.parametrize(
    "rows",
    [np.array([[1.5, "a"], [2.5, "b"]], dtype=object), [[1.5, "a"], [2.5, "b"]]],
    ids=["array", "list"],
)
def test_objects_are_kept_and_saved_as_they_are(rows, tmp_path):
    explainer = LimeExplainer(lambda table: np.arange(len(table)) * 1.0, n_samples=20)
    found = explainer.fit(rows).explain(rows)
    assert found.data.tolist() == [[1.5, "a"], [2.5, "b"]]
    found.save(tmp_path / "objects.npz", include_data=True)
    loaded = Explanation.load(tmp_path / "objects.npz").data
    assert loaded.tolist() == [[1.5, "a"], [2.5, "b"]]
    assert loaded.shape == (2, 2)


def test_without_rows_there_is_nothing_to_save(explainer, tmp_path):
    found = explainer.explain(ROWS, keep_data=False)
    with pytest.raises(InputError, match="There is no `data` to save: explain with keep_data=True"):
        found.save(tmp_path / "none.npz", include_data=True)


def test_a_column_that_cannot_be_saved_is_named(tmp_path):
    table = pd.DataFrame({"half": np.arange(4, dtype=np.float16)})
    found = LimeExplainer(lambda rows: np.arange(len(rows)) * 1.0, n_samples=20).fit(table)
    with pytest.raises(InputError, match="'half' of dtype float16 cannot be saved"):
        found.explain(table).save(tmp_path / "half.npz", include_data=True)


def test_merged_explanations_keep_the_rows_in_the_order_of_the_values():
    parts = {"one": ROWS * 1.0, "two": ROWS * 2.0}
    merged = merge_explanations(parts, X=ROWS[::-1])
    pd.testing.assert_frame_equal(merged.data, ROWS)
    np.testing.assert_array_equal(merged.to_shap().data, ROWS)
