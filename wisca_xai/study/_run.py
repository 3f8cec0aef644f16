"""Run the cells of the study in parallel; each is written as soon as it is done."""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from wisca_xai._checks import check_choice, check_count
from wisca_xai._compat import in_this_config
from wisca_xai._exceptions import InputError
from wisca_xai._files import whole_file
from wisca_xai._text import progress_bar
from wisca_xai.datasets import DATASETS
from wisca_xai.study._cell import Cell, run_cell
from wisca_xai.study._models import MODELS

# The tables of a quick study.
QUICK_DATASETS = ("height", "conjunction", "linear", "syn1", "syn4", "friedman1", "correlated_05")


@dataclass(frozen=True)
class Sizes:
    """Limits of the work in a cell; results of different sizes are never mixed."""

    max_samples: int = 1000
    n_explained: int = 100
    background_size: int = 100


QUICK_SIZES = Sizes(max_samples=500, n_explained=40, background_size=30)


def run_study(
    folder: str | os.PathLike[str],
    *,
    datasets: Sequence[str] | None = None,
    models: Sequence[str] = MODELS,
    seeds: int | Iterable[int] = 3,
    quick: bool = False,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> pd.DataFrame:
    """Score all explainers and consensus functions on tables with a known truth.

    A cell is a table, a model and a seed. It is written to `folder` as soon as it is done. A second
    call with the same folder computes only the missing cells.

    Parameters
    ----------
    folder : path
        Created if it does not exist. Gets ``cells/*.csv`` and ``scores.csv``.
    datasets : sequence of str, default=None
        Keys of `wisca_xai.datasets.DATASETS`. None means all, or seven with `quick`.
    models : sequence of str, default=MODELS
        From "linear" (logistic or ridge regression), "tree", "forest", "boosting", "mlp", "knn".
    seeds : int or iterable of int, default=3
        Seeds of data, split, model and explainers: their number, or the seeds themselves.
    quick : bool, default=False
        Use smaller tables and fewer rows, and one seed if `seeds` is a number.
    n_jobs : int or None, default=None
        Number of cells that run at the same time, as in joblib.
    verbose : int, default=0
        1 shows a progress bar on stderr.

    Returns
    -------
    scores : DataFrame
        One row per cell, method, truth and measure, with the columns `dataset`, `model`, `seed`,
        `model_score` (ROC AUC or R2 on test rows), `valid` (AUC at least 0.6, R2 at least 0.3),
        `seconds`, `kind` ("explainer", "consensus", "published", "ablation", or "error" with the
        reason as `method`), `method`, `truth` ("data", "model" or "row"), `measure` and `score`.

    Raises
    ------
    InputError
        If a name is unknown, or `folder` contains a study of other sizes.
    """
    names = tuple(datasets or (QUICK_DATASETS if quick else DATASETS))
    for name in names:
        check_choice("datasets", name, DATASETS)
    for name in models:
        check_choice("models", name, MODELS)
    if isinstance(seeds, int):
        seeds = range(1 if quick else check_count("seeds", seeds))
    sizes = QUICK_SIZES if quick else Sizes()
    output = Path(folder)
    (output / "cells").mkdir(parents=True, exist_ok=True)
    _check_settings(output / "study.json", asdict(sizes))
    cells = {
        output / "cells" / f"{name}-{model}-{seed}.csv": Cell(name, model, seed, **asdict(sizes))
        for seed in seeds
        for name in names
        for model in models
    }
    missing = {path: cell for path, cell in cells.items() if not path.exists()}
    jobs = Parallel(n_jobs=n_jobs, return_as="generator_unordered")(
        delayed(in_this_config(_keep))(path, cell) for path, cell in missing.items()
    )
    bar = progress_bar(jobs, "cells", unit="cell", verbose=verbose, total=len(missing))
    for _ in bar:
        pass
    scores = pd.concat([pd.read_csv(path) for path in cells], ignore_index=True)
    _write(output / "scores.csv", scores.to_csv(index=False))
    return scores


def _keep(path: Path, cell: Cell) -> None:
    """Compute a cell and write it; for a cell that fails, write the reason."""
    try:
        table = run_cell(cell)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        known = {"dataset": cell.dataset, "model": cell.model, "seed": cell.seed}
        failed = {"model_score": np.nan, "valid": False, "kind": "error", "method": reason}
        table = pd.DataFrame([{**known, **failed, "truth": "", "measure": "", "score": np.nan}])
    _write(path, table.to_csv(index=False))


def _check_settings(path: Path, settings: dict[str, Any]) -> None:
    if path.exists():
        known = json.loads(path.read_text(encoding="utf-8"))
        if known != settings:
            raise InputError(
                f"{path.parent} holds a study of other sizes, {known}. Use another folder for "
                f"{settings}."
            )
    else:
        _write(path, json.dumps(settings))


def _write(path: Path, text: str) -> None:
    with whole_file(path) as stream:
        stream.write(text.encode())
