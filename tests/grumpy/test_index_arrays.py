"""Reads and writes at index arrays and packed masks of pending arrays are recorded (semantics.md S3), and their
results lie in memory as NumPy's do."""
import gc

import numpy as np
import pytest

import grumpy

A = np.arange(60.0).reshape(5, 12) - 20
I, J = np.array([4, 0, -1, 2]), np.array([11, -12, 3, 3])
V = np.array([0.5, -1.5, 2.5, 3.5])


def evaluations():
    return grumpy.report().evaluations


def assign(key, value):
    def f(a):
        a[key] = value
    return f


WRITES = {
    "number": assign(I, 7),
    "row": assign(I, A[3] * 2),
    "rows": assign(I, A[:4] * 2),
    "list": assign([0, 0, 1], 3.0),
    "column": assign(np.s_[:, J], V),
    "pairs": assign((I, J), V),
    "outer": assign((I[:, None], J[:2]), V[:, None]),
    "apart": assign((I, None, J), V[:, None]),
    "int and array": assign((1, J), V),
    "window": assign(np.s_[1:4, J], 1),
    "cast": assign(I, np.arange(12)),
    "complex cast": assign(I[:0], 1),
    "bool and ints": assign((np.array([1, 0, 1, 0, 0], bool), slice(2)), 5),
    "of a view": lambda a: a[::-1, 1::2].__setitem__((I, J % 6), V),
    "of a turned view": lambda a: a.T.__setitem__(J % 5, 4),
    "of a flat view": lambda a: a.reshape(-1).__setitem__(I, V),
    "from itself": lambda a: a.__setitem__(I, a[I[::-1]]),
    "from a view of itself": lambda a: a.__setitem__(I, a[1:]),
    "in place": lambda a: a.__setitem__(I, a[I] * 2),
    "add at": lambda a: np.add.at(a, [0, 0, 3], 1),
    "add at pairs": lambda a: np.add.at(a, (I, np.zeros(4, int)), V),
    "add at in a view": lambda a: np.add.at(a[:, ::-3], (slice(None), [0, 0, 1]), 2),
    "maximum at": lambda a: np.maximum.at(a, [1, 1], A[2:4]),
    "put": lambda a: np.put(a, [0, 3, -1], [1, 2]),
    "put along": lambda a: np.put_along_axis(a, np.argmax(A, axis=1)[:, None], 9, axis=1),
    "twice": lambda a: (assign(I, 7)(a), assign((I, J), V)(a), assign(np.s_[2:], 1)(a), assign([3], 2)(a)),
    "into one of itself": lambda a: assign([0], a[[1]] + a[[0]])(a),
}


@pytest.mark.parametrize("name", WRITES)
def test_writes_wait_and_are_numpys(name):
    want = A + 1
    WRITES[name](want)
    g = grumpy.array(A) + 1
    before = evaluations()
    WRITES[name](g)
    assert evaluations() == before
    np.testing.assert_array_equal(np.asarray(g), want)


READS = {
    "rows": np.s_[I], "columns": np.s_[:, J], "pairs": (I, J), "outer": (I[:, None], J[None, :]), "apart": (I, None, J),
    "2-d": np.s_[:, np.stack([J, J])], "int": np.s_[1, J], "window": np.s_[1:4:2, J], "empty": np.s_[I[:0]],
    "small": np.s_[I.astype(np.int8)], "list": np.s_[[0, 0, 1]],
}


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("turn", [lambda a: a, lambda a: a[::-1, :], lambda a: a[:, ::-1].T.reshape(12, 5).T])
def test_reads_wait_and_are_numpys(name, turn):
    want = turn(A + 1)[READS[name]]
    g = turn(grumpy.array(A) + 1)
    before = evaluations()
    r = g[READS[name]]
    assert evaluations() == before + (name == "small")  # the index is made int64
    assert (r.shape, r.dtype) == (want.shape, want.dtype)
    assert r.strides == want.strides or not want.size
    np.testing.assert_array_equal(np.asarray(r), want)


def test_what_waits_has_the_index_and_the_value_of_the_call():
    g, idx, v = grumpy.array(A) + 1, np.array([0, 2]), np.ones(12)
    g[idx] = v
    r = g[idx]
    idx[:], v[:] = 1, 5
    want = A + 1
    want[[0, 2]] = 1
    np.testing.assert_array_equal(np.asarray(r), want[[0, 2]])
    np.testing.assert_array_equal(np.asarray(g), want)


