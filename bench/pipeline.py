"""A scikit-learn Pipeline on real handwritten digits: scale, find principal components, classify.

scikit-learn works in the namespace of the arrays it is given where `array_api_dispatch` is on, for
which the variable SCIPY_ARRAY_API must be 1 before SciPy is imported.
"""
import numpy as np
from harness import Case, plot


def fit_and_predict(images, labels, test_images, test_labels, components, dispatch):
    """Fit on some images, classify others; the predictions and what each step has learnt."""
    from sklearn import config_context
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), PCA(components),
                          LogisticRegression())
    # Pixels that are always blank: scikit-learn divides zero by zero, and replaces the result.
    with config_context(array_api_dispatch=dispatch), np.errstate(invalid="ignore"):
        model.fit(images, labels)
        predicted = model.predict(test_images)
        likelihood = model.predict_proba(test_images)
        accuracy = model.score(test_images, test_labels)
    scaler, pca, regression = (step for _, step in model.steps)
    return (predicted, likelihood, accuracy, scaler.mean_, scaler.scale_, pca.components_,
            regression.coef_, regression.intercept_)


def digits(small, dispatch=True):
    """scikit-learn's digits, 8 x 8 pixels each: four of five to fit, every fifth to test."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    if small:
        images, labels = images[:300], labels[:300]
    test = np.arange(len(images)) % 5 == 0
    return (images[~test], labels[~test], images[test], labels[test], 8 if small else 32,
            dispatch)


def show(results, arguments):
    predicted, _, accuracy, _, _, components, *_ = results
    wrong = np.flatnonzero(predicted != arguments[3])

    def draw(axes):
        rows = [np.hstack([np.pad(part.reshape(8, 8), 1) for part in components[8 * r:8 * r + 8]])
                for r in range(len(components) // 8)]
        axes.imshow(np.vstack(rows), cmap="RdBu_r")
        axes.set_axis_off()

    return [plot(draw, f"The principal components that scikit-learn found; {float(accuracy):.1%} of "
                       f"{len(predicted)} digits are read rightly, {len(wrong)} are not")]


CASES = [Case("Pipeline, digits", digits, fit_and_predict,
              "1,437 digits to fit, 360 to classify; 32 components", rtol=1e-6, show=show)]
