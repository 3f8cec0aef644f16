"""Explains in series, then from several threads, and prints what differs."""

import sys
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_info

from wisca_xai import BaseExplainer, LimeExplainer, WISCAExplainer
from wisca_xai.explainers import make_explanation

N_THREADS, N_EXPLAINS = 4, 20
X = np.random.default_rng(0).normal(size=(40, 3))
Y = X[:, 0] + X[:, 1] > 0
LINEAR = LogisticRegression().fit(X, Y)


def model(rows):
    """A model that silences all warnings while it works, as many libraries do."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        time.sleep(0.001)
        return LINEAR.predict_proba(rows)


class Own(BaseExplainer):
    name, scope = "own", "local"

    def __init__(self, estimator=None, *, response_method="auto", random_state=None):
        self.estimator = estimator
        self.response_method = response_method
        self.random_state = random_state


class Seeding(Own):
    def _explain(self, task):
        np.random.seed(7)  # noqa: NPY002
        return make_explanation(
            task, task.rows.copy(), method="own", family="own", unit="1", signed=True
        )


class Failing(Own):
    def _explain(self, task):
        raise RuntimeError("it fails")


PANEL = [
    ("lime", LimeExplainer(n_samples=100)),
    ("permutation", "permutation"),
    ("seeding", Seeding()),
    ("failing", Failing()),
]


def explain(seed):
    panel = WISCAExplainer(model, explainers=PANEL, random_state=seed % 3)
    found = panel.fit(X, Y).explain(X[:3], Y[:3])
    parts = [found.values, found.importance.to_numpy(), found.reliability.resamples.importance]
    return b"".join(part.tobytes() for part in parts)


def state():
    blas = [part["num_threads"] for part in threadpool_info() if part["user_api"] == "blas"]
    generator = repr(np.random.get_state(legacy=False))  # noqa: NPY002
    return {
        "BLAS threads": blas,
        "filters": list(warnings.filters),
        "the list of filters": id(warnings.filters),
        "showwarning": warnings.showwarning,
        "stdout": sys.stdout,
        "generator": generator,
    }


def main():
    given, lock = [], threading.Lock()

    def note(message, *args, **options):
        with lock:
            given.append(str(message))

    warnings.simplefilter("always")
    warnings.showwarning = note
    expected = [explain(seed) for seed in range(3)]
    in_series = len(given)
    before = state()
    with ThreadPoolExecutor(N_THREADS) as pool:
        found = list(pool.map(explain, range(N_EXPLAINS)))
    after = state()
    changed = [name for name in before if before[name] != after[name]]
    differing = sum(each != expected[seed % 3] for seed, each in enumerate(found))
    sys.stdout.write(f"{in_series} {len(given) - in_series} {differing} {changed}")


main()
