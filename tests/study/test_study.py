"""The study: its cells, its resumption, and the arithmetic of its answers."""

import json

import numpy as np
import pandas as pd
import pytest

from tests.consensus.wisca_loops import importance_by_loop
from wisca_xai import InputError, WISCAExplainer
from wisca_xai.cli import main
from wisca_xai.consensus import CONSENSUS, published, wisca_signed
from wisca_xai.datasets import make_dataset
from wisca_xai.metrics import average_precision
from wisca_xai.study import invalid_cells, regrets, run_study, summarise, write_summary
from wisca_xai.study._cell import consensus_importances
from wisca_xai.study._models import MODELS, fit_model, score_model, used_features

PANEL = ("shap", "occlusion", "lime", "permutation", "forest")
SMALL = {"datasets": ["height", "linear", "syn4"], "models": ["linear", "tree"], "quick": True}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    return folder, run_study(folder, **SMALL)


def test_every_cell_holds_every_method(study):
    _, scores = study
    assert len(scores[["dataset", "model", "seed"]].drop_duplicates()) == 6
    for _, cell in scores.groupby(["dataset", "model"]):
        ours = cell[(cell["truth"] == "data") & (cell["measure"] == "average_precision")]
        by_kind = ours.groupby("kind")["method"].agg(set)
        assert by_kind["explainer"] == set(PANEL)
        assert by_kind["consensus"] == set(CONSENSUS)
        assert by_kind["published"] == set(published.REFERENCE)
        assert by_kind["ablation"] == {
            *("signed", "equal votes", "without confidence weights"),
            *("local explainers only", "global explainers only"),
            *(f"without {name}" for name in PANEL),
        }
        assert not ours.duplicated(["kind", "method"]).any()
        assert ours["score"].between(0, 1).all()
    by_row = scores[scores["truth"] == "row"]
    assert set(by_row["dataset"]) == {"syn4"}


def test_ablations_leave_out_what_they_name():
    data = make_dataset("friedman1", n_samples=150, random_state=0)
    model = fit_model("tree", data, np.arange(100), 0)
    explainer = WISCAExplainer(model, random_state=0).set_params(shap__background_size=20)
    explanation = explainer.fit(data.X[:100], data.y[:100]).explain(data.X[100:], data.y[100:])
    parts = explanation.components
    names = list(PANEL)  # local explainers first
    unused = np.arange(10) == 5
    local = np.array([np.where(unused, 0.0, parts[name].values) for name in names[:3]])
    # The importances of the forest are shares of variance.
    permutation, forest = parts["permutation"].values, np.sqrt(parts["forest"].values)
    importances = np.where(unused, 0.0, [permutation, forest])
    fits = [np.ones(50), *(parts[n].row_fidelity() for n in names[1:3])]
    weights, by_row = explanation.weights, np.array(fits) ** 2
    sizes = [1, 2, 2, 2, 2]  # occlusion and permutation share a vote, and LIME and the forest
    votes = [(parts[n].fidelity or 1.0) / size for n, size in zip(names, sizes, strict=True)]
    assert list(explanation.votes.values()) == pytest.approx(votes)
    assert np.ptp(weights) > 0.01
    full = (local, importances, weights, votes, by_row)
    expected = {
        ("consensus", "wisca"): full,
        ("ablation", "without confidence weights"): (local, importances, None, votes, by_row),
        ("ablation", "equal votes"): (local, importances, weights),
        ("ablation", "without lime"): (
            local[:2], importances, weights, votes[:2] + votes[3:], by_row[:2],
        ),
        ("ablation", "without permutation"): (
            local, importances[1:], weights, votes[:3] + votes[4:], by_row,
        ),
        ("ablation", "local explainers only"): (local, None, weights, votes[:3], by_row),
    }  # fmt: skip
    found = consensus_importances(explanation)
    for name, arguments in expected.items():
        again = importance_by_loop(*arguments)
        np.testing.assert_allclose(found[name], again, atol=1e-12, err_msg=str(name))
    shares = [np.maximum(vector, 0) / np.maximum(vector, 0).sum() for vector in importances]
    np.testing.assert_allclose(
        found["ablation", "global explainers only"],
        np.average(shares, axis=0, weights=votes[3:]),
        atol=1e-12,
    )
    signed = wisca_signed(local, importances, weights, method_weights=votes).importance
    np.testing.assert_allclose(found["ablation", "signed"], np.abs(signed), atol=1e-12)
    different = np.array([found[name] for name in expected])
    assert all(np.abs(a - b).max() > 1e-4 for i, a in enumerate(different) for b in different[:i])


