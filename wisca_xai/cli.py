"""`wisca`: the public API from the command line.

Results go to stdout; progress, warnings and errors to stderr.
"""

import argparse
import json
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from wisca_xai import __version__, plots
from wisca_xai._checks import check_count
from wisca_xai._exceptions import (
    ExplainerError,
    ModelContractError,
    UntrustedModelError,
    WISCAWarning,
)
from wisca_xai._model._files import load_model
from wisca_xai._panel._explainer import WISCAExplainer
from wisca_xai._results._consensus_explanation import ConsensusExplanation
from wisca_xai._text import display_name, safe_text
from wisca_xai.consensus import CONSENSUS

OK, USAGE, BAD_DATA, MODEL_REFUSED, EXPLAINER_FAILED, INTERRUPTED = 0, 2, 3, 4, 5, 130
EXIT_CODES = (
    "exit codes: 0 ok, 2 wrong usage, 3 bad data, 4 model refused, 5 an explainer failed "
    "(the others' consensus is printed all the same), 130 interrupted"
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code.

    Examples
    --------
    >>> main(["explain", "--model", "missing.skops", "--data", "missing.csv"])
    3
    """
    arguments = _parser().parse_args(argv)
    failures: Mapping[str, str] = {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", WISCAWarning)  # printed below, with the failures
            result = arguments.run(arguments)
        if isinstance(result, ConsensusExplanation):
            failures = result.failures
            _write_results(result, arguments)
        else:
            _write_study(result, arguments)
    except KeyboardInterrupt:
        return _fail(INTERRUPTED, "interrupted")
    except (UntrustedModelError, ModelContractError) as error:
        return _fail(MODEL_REFUSED, error)
    except ExplainerError as error:
        return _fail(EXPLAINER_FAILED, error)
    except (OSError, ValueError) as error:  # also what the model says of its input
        return _fail(BAD_DATA, error)
    for name, reason in failures.items():
        _say(f"warning: the explainer {name} failed: {reason}")
    return EXPLAINER_FAILED if failures else OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="wisca", description=__doc__, epilog=EXIT_CODES)
    parser.add_argument("--version", action="version", version=f"wisca {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--consensus", choices=sorted(CONSENSUS), default="wisca", help="how to merge"
    )
    shared.add_argument("--json", action="store_true", help="print JSON instead of tables")
    shared.add_argument("--seed", type=int, default=0, help="seed of all draws (default: 0)")
    shared.add_argument("--jobs", type=int, default=None, help="rows explained at once")
    shared.add_argument("--quiet", action="store_true", help="no progress bar")

    demo = commands.add_parser(
        "demo", parents=[shared], help="explain gradient boosting on breast cancer data"
    )
    demo.add_argument("--out", type=Path, default=Path("wisca-demo"), help="folder for the files")
    demo.set_defaults(run=_demo)

    explain = commands.add_parser(
        "explain", parents=[shared], help="explain a model on a table", epilog=EXIT_CODES
    )
    explain.add_argument("--model", type=Path, required=True, help=".skops, .joblib or .pkl")
    explain.add_argument("--data", type=Path, required=True, help="rows to explain: CSV or Parquet")
    explain.add_argument("--background", type=Path, help="reference data: the training table")
    explain.add_argument("--label", metavar="COLUMN", help="column that holds the true value")
    explain.add_argument("--class", dest="class_", metavar="C", help="class to explain")
    explain.add_argument("--out", type=Path, help="folder for the files (default: none written)")
    explain.add_argument(
        "--trust", action="append", default=[], metavar="TYPE", help="allow a type in a .skops file"
    )
    explain.add_argument(
        "--unsafe-pickle",
        action="store_true",
        help="load .joblib and .pkl, which can run any code that is hidden in them",
    )
    explain.set_defaults(run=_explain)

    study = commands.add_parser(
        "study", help="hold explainers and consensus against data with a known truth"
    )
    study.add_argument("--out", type=Path, default=Path("wisca-study"), help="folder for the files")
    study.add_argument("--quick", action="store_true", help="seven small tables, one seed")
    study.add_argument("--datasets", nargs="+", metavar="NAME", help="tables (default: all)")
    study.add_argument("--models", nargs="+", metavar="NAME", help="models (default: all six)")
    study.add_argument("--seeds", type=int, default=3, help="number of seeds (default: 3)")
    study.add_argument("--first-seed", type=int, default=0, metavar="SEED", help="default: 0")
    study.add_argument("--jobs", type=int, default=None, help="cells at once")
    study.add_argument("--quiet", action="store_true", help="no progress bar")
    study.set_defaults(run=_study)
    return parser


def _demo(arguments: argparse.Namespace) -> ConsensusExplanation:
    from sklearn.datasets import load_breast_cancer
    from sklearn.ensemble import GradientBoostingClassifier
    from sklearn.model_selection import train_test_split

    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=50, stratify=y, random_state=0
    )
    model = GradientBoostingClassifier(random_state=0).fit(X_train, y_train)
    _say(
        f"Gradient boosting on breast cancer data: {len(X_train)} rows to learn from, accuracy "
        f"{model.score(X_test, y_test):.2f} on the {len(X_test)} rows to explain."
    )
    return _explainer(model, arguments).fit(X_train, y_train).explain(X_test, y_test)


def _explain(arguments: argparse.Namespace) -> ConsensusExplanation:
    X, y = _split(_read_table(arguments.data), arguments.label, arguments.data)
    background, background_y = None, None
    if arguments.background is not None:
        table = _read_table(arguments.background)
        background, background_y = _split(table, arguments.label, arguments.background)
    model, note = load_model(
        arguments.model, trusted=arguments.trust, unsafe_pickle=arguments.unsafe_pickle
    )
    if note is not None:
        _say(f"warning: {note}")
    target = _target(model, arguments.class_)
    explainer = _explainer(model, arguments)
    if background is not None:
        explainer.fit(background, background_y)
    explanation = explainer.explain(X, y, target=target)
    return explanation if note is None else replace(explanation, notes=(note, *explanation.notes))


def _study(arguments: argparse.Namespace) -> pd.DataFrame:
    from wisca_xai.study import MODELS, run_study

    first = check_count("--first-seed", arguments.first_seed, minimum=0)
    n_seeds = 1 if arguments.quick else check_count("--seeds", arguments.seeds)
    return run_study(
        arguments.out,
        datasets=arguments.datasets,
        models=arguments.models or MODELS,
        seeds=range(first, first + n_seeds),
        quick=arguments.quick,
        n_jobs=arguments.jobs,
        verbose=not arguments.quiet,
    )


def _explainer(model: Any, arguments: argparse.Namespace) -> WISCAExplainer:
    return WISCAExplainer(
        model,
        consensus=arguments.consensus,
        n_jobs=arguments.jobs,
        random_state=arguments.seed,
        verbose=not arguments.quiet,
    )


def _read_table(path: Path) -> pd.DataFrame:
    if path.suffix.lower() not in (".parquet", ".pq"):
        return pd.read_csv(path)
    try:
        return pd.read_parquet(path)
    except ImportError as error:
        raise ValueError(
            f"{path} needs a Parquet reader: pip install 'wisca-xai[parquet]', or pass CSV."
        ) from error


def _split(table: pd.DataFrame, label: str | None, path: Path) -> tuple[pd.DataFrame, Any]:
    """Columns of the model, and the true values, or None."""
    if label is None:
        return table, None
    if label not in table.columns:
        raise ValueError(f"{path} has no column {label!r}; it has {list(table.columns)[:20]}.")
    return table.drop(columns=label), table[label]


def _target(model: Any, name: str | None) -> Any:
    """The class that a word on the command line names; classes need not be text."""
    if name is None:
        return "predicted"
    matches = [label for label in getattr(model, "classes_", ()) if str(label) == name]
    return matches[0] if matches else name


def _write_results(explanation: ConsensusExplanation, arguments: argparse.Namespace) -> None:
    sys.stdout.write(_as_json(explanation) if arguments.json else _as_text(explanation))
    if arguments.out is None:
        return
    folder = arguments.out
    folder.mkdir(parents=True, exist_ok=True)
    explanation.save(folder / "explanation.npz")
    _ranking(explanation).map(_csv_safe).to_csv(folder / "ranking.csv", index=False)
    from matplotlib import pyplot

    pyplot.switch_backend("agg")  # files need no display
    for name, plot in (("importance", plots.importance), ("agreement", plots.agreement)):
        plot(explanation)
        pyplot.savefig(folder / f"{name}.png")
        pyplot.close("all")
    _say(f"Wrote explanation.npz, ranking.csv, importance.png and agreement.png to {folder}.")


def _write_study(scores: pd.DataFrame, arguments: argparse.Namespace) -> None:
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
    _say(f"Wrote scores.csv, summary.md, regret.png and ranks.png to {arguments.out}.")


def _ranking(explanation: ConsensusExplanation) -> pd.DataFrame:
    """The ranking, with the rank that each explainer gives."""
    ranks = explanation.ranks().add_prefix("rank_")
    return explanation.ranking().merge(ranks, left_on="feature", right_index=True)


def _as_json(explanation: ConsensusExplanation) -> str:
    def records(table: pd.DataFrame) -> Any:
        return json.loads(table.to_json(orient="records", double_precision=15))

    receipt = explanation.receipt
    content = {
        "consensus": explanation.consensus,
        "n_samples": len(explanation.weights),
        "ranking": records(_ranking(explanation)),
        "agreement": records(explanation.agreement()),
        "verdict": explanation.verdict().split("\n"),
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
    left_out = ["wisca", "p_positive", "best_rank", "worst_rank", "p_top"]  # stand in ranking.csv
    ranking = _ranking(explanation).drop(columns=left_out).map(display_name)
    shown = ranking.head(20).rename(columns=display_name)
    pairs = explanation.agreement().map(display_name)
    receipt = explanation.receipt
    lines = [
        f"Consensus of {', '.join(explanation.components)} over {len(explanation.weights)} rows "
        f"({explanation.consensus}):",
        "",
        shown.to_string(index=False, float_format="{:.3f}".format),
    ]
    if len(ranking) > len(shown):
        lines.append(f"... and {len(ranking) - len(shown)} features more")
    lines += [
        "",
        "Agreement between explainers:",
        "",
        pairs.to_string(index=False, float_format="{:.2f}".format, na_rep="-"),
        "",
        *(safe_text(line) for line in explanation.verdict().split("\n")),
        "",
        *(safe_text(f"Note: {note}") for note in explanation.notes),
        f"Cost: {receipt.model_rows:,} model rows in {receipt.model_calls:,} calls; "
        f"{receipt.seconds:.1f} s, of which {receipt.model_seconds:.1f} s in the model.",
    ]
    return "\n".join(lines) + "\n"


def _csv_safe(cell: Any) -> Any:
    """Text that a spreadsheet would run as a formula gets an apostrophe; numbers stay numbers."""
    if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{cell}"
    return cell


def _say(message: object) -> None:
    """Write to stderr; terminal codes in names are shown, not obeyed."""
    lines = (safe_text(line) for line in str(message).split("\n"))
    sys.stderr.write("\n".join(lines) + "\n")


def _fail(code: int, error: object) -> int:
    _say(f"wisca: {error}")
    for note in getattr(error, "__notes__", ()):
        _say(f"  {note}")
    return code
