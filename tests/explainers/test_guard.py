"""The guard keeps NumPy's global state and the warnings of libraries."""

import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest

from tests.explainers.guard_cases import IRIS, MODEL, NAMES, ROW_NAMES, ROWS, every_explainer
from wisca_xai.explainers._guard import library_call

with warnings.catch_warnings():  # the library's own import warns with recent Matplotlib
    warnings.simplefilter("ignore")
    import shap  # noqa: F401


def state():
    return np.random.get_state()  # noqa: NPY002


def check_same_state(before):
    after = state()
    assert before[0] == after[0]
    np.testing.assert_array_equal(before[1], after[1])
    assert before[2:] == after[2:]


@every_explainer
@pytest.mark.parametrize("fitted", [True, False], ids=["fitted", "not fitted"])
def test_the_global_generator_is_untouched(make, fitted):
    np.random.seed(5)  # noqa: NPY002
    np.random.normal()  # noqa: NPY002
    before = state()
    explainer = make(MODEL, random_state=None)
    if fitted:
        explainer.fit(IRIS, NAMES)
    explainer.explain(ROWS, ROW_NAMES)
    check_same_state(before)


@every_explainer
def test_the_global_generator_is_untouched_by_a_failing_model(make):
    calls = []

    def fail(X):
        calls.append(len(X))
        if len(calls) > 1:
            raise RuntimeError("second call")
        return X.iloc[:, 0]

    before = state()
    with pytest.raises(RuntimeError, match="second call") as caught:
        make(fail, random_state=0).fit(IRIS).explain(ROWS)
    check_same_state(before)
    notes = caught.value.__notes__
    assert notes[0].startswith("raised by the model's call on rows 0 to ")
    assert notes[-2].startswith("raised by ")
    assert notes[-1].startswith("The model failed on rows that it had predicted before")
    assert notes[-2].endswith("Explainer")


def test_the_guard_restores_the_state_after_an_exception():
    def fail():
        np.random.normal(size=7)  # noqa: NPY002
        raise KeyError("inside")

    before = state()
    with pytest.raises(KeyError, match="inside"), library_call(0):
        fail()
    check_same_state(before)


def test_the_guard_seeds_the_global_generator():
    draws = []
    for seed in (1, 1, 2, 1 + 2**32):
        with library_call(seed):
            draws.append(np.random.random())  # noqa: NPY002
    assert draws[0] == draws[1] == draws[3] != draws[2]


def test_the_guard_silences_warnings_inside_only():
    with library_call(0):
        warnings.warn("of the library", FutureWarning, stacklevel=1)
    with pytest.warns(FutureWarning, match="of ours"):
        warnings.warn("of ours", FutureWarning, stacklevel=1)


def test_guarded_calls_can_be_nested():
    before = state()
    with library_call(1):
        first = np.random.random()  # noqa: NPY002
        with library_call(2):
            np.random.random()  # noqa: NPY002
        second = np.random.random()  # noqa: NPY002
    check_same_state(before)
    with library_call(1):
        assert [np.random.random(), np.random.random()] == [first, second]  # noqa: NPY002


def test_threads_take_turns():
    inside = threading.Event()

    def other():
        with library_call(9):
            inside.set()

    thread = threading.Thread(target=other)
    with library_call(1):
        thread.start()
        assert not inside.wait(0.1)
    thread.join(5)
    assert inside.is_set()


def test_no_warning_of_the_libraries_leaks_even_at_their_first_import():
    code = (
        "import warnings, numpy as np, sklearn.linear_model, sklearn.ensemble, sklearn.metrics\n"
        "from wisca_xai import ShapExplainer, LimeExplainer\n"
        "X = np.random.default_rng(0).normal(size=(20, 3))\n"
        "warnings.simplefilter('error')\n"
        "f = lambda X: X[:, 0]\n"
        "LimeExplainer(f, n_samples=50).explain(X[:2])\n"
        "ShapExplainer(f).explain(X[:2]).to_shap()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr[-500:]
    assert done.stderr == ""
