"""Fixtures that several files use."""

import pytest

from tests.results.external_cases import limes
from tests.results.storage_cases import make_consensus


@pytest.fixture(scope="module")
def all_limes():
    return limes(labels=(0, 1, 2), class_names=["setosa", "versicolor", "virginica"])


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "saved.npz"
    make_consensus().save(path)
    return path
