"""Faults of kinds of models: jobs of their own, no class and no target, another version."""

import warnings

import joblib
import numpy as np
import pytest
import sklearn
import skops.io
from sklearn.base import BaseEstimator
from sklearn.cluster import KMeans
from sklearn.covariance import EllipticEnvelope
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM
from threadpoolctl import threadpool_info

from tests.faults.fault_cases import (
    ARRAY,
    CLASSES,
    FRAME,
    case,
    check_complete,
    explain,
    fault,
    first,
)
from wisca_xai import (
    Explanation,
    ForestExplainer,
    InputError,
    LimeExplainer,
    ModelContractError,
    PermutationExplainer,
    ShapExplainer,
    WISCAWarning,
    cli,
)
from wisca_xai._model._files import load_model


@pytest.fixture
def four_cores(monkeypatch):
    monkeypatch.setattr("wisca_xai._panel._run.cpu_count", lambda: 4)


@fault(34, "a model with threads of its own")
def test_more_threads_than_cores_give_one_warning_and_change_no_byte(four_cores):
    models = [RandomForestClassifier(5, random_state=0, n_jobs=n) for n in (2, 3)]
    one = explain(models[0].fit(FRAME, CLASSES), n_jobs=2)
    message = r"2 blocks of rows .* each with 3 jobs .* \(n_jobs=3\), are more than the 4 cores"
    with pytest.warns(WISCAWarning, match=message) as caught:
        two = explain(models[1].fit(FRAME, CLASSES), n_jobs=2)
    assert len(caught) == 1
    assert one.values.tobytes() == two.values.tobytes()


@fault(34, "threads of native code")
def test_rows_at_once_share_out_the_threads_of_native_code():
    """Each job would have as many as there are cores, which then wait for each other."""
    cores = joblib.cpu_count()
    threads = []

    def model(Z):
        found = [one["num_threads"] for one in threadpool_info() if one["user_api"] == "openmp"]
        threads.append(max(found))
        return Z[:, 0] * Z[:, 1]

    walks = ShapExplainer(method="permutation")
    explain(model, ARRAY, ARRAY[:30], explainers=(walks,), n_jobs=1)
    assert max(threads) == cores
    del threads[:]
    explain(model, ARRAY, ARRAY[:30], explainers=(walks,), n_jobs=2)
    assert min(threads) == max(1, cores // 2)


@pytest.mark.parametrize(
    ("jobs", "said"), [case(34, "all cores", -1, "4 jobs"), case(34, "all but one", -2, "3 jobs")]
)
def test_too_many_threads_give_a_warning_with_the_parameter_to_set(four_cores, jobs, said):
    model = make_pipeline(StandardScaler(), RandomForestClassifier(5, n_jobs=jobs))
    parameter = "randomforestclassifier__n_jobs"
    message = rf"{said} .*\({parameter}={jobs}\).* Set {parameter}=1 in Pipeline"
    with pytest.warns(WISCAWarning, match=message):
        explain(model, y=CLASSES, n_jobs=2, explainers="permutation")


@pytest.mark.parametrize(
    ("jobs", "n_jobs"),
    [
        case(34, "no jobs of ours", -1, None),
        case(34, "no jobs of the model", None, 2),
        case(34, "one job of the model", 1, 8),
        case(34, "as many as cores", 2, 2),
    ],
)
def test_few_threads_give_no_warning(four_cores, jobs, n_jobs):
    model = RandomForestClassifier(5, n_jobs=jobs).fit(FRAME, CLASSES)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        explain(model, n_jobs=n_jobs, explainers="permutation")


@fault(36, "several outputs")
def test_models_of_several_outputs_are_refused():
    with pytest.raises(ModelContractError, match="Multi-output models are not supported"):
        explain(LinearRegression().fit(ARRAY, ARRAY[:, :2]), ARRAY)


@pytest.mark.parametrize(
    "detector",
    [
        case(36, "IsolationForest", IsolationForest(n_estimators=20, random_state=0)),
        case(36, "OneClassSVM", OneClassSVM()),
        case(36, "EllipticEnvelope", EllipticEnvelope(random_state=0)),
        case(36, "LocalOutlierFactor", LocalOutlierFactor(novelty=True)),
    ],
)
def test_an_outlier_detector_has_a_margin(detector):
    explanation = explain(detector.fit(ARRAY), ARRAY, row_y=np.ones(5))
    check_complete(explanation)
    assert explanation.components["shap"].unit == "margin"
    assert explanation.receipt.settings["response_method"] == "decision_function"
    assert "the detector's decision_function: the lower it is" in explanation.notes[0]
    # A margin is not a prediction of y, so there are no residuals.
    np.testing.assert_array_equal(explanation.weights, np.ones(5))
    assert np.isnan(explanation.reliability.skill)


@fault(36, "outlier labels")
def test_an_outlier_detector_has_labels_where_they_are_asked_for():
    detector = IsolationForest(n_estimators=20, random_state=0).fit(ARRAY)
    explanation = explain(detector, ARRAY, response_method="predict", explainers="permutation")
    assert "the detector's predict: the lower it is" in explanation.notes[0]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        case(
            36,
            "outlier detector of its own rows",
            LocalOutlierFactor(),
            r"got LocalOutlierFactor\. It cannot score new rows: set novelty=True",
        ),
        case(36, "clustering", KMeans(2, n_init=1), "Clusterings are not supported: the cluster"),
    ],
)
def test_models_without_an_output_to_explain_are_refused(model, message):
    with pytest.raises(InputError, match=message):
        explain(model.fit(ARRAY), ARRAY)


