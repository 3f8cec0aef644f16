"""The command line: what it prints, writes and returns."""

import json
import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.base import BaseEstimator
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression

from wisca_xai import Explanation, cli
from wisca_xai._panel._explainer import WISCAExplainer
from wisca_xai.consensus import min_max


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model in three formats and its tables."""
    path = tmp_path_factory.mktemp("cli")
    X, y = load_wine(return_X_y=True, as_frame=True)
    X = X.iloc[:, :4].rename(columns={"ash": "=ash", "alcohol": "al\x1b[31mcohol"})
    model = LogisticRegression(max_iter=2000).fit(X, y)
    skops.io.dump(model, path / "model.skops")
    joblib.dump(model, path / "model.joblib")
    (path / "model.pkl").write_bytes(pickle.dumps(model))
    skops.io.dump(LogisticRegression(), path / "unfitted.skops")
    table = X.assign(kind=y)
    table.to_csv(path / "train.csv", index=False)
    table[::30].to_csv(path / "rows.csv", index=False)
    table[::30].to_parquet(path / "rows.parquet")
    return path


def run(folder, *arguments, model="model.skops", data="rows.csv"):
    paths = ["--model", str(folder / model), "--data", str(folder / data)]
    return cli.main(["explain", *paths, "--label", "kind", "--quiet", *arguments])


def test_explain_prints_the_ranking_and_the_agreement(folder, capsys):
    assert run(folder, "--background", str(folder / "train.csv")) == cli.OK
    out, err = capsys.readouterr()
    assert "Consensus of shap, occlusion, lime, permutation, forest over 6 rows (wisca):" in out
    assert "rank_forest" in out
    assert "Agreement between explainers:" in out
    assert "\nThe explainers " in out
    assert "\nMost important: " in out
    assert "above_noise" in out.splitlines()[2]
    assert err == ""


def test_terminal_codes_in_names_are_shown_and_not_obeyed(folder, capsys):
    assert run(folder, "--background", str(folder / "train.csv")) == cli.OK
    out, _ = capsys.readouterr()
    assert "\x1b" not in out
    assert r"al\x1b[31mcohol" in out


def test_terminal_codes_in_notes_and_errors_are_not_obeyed(folder, capsys):
    rows = pd.read_csv(folder / "rows.csv").assign(**{"ex\x1b[2Jtra": 1.0})
    rows.to_csv(folder / "extra.csv", index=False)
    assert run(folder, data="extra.csv") == cli.OK
    out, err = capsys.readouterr()
    assert r"left out: ex\x1b[2Jtra" in out
    assert "\x1b" not in out + err
    rows.drop(columns="malic_acid").to_csv(folder / "lacking.csv", index=False)
    assert run(folder, data="lacking.csv") == cli.BAD_DATA
    assert "\x1b" not in capsys.readouterr().err


def test_json_is_the_same_result(folder, capsys):
    assert run(folder, "--json", "--class", "1", "--consensus", "mean") == cli.OK
    content = json.loads(capsys.readouterr().out)
    assert content["consensus"] == "mean"
    assert content["n_samples"] == 6
    assert [row["rank"] for row in content["ranking"]] == [1, 2, 3, 4]
    assert content["cost"]["model_rows"] > 0
    assert set(content["ranking"][0]) >= {"lower", "upper", "p_positive", "p_top", "above_noise"}
    assert content["ranking"][0]["above_noise"] is True
    said = dict(zip(content["verdict_codes"], content["verdict"], strict=True))
    assert said["agreement"].startswith("The explainers ")
    names = [row["feature"] for row in content["ranking"]]
    first = f"Most important: {names[0]}, {names[1]}, {names[2]} and {names[3]}."
    assert said["most_important"] == first.replace("\x1b", r"\x1b")
    assert "background too" in content["notes"][0]


def test_the_verdict_is_printed_line_by_line(folder, capsys):
    assert run(folder, "--json") == cli.OK
    verdict = json.loads(capsys.readouterr().out)["verdict"]
    assert len(verdict) >= 2
    assert run(folder) == cli.OK
    lines = capsys.readouterr().out.splitlines()
    start = lines.index(verdict[0])
    assert lines[start : start + len(verdict)] == verdict
    assert lines[start - 1] == lines[start + len(verdict)] == ""


def test_a_single_row_is_printed_without_what_only_rows_can_tell(folder, capsys):
    pd.read_csv(folder / "rows.csv")[:1].to_csv(folder / "single.csv", index=False)
    background = ("--background", str(folder / "train.csv"))
    assert run(folder, "--json", *background, data="single.csv") == cli.OK
    content = json.loads(capsys.readouterr().out)
    assert {row["lower"] for row in content["ranking"]} == {None}
    assert run(folder, *background, data="single.csv") == cli.OK
    assert "over 1 rows" in capsys.readouterr().out


def test_parquet_gives_the_same_numbers_as_csv(folder, capsys):
    rankings = []
    for data in ("rows.csv", "rows.parquet"):
        assert run(folder, "--json", data=data) == cli.OK
        rankings.append(json.loads(capsys.readouterr().out)["ranking"])
    assert rankings[0] == rankings[1]


def test_parquet_without_a_reader_says_what_to_install(folder, capsys, monkeypatch):
    def missing(path):
        raise ImportError("no pyarrow")

    monkeypatch.setattr(pd, "read_parquet", missing)
    assert run(folder, data="rows.parquet") == cli.BAD_DATA
    assert "pip install 'wisca-xai[parquet]'" in capsys.readouterr().err


def test_out_writes_the_five_files(folder, tmp_path, capsys):
    assert run(folder, "--out", str(tmp_path / "new")) == cli.OK
    written = {path.name for path in (tmp_path / "new").iterdir()}
    files = {"report.html", "explanation.npz", "ranking.csv", "importance.png", "agreement.png"}
    assert written == files
    explanation = Explanation.load(tmp_path / "new" / "explanation.npz")
    ranking = pd.read_csv(tmp_path / "new" / "ranking.csv")
    np.testing.assert_allclose(ranking["importance"], explanation.ranking()["importance"])
    assert "'=ash" in set(ranking["feature"])  # a spreadsheet would run it as a formula
    assert "Wrote report.html, explanation.npz" in capsys.readouterr().err


@pytest.mark.parametrize("model", ["model.joblib", "model.pkl"])
def test_pickles_need_the_consent_of_the_user(folder, model, capsys):
    assert run(folder, model=model) == cli.MODEL_REFUSED
    assert "pass --unsafe-pickle" in capsys.readouterr().err
    assert run(folder, "--unsafe-pickle", model=model) == cli.OK


class Silent(BaseEstimator):
    """A model that learns under a name without an underscore at its end."""

    def fit(self, X, y):
        self.learned = float(np.mean(y))
        return self

    def predict(self, X):
        return np.asarray(X)[:, 0] - self.learned


def test_a_model_that_does_not_say_that_it_is_fitted_is_asked(folder, capsys):
    X, y = load_wine(return_X_y=True, as_frame=True)
    joblib.dump(Silent(), folder / "silent.joblib")
    arguments = [folder, "--unsafe-pickle"]
    assert run(*arguments, model="silent.joblib") == cli.MODEL_REFUSED
    joblib.dump(Silent().fit(X, y), folder / "silent.joblib")
    assert run(*arguments, model="silent.joblib") == cli.OK


def test_a_malicious_pickle_is_never_opened(folder, tmp_path, capsys):
    class Payload:
        def __reduce__(self):
            return (open, (str(tmp_path / "owned"), "w"))

    (folder / "evil.pkl").write_bytes(pickle.dumps(Payload()))
    assert run(folder, model="evil.pkl") == cli.MODEL_REFUSED
    assert not (tmp_path / "owned").exists()


def test_skops_types_outside_the_allow_list_are_named(folder, capsys):
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    X, y = load_wine(return_X_y=True, as_frame=True)
    X = X.iloc[:, :4]
    model = make_pipeline(FunctionTransformer(min_max), LogisticRegression(max_iter=2000))
    skops.io.dump(model.fit(X, y), folder / "custom.skops")
    (name,) = skops.io.get_untrusted_types(file=folder / "custom.skops")
    X[::60].to_csv(folder / "wine.csv", index=False)
    arguments = ["--model", str(folder / "custom.skops"), "--data", str(folder / "wine.csv")]
    assert cli.main(["explain", *arguments, "--quiet"]) == cli.MODEL_REFUSED
    assert f"add --trust {name}" in capsys.readouterr().err
    assert cli.main(["explain", *arguments, "--quiet", "--trust", name]) == cli.OK


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "cannot be loaded"), (b"no model", "cannot be loaded")],
    ids=["empty", "text"],
)
def test_a_broken_model_file_is_refused(folder, content, message, capsys):
    (folder / "broken.skops").write_bytes(content)
    assert run(folder, model="broken.skops") == cli.MODEL_REFUSED
    assert message in capsys.readouterr().err


def test_an_unfitted_model_is_refused(folder, capsys):
    assert run(folder, model="unfitted.skops") == cli.MODEL_REFUSED
    assert "is not fitted" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--label", "price"], "has no column 'price'"),
        (["--class", "7"], "one of the model's classes"),
        (["--background", "nowhere.csv"], "nowhere.csv"),
    ],
)
def test_bad_data_and_bad_usage_have_their_own_exit_codes(folder, arguments, message, capsys):
    assert run(folder, *arguments) == cli.BAD_DATA
    assert message in capsys.readouterr().err


def test_missing_values_name_their_columns(folder, capsys):
    rows = pd.read_csv(folder / "rows.csv")
    rows.loc[0, "malic_acid"] = np.nan
    rows.to_csv(folder / "holes.csv", index=False)
    assert run(folder, data="holes.csv") == cli.BAD_DATA
    err = capsys.readouterr().err
    assert "Input X contains NaN" in err
    assert "{'malic_acid': 1}" in err


def test_wrong_usage_exits_with_2(capsys):
    for arguments in ([], ["explain"], ["demo", "--consensus", "wisco"]):
        with pytest.raises(SystemExit, match="2"):
            cli.main(arguments)
    assert "invalid choice: 'wisco'" in capsys.readouterr().err


def test_a_failing_explainer_shows_in_the_exit_code(folder, capsys, monkeypatch):
    from wisca_xai import LimeExplainer

    def fail(self, task):
        raise RuntimeError("no answer today")

    monkeypatch.setattr(LimeExplainer, "_explain", fail)
    assert run(folder) == cli.EXPLAINER_FAILED
    out, err = capsys.readouterr()
    assert "Consensus of shap, occlusion, permutation, forest" in out
    assert "the explainer lime failed: RuntimeError: no answer today" in err
    assert "lime failed (RuntimeError: no answer today) and is left out of the consensus." in out


def test_ctrl_c_exits_with_130(folder, capsys, monkeypatch):
    def interrupt(self, task):
        raise KeyboardInterrupt

    monkeypatch.setattr(WISCAExplainer, "_explain", interrupt)
    assert run(folder) == cli.INTERRUPTED
    assert "interrupted" in capsys.readouterr().err


def test_demo_runs_and_writes_its_folder(tmp_path, capsys):
    assert cli.main(["demo", "--out", str(tmp_path / "demo")]) == cli.OK
    out, err = capsys.readouterr()
    assert "over 50 rows" in out
    assert "\nMost important: worst concave points, " in out
    assert "\nOn these rows the model has Brier skill 0." in out
    table = pd.read_csv(tmp_path / "demo" / "ranking.csv")
    assert table["feature"][0] == "worst concave points"
    assert table["rank"][0] == 1
    assert "accuracy 0.9" in err
    assert len(list((tmp_path / "demo").iterdir())) == 5


def test_the_report_alone_is_written(folder, tmp_path, capsys):
    report = tmp_path / "report.html"
    assert run(folder, "--html", str(report)) == cli.OK
    assert "Wrote the report" in capsys.readouterr().err
    assert report.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
