"""Time of every consensus function, in milliseconds: `python -m benchmarks.consensus`."""

import argparse
import statistics
import time

import numpy as np

from wisca_xai._typing import FloatArray
from wisca_xai.consensus import CONSENSUS, ConsensusFunction

N_RUNS = 20


def milliseconds(
    function: ConsensusFunction, local: FloatArray, method_weights: FloatArray | None
) -> float:
    """Median over `N_RUNS` runs. A first run warms up and does not count."""
    seconds = []
    for _ in range(N_RUNS + 1):
        start = time.perf_counter()
        function(local, method_weights=method_weights)
        seconds.append(time.perf_counter() - start)
    return 1000 * statistics.median(seconds[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--explainers", type=int, default=4)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--features", type=int, default=100)
    size = parser.parse_args()
    generator = np.random.default_rng(0)
    # Explainers of the same model agree in part, so the attributions share their effects.
    effects = generator.normal(size=(size.rows, size.features)) * generator.random(size.features)
    shape = (size.explainers, size.rows, size.features)
    local = effects + 0.5 * generator.normal(size=shape)
    votes = generator.random(size.explainers)
    print(f"{size.explainers} explainers, {size.rows} rows, {size.features} features; ms")
    print(f"{'function':24}{'equal votes':>12}{'votes':>8}")
    for name, function in CONSENSUS.items():
        equal, unequal = (milliseconds(function, local, v) for v in (None, votes))
        print(f"{name:24}{equal:12.1f}{unequal:8.1f}", flush=True)


if __name__ == "__main__":
    main()
