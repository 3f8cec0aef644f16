"""check_explainer: ours keep the contract, and each broken rule is named."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from wisca_xai import (
    ExplainerError,
    ForestExplainer,
    LimeExplainer,
    PermutationExplainer,
    ShapExplainer,
)
from wisca_xai.explainers import BaseExplainer, check_explainer, make_explanation


class Centred(BaseExplainer):
    """A sound explainer: each value's distance to the mean of the background, times the output."""

    name = "centred"
    scope = "local"

    def __init__(self, estimator=None, *, response_method="auto", random_state=None):
        self.estimator = estimator
        self.response_method = response_method
        self.random_state = random_state

    def _explain(self, task):
        return self.answer(task, task.rows - task.background.mean(axis=0))

    def answer(self, task, values, **settings):
        values = task.explained(values[:, :, None] * task.outputs[:, None, :])
        words = {"method": self.name, "family": "centred", "unit": "1", "signed": True, **settings}
        return make_explanation(task, values, **words)


@pytest.mark.parametrize(
    "explainer",
    [
        Centred(),
        ShapExplainer(),
        ShapExplainer(method="permutation", background_size=10),
        LimeExplainer(n_samples=200),
        PermutationExplainer(),
        ForestExplainer(n_estimators=8),
        ForestExplainer(n_estimators=8, fit_to="label"),
    ],
    ids=str,
)
def test_sound_explainers_pass(explainer):
    check_explainer(explainer)


class OtherDraws(Centred):
    def _explain(self, task):
        self.count = getattr(self, "count", 0) + 1
        return self.answer(task, task.rows * self.count)


class OtherRows(Centred):
    def _explain(self, task):
        return self.answer(task, task.rows - task.rows.mean(axis=0))


class GlobalDraws(Centred):
    def _explain(self, task):
        np.random.random()  # noqa: NPY002
        return super()._explain(task)


class Changing(Centred):
    def _explain(self, task):
        found = super()._explain(task)
        task.rows[:] = 0.0
        return found


class NotFinite(Centred):
    def _explain(self, task):
        return self.answer(task, task.rows * np.nan)


class NotAdditive(Centred):
    def _explain(self, task):
        unit, base = task.response.unit, np.zeros(task.n_samples)
        return self.answer(task, task.rows, family="shapley", unit=unit, base_values=base)


class WithoutBase(Centred):
    def _explain(self, task):
        return self.answer(task, task.rows, family="shapley", unit=task.response.unit)


class OtherScope(Centred):
    def _explain(self, task):
        values = np.abs(task.rows).mean(axis=0)
        return make_explanation(
            task, values, method="centred", family="centred", unit="1", signed=False
        )


class OtherClass(Centred):
    """Explains the predicted class, whatever is asked for."""

    def _explain(self, task):
        answer = super()._explain(task)
        return replace(answer, values=task.rows) if task.target == 0 or task.target == 1 else answer


class UnseededNulls(Centred):
    def _explain(self, task):
        values = np.random.default_rng().normal(size=(task.n_samples, task.n_null_features))
        return self.answer(task, task.rows, null_values=values) if task.target != "all" else None


class OtherIndex(Centred):
    def _explain(self, task):
        return replace(super()._explain(task), index=pd.RangeIndex(100, 100 + task.n_samples))


class OtherUnit(Centred):
    def _explain(self, task):
        return self.answer(task, task.rows, unit="bananas")


class ShortDiagnostics(Centred):
    def _explain(self, task):
        return self.answer(task, task.rows, diagnostics={"r2": np.ones(task.n_samples + 1)})


class ThreeColumns(Centred):
    def _explain(self, task):
        return self.answer(task, task.rows[:, :3])


class Taken(Centred):
    name = "shap"


class Nameless(Centred):
    name = ""


class Raising(Centred):
    def _explain(self, task):
        raise KeyError("something is missing")


@pytest.mark.parametrize(
    ("explainer", "message"),
    [
        (OtherDraws(), "the same bytes for one seed"),
        (OtherRows(), r"do not depend on the other rows \(a linear function\)"),
        (GlobalDraws(), "does not change NumPy's global random state"),
        (Changing(), "does not change the task|the same bytes"),
        (NotFinite(), "values that are NaN or infinite"),
        (NotAdditive(), "does not add up to the model's output"),
        (WithoutBase(), "of the family 'shapley' gives base values, and the unit 'target'"),
        (OtherScope(), "gives values of scope 'local'; found: global"),
        (OtherClass(), "explains the class that is asked for"),
        (UnseededNulls(), "the same null values for one seed .*: null_values that differ"),
        (OtherIndex(), "must give the row labels of the task"),
        (OtherUnit(), r"must give a unit from \['probability'"),
        (ShortDiagnostics(), r"diagnostics 'r2' of \d rows, got"),
        (ThreeColumns(), "found: InputError: `values` of shape"),
        (Taken(), "has a `name` of its own; found: 'shap', which is taken"),
        (Nameless(), "class attribute `name`"),
        (Raising(), "explains a linear function; found: KeyError: 'something is missing'"),
        (Centred(len), "without a model"),
        (Centred, "takes an instance"),
    ],
    ids=lambda part: getattr(type(part), "__name__", ""),
)
def test_a_broken_rule_is_named(explainer, message):
    with pytest.raises(ExplainerError, match=message):
        check_explainer(explainer)
