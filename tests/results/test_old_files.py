"""Files of format 1, which hold the names of classes, load under the names of today."""

from pathlib import Path

import numpy as np
import pytest

from wisca_xai import ConsensusExplanation, Explanation
from wisca_xai._results import _storage

FILES = Path(__file__).parent / "files"


@pytest.fixture(scope="module")
def consensus():
    return Explanation.load(FILES / "consensus-format-1.npz")


def test_a_consensus_has_its_numbers(consensus):
    assert isinstance(consensus, ConsensusExplanation)
    expected = [0.014072652801927692, 0.004387706919475184, 0.9428587666200546, 0.33769117824567424]
    assert consensus.importance.tolist() == expected
    assert consensus.ranking()["feature"].tolist()[:2] == ["petal length (cm)", "petal width (cm)"]


def test_renamed_fields_are_found(consensus):
    assert consensus.reliability.null_p_values.tolist() == [1 / 21] * 4
    assert consensus.reliability.refit_p_values.tolist() == [2 / 9] * 4
    assert consensus.components["lime"].null_values.shape == (10, 20)


def test_what_is_new_is_unknown(consensus):
    assert consensus.data is None
    assert consensus.row_weighting == "unknown"


def test_it_is_read_saved_and_cut_like_others(consensus, tmp_path):
    consensus.save(tmp_path / "new.npz")
    assert Explanation.load(tmp_path / "new.npz") == consensus
    assert len(consensus[:3]) == 3
    assert consensus.verdict()


def test_a_single_explainer_loads():
    lime = Explanation.load(FILES / "lime-format-1.npz")
    assert (lime.method, lime.values.shape) == ("lime", (10, 4, 3))
    assert np.isfinite(lime.values).all()


def test_files_hold_tags_that_no_class_is_called(consensus):
    names = {kind.tag for kind in _storage._BY_CLASS.values()}
    assert names == {"consensus", "explanation", "receipt", "reliability", "resamples"}
    assert not names & {cls.__name__ for cls in _storage._BY_CLASS}
