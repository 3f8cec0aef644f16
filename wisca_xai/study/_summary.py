"""Summary of the scores of the study: mean scores, regret, wins."""

import numpy as np
import pandas as pd
from scipy.stats import t as student

KEYS = ["dataset", "model", "seed"]  # the columns that identify a run
# The reason why a run with a valid model is not averaged.
LUCKY = "most other seeds are no better than chance"


def regrets(
    scores: pd.DataFrame, *, truth: str = "data", measure: str = "average_precision"
) -> pd.DataFrame:
    """Score and regret of every method in every valid run.

    Here a run is a table, a model and a seed, and a cell is a table and a model. A run is valid if
    its model is better than chance, and the models of more than half of the seeds of its cell are
    too. Otherwise a few lucky seeds would stand for the whole cell.

    Parameters
    ----------
    scores : DataFrame
        As from `run_study`.
    truth, measure : str
        Which scores to use, by their columns `truth` and `measure`.

    Returns
    -------
    cells : DataFrame
        `dataset`, `model`, `seed`, `kind`, `method`, `score`, `best` (score of the best single
        explainer of the run), `regret` (best - score; negative where the method beats them all)
        and `rank` (1 + the number of single explainers that score higher).
    """
    chosen = scores[_counts(scores) & (scores["truth"] == truth) & (scores["measure"] == measure)]
    chosen = chosen.dropna(subset=["score"])
    single = chosen[chosen["kind"] == "explainer"]
    best = single.groupby(KEYS)["score"].max().rename("best").reset_index()
    cells = chosen[[*KEYS, "kind", "method", "score"]].merge(best, on=KEYS)
    cells["regret"] = cells["best"] - cells["score"]
    rivals = cells[[*KEYS, "kind", "method", "score"]].merge(
        single[[*KEYS, "method", "score"]], on=KEYS, suffixes=("", "_single")
    )
    rivals["higher"] = rivals["score_single"] > rivals["score"] + 1e-9
    ranks = rivals.groupby([*KEYS, "kind", "method"])["higher"].sum().rename("rank") + 1
    return cells.merge(ranks.reset_index(), on=[*KEYS, "kind", "method"])


def summarise(
    scores: pd.DataFrame, *, truth: str = "data", measure: str = "average_precision"
) -> pd.DataFrame:
    """Mean score, regret and wins of every method over the valid runs; see `regrets`.

    Returns
    -------
    summary : DataFrame
        The columns `kind`, `method`, `score` (mean over runs), `lower` and `upper` (95% interval
        over seeds, from Student's distribution; NaN for one seed), `regret` (mean over runs),
        `worst` (largest regret of a cell, averaged over its seeds), `worst_run` (largest regret of
        a run), `wins` (share of runs in which no single explainer scores higher) and `runs` (their
        number). The highest score of each kind comes first.
    """
    cells = regrets(scores, truth=truth, measure=measure)
    grouped = cells.groupby(["kind", "method"], sort=False)
    of_cells = cells.groupby(["kind", "method", "dataset", "model"], sort=False)["regret"].mean()
    summary = pd.DataFrame(
        {
            "score": grouped["score"].mean(),
            "regret": grouped["regret"].mean(),
            "worst": of_cells.groupby(["kind", "method"], sort=False).max(),
            "worst_run": grouped["regret"].max(),
            "wins": grouped["rank"].agg(lambda ranks: (ranks == 1).mean()),
            "runs": grouped.size(),
        }
    )
    per_seed = cells.pivot_table("score", index=["kind", "method"], columns="seed")
    n_seeds = per_seed.shape[1]
    half = np.full(len(per_seed), np.nan)
    if n_seeds > 1:
        half = student.ppf(0.975, n_seeds - 1) * per_seed.std(axis=1, ddof=1) / np.sqrt(n_seeds)
    centre = per_seed.mean(axis=1)
    bounds = pd.DataFrame({"lower": centre - half, "upper": centre + half}, index=per_seed.index)
    summary = summary.join(bounds).reset_index()
    columns = ["kind", "method", "score", "lower", "upper", "regret", "worst", "worst_run", "wins"]
    columns.append("runs")
    order = ["kind", "score", "method"]
    return summary[columns].sort_values(order, ascending=[True, False, True], ignore_index=True)


def invalid_cells(scores: pd.DataFrame) -> pd.DataFrame:
    """Runs that failed or whose model is no better than chance; they are not averaged.

    Returns
    -------
    cells : DataFrame
        `dataset`, `model`, `seed`, `model_score` and `reason`: that of a failure, or that the model
        is better than chance but most other seeds are not; else empty.
    """
    lucky = np.where(scores["valid"].astype(bool), LUCKY, "")
    reasons = scores["method"].where(scores["kind"] == "error", lucky)
    cells = scores.assign(reason=reasons)[~_counts(scores)]
    cells = cells[[*KEYS, "model_score", "reason"]].drop_duplicates()
    return cells.sort_values(KEYS, ignore_index=True)


def _counts(scores: pd.DataFrame) -> "pd.Series[bool]":
    """Whether a row belongs to a run that is averaged."""
    valid = scores["valid"].astype(bool)
    runs = scores.assign(valid=valid).drop_duplicates(KEYS)
    share = runs.groupby(KEYS[:2])["valid"].mean().rename("share").reset_index()
    return valid & (scores.merge(share, on=KEYS[:2], how="left")["share"].to_numpy() > 0.5)


def to_markdown(summary: pd.DataFrame) -> str:
    """Write a summary as a table in Markdown."""
    columns = ("kind", "method", "score (95% interval)", "regret", "worst", "worst run")
    head = (*columns, "wins", "runs")
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for row in summary.to_dict("records"):
        interval = f" ({row['lower']:.3f} to {row['upper']:.3f})" if row["lower"] > -np.inf else ""
        lines.append(
            f"| {row['kind']} | {row['method']} | {row['score']:.3f}{interval} | "
            f"{row['regret']:+.3f} | {row['worst']:+.3f} | {row['worst_run']:+.3f} | "
            f"{row['wins']:.0%} | {row['runs']} |"
        )
    return "\n".join(lines)


def write_summary(scores: pd.DataFrame) -> str:
    """Write the results of the study in Markdown: recovery of the truth of data and model."""
    titles = {
        "data": "Average precision, truth of the data",
        "model": "Average precision, truth of the model",
        "row": "Average precision row by row, where the truth differs between rows",
    }
    if not (scores["truth"] == "row").any():
        del titles["row"]
    parts = []
    for truth, title in titles.items():
        parts += [f"## {title}", "", to_markdown(summarise(scores, truth=truth)), ""]
    invalid = invalid_cells(scores)
    n_runs = len(scores[KEYS].drop_duplicates())
    parts += [
        f"## {len(invalid)} of {n_runs} runs have a model no better than chance",
        "",
        "They are not averaged.",
        "",
        *(
            f"- {cell['dataset']}, {cell['model']}, seed {cell['seed']}: "
            f"{cell['reason'] or format(cell['model_score'], '.2f')}"
            for cell in invalid.to_dict("records")
        ),
    ]
    return "\n".join(parts) + "\n"
