"""Explaining from several threads at once: the same bytes, every warning, the process as before."""

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("threads_script.py")


def test_threads_give_the_same_bytes_every_warning_and_leave_the_process_as_it_was():
    done = subprocess.run(
        [sys.executable, str(SCRIPT)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=SCRIPT.parents[2],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "2", "PYTHONPATH": str(SCRIPT.parents[2])},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout == "3 20 0 []", done.stdout
