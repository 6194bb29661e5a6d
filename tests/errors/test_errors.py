"""One case for each kind of misuse: class and text (architecture.md A7)."""
import numpy as np
import pytest

import grumpy
from grumpy.testing import compare

X = np.arange(6.0).reshape(2, 3)

CASES = {
    "broadcast operator": lambda a: a + np.ones(4),
    "broadcast ufunc": lambda a: np.add(a, np.ones((3, 2))),
    "boolean subtract": lambda a: (a > 1) - (a > 2),
    "boolean negative": lambda a: -(a > 1),
    "bits of floats": lambda a: a & 1,
    "shift of floats": lambda a: a << 1,
    "invert of floats": lambda a: ~a,
    "gcd of floats": lambda a: np.gcd(a, a),
    "sign of bools": lambda a: np.sign(a > 1),
    "integer beyond the dtype": lambda a: a.astype("i1") + 1000,
    "negative integer power": lambda a: a.astype(int) ** -1,
    "in-place cast": lambda a: a.astype(int).__itruediv__(2),
    "in-place growth": lambda a: a.__iadd__(np.ones((4, 2, 3))),
    "output cast": lambda a: np.add(a, 1, out=np.zeros_like(a, int)),
    "unsafe dtype": lambda a: np.add(a, 1, dtype=int),
    "axis": lambda a: a.sum(axis=2),
    "repeated axis": lambda a: a.sum(axis=(0, 0)),
    "empty minimum": lambda a: a[:0].min(),
    "empty argmax": lambda a: a[:0].argmax(),
    "reshape": lambda a: a.reshape(4),
    "transpose": lambda a: a.transpose(0),
    "too many indices": lambda a: a[0, 0, 0],
    "index": lambda a: a[5],
    "float index": lambda a: a[1.0],
    "mask of another shape": lambda a: a[np.array([True, False, True])],
    "assigned shape": lambda a: a.__setitem__(0, np.ones(4)),
    "assigned type": lambda a: a.__setitem__(0, "x"),
    "assigned NaN": lambda a: a.astype(int).__setitem__(0, float("nan")),
    "matmul core": lambda a: a @ np.ones(4),
    "matmul of a number": lambda a: np.matmul(a, 3),
    "dot": lambda a: np.dot(a, a),
    "truth": lambda a: bool(a),
    "float": lambda a: float(a),
    "index of an array": lambda a: range(10)[a],
    "hash": lambda a: hash(a),
    "casting word": lambda a: a.astype(int, casting="safe"),
    "delete": lambda a: a.__delitem__(0),
    "concatenate": lambda a: np.concatenate([a, a[0]]),
    "einsum": lambda a: np.einsum("ij,jk", a, a),
    "unknown keyword": lambda a: np.add(a, a, nonsense=1),
    "where of floats": lambda a: np.add(a, a, where=a),
    "complex comparison of str": lambda a: a < "x",
    "take": lambda a: np.take(a, 9),
    "dtype": lambda a: a.astype("nonsense"),
}


@pytest.mark.parametrize("name", CASES)
def test_numpys_class_and_text(name):
    with pytest.raises(Exception):  # noqa: B017  that NumPy raises here at all
        CASES[name](X.copy())
    compare(CASES[name], X)


@pytest.mark.parametrize("name", CASES)
def test_the_array_stays_usable(name):
    g = grumpy.array(X)
    with pytest.raises(Exception):  # noqa: B017
        CASES[name](g)
    assert (np.asarray(g + 1) == X + 1).all()


def test_devices():
    with pytest.raises(ValueError, match="not available"):
        grumpy.asarray(X, device="tpu")
    with pytest.raises(ValueError, match="not available"):
        grumpy.array(X).to_device("tpu")


@pytest.mark.parametrize("name", ["device", "nonsense"])
def test_attributes_that_cannot_be_set(name):
    messages = []
    for a in (np.zeros(2), grumpy.zeros(2)):
        with pytest.raises(AttributeError) as error:
            setattr(a, name, 1)
        messages.append(str(error.value))
    assert messages[0] == messages[1]


@pytest.mark.parametrize("body", [
    lambda a, w: a.sum(axis=True), lambda a, w: np.any(a, axis=(0.5,)), lambda a, w: a.sum(keepdims=None),
    lambda a, w: np.mean(a, axis=0, keepdims=1.5), lambda a, w: np.moveaxis(a, None, 0),
    lambda a, w: np.split(a, None), lambda a, w: np.expand_dims(a, 1.5), lambda a, w: np.zeros_like(a, order=3),
    lambda a, w: np.zeros_like(a, device="tpu"),
    lambda a, w: np.concatenate([a, w(np.ones((2, 3), "i2"))], casting="equiv"),
    lambda a, w: a.__ipow__(w(np.ones((5, 2, 3))))])
def test_numpys_words_for_odd_arguments(body):
    messages = []
    for wrap in (np.array, grumpy.array):
        with pytest.raises(Exception) as error:  # noqa: B017  NumPy's, whatever it is
            body(wrap(np.ones((2, 3))), wrap)
        messages.append((error.type, str(error.value)))
    assert messages[0] == messages[1]


def test_out_is_judged_before_anything_is_computed():
    a = grumpy.array([0.0, 1.0])
    with np.errstate(all="raise"):
        for call in (lambda: np.log(a, out=grumpy.zeros(3)), lambda: np.log(a, out=grumpy.zeros(2, int)),
                     lambda: a.__itruediv__(grumpy.zeros((3, 2)))):
            with pytest.raises((TypeError, ValueError)):
                call()


@pytest.mark.parametrize("body", [
    lambda a: a.reshape(2**63), lambda a: a.reshape((2**62, 4)), lambda a: a[:0].reshape((2**62, 4)),
    lambda a: np.broadcast_to(a, (2**63,)), lambda a: a.astype(complex).reshape(-(2**70))])
def test_shapes_beyond_64_bits(body):
    messages = []
    for a in (np.ones(4), grumpy.ones(4)):
        with pytest.raises(Exception) as error:  # noqa: B017  NumPy's, whatever it is
            body(a)
        messages.append((error.type, str(error.value)))
    assert messages[0] == messages[1]
