"""Versions of the installed libraries, for the few tests that depend on them."""

import re
from importlib.metadata import version

import numpy as np
import pytest
from packaging.version import Version


def is_at_least(library, floor):
    """Whether the installed version of a library is `floor` or newer."""
    return Version(version(library)) >= Version(floor)


# Another version of scikit-learn grows other forests, and pandas 3 shows text columns as "str".
HAS_DOCUMENTED_VERSIONS = is_at_least("scikit-learn", "1.9") and is_at_least("pandas", "3")
prints_as_documented = pytest.mark.skipif(
    not HAS_DOCUMENTED_VERSIONS,
    reason="the documents show what scikit-learn 1.9 and pandas 3 print",
)

NUMBER = re.compile(r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?(?!\w)")
TIMES = re.compile(r"\d+(\.\d+)? (s|ms|seconds)\b")


def check_same_print(found, shown):
    """The same words in the same places; another BLAS may round a number differently."""
    found, shown = (TIMES.sub("some time", text) for text in (found, shown))
    assert NUMBER.sub("#", found).split() == NUMBER.sub("#", shown).split()
    numbers = [[float(n.replace(",", "")) for n in NUMBER.findall(text)] for text in (found, shown)]
    np.testing.assert_allclose(*numbers, rtol=0.02, atol=0.002)
