"""The command line: model files that are not there, of another kind, or of no use."""

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.linear_model import LinearRegression

from wisca_xai import cli
from wisca_xai.explainers import EXPLAINERS


@pytest.fixture
def folder(tmp_path):
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(30, 2)), columns=["a", "b"])
    X.to_csv(tmp_path / "rows.csv", index=False)
    skops.io.dump(LinearRegression().fit(X, X["a"]), tmp_path / "model.skops")
    return tmp_path


def explain(folder, model, *arguments):
    data = ["--data", str(folder / "rows.csv"), "--quiet"]
    return cli.main(["explain", "--model", str(folder / model), *data, *arguments])


def test_a_model_file_that_is_missing_is_named(folder, capsys):
    assert explain(folder, "other.skops") == cli.BAD_DATA
    assert "There is no model file" in capsys.readouterr().err


def test_a_file_of_another_kind_is_not_loaded_even_if_pickles_are(folder, capsys):
    (folder / "model.h5").write_bytes(b"anything")
    assert explain(folder, "model.h5", "--unsafe-pickle") == cli.MODEL_REFUSED
    assert "must end in .skops, .joblib or .pkl" in capsys.readouterr().err


def test_a_run_in_which_every_explainer_fails_ends_with_its_own_code(folder, capsys, monkeypatch):
    def fail(self, task):
        raise RuntimeError("no luck today")

    for explainer in EXPLAINERS.values():
        monkeypatch.setattr(explainer, "_explain", fail)
    assert explain(folder, "model.skops") == cli.EXPLAINER_FAILED
    assert "no luck today" in capsys.readouterr().err
