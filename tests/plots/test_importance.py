"""plots.importance: what is not above noise, directions, and names for readers."""

import dataclasses

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot

from tests.results.explanation_cases import NAMES, make_consensus, make_local
from wisca_xai import InputError, plots

mpl.use("agg")


@pytest.fixture(autouse=True)
def _close():
    yield
    pyplot.close("all")


def names_of(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


def legend_of(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_bars_and_intervals_are_those_of_the_ranking():
    explanation = make_consensus()
    ranking, ax = explanation.ranking(), plots.importance(explanation)
    assert [bar.get_width() for bar in ax.patches] == ranking["importance"].tolist()
    ends = [segment[:, 0] for segment in ax.collections[0].get_segments()]
    np.testing.assert_allclose(ends, ranking[["lower", "upper"]])


def test_what_is_not_above_noise_is_grey_and_the_legend_says_so():
    ax = plots.importance(make_consensus())  # The p-values are 0.5, 0.04 and 1.
    colors = dict(zip(names_of(ax), [bar.get_facecolor() for bar in ax.patches], strict=True))
    assert colors["age"] == colors["member"] != colors["size"]
    assert legend_of(ax)[:3] == ["consensus", "not above noise", "95% interval"]


def test_nothing_is_grey_if_noise_was_not_measured():
    known = make_consensus()
    reliability = dataclasses.replace(known.reliability, null_p_values=None)
    ax = plots.importance(dataclasses.replace(known, reliability=reliability))
    assert len({bar.get_facecolor() for bar in ax.patches}) == 1
    assert "not above noise" not in legend_of(ax)


def test_arrows_are_the_directions_of_the_ranking():
    directions, classes = np.array([0.9, -0.9, 0.1]), np.array(["no", "yes"])
    ax = plots.importance(make_consensus(directions=directions, classes=classes))
    assert sorted(names_of(ax)) == ["age ↑", "member", "size ↓"]
    assert "push class yes up or down" in ax.get_xlabel().replace("\n", " ")


def test_without_directions_there_is_no_arrow():
    ax = plots.importance(make_consensus())
    assert sorted(names_of(ax)) == sorted(NAMES)
    assert "↑" not in ax.get_xlabel()


@pytest.mark.parametrize(
    "plot",
    [
        plots.importance,
        plots.partial_order,
        plots.beeswarm,
        lambda e, **options: plots.attributions(e, 0, **options),
        lambda e, **options: plots.waterfall(e, 0, **options),
    ],
    ids=["importance", "partial_order", "beeswarm", "attributions", "waterfall"],
)
def test_labels_replace_names(plot):
    ax = plot(make_consensus(), labels={"age": "age in years"})
    ax.figure.draw_without_rendering()
    texts = {text.get_text().replace("\n", " ") for text in ax.findobj(mpl.text.Text)}
    assert "age in years" in texts
    assert "age" not in texts


def test_labels_replace_classes_also_in_a_heat_map_and_a_scatter():
    data = {name: np.arange(4.0) for name in NAMES}
    explanation = make_local(data=np.column_stack(list(data.values())))
    labels = {"yes": "agreed", "age": "years"}
    ax = plots.dependence(explanation, "age", labels=labels, target="yes")
    assert ax.get_title("left") == "shap, class agreed"
    assert ax.get_xlabel() == "years"
    assert plots.agreement(make_consensus(), labels=labels) is not None
    with pytest.raises(InputError, match="`labels` must have names of features"):
        plots.agreement(make_consensus(), labels={"unknown": "x"})


def test_the_title_of_an_additive_row_leads_from_base_value_to_output():
    one = make_local(values=np.full((4, 3), 0.125), base_values=np.full(4, 0.25))
    assert plots.attributions(one, 0).get_title("left").endswith("base value 0.25, output 0.625")
    other = dataclasses.replace(one, family="occlusion")
    assert "base value" not in plots.attributions(other, 0).get_title("left")
