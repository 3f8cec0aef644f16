"""Seeds, and an order of rows that does not depend on their original order."""

import zlib

import numpy as np

from wisca_xai._checks import check_count
from wisca_xai._typing import FloatArray, IntVector, LabelVector


def seed_entropy(random_state: int | np.random.RandomState | np.random.Generator | None) -> int:
    """Turn any scikit-learn style seed into one integer, without touching NumPy's global state.

    None gives new entropy from the operating system. A generator is advanced by one draw.
    """
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1, np.uint64)[0])
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(np.iinfo(np.int32).max))
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(np.iinfo(np.int64).max))
    return check_count("random_state", random_state, minimum=0)


def canonical_order(matrix: FloatArray, y: LabelVector | None = None) -> IntVector:
    """Order of rows that depends only on their values, not on their original order.

    Results are computed in this order, because a BLAS product may round a row differently in
    another position. With sorted rows, shuffled input gives the same bytes.
    """
    keys = [matrix[:, j] for j in reversed(range(matrix.shape[1]))]
    if y is not None:
        keys.insert(0, np.unique(y, return_inverse=True)[1].astype(np.float64))
    return np.lexsort(keys).astype(np.intp)


def seed_for(seed: int, purpose: str) -> int:
    """A 32-bit seed that depends only on `seed` and `purpose`, not on the order of calls."""
    sequence = np.random.SeedSequence(seed, spawn_key=(zlib.crc32(purpose.encode()),))
    return int(sequence.generate_state(1)[0])
