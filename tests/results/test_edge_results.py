"""Results without rows of their own, and files of unusual contents."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.panel.merge_cases import LOSS, ONE, merged
from tests.results.explanation_cases import make_consensus, make_global, make_local
from wisca_xai import Explanation, InputError


def test_a_global_explanation_counts_as_something():
    """``if explanation:`` asks for its length where there is no ``__bool__``, and that is 0."""
    assert make_global()


def test_an_unknown_feature_of_a_partial_order_is_named():
    with pytest.raises(InputError, match=r"`features` must be .* got 'agee'. Did you mean 'age'"):
        make_consensus().partial_order(["agee"])


def test_a_consensus_of_global_explainers_has_no_rows_to_disagree_on():
    assert len(merged(LOSS, LOSS, names=("p", "q")).row_disagreement()) == 0


def test_rows_cannot_be_chosen_if_only_a_global_explainer_has_a_vote():
    whole = merged(ONE, LOSS, names=("one", "loss"), weighting={"one": 0.0, "loss": 1.0})
    with pytest.raises(InputError, match=r"chosen from \['loss'\] alone"):
        whole[[0, 1]]


def test_classes_that_are_numpy_scalars_are_saved_as_plain_ones(tmp_path):
    classes = np.array([np.int64(3), "other", np.int64(3), "other"], dtype=object)
    make_local(targets=classes).save(tmp_path / "saved.npz")
    assert Explanation.load(tmp_path / "saved.npz").targets.tolist() == [3, "other", 3, "other"]


def test_a_column_that_cannot_be_saved_is_named_with_a_way_out(tmp_path):
    data = pd.DataFrame({"age": [1 + 2j] * 4, "size": 1.0, "member": 2.0})
    unsavable = replace(make_local(), data=data)
    with pytest.raises(InputError, match=r"'age' of dtype complex128.*include_data=False"):
        unsavable.save(tmp_path / "saved.npz", include_data=True)
