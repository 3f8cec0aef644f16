"""What the commands print and write."""

import argparse
import json
import sys
from typing import Any

import pandas as pd

from wisca_xai import plots
from wisca_xai._results._consensus_explanation import ConsensusExplanation
from wisca_xai._text import short_text, to_shown


def write_results(explanation: ConsensusExplanation, arguments: argparse.Namespace) -> None:
    sys.stdout.write(_as_json(explanation) if arguments.json else _as_text(explanation))
    if arguments.html is not None:
        explanation.to_html(arguments.html)
        say(f"Wrote the report {arguments.html}.")
    if arguments.out is None:
        return
    folder = arguments.out
    folder.mkdir(parents=True, exist_ok=True)
    explanation.save(folder / "explanation.npz")
    _ranking(explanation).map(_csv_safe).to_csv(folder / "ranking.csv", index=False)
    from matplotlib import pyplot

    pyplot.switch_backend("agg")  # Writing files needs no display.
    for name, plot in (("importance", plots.importance), ("agreement", plots.agreement)):
        plot(explanation)
        pyplot.savefig(folder / f"{name}.png")
        pyplot.close("all")
    explanation.to_html(folder / "report.html")
    say(
        "Wrote report.html, explanation.npz, ranking.csv, importance.png and agreement.png to "
        f"{folder}."
    )


def write_study(scores: pd.DataFrame, arguments: argparse.Namespace) -> None:
    from matplotlib import pyplot

    from wisca_xai.study import regrets, write_summary

    text = write_summary(scores)
    sys.stdout.write(text)
    (arguments.out / "summary.md").write_text(text, encoding="utf-8")
    pyplot.switch_backend("agg")
    cells = regrets(scores)
    for name, plot in (("regret", plots.regret), ("ranks", plots.explainer_ranks)):
        plot(cells)
        pyplot.savefig(arguments.out / f"{name}.png")
        pyplot.close("all")
    say(f"Wrote scores.csv, summary.md, regret.png and ranks.png to {arguments.out}.")


def _ranking(explanation: ConsensusExplanation) -> pd.DataFrame:
    """The ranking, with the rank of each feature by each explainer."""
    ranks = explanation.ranks().add_prefix("rank_")
    return explanation.ranking().merge(ranks, left_on="feature", right_index=True)


def _as_json(explanation: ConsensusExplanation) -> str:
    def records(table: pd.DataFrame) -> Any:
        return json.loads(table.to_json(orient="records", double_precision=15))

    receipt, verdict = explanation.receipt, explanation.verdict()
    content = {
        "consensus": explanation.consensus,
        "n_samples": len(explanation.weights),
        "ranking": records(_ranking(explanation)),
        "agreement": records(explanation.agreement()),
        "verdict": [sentence.text for sentence in verdict],
        "verdict_codes": list(verdict.codes),
        "failures": dict(explanation.failures),
        "notes": list(explanation.notes),
        "cost": {
            "model_rows": receipt.model_rows,
            "model_calls": receipt.model_calls,
            "seconds": receipt.seconds,
            "model_seconds": receipt.model_seconds,
        },
    }
    return json.dumps(content, indent=2) + "\n"


def _as_text(explanation: ConsensusExplanation) -> str:
    # These columns are only in ranking.csv.
    left_out = ["wisca", "p_positive", "best_rank", "worst_rank", "p_top"]
    ranking = _ranking(explanation).drop(columns=left_out)
    shown = to_shown(ranking.head(20))
    pairs = to_shown(explanation.agreement())
    receipt = explanation.receipt
    lines = [
        f"Consensus of {', '.join(explanation.components)} over {len(explanation.weights)} rows "
        f"({explanation.consensus}):",
        "",
        shown.to_string(index=False, float_format="{:.3f}".format),
    ]
    if len(ranking) > len(shown):
        lines.append(f"... and {len(ranking) - len(shown)} more features")
    lines += [
        "",
        "Agreement between explainers:",
        "",
        pairs.to_string(index=False, float_format="{:.2f}".format, na_rep="-"),
        "",
        *str(explanation.verdict()).split("\n"),
        "",
        *(short_text(f"Note: {note}") for note in explanation.notes),
        f"Cost: {receipt.model_rows:,} rows passed to the model in {receipt.model_calls:,} calls; "
        f"{receipt.seconds:.1f} s, of which {receipt.model_seconds:.1f} s in the model.",
    ]
    return "\n".join(lines) + "\n"


def _csv_safe(cell: Any) -> Any:
    """Add an apostrophe to text that a spreadsheet would run as a formula; keep numbers."""
    if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{cell}"
    return cell


def say(message: object) -> None:
    """Write to stderr. Control codes of the terminal are written out, so they have no effect."""
    sys.stderr.write(short_text(message) + "\n")
