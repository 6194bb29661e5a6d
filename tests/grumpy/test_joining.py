"""Arrays joined: small known ones at the call, others when they are needed."""
import numpy as np
import pytest

import grumpy


def ways(a, b):
    """Every way in which two arrays can be joined, with NumPy's answer or its error."""
    for name, call in [
        ("concatenate", lambda x, y: np.concatenate([x, y])),
        ("last", lambda x, y: np.concatenate((x, y), axis=-1)),
        ("second", lambda x, y: np.concatenate([x, y, x], 1)),
        ("stack", lambda x, y: np.stack([x, y])),
        ("stack last", lambda x, y: np.stack((x, y, y), -1)),
        ("vstack", lambda x, y: np.vstack([x, y])),
        ("hstack", lambda x, y: np.hstack([x, y])),
        ("dstack", lambda x, y: np.dstack([x, y])),
        ("columns", lambda x, y: np.column_stack([x, y])),
        ("append", lambda x, y: np.append(x, y)),
        ("no such cast", lambda x, y: np.concatenate([x, y], casting="equiv")),
        ("out of bounds", lambda x, y: np.concatenate([x, y], 5)),
    ]:
        try:
            want = call(a, b)
        except (TypeError, ValueError) as e:  # AxisError is one
            want = e
        yield name, call, want


rows = np.arange(12.0).reshape(3, 4)
PAIRS = [
    (np.arange(3.0), np.arange(5.0)), (np.arange(3), np.arange(3)), (np.arange(3), np.arange(3.0)), (rows, rows + 1),
    (rows, rows[:1]), (rows, rows[:, :2]), (rows.T, rows.T), (rows, rows.T), (rows[:, ::-1], rows), (rows[:2], rows[1:]),
    (rows, np.arange(4.0)), (np.float64(3), np.float64(4)), (np.zeros(0), np.arange(2.0)), (np.zeros((0, 4)), rows),
    (np.zeros((3, 0)), rows), (np.array([True]), np.array([False])), (np.arange(3, dtype="c8"), np.arange(2, dtype="c8")),
    (np.broadcast_to(np.arange(4.0), (3, 4)), rows), (np.arange(600.0), np.arange(600.0)),
]


@pytest.mark.parametrize(("a", "b"), PAIRS, ids=range(len(PAIRS)))
@pytest.mark.parametrize("waits", [False, True])
def test_as_numpy_joins(a, b, waits):
    for name, call, want in ways(a, b):
        x, y = grumpy.asarray(a), grumpy.asarray(b)
        if waits and a.dtype.kind == "f":
            x = x * 1.0
        if isinstance(want, Exception):
            with pytest.raises(type(want)):
                call(x, y)
            continue
        got = call(x, y)
        assert isinstance(got, grumpy.ndarray) and got.dtype == want.dtype, name
        assert got.strides == want.strides, name
        np.testing.assert_array_equal(np.asarray(got), want, name)


@pytest.mark.parametrize("join", [np.concatenate, np.stack, np.vstack, np.hstack])
def test_small_known_arrays_are_joined_at_the_call(join):
    x, y = grumpy.asarray(np.arange(10.0)), grumpy.asarray(np.arange(10.0))
    grumpy.report().reset()
    z = join([x, y])
    report = grumpy.report()
    assert (report.recorded, report.kernels, report.library_calls, report.bytes_moved) == (0, 0, 1, 320)
    assert not grumpy._core.is_pending(z)
    x[:] = 5
    np.testing.assert_array_equal(np.asarray(z), join([np.arange(10.0)] * 2))


def test_what_others_write_is_seen_at_the_call():
    x = grumpy.asarray(np.arange(4.0))
    outside = np.asarray(x)
    outside[0] = 7
    z = np.concatenate([x, x])
    outside[0] = 8
    assert np.asarray(z).tolist() == [7, 1, 2, 3, 7, 1, 2, 3]


def test_large_or_pending_arrays_are_joined_when_needed():
    large = grumpy.asarray(np.arange(1000.0))
    small = grumpy.asarray(np.arange(10.0))
    assert grumpy._core.is_pending(np.concatenate([large, large]))
    assert grumpy._core.is_pending(np.concatenate([small + 1, small]))


@pytest.mark.parametrize("a", [np.arange(6), np.arange(12.0).reshape(3, 4), np.arange(12.0).reshape(3, 4).T, np.zeros((0, 3)),
                               np.arange(24.0).reshape(2, 3, 4)[:, ::-1], np.array(3.0), np.arange(3000.0)])
@pytest.mark.parametrize(("shift", "axis"), [
    (1, None), (-2, None), (7, 0), (0, 0), (1, -1), (2, 1), ((1, 1), (0, 0)), ((1, 2), (0, 1)), (1, (0, 1)), ((1, -1), 0),
    (np.int64(2), 0), (1, 5), (True, 0), (10**30, 0)])
def test_roll(a, shift, axis):
    try:
        want = np.roll(a, shift, axis)
    except Exception as error:
        with pytest.raises(type(error)):
            np.roll(grumpy.asarray(a), shift, axis)
        return
    got = np.roll(grumpy.asarray(a), shift, axis)
    assert got.dtype == want.dtype and (want.size == 0 or got.strides == want.strides)
    np.testing.assert_array_equal(np.asarray(got), want)
    got[...] = 0  # a new array


def test_a_small_array_rolls_at_the_call():
    g = grumpy.asarray(np.arange(10.0))
    grumpy.report().reset()
    r = np.roll(g, 3)
    assert (grumpy.report().recorded, grumpy.report().library_calls) == (0, 1)
    assert not np.shares_memory(np.roll(g, 10), g) and not np.shares_memory(r, g)
