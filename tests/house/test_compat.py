"""_compat: what depends on other libraries' insides, each held by what the library does."""

import sys
import threading

import pytest
from sklearn import config_context
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_info

from wisca_xai._compat import (
    NATIVE_LINE,
    installed_version,
    one_blas_thread,
    quiet_libraries,
    transform_output,
)


@pytest.mark.parametrize("form", ["pandas", "polars", "default"])
def test_the_output_that_was_set_is_read(form):
    assert transform_output(StandardScaler().set_output(transform=form)) == form
    with config_context(transform_output=form):
        assert transform_output(StandardScaler()) == form


def test_what_was_set_on_an_estimator_comes_first():
    with config_context(transform_output="polars"):
        assert transform_output(StandardScaler().set_output(transform="pandas")) == "pandas"


def test_an_unknown_library_is_not_installed():
    assert installed_version("no-such-package") == "not installed"
    assert installed_version("numpy")[0].isdigit()


@pytest.mark.parametrize(
    "line",
    ["[LightGBM] [Warning] There are no", "[12:30:01] WARNING: /workspace/src/learner.cc:740: x"],
)
def test_lines_of_native_libraries_are_known(line):
    assert NATIVE_LINE.match(line)
    assert not NATIVE_LINE.match(f"the user's {line}")


def test_native_lines_are_kept_back_and_others_pass(capsys):
    pytest.importorskip("lightgbm")
    with quiet_libraries():
        print("[LightGBM] [Info] noise")  # noqa: T201
        print("a line of the user's model")  # noqa: T201
    assert capsys.readouterr().out == "a line of the user's model\n"


def test_stdout_is_the_users_again_after_calls_from_several_threads(capsys):
    pytest.importorskip("lightgbm")
    before, barrier = sys.stdout, threading.Barrier(4)

    def work():
        for _ in range(50):
            with quiet_libraries():
                barrier.wait()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sys.stdout is before


def blas_threads():
    return [part["num_threads"] for part in threadpool_info() if part["user_api"] == "blas"]


def test_blas_uses_one_thread_inside_and_its_own_number_after():
    before = blas_threads()
    with one_blas_thread():
        with one_blas_thread():
            assert blas_threads() == [1] * len(before)
        assert blas_threads() == [1] * len(before)
    assert blas_threads() == before
