"""CatBoost: made-up column names, and silence where the user did not ask for output."""

import numpy as np
import pandas as pd
import pytest

from wisca_xai import ShapExplainer
from wisca_xai._model._boosting import quiet_clone

catboost = pytest.importorskip("catboost", reason="CatBoost is optional")

TABLE = pd.DataFrame(np.random.default_rng(0).normal(size=(40, 3)), columns=["a", "b", "c"])
SIGNAL = (TABLE["a"] - TABLE["c"]).to_numpy()


def regressor(**settings):
    return catboost.CatBoostRegressor(iterations=3, depth=2, **settings)


def test_a_model_of_an_array_takes_the_columns_of_a_frame_in_their_order():
    quiet = {"verbose": False, "allow_writing_files": False}
    model = regressor(**quiet).fit(TABLE.to_numpy(), SIGNAL)
    explanation = ShapExplainer(model).fit(TABLE).explain(TABLE[:4])
    total = explanation.base_values + explanation.values.sum(axis=1)
    assert explanation.feature_names == ("a", "b", "c")
    np.testing.assert_allclose(total, model.predict(TABLE[:4].to_numpy()), atol=1e-9)


def test_fitting_a_model_with_default_settings_writes_no_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    quiet_clone(regressor()).fit(TABLE, SIGNAL)
    assert list(tmp_path.iterdir()) == []


def test_fitting_a_model_with_default_settings_prints_nothing(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    quiet_clone(regressor()).fit(TABLE, SIGNAL)
    assert capfd.readouterr() == ("", "")


def test_the_progress_that_a_user_asked_for_is_printed(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    quiet_clone(regressor(verbose=1)).fit(TABLE, SIGNAL)
    assert "learn:" in capfd.readouterr().out