TIMES = np.array(
    list(zip(ARRAY[:, 3] > 0, np.exp(ARRAY[:, 0]), strict=True)),
    dtype=[("event", bool), ("time", float)],
)


class Survival(BaseEstimator):
    """The interface of scikit-survival: risk scores of a model that learns from events and times.

    It ranks pairs whose order is known: whose event comes first has the higher risk.
    """

    def fit(self, X, y):
        X = np.asarray(X)
        event, time = (y[name] for name in y.dtype.names)
        gaps = (X[:, None] - X[None, :])[event[:, None] & (time[:, None] < time[None, :])]
        pairs = LogisticRegression(fit_intercept=False)
        pairs.fit(np.vstack([gaps, -gaps]), np.repeat([1, 0], len(gaps)))
        self.coef_ = pairs.coef_[0]
        self.n_features_in_ = X.shape[1]
        return self

    def predict(self, X):
        return np.asarray(X) @ self.coef_

    def predict_survival_function(self, X):
        raise AssertionError("nobody needs it")


@pytest.mark.parametrize(
    "model",
    [
        case(36, "survival, fitted", Survival().fit(ARRAY, TIMES)),
        case(36, "survival, to fit", Survival()),
    ],
)
def test_the_risk_of_a_survival_model_is_explained(model):
    explanation = explain(model, ARRAY, y=TIMES, row_y=TIMES[:5])
    check_complete(explanation)
    assert explanation.importance.idxmax() == "x0"
    assert explanation.components["shap"].unit == "score"
    assert explanation.receipt.settings["response_method"] == "predict"
    assert "the survival model's predict, usually a risk" in explanation.notes[0]
    assert "not a prediction of y, so all rows get equal weight" in " ".join(explanation.notes)
    np.testing.assert_array_equal(explanation.weights, np.ones(5))
    assert np.isnan(explanation.reliability.skill)


@fault(36, "survival, times as y")
def test_a_risk_is_no_prediction_of_a_time():
    times = TIMES["time"]
    explanation = explain(Survival().fit(ARRAY, TIMES), ARRAY, y=times, row_y=times[:5])
    np.testing.assert_array_equal(explanation.weights, np.ones(5))
    assert np.isnan(explanation.reliability.skill)


