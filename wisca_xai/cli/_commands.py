"""The commands. Each one calls the public API."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from wisca_xai._checks import check_count
from wisca_xai._model._files import load_model
from wisca_xai._panel._explainer import WISCAExplainer
from wisca_xai._results._consensus_explanation import ConsensusExplanation
from wisca_xai.cli._output import say


def demo_command(arguments: argparse.Namespace) -> ConsensusExplanation:
    from sklearn.datasets import load_breast_cancer
    from sklearn.ensemble import GradientBoostingClassifier
    from sklearn.model_selection import train_test_split

    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=50, stratify=y, random_state=0
    )
    model = GradientBoostingClassifier(random_state=0).fit(X_train, y_train)
    say(
        f"Gradient boosting on breast cancer data: fitted on {len(X_train)} rows, accuracy "
        f"{model.score(X_test, y_test):.2f} on the {len(X_test)} rows to explain."
    )
    return _explainer(model, arguments).fit(X_train, y_train).explain(X_test, y_test)


def explain_command(arguments: argparse.Namespace) -> ConsensusExplanation:
    X, y = _split(_read_table(arguments.data), arguments.label, arguments.data)
    background, background_y = None, None
    if arguments.background is not None:
        table = _read_table(arguments.background)
        background, background_y = _split(table, arguments.label, arguments.background)
    model, note = load_model(
        arguments.model, trusted=arguments.trust, unsafe_pickle=arguments.unsafe_pickle, X=X
    )
    if note is not None:
        say(f"warning: {note}")
    target = _target(model, arguments.class_)
    explainer = _explainer(model, arguments)
    if background is not None:
        explainer.fit(background, background_y)
    explanation = explainer.explain(X, y, target=target)
    return explanation if note is None else replace(explanation, notes=(note, *explanation.notes))


def study_command(arguments: argparse.Namespace) -> pd.DataFrame:
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
            f"{path} needs a Parquet reader. Run pip install 'wisca-xai[parquet]', or pass CSV."
        ) from error


def _split(table: pd.DataFrame, label: str | None, path: Path) -> tuple[pd.DataFrame, Any]:
    """Split a table into the model's columns and the true values (None without a label)."""
    if label is None:
        return table, None
    if label not in table.columns:
        raise ValueError(f"{path} has no column {label!r}; it has {list(table.columns)[:20]}.")
    return table.drop(columns=label), table[label]


def _target(model: Any, name: str | None) -> Any:
    """The class that an argument names. Class labels need not be strings."""
    if name is None:
        return "predicted"
    matches = [label for label in getattr(model, "classes_", ()) if str(label) == name]
    return matches[0] if matches else name
