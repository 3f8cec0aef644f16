"""The verdict as an object: at most six sentences, the most serious first, with stable codes."""

import re
from pathlib import Path

import numpy as np
import pytest

from tests.results.verdict_cases import NAMES, N, moves, pairs, ranking, reliability, verdict
from wisca_xai._results import _verdict
from wisca_xai._results._verdict import CODES, SEVERITIES, Verdict
from wisca_xai._results._verdict_facts import Sentence

CROWDED = {
    "ranking": ranking(best_rank=[1, 1, 1, 4]),
    "influence": moves(("a", "b", 2, 4)),
    "failures": {"lime": "ValueError: no"},
    "reliability": reliability(
        skill=-1.0,
        with_y=True,
        correlated=(("a", "b"),),
        outside=np.r_[np.ones(N // 2), np.zeros(N // 2)],
        n_from_fit=N - 1,
    ),
}


def test_when_all_is_well_the_verdict_is_the_result():
    found = verdict()
    assert str(found).split("\n") == [
        "The explainers agree closely: their agreement is 0.85 on average, from 0.80 to 0.90 (1 is "
        "the same order of the features that matter).",
        "Most important: a, b, c and d.",
    ]
    assert found.codes == ("agreement", "most_important")
    assert found.omitted == 0


def test_a_crowded_verdict_keeps_six_sentences_the_most_serious_and_the_result():
    found = verdict(**CROWDED)
    assert found.codes == (
        "no_skill",
        "explainer_failed",
        "rows_of_fit",
        "outside_background",
        "agreement",
        "most_important",
    )
    assert found.omitted == 3
    assert {one.code for one in found.rest} == {"moved_without", "order_undecided", "correlated"}
    severities = [SEVERITIES.index(sentence.severity) for sentence in found]
    assert severities == sorted(severities)


@pytest.mark.parametrize("agreement", [0.9, 0.1])
def test_at_most_six_sentences_come_out(agreement):
    signs = {"ab": 0.1}
    found = verdict(**CROWDED, pairs=pairs(signs, ab=agreement))
    assert len(found) == len(found.sentences) == 6
    assert "most_important" in found.codes


def test_a_verdict_reads_like_text_and_iterates_over_sentences():
    one = Sentence("skill", "info", "It is good.")
    found = Verdict((one, Sentence("noise", "caution", "It is not.")), (one,))
    assert str(found) == repr(found) == "It is good.\nIt is not."
    assert list(found) == [one, found.sentences[1]]
    assert str(one) == "It is good."
    assert "good.\nIt" in found
    assert one in found
    assert "bad" not in found
    assert found == Verdict(found.sentences, (one,)) != Verdict(found.sentences)
    with pytest.raises(AttributeError, match="cannot assign to field"):
        found.rest = ()
    with pytest.raises(AttributeError, match="cannot assign to field"):
        one.text = ""


def test_every_code_is_described_and_written():
    root = Path(__file__).parents[2]
    text = (root / "docs/method.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (?:serious|caution|info)", text, re.MULTILINE)
    assert rows == list(CODES)
    assert len(set(CODES)) == len(CODES)
    files = Path(_verdict.__file__).parent.glob("_verdict_*.py")
    written = re.findall(r'Sentence\(\s*"(\w+)"', "".join(path.read_text() for path in files))
    assert set(written) == set(CODES)


def test_names_are_shown_safely_and_cut():
    names = ["x\x1b[2J", "y" * 60, "c", "d"]
    found = verdict(ranking=ranking(feature=names), failures={"l\x1b": "E: \x1b\n" + "long " * 99})
    assert r"x\x1b[2J, " + "y" * 20 + "…" + "y" * 19 + ", c and d" in found
    assert "\x1b" not in str(found)
    assert len(str(found).split("\n")) == len(found)
    assert max(len(sentence.text) for sentence in found) < 400


def test_names_of_correlated_and_outside_columns_are_safe_too():
    names = ("\x1b", "b", "c", "d")
    facts = reliability(
        correlated=(("\x1b", "b"),), outside=np.ones(N), outside_features=np.array([N, 0, 0, 0.0])
    )
    found = verdict(ranking=ranking(feature=list(names)), reliability=facts, feature_names=names)
    assert {"correlated", "extrapolation_in_time"} <= set(found.codes)
    assert "\x1b" not in str(found)
    assert NAMES[1] in found
