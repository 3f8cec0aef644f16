"""Slow definitions in exact numbers: every order in which ties could be broken, one by one."""

from fractions import Fraction
from itertools import combinations, pairwise, permutations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays


def orders(values):
    """All rankings of the columns, largest magnitude first, that the magnitudes allow."""
    size = np.abs(values)
    columns = permutations(range(len(size)))
    return [o for o in columns if all(size[i] >= size[j] for i, j in pairwise(o))]


def place_shares(values):
    """Share of the orders in which column j stands at place r, as ``shares[j][r]``."""
    possible, d = orders(values), len(values)
    return [
        [Fraction(sum(o[r] == j for o in possible), len(possible)) for r in range(d)]
        for j in range(d)
    ]


def top_agreement(one, two, k, *, by_place=False, signed=False):
    """The four agreements at k, from the shares of the orders; constants included."""
    total = Fraction(0)
    shares = place_shares(one), place_shares(two)
    for j, (a, b) in enumerate(zip(*shares, strict=True)):
        if signed and sign(one[j]) != sign(two[j]):
            continue
        if by_place:
            total += sum(min(a[r], b[r]) for r in range(k))
        else:
            total += min(sum(a[:k]), sum(b[:k]))
    return float(total / k)


def pairwise_agreement(one, two):
    """Share of the pairs in one order; each pair takes the smaller shares of its two orders."""
    total, pairs = Fraction(0), list(combinations(range(len(one)), 2))
    for i, j in pairs:
        first, second = before(one, i, j), before(two, i, j)
        total += min(first, second) + min(1 - first, 1 - second)
    return float(total / len(pairs))


def before(values, i, j):
    """Share of the orders in which column i stands before column j."""
    a, b = abs(values[i]), abs(values[j])
    return Fraction(1, 2) if a == b else Fraction(int(a > b))


def average_precision(values, relevant):
    """Mean over the orders of the average precision, as defined."""
    possible = orders(values)
    total = Fraction(0)
    for order in possible:
        hits = [bool(relevant[j]) for j in order]
        precisions = [Fraction(sum(hits[: r + 1]), r + 1) for r in range(len(hits)) if hits[r]]
        total += sum(precisions, Fraction(0)) / len(precisions)
    return float(total / len(possible))


def roc_auc(values, relevant):
    """Share of the pairs of a relevant and another feature in the right order."""
    d = range(len(values))
    pairs = [(i, j) for i in d for j in d if relevant[i] and not relevant[j]]
    return float(sum((before(values, i, j) for i, j in pairs), Fraction(0)) / len(pairs))


def is_constant(values):
    return len({abs(value) for value in values}) < 2


def sign(value):
    return int(value > 0) - int(value < 0)


def tied_numbers():
    """Five values, so that most vectors hold ties of magnitudes and of zeros."""
    return st.integers(-2, 2).map(float)


@st.composite
def tied_pairs(draw, *, n=None):
    """Two vectors of 2 to 5 features, or two matrices of `n` such rows, and a k for them."""
    d = draw(st.integers(2, 5))
    shape = (d,) if n is None else (n, d)
    one, two = (draw(arrays(float, shape, elements=tied_numbers())) for _ in range(2))
    return one, two, draw(st.integers(1, d))