def test_tables_with_categories_are_scored_row_by_row(tmp_path):
    scores = run_study(tmp_path, datasets=["switch_levels"], models=["tree"], quick=True)
    assert set(scores["kind"]) == {"explainer", "consensus", "published", "ablation"}
    by_row = scores[scores["truth"] == "row"]
    assert set(by_row.loc[by_row["kind"] == "explainer", "method"]) == {"shap", "occlusion", "lime"}
    assert set(by_row.loc[by_row["kind"] == "consensus", "method"]) == set(CONSENSUS)
    assert by_row["score"].between(0, 1).all()


def test_a_good_model_of_an_easy_table_is_recovered(study):
    _, scores = study
    height = scores[(scores["dataset"] == "height") & (scores["model"] == "tree")]
    assert height["valid"].all()
    ours = height[(height["kind"] == "consensus") & (height["method"] == "wisca")]
    assert (ours.loc[ours["measure"] == "average_precision", "score"] == 1.0).all()


def test_a_second_run_computes_only_what_is_missing(study):
    folder, scores = study
    cells = sorted((folder / "cells").iterdir())
    written = {path: path.stat().st_mtime_ns for path in cells}
    cells[0].unlink()
    again = run_study(folder, **SMALL)
    changed = [path for path in cells if path.stat().st_mtime_ns != written[path]]
    assert changed == cells[:1]
    pd.testing.assert_frame_equal(
        again.drop(columns="seconds"), scores.drop(columns="seconds"), check_exact=True
    )


def test_other_sizes_are_not_mixed(study):
    folder, _ = study
    with pytest.raises(InputError, match="holds a study of other sizes"):
        run_study(folder, datasets=["height"], models=["tree"])


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"datasets": ["heigth"]}, "Did you mean 'height'"), ({"models": ["svm"]}, "`models` must")],
)
def test_unknown_names_are_refused_before_any_work(tmp_path, settings, message):
    with pytest.raises(InputError, match=message):
        run_study(tmp_path / "new", **settings)
    assert not (tmp_path / "new").exists()


def test_a_cell_that_fails_leaves_its_reason(tmp_path, monkeypatch):
    def break_down(*_):
        raise RuntimeError("no such luck")

    monkeypatch.setattr("wisca_xai.study._cell.fit_model", break_down)
    scores = run_study(tmp_path, datasets=["height"], models=["tree"], quick=True)
    assert scores["kind"].tolist() == ["error"]
    assert scores["method"].tolist() == ["RuntimeError: no such luck"]
    assert not scores["valid"].any()
    assert len(invalid_cells(scores)) == 1
    assert "- height, tree, seed 0: RuntimeError: no such luck" in write_summary(scores)


def table_of(rows):
    """A table of scores from (model, seed, valid, kind, method, score)."""
    columns = ["model", "seed", "valid", "kind", "method", "score"]
    table = pd.DataFrame(rows, columns=columns)
    table.insert(0, "dataset", "made_up")
    return table.assign(truth="data", measure="average_precision", model_score=0.9)


MADE_UP = table_of(
    [
        ("tree", 0, True, "explainer", "shap", 0.9),
        ("tree", 0, True, "explainer", "lime", 0.5),
        ("tree", 0, True, "consensus", "wisca", 0.8),
        ("tree", 1, True, "explainer", "shap", 0.6),
        ("tree", 1, True, "explainer", "lime", 0.7),
        ("tree", 1, True, "consensus", "wisca", 1.0),
        ("mlp", 0, False, "explainer", "shap", 0.1),
        ("mlp", 0, False, "explainer", "lime", 0.1),
        ("mlp", 0, False, "consensus", "wisca", 0.0),
    ]
)


def test_regret_is_the_distance_to_the_best_explainer_of_the_cell():
    cells = regrets(MADE_UP).set_index(["seed", "method"])
    assert cells.loc[(0, "wisca"), "regret"] == pytest.approx(0.1)
    assert cells.loc[(1, "wisca"), "regret"] == pytest.approx(-0.3)
    assert cells.loc[(0, "lime"), "regret"] == pytest.approx(0.4)
    assert cells["rank"].to_dict() == {
        (0, "shap"): 1,
        (0, "lime"): 2,
        (0, "wisca"): 2,
        (1, "shap"): 2,
        (1, "lime"): 1,
        (1, "wisca"): 1,
    }


def test_the_summary_leaves_out_invalid_cells():
    summary = summarise(MADE_UP).set_index("method")
    wisca = summary.loc["wisca"]
    assert wisca["score"] == pytest.approx(0.9)
    assert wisca["regret"] == pytest.approx(-0.1)
    assert wisca["worst_run"] == pytest.approx(0.1)
    assert wisca["worst"] == pytest.approx(-0.1)  # of the one cell, over its two seeds
    assert summary.loc["lime", "worst"] == pytest.approx(0.2)
    assert wisca["wins"] == 0.5
    assert wisca["runs"] == 2


