"""Compare the panel on mixed columns with float columns: `python -m benchmarks.mixed`.

Both tables have fifteen columns. The mixed table has floats with missing values, text, categories,
booleans, nullable integers and a date; the other has only floats. Both models are Pipelines that
end in the same kind of model. The model's time is that of its calls, including the Pipeline's
steps. The time to restore the user's table from codes counts as ours.
"""

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)

from benchmarks.models import make_table
from wisca_xai import WISCAExplainer
from wisca_xai._table import TableCodec

SIZES = ["small", "middle", "large"]
MODELS: dict[str, Callable[[], Any]] = {
    "logistic": lambda: LogisticRegression(max_iter=1000),
    "boosting": lambda: HistGradientBoostingClassifier(max_iter=20, random_state=0),
}


def make_mixed(X: Any) -> pd.DataFrame:
    """Make fifteen mixed columns from fifteen float columns: by levels, thresholds or rounding."""
    generator = np.random.default_rng(0)

    def cut(j: int, levels: list[str]) -> Any:
        bounds = np.quantile(X[:, j], np.linspace(0, 1, len(levels) + 1)[1:-1])
        return np.searchsorted(bounds, X[:, j]), levels

    def text(j: int, n_levels: int) -> Any:
        places, levels = cut(j, [f"level {k:02d}" for k in range(n_levels)])
        return pd.Series(np.array(levels)[places], dtype="str")

    def gaps(column: Any, share: float) -> Any:
        return pd.Series(column).mask(generator.random(len(X)) < share)

    days = pd.to_timedelta(np.round(100 * X[:, 14]), unit="D")
    return pd.DataFrame(
        {
            "float_0": X[:, 0],
            "float_1": X[:, 1],
            "float_2": gaps(X[:, 2], 0.1),
            "float_3": gaps(X[:, 3], 0.2),
            "text_0": text(4, 4),
            "text_1": gaps(text(5, 12), 0.1),
            "text_2": text(6, 30),
            "category_0": pd.Categorical(text(7, 5)),
            "category_1": gaps(text(8, 8), 0.1).astype("category"),
            "ordered": pd.Categorical(np.array(SIZES)[cut(9, SIZES)[0]], SIZES, ordered=True),
            "flag_0": X[:, 10] > 0,
            "flag_1": X[:, 11] > 1,
            "count_0": gaps(np.round(3 * X[:, 12]), 0.1).astype("Int64"),
            "count_1": gaps(np.round(X[:, 13]), 0.2).astype("Int64"),
            "date": pd.Timestamp("2020-01-01") + days,
        }
    )


def to_days(dates: Any) -> Any:
    return (dates - pd.Timestamp("2020-01-01")) / pd.Timedelta(days=1)


def mixed_pipeline(model: Any) -> Any:
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    dates = make_pipeline(FunctionTransformer(to_days), StandardScaler())
    encode = make_column_transformer(
        (numbers, make_column_selector("float|count|flag")),
        (
            OneHotEncoder(handle_unknown="ignore", sparse_output=False),
            make_column_selector("text|cat"),
        ),
        (OrdinalEncoder(categories=[SIZES]), ["ordered"]),
        (dates, ["date"]),
    )
    return make_pipeline(encode, model)


def float_pipeline(model: Any) -> Any:
    return make_pipeline(SimpleImputer(), StandardScaler(), model)


class Stopwatch:
    """Counts the seconds spent in `TableCodec.decode`."""

    def __init__(self) -> None:
        self.seconds = 0.0
        decode: Callable[..., Any] = TableCodec.decode

        def timed(codec: TableCodec, matrix: Any) -> Any:
            start = time.perf_counter()
            try:
                return decode(codec, matrix)
            finally:
                self.seconds += time.perf_counter() - start

        TableCodec.decode = timed  # type: ignore[assignment, method-assign]


def measure(model: Any, X: Any, y: Any, n_rows: int, watch: Stopwatch) -> tuple[float, ...]:
    """Seconds of `fit` and `explain`, of the model's calls, and of decoding."""
    watch.seconds = 0.0
    start = time.perf_counter()
    explanation = WISCAExplainer(model, random_state=0).fit(X, y).explain(X[:n_rows], y[:n_rows])
    seconds = time.perf_counter() - start
    if explanation.failures:
        raise RuntimeError(dict(explanation.failures))
    return seconds, explanation.receipt.model_seconds, watch.seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=3, help="runs; the best one is shown")
    arguments = parser.parse_args()
    X, y = make_table(1000, 15)
    tables = {
        "floats": (pd.DataFrame(X).add_prefix("float_"), float_pipeline),
        "mixed": (make_mixed(X), mixed_pipeline),
    }
    watch = Stopwatch()
    for table, pipeline in tables.values():  # warm up: imports, numba
        measure(pipeline(LogisticRegression()).fit(table, y), table, y, 4, watch)
    print(f"Panel, {arguments.rows} rows x 15 columns, 1000 rows of fit; seconds.")
    print(
        f"{'model':10}{'table':8}{'all':>8}{'in model':>10}{'outside':>9}{'decode':>8}{'ratio':>7}"
    )
    for name, make in MODELS.items():
        models = {
            kind: pipeline(make()).fit(table, y) for kind, (table, pipeline) in tables.items()
        }
        runs: dict[str, list[tuple[float, ...]]] = {kind: [] for kind in tables}
        for _ in range(arguments.repeats):  # in turn: both meet the same load
            for kind, (table, _) in tables.items():
                runs[kind].append(measure(models[kind], table, y, arguments.rows, watch))
        floor = 0.0
        for kind, found in runs.items():
            seconds, inside, decode = min(found, key=lambda run: run[0] - run[1])
            outside = seconds - inside
            ratio = f"{outside / floor:7.2f}" if floor else ""
            floor = floor or outside
            print(
                f"{name:10}{kind:8}{seconds:8.2f}{inside:10.2f}{outside:9.2f}{decode:8.2f}{ratio}",
                flush=True,
            )


if __name__ == "__main__":
    main()
