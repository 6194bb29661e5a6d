"""GRUMPY_VALIDATE and GRUMPY_DEVICE."""
import numpy as np
import pytest

import grumpy
from grumpy import validation


def program(x):
    y = np.sqrt(np.abs(x)) * 2 + x[::-1]
    y[1:, ::2] = y[:-1, ::2].cumsum(axis=0)
    y[y > 3] -= 1
    z = np.where(y > 0, y, np.exp(y)).astype("f4")
    m = z @ z.T
    return (y, z.mean(axis=1), m.max(), np.argmin(y, axis=0), z.std(axis=0), np.clip(y, -1, 1).T,
            np.take(y, [2, 0], axis=1), y.sum(axis=(0, 1)), np.maximum.accumulate(y, axis=1), (y * 1j).imag)


@pytest.fixture
def x():
    return np.random.default_rng(0).standard_normal((7, 9))


def test_agreement(x):
    with grumpy.config(validate=True):
        got = [np.asarray(r) for r in program(grumpy.asarray(x))]
    for g, w in zip(got, program(x)):
        np.testing.assert_allclose(g, w, 1e-5, 1e-6)


def test_every_kind_of_node_is_computed(x, monkeypatch):
    seen = {}
    compute = validation.compute

    def spy(nodes):
        values = compute(nodes)
        seen.update({n["kind"]: v is not None for n, v in zip(nodes, values)})
        return values

    monkeypatch.setattr(validation, "compute", spy)
    with grumpy.config(validate=True):
        for r in program(grumpy.asarray(x)):
            np.asarray(r)
    kinds = ["leaf", "constant", "map", "view", "update", "reduce", "scan", "matmul"]
    assert {k: seen.get(k) for k in kinds} == dict.fromkeys(kinds, True)


def test_the_first_difference_is_named(x, monkeypatch):
    monkeypatch.setitem(validation._OPERATIONS, "square", lambda v: v * v + (v == v[3, 2]))
    with grumpy.config(validate=True), pytest.raises(grumpy.errors.InternalError) as e:
        np.asarray(np.square(grumpy.asarray(x)))
    text = str(e.value)
    assert text.startswith("GRUMPY_VALIDATE: square recorded at ") and "test_validate.py" in text
    assert "1 of 63 elements; at (3, 2)" in text


def test_interpreted(x):
    with grumpy.config(device="interp", jit="sync"):
        before = grumpy.report().compiled
        for g, w in zip(program(grumpy.asarray(x)), program(x)):
            np.testing.assert_allclose(np.asarray(g), w, 1e-5, 1e-6)
        assert grumpy.report().compiled == before


def test_null_device_plans_only(x):
    with grumpy.config(device="null"):
        y = np.asarray(grumpy.asarray(x) * 2)
    assert y.shape == x.shape


def test_unknown_device():
    with pytest.raises(ValueError, match="auto, cpu, interp"):
        grumpy.config(device="cuda")


def test_reads_and_writes_at_index_arrays_agree(x):
    def f(xp):
        a = xp.array(x) + 1
        a[::-1, xp.asarray(3)] *= np.arange(7.0)
        np.add.at(a, (None, slice(None), 2), np.arange(7.0))
        np.add.at(a, ([[1, 2], [1, 0]], 2), [1.0, 2.0])
        empty = a[:, :, None][:, :, :0]
        return a, empty[[1, 6], [8, 0]]
    with grumpy.config(validate=True):
        got = [np.asarray(r) for r in f(grumpy)]
    assert got[1].shape == (2, 0)
    want = x + 1
    want[::-1, 3] *= np.arange(7.0)
    np.add.at(want, (slice(None), 2), np.arange(7.0))
    for i, j in ((1, 0), (2, 1), (1, 0), (0, 1)):
        want[i, 2] += (1.0, 2.0)[j]
    np.testing.assert_array_equal(got[0], want)
