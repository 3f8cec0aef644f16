"""Versions of the installed libraries, for the few tests that depend on them."""

from importlib.metadata import version

import pytest
from packaging.version import Version


def is_at_least(library, floor):
    """Whether the installed version of a library is `floor` or newer."""
    return Version(version(library)) >= Version(floor)


# Another version of scikit-learn grows other forests, and pandas 3 shows text columns as "str".
prints_as_documented = pytest.mark.skipif(
    not (is_at_least("scikit-learn", "1.9") and is_at_least("pandas", "3")),
    reason="the documents show what scikit-learn 1.9 and pandas 3 print",
)