def test_the_interval_of_two_seeds_is_students():
    """The scores are 0.8 and 1.0, and 12.7062 is the quantile of one degree of freedom."""
    wisca = summarise(MADE_UP).set_index("method").loc["wisca"]
    assert wisca["upper"] - wisca["score"] == pytest.approx(1.27062, abs=1e-5)


def test_the_written_summary_lists_what_it_leaves_out():
    assert "made_up, mlp, seed 0: 0.90" in write_summary(MADE_UP)
    assert "1 of 3 runs" in write_summary(MADE_UP)


def test_a_cell_is_not_represented_by_its_lucky_seeds():
    rows = [("tree", seed, seed == 0, "explainer", "shap", 0.5) for seed in range(3)]
    lucky = table_of(
        [*rows, *(("mlp", seed, seed > 0, "explainer", "shap", 0.9) for seed in range(3))]
    )
    assert summarise(lucky)[["score", "runs"]].to_numpy().tolist() == [[0.9, 2.0]]
    left_out = invalid_cells(lucky).set_index(["model", "seed"])["reason"]
    assert left_out.to_dict() == {
        ("mlp", 0): "",
        ("tree", 0): "most other seeds are no better than chance",
        ("tree", 1): "",
        ("tree", 2): "",
    }
    assert "made_up, tree, seed 0: most other seeds are no better than chance" in write_summary(
        lucky
    )


def test_one_seed_has_no_interval():
    summary = summarise(MADE_UP[MADE_UP["seed"] == 0])
    assert summary[["lower", "upper"]].isna().all(axis=None)
    assert "nan" not in write_summary(MADE_UP[MADE_UP["seed"] == 0])


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("dataset", ["height_multiclass", "friedman1"])
def test_models_learn_and_their_use_of_features_is_known(name, dataset):
    data = make_dataset(dataset, n_samples=150, random_state=0)
    rows = np.arange(150)
    model = fit_model(name, data, rows[:100], 0)
    assert score_model(model, data, rows[100:]) > 0.3
    used = used_features(model, data, rows[100:], rows[:100])
    assert average_precision(used, data.relevant_features) > 0.8


def test_what_a_linear_model_uses_is_its_coefficients():
    data = make_dataset("linear", random_state=0)
    model = fit_model("linear", data, np.arange(60), 0)
    used = used_features(model, data, np.arange(60, 71), np.arange(60))
    slopes = model[-1].coef_ / model[0].scale_
    X = data.X.to_numpy()
    distance = np.abs(X[60:71] - X[:20].mean(axis=0)).mean(axis=0)
    np.testing.assert_allclose(used, np.abs(slopes) * distance, rtol=1e-9)


def test_wide_tables_take_the_models_structure():
    data = make_dataset("rules_100", n_samples=200, random_state=0)
    rows = np.arange(200)
    tree = fit_model("tree", data, rows[:150], 0)
    used = used_features(tree, data, rows[150:], rows[:150])
    np.testing.assert_array_equal(used, tree.feature_importances_)
    assert used_features(fit_model("knn", data, rows, 0), data, rows, rows) is None


def test_the_command_writes_its_files(tmp_path, capsys):
    folder = tmp_path / "out"
    options = ["--quick", "--datasets", "height", "linear", "--models", "tree", "--quiet"]
    assert main(["study", "--out", str(folder), *options]) == 0
    printed = capsys.readouterr().out
    assert "| consensus | wisca |" in printed
    assert (folder / "summary.md").read_text(encoding="utf-8") == printed
    names = {path.name for path in folder.iterdir()}
    assert {"scores.csv", "summary.md", "regret.png", "ranks.png", "study.json"} <= names
    assert json.loads((folder / "study.json").read_text())["max_samples"] == 500


def test_the_command_starts_at_the_first_seed(tmp_path):
    later = ["--seeds", "2", "--first-seed", "7", "--datasets", "height", "--models", "tree"]
    assert main(["study", "--out", str(tmp_path / "later"), *later, "--quiet"]) == 0
    cells = {path.name for path in (tmp_path / "later" / "cells").iterdir()}
    assert cells == {"height-tree-7.csv", "height-tree-8.csv"}


def test_the_command_refuses_bad_settings(tmp_path, capsys):
    folder = tmp_path / "out"
    assert main(["study", "--out", str(folder), "--first-seed", "-1"]) == 3
    assert "`--first-seed` must be an integer of at least 0" in capsys.readouterr().err
    assert main(["study", "--out", str(folder), "--datasets", "hight"]) == 3
    assert "Did you mean 'height'" in capsys.readouterr().err
