"""quiet_libraries: what a user prints is not affected."""

import sys

import pytest

from wisca_xai._compat import quiet_libraries


def test_a_model_may_flush_what_it_prints(capsys):
    pytest.importorskip("lightgbm")
    with quiet_libraries():
        print("progress", flush=True)  # noqa: T201
    assert capsys.readouterr().out == "progress\n"


def test_a_program_without_a_console_can_print_to_nowhere(monkeypatch):
    pytest.importorskip("lightgbm")
    monkeypatch.setattr(sys, "stdout", None)  # as under pythonw
    with quiet_libraries():
        print("nobody reads this")  # noqa: T201
        assert sys.stdout is None


def test_stdout_is_the_users_where_no_such_library_is_loaded(monkeypatch):
    for name in ("lightgbm", "xgboost"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    before = sys.stdout
    with quiet_libraries():
        assert sys.stdout is before
