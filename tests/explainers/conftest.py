"""Fixtures that several files use."""

import tracemalloc

import pytest

from tests.explainers.wide_cases import MB


@pytest.fixture
def peak():
    """Memory in MB that was in use at once since the test began, less what was before."""
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1] / MB
    tracemalloc.stop()
