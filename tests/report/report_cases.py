"""Results for the tests of the report, and a reader of its page."""

import base64
import json
from html.parser import HTMLParser

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression

from wisca_xai import ForestExplainer, LimeExplainer, WISCAExplainer

VOID = {"meta", "link", "br", "hr", "img", "input", "rect", "path", "use", "circle"}
PANEL = [
    ("shap", "shap"),
    ("lime", LimeExplainer(n_samples=200)),
    ("permutation", "permutation"),
    ("forest", ForestExplainer(n_estimators=10)),
]


def table(n_rows=80, n_features=5, seed=0):
    rng = np.random.default_rng(seed)
    names = [f"feature {j}" for j in range(n_features)]
    return pd.DataFrame(rng.normal(size=(n_rows, n_features)), columns=names)


def explained(model, X, y, rows=None, **options):
    explainer = WISCAExplainer(model, explainers=PANEL, random_state=0).fit(X, y)
    rows = X[:30] if rows is None else rows
    return explainer.explain(rows, None if y is None else y[: len(rows)], **options)


def two_classes(**options):
    X = table()
    y = np.where(X["feature 0"] - X["feature 1"] > 0, "ill", "well")
    return explained(LogisticRegression(), X, y, **options)


def three_classes():
    X = table()
    y = np.digitize(X["feature 0"], [-0.4, 0.4])
    model = RandomForestClassifier(10, random_state=0)
    return explained(model, X, y, target="all")


def regression(names=None, index=None):
    X = table()
    if names is not None:
        X.columns = names
    if index is not None:
        X.index = index[: len(X)]
    y = (3 * X.iloc[:, 0] - X.iloc[:, 1]).to_numpy()
    return explained(LinearRegression(), X, y)


class Page(HTMLParser):
    """The elements of a page: whether tags are closed, ids, attributes, and text by element."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.ids, self.texts, self.faults = [], [], [], [], []
        self.feed(text)
        self.faults += [f"<{tag}> is not closed" for tag in self.open]

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id"]

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes another element")

    def handle_data(self, text):
        inside = self.open[-1] if self.open else ""
        self.texts.append((inside, text))

    def shown(self):
        """What a reader sees, as one text."""
        kept = (text for tag, text in self.texts if tag not in ("script", "style"))
        return " ".join(" ".join(kept).split())

    def data(self):
        """What the script draws from."""
        found = [text for tag, text in self.texts if tag == "script" and text.startswith("{")]
        return json.loads(found[0])


def numbers_of(packed, shape):
    codes = np.frombuffer(base64.b64decode(packed["codes"]), dtype="<f2")
    return codes.astype(float).reshape(shape) * packed["unit"]


def numbers_in(column):
    if "floats" in column:
        return np.frombuffer(base64.b64decode(column["floats"]), dtype="<f4")
    return np.array(column["numbers"])
