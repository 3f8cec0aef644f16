"""Parts that the generators share: seeds, class counts, Gaussian features, checks of numbers."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from wisca_xai._checks import as_number, check_count
from wisca_xai._exceptions import InputError
from wisca_xai._random import seed_entropy
from wisca_xai._typing import FloatMatrix, FloatVector, IntVector
from wisca_xai.datasets._dataset import BoolArray

Seed: TypeAlias = int | np.random.RandomState | np.random.Generator | None


def random_generator(random_state: Seed) -> np.random.Generator:
    """Return a new generator; NumPy's global state is neither read nor changed."""
    return np.random.default_rng(seed_entropy(random_state))


def legacy_generator(random_state: Seed) -> np.random.RandomState:
    """Return a generator for scikit-learn, in which an int gives the same data as there."""
    return np.random.RandomState(seed_entropy(random_state) % 2**32)


def feature_names(prefix: str, n_features: int) -> list[str]:
    """Return the names prefix1, prefix2, ..."""
    return [f"{prefix}{j + 1}" for j in range(n_features)]


def class_counts(n_samples: int, shares: Sequence[float]) -> IntVector:
    """Numbers of rows per class, (n_classes,), by the largest-remainder rule, at least 1 each.

    Examples
    --------
    >>> class_counts(100, (974, 25)).tolist(), class_counts(4, (5, 95)).tolist()
    ([97, 3], [1, 3])
    """
    check_count("n_samples", n_samples, minimum=len(shares))
    exact = n_samples * np.asarray(shares, dtype=np.float64) / sum(shares)
    counts = np.floor(exact).astype(np.intp)
    largest_remainders = np.argsort(counts - exact, kind="stable")
    counts[largest_remainders[: n_samples - counts.sum()]] += 1
    while (counts == 0).any():
        counts[counts.argmax()] -= 1
        counts[counts.argmin()] += 1
    return counts


def draw_labels(rng: np.random.Generator, n_samples: int, shares: Sequence[float]) -> IntVector:
    """Labels 0, 1, ... in random order, each exactly as often as `class_counts` says."""
    counts = class_counts(n_samples, shares)
    return rng.permutation(np.repeat(np.arange(len(counts)), counts)).astype(np.intp)


def draw_gaussian(
    rng: np.random.Generator, n_samples: int, n_features: int, correlation: float
) -> FloatMatrix:
    """Standard normal columns, (n_samples, n_features), with the same correlation of every pair.

    The columns share one common factor. So no matrix has to be decomposed, and the draws are the
    same for every correlation.
    """
    own = rng.standard_normal((n_samples, n_features))
    common = rng.standard_normal((n_samples, 1))
    return np.asarray(np.sqrt(1 - correlation) * own + np.sqrt(correlation) * common)


def draw_binary(rng: np.random.Generator, log_odds: FloatVector) -> IntVector:
    """Draw y = 1 with probability sigmoid(log_odds), (n_samples,)."""
    probability = 0.5 + 0.5 * np.tanh(log_odds / 2)  # This form of the sigmoid cannot overflow.
    return np.asarray(rng.random(len(log_odds)) < probability, dtype=np.intp)


def centred(contributions: ArrayLike) -> FloatMatrix:
    """Contributions of the features, (n_samples, n_features), minus their means over rows."""
    terms = np.asarray(contributions, dtype=np.float64)
    return np.asarray(terms - terms.mean(axis=0))


def first_relevant(n_relevant: int, n_features: int) -> BoolArray:
    """True for the first `n_relevant` features, (n_features,)."""
    return np.asarray(np.arange(n_features) < n_relevant)


def check_correlation(correlation: object) -> float:
    """Return `correlation` as a float in [0, 1), or raise InputError."""
    number = as_number(correlation)
    if not 0 <= number < 1:
        raise InputError(f"`correlation` must be a number in [0, 1), got {correlation!r}.")
    return number


def check_share(share: object) -> float:
    """Return `share` as a float in (0, 1), or raise InputError."""
    number = as_number(share)
    if not 0 < number < 1:
        raise InputError(f"`share` must be a number above 0 and below 1, got {share!r}.")
    return number


def check_noise(noise: object) -> float:
    """Return `noise` as a finite float of at least 0, or raise InputError."""
    number = as_number(noise)
    if not 0 <= number < np.inf:
        raise InputError(f"`noise` must be a finite number of at least 0, got {noise!r}.")
    return number


def check_variant(number: object, maximum: int) -> int:
    """Return `number` as an int from 1 to `maximum`, or raise InputError."""
    variant = check_count("number", number)
    if variant > maximum:
        raise InputError(f"`number` must be from 1 to {maximum}, got {variant}.")
    return variant
