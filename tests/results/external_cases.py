"""Models and tables of attributions."""

from lime.lime_tabular import LimeTabularExplainer
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression

IRIS, SPECIES = load_iris(return_X_y=True, as_frame=True)
MATRIX, NAMES = IRIS.to_numpy(), tuple(IRIS.columns)
FOREST = RandomForestClassifier(5, random_state=0).fit(MATRIX, SPECIES)
ROWS = IRIS[::25]  # 6 rows, 2 of each species
DIABETES, PROGRESS = load_diabetes(return_X_y=True)
LINEAR = LinearRegression().fit(DIABETES, PROGRESS)


def limes(X=MATRIX, rows=MATRIX[::25], predict=FOREST.predict_proba, **settings):
    asked = {
        name: settings.pop(name)
        for name in ("labels", "top_labels", "num_features")
        if name in settings
    }
    settings = {"feature_names": list(NAMES), "random_state": 0, **settings}
    explainer = LimeTabularExplainer(X, **settings)
    return [explainer.explain_instance(row, predict, num_samples=80, **asked) for row in rows]
