"""scikit-learn's estimators on wrapped arrays, in a process where its array API support can be on."""
import os
import subprocess
import sys

import numpy as np
import pytest

import grumpy

sklearn = pytest.importorskip("sklearn")

PROGRAM = """
import numpy as np
import grumpy
from sklearn import config_context, decomposition, linear_model, metrics, model_selection, pipeline
from sklearn import preprocessing
from sklearn.datasets import load_digits

X, y = load_digits(n_class=3, return_X_y=True)
X = X.astype(float)


def wrapped(x):
    assert type(x) is grumpy.ndarray, type(x)
    return np.asarray(x)


def model():
    return pipeline.make_pipeline(preprocessing.StandardScaler(),
                                  decomposition.PCA(8, svd_solver="full"),
                                  linear_model.LogisticRegression())


want = model().fit(X, y)
with config_context(array_api_dispatch=True):
    g, labels = grumpy.asarray(X), grumpy.asarray(y)
    got = model().fit(g, labels)
    np.testing.assert_allclose(wrapped(got.predict_proba(g)), want.predict_proba(X), atol=1e-5)
    assert metrics.accuracy_score(labels, got.predict(g)) == want.score(X, y)
    parts = model_selection.train_test_split(g, labels, random_state=0, stratify=labels)
    for a, b in zip(parts, model_selection.train_test_split(X, y, random_state=0, stratify=y)):
        np.testing.assert_array_equal(wrapped(a), b)
"""


def test_a_pipeline_stays_wrapped_with_dispatch_on():
    done = subprocess.run([sys.executable, "-P", "-c", PROGRAM], capture_output=True, text=True,
                          env=dict(os.environ, SCIPY_ARRAY_API="1"))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["KMeans", "RandomForestClassifier", "SVC", "KNeighborsClassifier"])
def test_estimators_take_wrapped_arrays_with_dispatch_off(name):
    from sklearn.utils import all_estimators
    make = dict(all_estimators())[name]
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 3)), np.arange(40) % 3
    keep = {"random_state": 0} if "random_state" in make().get_params() else {}
    got = make(**keep).fit(grumpy.asarray(X), grumpy.asarray(y)).predict(grumpy.asarray(X))
    np.testing.assert_array_equal(got, make(**keep).fit(X, y).predict(X))


def test_scores_of_one_wrapped_argument():
    """np.average(ndarray, weights=grumpy) gives a scalar-like, which scikit-learn writes into."""
    from sklearn.metrics import brier_score_loss
    y, p, w = np.array([0, 1, 1, 0]), np.array([0.1, 0.9, 0.8, 0.3]), np.array([0.1, 0.2, 0.3, 0.4])
    want = brier_score_loss(y, p, sample_weight=w)
    assert brier_score_loss(y, p, sample_weight=grumpy.asarray(w)) == pytest.approx(want)