def test_what_waits_has_the_wrapped_index_of_the_call():
    g, idx = grumpy.array(A) + 1, grumpy.array(I)
    g[idx] = 7
    idx += 1
    idx[0] = 0
    want = A + 1
    want[I] = 7
    np.testing.assert_array_equal(np.asarray(g), want)


def test_bounds_are_checked_at_the_call():
    g = grumpy.array(A) + 1
    for write in (lambda: g.__setitem__([5], 1), lambda: np.add.at(g, [0, -6], 1), lambda: g[:, [12]]):
        with pytest.raises(IndexError, match="out of bounds"):
            write()
    with pytest.raises(ValueError, match="shape mismatch"):
        g[[0, 1]] = np.ones((3, 12))
    np.testing.assert_array_equal(np.asarray(g), A + 1)


def test_a_reader_of_the_old_value_keeps_it():
    g = grumpy.array(A) + 1
    old, row = g * 2, g[0]
    copy = g.copy()
    g[I] = 0
    want = A + 1
    want[I] = 0
    np.testing.assert_array_equal(np.asarray(old), (A + 1) * 2)
    np.testing.assert_array_equal(np.asarray(copy), A + 1)
    np.testing.assert_array_equal(np.asarray(row), want[0])  # a view
    np.testing.assert_array_equal(np.asarray(g), want)


def test_a_write_into_what_is_pending_copies_nothing():
    """One kernel for the value, and the write goes into its memory."""
    g = grumpy.array(np.arange(100_000.0)) + 1
    g[[3, 5]] = 0
    g += 1
    before = grumpy.report()
    grumpy.evaluate(g)
    after = grumpy.report()
    assert (after.evaluations - before.evaluations, after.kernels - before.kernels,
            after.library_calls - before.library_calls) == (1, 2, 1)
    assert after.bytes_moved - before.bytes_moved < 5 * 800_000


def test_whole_writes_after_it_fuse():
    g = grumpy.array(A) + 1
    g[[0]] = 1
    for _ in range(5):
        g *= 2
    text = grumpy.show(g, "partitions")
    assert text.count("partition ") == 3  # the value, the put, everything after it


def test_an_exported_array_is_written_at_the_call():
    g = grumpy.array(A) + 1
    out = np.asarray(g)
    g[[1]] = 7
    np.add.at(g, [0, 0], 1)
    assert (out[1] == 7).all() and (out[0] == A[0] + 3).all()
    del out
    gc.collect()


def test_counts_under_raise_stand_on_the_line():
    g = grumpy.array(np.full(3, 1e308)) * 1
    with np.errstate(over="raise"), pytest.raises(FloatingPointError, match="overflow encountered in add"):
        np.add.at(g, [0, 0], 1e308)
    with pytest.warns(RuntimeWarning, match="overflow encountered in add"):
        np.add.at(g, [1, 1], 1e308)
        grumpy.evaluate(g)


def test_numbers_of_at_are_not_weak():
    """ufunc.at computes with Python's numbers as int64 and float64, as NumPy's does."""
    u = np.array([2**63 + 1], np.uint64)
    f = np.array([1.1, 2.2, 3.3], np.float32)
    for a, v in ((u, 1), (f, 0.1), (f, 16777217), (f, 2.5), (np.array([3], np.int8), 300)):
        want = a.copy()
        g = grumpy.array(a)
        np.add.at(want, [0, 0], v)
        np.add.at(g, [0, 0], v)
        np.testing.assert_array_equal(np.asarray(g), want)


def test_packed_rows_of_a_mask_wait():
    m = A % 3 == 0
    rows = np.arange(float(m.sum()))
    want = A + 1
    want[m] = rows
    want[m[:, 0]] = A[0]
    g, gm = grumpy.array(A) + 1, grumpy.array(m)
    grumpy.evaluate(gm)
    before = evaluations()
    g[gm] = rows
    g[gm[:, 0]] = A[0]
    assert evaluations() - before <= 1  # the column of the mask
    np.testing.assert_array_equal(np.asarray(g), want)
    with pytest.raises(ValueError, match="NumPy boolean array indexing assignment|shape mismatch"):
        g[gm] = rows[1:]


