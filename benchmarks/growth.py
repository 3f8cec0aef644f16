"""Seconds and peak memory for more and more rows: `python -m benchmarks.growth`.

Each size runs in its own process, because peak memory is one number per process.
"""

import argparse
import json
import resource
import subprocess
import sys
import time

from benchmarks.models import fit_model, make_table


def measure(n_rows: int) -> None:
    """Explain `n_rows` rows. Print the seconds, and the peak memory added to what was in use."""
    from wisca_xai import WISCAExplainer

    X, y = make_table(max(n_rows, 2000), 20)
    model = fit_model("logistic", X[:2000], y[:2000])
    explainer = WISCAExplainer(model, random_state=0).fit(X[:2000], y[:2000])
    explainer.explain(X[:10], y[:10])  # warm up: imports, and numba's compiler
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    explanation = explainer.explain(X[:n_rows], y[:n_rows])
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        json.dumps(
            {
                "rows": n_rows,
                "seconds": seconds,
                "peak_mb": (peak - before) / 1024,
                "model_rows": explanation.receipt.model_rows,
            }
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 2000, 4000, 8000, 32000])
    parser.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure is not None:
        measure(arguments.measure)
        return
    print("Logistic regression, 20 features, the whole panel")
    print(f"{'rows':>7}{'seconds':>10}{'us per row':>12}{'peak MB':>9}{'model rows':>14}")
    for size in arguments.sizes:
        command = [sys.executable, "-m", "benchmarks.growth", "--measure", str(size)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        row = json.loads(done.stdout.splitlines()[-1])
        each = row["seconds"] / size * 1e6
        print(
            f"{size:7}{row['seconds']:10.2f}{each:12.0f}{row['peak_mb']:9.0f}"
            f"{row['model_rows']:14,}",
            flush=True,
        )


if __name__ == "__main__":
    main()
