"""Random mixed tables, models and options for the fuzzer."""

import zlib
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

LEVELS = np.array(["low", "mid", "high", "véry <b>high</b>"], dtype=object)


def with_holes(values, rng, hole):
    column = pd.Series(values, dtype=object)
    column[rng.random(len(column)) < 0.3] = hole
    return column


def days(rng, n):
    return pd.to_datetime("2024-01-01") + pd.to_timedelta(rng.integers(0, 900, n), unit="D")


COLUMNS = {
    "normal": lambda rng, n: rng.normal(size=n),
    "missing": lambda rng, n: with_holes(rng.normal(size=n), rng, np.nan).astype(float),
    "constant": lambda rng, n: np.full(n, 3.5),
    "all missing": lambda rng, n: np.full(n, np.nan),
    "few values": lambda rng, n: rng.integers(0, 3, n).astype(float),
    "large": lambda rng, n: rng.normal(size=n) * 1e6 + 5e6,
    "float32": lambda rng, n: rng.normal(size=n).astype(np.float32),
    "int": lambda rng, n: rng.integers(-5, 50, n),
    "int8": lambda rng, n: rng.integers(0, 7, n).astype(np.int8),
    "bool": lambda rng, n: rng.random(n) < 0.5,
    "text": lambda rng, n: pd.Series(rng.choice(LEVELS, n), dtype="str"),
    "object": lambda rng, n: with_holes(rng.choice(LEVELS, n), rng, None),
    "decimal": lambda rng, n: pd.Series([Decimal(int(i)) / 4 for i in rng.integers(0, 40, n)]),
    "category": lambda rng, n: pd.Categorical(rng.choice(LEVELS, n), categories=LEVELS),
    "category, missing": lambda rng, n: pd.Categorical(
        with_holes(rng.choice(LEVELS, n), rng, None)
    ),
    "date": days,
    "date, missing": lambda rng, n: pd.Series(days(rng, n)).where(rng.random(n) < 0.8),
    "Int64": lambda rng, n: with_holes(rng.integers(0, 9, n), rng, pd.NA).astype("Int64"),
    "Float64": lambda rng, n: with_holes(rng.normal(size=n), rng, pd.NA).astype("Float64"),
    "boolean": lambda rng, n: with_holes(rng.random(n) < 0.5, rng, pd.NA).astype("boolean"),
}


class Encode(TransformerMixin, BaseEstimator):
    """Any table as numbers: dates by months, other values by a checksum of their text."""

    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        self.feature_names_in_ = np.asarray(X.columns, dtype=object)
        return self

    def transform(self, X):
        return np.column_stack([_numbers(X[name]) for name in X])


def _numbers(column):
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.dt.month.fillna(-1).to_numpy(float)
    if pd.api.types.is_numeric_dtype(column):
        return column.astype(float).fillna(-1.0).to_numpy(float)
    texts = ["" if pd.isna(value) else str(value) for value in column]
    return np.array([zlib.crc32(text.encode()) % 7 for text in texts], dtype=float)


def one_hot():
    text = make_column_selector(dtype_include=["str", object, "category"])
    return make_column_transformer((OneHotEncoder(handle_unknown="ignore"), text), remainder="drop")


def numbers(X):
    return Encode().transform(X)


MODELS = {  # name: (model or function, kind of y)
    "linear": (lambda: make_pipeline(Encode(), LinearRegression()), "number"),
    "logistic": (lambda: make_pipeline(Encode(), LogisticRegression(max_iter=50)), "class"),
    "tree": (lambda: make_pipeline(Encode(), DecisionTreeRegressor(max_depth=3)), "number"),
    "classes": (lambda: make_pipeline(Encode(), DecisionTreeClassifier(max_depth=3)), "three"),
    "forest": (lambda: make_pipeline(Encode(), RandomForestRegressor(3)), "number"),
    "boosting": (
        lambda: make_pipeline(Encode(), HistGradientBoostingClassifier(max_iter=3)),
        "class",
    ),
    "neighbours": (lambda: make_pipeline(Encode(), KNeighborsClassifier(1)), "three"),
    "bayes": (lambda: make_pipeline(Encode(), GaussianNB()), "class"),
    "margin": (lambda: make_pipeline(Encode(), SVC()), "class"),
    "prior": (lambda: DummyClassifier(), "class"),
    "one-hot": (lambda: make_pipeline(one_hot(), LinearRegression()), "number"),
    "function": (lambda: lambda X: numbers(X).sum(axis=1) ** 2, "number"),
    "shares": (lambda: lambda X: np.c_[p := 1 / (1 + np.exp(-numbers(X)[:, 0])), 1 - p], "class"),
}


@dataclass(frozen=True)
class Case:
    """What a user would write; its repr reproduces the case."""

    columns: tuple[str, ...]
    n_rows: int
    n_explained: int
    model: str
    seed: int
    copies: bool
    index: str
    settings: dict[str, Any]
    target: Any
    with_y: bool
    fitted: bool


@st.composite
def cases(draw):
    n_rows = draw(st.integers(1, 40))
    return Case(
        tuple(draw(st.lists(st.sampled_from(list(COLUMNS)), min_size=1, max_size=6))),
        n_rows,
        draw(st.integers(1, min(n_rows, 8))),
        draw(st.sampled_from(list(MODELS))),
        draw(st.integers(0, 2**16)),
        draw(st.booleans()),
        draw(st.sampled_from(["range", "text", "repeated", "dates"])),
        {
            "consensus": draw(st.sampled_from(["wisca", "wisca_signed", "mean", "borda", "crh"])),
            "weighting": draw(st.sampled_from(["fidelity", "equal", "family", "crh"])),
            "n_jobs": draw(st.sampled_from([None, 2])),
        },
        draw(st.sampled_from(["predicted", "predicted", "all", "first class"])),
        draw(st.booleans()),
        draw(st.booleans()),
    )


def table_of(case):
    rng = np.random.default_rng(case.seed)
    columns = {
        f"{kind} {j}": COLUMNS[kind](rng, case.n_rows) for j, kind in enumerate(case.columns)
    }
    X = pd.DataFrame(columns)
    if case.copies:
        X = X.iloc[rng.integers(0, max(1, case.n_rows // 2), case.n_rows)].reset_index(drop=True)
    if case.index == "text":
        X.index = [f"row {i}" for i in range(len(X))]
    elif case.index == "repeated":
        X.index = np.zeros(len(X), dtype=int)
    elif case.index == "dates":
        X.index = pd.date_range("2020-01-01", periods=len(X), freq="D")
    y = rng.normal(size=len(X))
    if MODELS[case.model][1] != "number":
        y = np.array(["no", "yes", "perhaps"])[
            rng.integers(0, 2 + (MODELS[case.model][1] == "three"), len(X))
        ]
    return X, y
