"""`wisca`: the public API from the command line.

Results go to stdout; progress, warnings and errors go to stderr.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from wisca_xai._compat import installed_version
from wisca_xai._exceptions import (
    ExplainerError,
    ModelContractError,
    UntrustedModelError,
    WISCAWarning,
)
from wisca_xai._process import silenced
from wisca_xai._results._consensus_explanation import ConsensusExplanation
from wisca_xai.cli._commands import demo_command, explain_command, study_command
from wisca_xai.cli._output import say, write_results, write_study
from wisca_xai.consensus import CONSENSUS

OK, USAGE, BAD_DATA, MODEL_REFUSED, EXPLAINER_FAILED, INTERRUPTED = 0, 2, 3, 4, 5, 130
EXIT_CODES = (
    "exit codes: 0 ok, 2 wrong usage, 3 bad data, 4 model refused, 5 an explainer failed "
    "(the consensus of the others is still printed), 130 interrupted"
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
        with silenced(WISCAWarning):  # Failures are printed below.
            result = arguments.run(arguments)
        if isinstance(result, ConsensusExplanation):
            failures = result.failures
            write_results(result, arguments)
        else:
            write_study(result, arguments)
    except KeyboardInterrupt:
        return _fail(INTERRUPTED, "interrupted")
    except (UntrustedModelError, ModelContractError) as error:
        return _fail(MODEL_REFUSED, error)
    except ExplainerError as error:
        return _fail(EXPLAINER_FAILED, error)
    except (OSError, ValueError) as error:  # This includes the model's errors about its input.
        return _fail(BAD_DATA, error)
    for name, reason in failures.items():
        say(f"warning: the explainer {name} failed: {reason}")
    return EXPLAINER_FAILED if failures else OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="wisca", description=__doc__, epilog=EXIT_CODES)
    parser.add_argument(
        "--version", action="version", version=f"wisca {installed_version('wisca-xai')}"
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    shared = _shared_options()
    _add_demo(commands, shared)
    _add_explain(commands, shared)
    _add_study(commands)
    return parser


def _shared_options() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--consensus",
        choices=sorted(CONSENSUS),
        default="wisca",
        help="consensus function (default: wisca)",
    )
    shared.add_argument("--json", action="store_true", help="print JSON instead of tables")
    shared.add_argument("--seed", type=int, default=0, help="random seed (default: 0)")
    shared.add_argument(
        "--jobs", type=int, default=None, help="number of blocks of rows explained at once"
    )
    shared.add_argument(
        "--html", type=Path, metavar="FILE", help="write a report: one file that works offline"
    )
    shared.add_argument("--quiet", action="store_true", help="show no progress bar")
    return shared


def _add_demo(commands: Any, shared: argparse.ArgumentParser) -> None:
    demo = commands.add_parser(
        "demo", parents=[shared], help="explain a gradient boosting model of breast cancer data"
    )
    demo.add_argument("--out", type=Path, default=Path("wisca-demo"), help="folder for the files")
    demo.set_defaults(run=demo_command)


def _add_explain(commands: Any, shared: argparse.ArgumentParser) -> None:
    explain = commands.add_parser(
        "explain", parents=[shared], help="explain a model's outputs for a table", epilog=EXIT_CODES
    )
    explain.add_argument("--model", type=Path, required=True, help="file .skops, .joblib or .pkl")
    explain.add_argument("--data", type=Path, required=True, help="rows to explain: CSV or Parquet")
    explain.add_argument("--background", type=Path, help="background: the training data")
    explain.add_argument("--label", metavar="COLUMN", help="column with the true values")
    explain.add_argument(
        "--class", dest="class_", metavar="C", help="class to explain (default: predicted)"
    )
    explain.add_argument("--out", type=Path, help="folder for the files (default: write none)")
    explain.add_argument(
        "--trust",
        action="append",
        default=[],
        metavar="TYPE",
        help="allow this type in a .skops file",
    )
    explain.add_argument(
        "--unsafe-pickle",
        action="store_true",
        help="load .joblib and .pkl files, which can contain any code and run it",
    )
    explain.set_defaults(run=explain_command)


def _add_study(commands: Any) -> None:
    study = commands.add_parser(
        "study", help="compare explainers and consensus functions on data with a known truth"
    )
    study.add_argument("--out", type=Path, default=Path("wisca-study"), help="folder for the files")
    study.add_argument("--quick", action="store_true", help="run seven small tables with one seed")
    study.add_argument("--datasets", nargs="+", metavar="NAME", help="datasets (default: all)")
    study.add_argument("--models", nargs="+", metavar="NAME", help="models (default: all six)")
    study.add_argument("--seeds", type=int, default=3, help="number of seeds (default: 3)")
    study.add_argument(
        "--first-seed", type=int, default=0, metavar="SEED", help="first seed (default: 0)"
    )
    study.add_argument("--jobs", type=int, default=None, help="number of cells computed at once")
    study.add_argument("--quiet", action="store_true", help="show no progress bar")
    study.set_defaults(run=study_command)


def _fail(code: int, error: object) -> int:
    say(f"wisca: {error}")
    for note in getattr(error, "__notes__", ()):
        say(f"  {note}")
    return code