def test_selections_lie_in_memory_as_numpys():
    a = np.arange(5 * 6 * 7 * 3).reshape(5, 6, 7, 3)
    i1, i2 = np.array([0, 1, 2, 1]), np.array([[0, 1], [2, 0], [1, 1]])
    keys = [np.s_[:, i1], np.s_[i1], np.s_[:, i2], np.s_[:, :, i2], np.s_[i2, :], np.s_[i1, :, i1], np.s_[np.asfortranarray(i2)],
            np.s_[:, np.asfortranarray(i2)], np.s_[:, i1, i1], np.s_[..., i1], np.s_[i2, [0, 1]], np.s_[None, i1], np.s_[0, i1],
            np.s_[:, np.asfortranarray(i2), :1, -1:], np.s_[1:2, :1, :1, np.asfortranarray(i2)], np.s_[i2, i2, np.asfortranarray(i2), i2], np.s_[(np.asfortranarray(i2),) * 4], np.s_[np.array([1, 0, 1, 1, 0], bool)]]
    sources = [a, np.asfortranarray(a), a.transpose(0, 1, 3, 2), a[::-1, ::2], np.broadcast_to(a[0, 0], a.shape), a[:, :1]]
    for x in sources:
        for key in keys:
            try:
                want = x[key]
            except IndexError:
                continue
            got = grumpy.asarray(x)[key]
            steps = [(s, t) for s, t, n in zip(got.strides, want.strides, want.shape) if n > 1]
            assert all(s == t for s, t in steps), (x.strides, key)
            np.testing.assert_array_equal(np.asarray(got), want)
        assert np.take(grumpy.asarray(x), [0, 2], 2).strides == np.take(x, [0, 2], 2).strides


def test_a_reshape_of_a_selection_is_a_copy_where_numpys_is():
    def f(a):
        x = a[:, [[0, 0], [1, 2]]]
        y = x.reshape(-1)
        y += 1
        return x
    np.testing.assert_array_equal(np.asarray(f(grumpy.array(A))), f(A.copy()))


@pytest.mark.parametrize("ufunc", [np.minimum, np.maximum, np.fmin, np.fmax])
@pytest.mark.parametrize("dtype", ["c8", "c16"])
def test_complex_numbers_with_a_nan_have_no_order(ufunc, dtype):
    nan, inf = float("nan"), float("inf")
    z = np.array([0, 1 + 1j, 12 - 2j, complex(inf, nan), complex(1, nan), complex(nan, 1), complex(inf, 0)], dtype)
    want = np.repeat(z, len(z))
    got = grumpy.array(want)
    for a in (want, got):
        ufunc.at(a, np.arange(a.size), np.tile(z, len(z)))
    np.testing.assert_array_equal(np.asarray(got), want)


NOWHERE = {
    "masked value": lambda xp, a: np.copyto(a, xp.array([1, np.nan, 2]), where=[True, False, True], casting="unsafe"),
    "mask of nothing": lambda xp, a: assign(np.zeros(3, bool), xp.array(np.nan))(a),
    "index of nothing": lambda xp, a: assign(np.zeros(0, int), xp.array([np.nan]))(a),
}


@pytest.mark.parametrize("name", NOWHERE)
def test_what_is_not_written_reports_nothing(name):
    for xp in (np, grumpy):
        a = xp.array([3, 4, 5]) + 0
        with np.errstate(all="raise"):
            NOWHERE[name](xp, a)
            assert a.tolist() == [[3, 4, 5], [1, 4, 2]][name == "masked value"]
    with np.errstate(all="raise"), pytest.raises(FloatingPointError, match="invalid value encountered in cast"):
        np.copyto(a, grumpy.array([1, np.nan, 2]), where=[False, True, True], casting="unsafe")


@pytest.mark.parametrize("value", [1e-4, 6e-5, 2.0, 6e4])
def test_counting_float16_reports_as_numpy_does(value):
    said = []
    for xp in (np, grumpy):
        a, flags = xp.array(np.full(2, value, "f2")), []
        with np.errstate(all="call", call=lambda kind, flag: flags.append(kind)):
            np.multiply.at(a, [0, 1, 1], xp.array(np.array([value, 1, 0.5], "f2")))
        said.append((flags, a.tolist()))
    assert said[0] == said[1]


@pytest.mark.parametrize("ufunc", [np.minimum, np.maximum, np.fmin, np.fmax])
@pytest.mark.parametrize("dtype", ["f2", "c8", "c16"])
def test_the_first_of_two_zeros_stays_where_numpys_does(ufunc, dtype):
    want = np.array([0.0, -0.0], dtype)
    got = grumpy.array(want)
    for a in (want, got):
        ufunc.at(a, [0, 1], np.array([-0.0, 0.0], dtype))
    assert np.asarray(got).tobytes() == want.tobytes()