@fault(36, "survival, refits")
def test_survival_models_can_be_refitted():
    explanation = explain(Survival(), ARRAY, y=TIMES, explainers="permutation", n_refits=2)
    assert explanation.reliability.refit_p_values.argmin() == 0


@pytest.mark.parametrize(
    ("explainer", "what"),
    [
        case(36, "survival, R2", PermutationExplainer(scoring="r2"), "scoring='r2'"),
        case(36, "survival, own score", PermutationExplainer(scoring=None), "scoring=None"),
        case(36, "survival, labels", ForestExplainer(fit_to="label"), "fit_to='label'"),
        case(36, "survival, entropy", LimeExplainer(discretizer="entropy"), "discretizer="),
    ],
)
def test_what_needs_one_number_per_row_refuses_events_and_times(explainer, what):
    explainer.set_params(estimator=Survival().fit(ARRAY, TIMES))
    message = rf"{what}.* is not supported for a y with the fields \['event', 'time'\]"
    with pytest.raises(InputError, match=message):
        explainer.fit(ARRAY, TIMES).explain(ARRAY[:5], TIMES[:5])


@fault(36, "survival, a custom score")
def test_a_custom_scorer_may_use_events_and_times():
    def concordance(model, X, y):
        risk = model.predict(X)
        known = y["event"][:, None] & (y["time"][:, None] < y["time"][None, :])
        return (risk[:, None] > risk[None, :])[known].mean()

    explainer = PermutationExplainer(Survival().fit(ARRAY, TIMES), scoring=concordance)
    values = explainer.fit(ARRAY, TIMES).explain(ARRAY, TIMES).values
    assert values.argmax() == 0
    assert values[0] > 0.1


class OldFormat:
    """A model that warns when it is loaded, of something else than versions."""

    def __init__(self):
        self.format = 1

    def __setstate__(self, state):
        warnings.warn("an old format", FutureWarning, stacklevel=2)
        self.__dict__.update(state)


@fault(37, "versions")
def test_versions_are_recorded():
    explanation = explain(first, ARRAY)
    for component in explanation.components.values():
        assert component.receipt.versions["scikit-learn"] == sklearn.__version__


@pytest.mark.parametrize(
    "dump", [case(37, "skops", skops.io.dump), case(37, "joblib", joblib.dump)]
)
def test_a_model_of_another_version_gives_a_warning_and_is_recorded(
    dump, tmp_path, monkeypatch, capsys
):
    """Both kinds of files keep the version in the state of each estimator."""
    FRAME[:9].to_csv(tmp_path / "rows.csv", index=False)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(FRAME, CLASSES)
    path = str(tmp_path / f"model.{dump.__module__.partition('.')[0]}")
    files = ["--model", path, "--data", str(tmp_path / "rows.csv"), "--out", str(tmp_path)]
    arguments = ["explain", *files, "--unsafe-pickle", "--quiet"]
    with monkeypatch.context() as patch:
        patch.setattr("sklearn.base.__version__", "1.2.3")
        dump(model, path)
    assert cli.main(arguments) == cli.OK
    note = (
        "The model was saved with scikit-learn 1.2.3 (StandardScaler, LogisticRegression, "
        f"Pipeline) and loaded with {sklearn.__version__}: its outputs may differ"
    )
    for text in (*capsys.readouterr(), Explanation.load(tmp_path / "explanation.npz").notes[0]):
        assert text.count(note) == 1
    dump(model, path)
    assert cli.main(arguments) == cli.OK
    assert "saved with" not in "".join(capsys.readouterr())


@fault(37, "other warnings")
def test_other_warnings_of_a_model_file_are_passed_on(tmp_path):
    joblib.dump(OldFormat(), tmp_path / "model.joblib")
    with pytest.warns(FutureWarning, match="an old format"):
        model, note = load_model(tmp_path / "model.joblib", unsafe_pickle=True)
    assert isinstance(model, OldFormat)
    assert note is None
