"""Memory in and out (semantics.md S4, S5)."""
import copy
import gc
import pickle
import weakref

import numpy as np
import pytest

import grumpy

A = np.arange(12.0).reshape(3, 4)


# ---- in

def test_asarray_takes_a_snapshot():
    x = A.copy()
    old = x[:]
    g = grumpy.asarray(x)
    h = g + 0
    x[:] = -1
    old[0] = -2
    assert (np.asarray(g) == A).all() and (np.asarray(h) == A).all()


def test_a_temporary_is_taken_over():
    g = grumpy.asarray(np.full(100_000, 3.0))
    assert float(g.sum()) == 300_000
    x = np.zeros(100_000)
    y = grumpy.asarray(x)
    x[0] = 1
    assert float(y[0]) == 0
    held = (np.zeros(100_000),)
    z = grumpy.asarray(*held)
    held[0][0] = 5
    assert float(z[0]) == 0
    w = weakref.ref(x)
    del x
    assert w() is None


def test_read_only_and_bytes():
    x = A.copy()
    x.flags.writeable = False
    g = grumpy.asarray(x)
    assert not g.flags.writeable
    x.flags.writeable = True
    x[0] = 9
    assert float(g[0, 0]) == 0
    b = bytes(A.tobytes())
    h = grumpy.asarray(np.frombuffer(b))
    assert not h.flags.writeable and float(h.sum()) == A.sum()


def test_copy_false_aliases():
    x = A.copy()
    g = grumpy.asarray(x, copy=False)
    assert np.asarray(g) is x
    g += 1
    assert (x == A + 1).all()
    x[0] = 7
    assert float(g[0, 0]) == 7
    y = g * 2
    x[0] = 8
    assert float(y[0, 0]) == 14
    with pytest.raises(ValueError, match="copy"):
        grumpy.asarray([1, 2], copy=False)
    with pytest.raises(ValueError, match="copy"):
        grumpy.asarray(x, dtype="f4", copy=False)


def test_asarray_of_grumpy_is_itself():
    g = grumpy.array(A)
    assert grumpy.asarray(g) is g
    assert grumpy.array(g) is not g
    assert grumpy.asarray(g, dtype="f4").dtype == np.float32
    assert grumpy.asarray(g, copy=True) is not g


@pytest.mark.parametrize("layout", [lambda x: x, lambda x: x.T, lambda x: x[::-1, ::2], lambda x: x[1:, 1:],
                                    lambda x: np.asfortranarray(x), lambda x: np.broadcast_to(x[0], (5, 4)),
                                    lambda x: x[None, :, ::-1], lambda x: x[:0], lambda x: x[0, 0:1]])
def test_layouts(layout):
    x = layout(A)
    g = grumpy.asarray(x)
    assert (np.asarray(g) == x).all() and g.shape == x.shape


def test_order_is_kept():
    assert grumpy.asarray(np.asfortranarray(A)).flags.f_contiguous
    assert grumpy.asarray(A, order="F").flags.f_contiguous
    assert grumpy.array(A.T).strides == np.array(A.T).strides


def test_what_numpy_accepts():
    assert grumpy.asarray([[1, 2], [3, 4]]).dtype == np.int64
    assert grumpy.asarray(3.0).shape == () and grumpy.array([1], ndmin=3).shape == (1, 1, 1)
    assert grumpy.asarray([grumpy.array(A), grumpy.array(A)]).shape == (2, 3, 4)

    class Arrayish:
        def __array__(self, dtype=None, copy=None):
            return A
    assert (np.asarray(grumpy.asarray(Arrayish())) == A).all()
    with pytest.raises(ValueError):
        grumpy.asarray([[1], [1, 2]])


@pytest.mark.parametrize("dtype", ["g", "G", "S3", "U2", "M8[s]", "m8[D]", "O", "i4,f8", ">f8", ">i2"])
def test_other_dtypes(dtype):
    x = np.zeros(4, dtype)
    g = grumpy.asarray(x)
    assert g.dtype == x.dtype and g.shape == (4,) and g[1:].base is not None
    assert g[:2].shape == (2,)
    assert (np.asarray(g) == x).all()
    g[1] = x[0]
    assert isinstance(g.copy(), grumpy.ndarray)
    pickle.loads(pickle.dumps(g))


def test_longdouble_operations():
    x = np.arange(4, dtype=np.longdouble)
    g = grumpy.asarray(x)
    y = (g + 1) * grumpy.asarray(np.arange(4.0))
    assert isinstance(y, grumpy.ndarray) and y.dtype == np.longdouble
    f = grumpy.asarray(np.arange(4.0))
    f += g
    assert np.asarray(f).tolist() == [0.0, 2.0, 4.0, 6.0]
    assert grumpy.asarray(x).astype(float).dtype == float


def test_memmap(tmp_path):
    path = tmp_path / "x.bin"
    A.tofile(path)
    m = np.memmap(path, dtype=float, mode="r", shape=(3, 4))
    g = grumpy.asarray(m)
    assert float((g + 1).sum()) == (A + 1).sum() and not g.flags.writeable
    w = np.memmap(path, dtype=float, mode="r+", shape=(3, 4))
    h = grumpy.asarray(w)
    h += 1
    assert (np.asarray(w) == A + 1).all()
    w[0] = 0
    assert float(h[0].sum()) == 0
    c = np.memmap(path, dtype=float, mode="c", shape=(3, 4))
    k = grumpy.asarray(c)
    k[1] = -5
    del w
    assert (np.fromfile(path)[4:8] != -5).all()


# ---- out

def test_one_ndarray_while_it_lives():
    g = grumpy.array(A)
    out = np.asarray(g)
    assert np.asarray(g) is out and np.array(g) is not out
    assert grumpy.asarray(g) is g
    assert np.asarray(g[1:]).base is not None


def test_both_sides_agree():
    g = grumpy.array(A)
    v = g[1:]
    pending = v * 2
    out = np.asarray(g)
    out[1, 0] = 100
    assert float(v[0, 0]) == 100 and float(pending[0, 0]) == 8
    g += 1
    assert out[1, 0] == 101
    v[...] = 5
    assert (out[1:] == 5).all()
    inner = np.asarray(v)
    inner[:] = 6
    assert (out[1:] == 6).all() and float(g[2, 3]) == 6
    g[...] = 3
    assert (out == 3).all() and (inner == 3).all()


def test_laziness_resumes():
    g = grumpy.array(A)
    out = np.asarray(g)
    y = g + 1
    assert not grumpy._core.is_pending(y)
    del out
    gc.collect()
    z = g + 1
    assert grumpy._core.is_pending(z)


def test_memory_outlives_the_array():
    out = np.asarray(grumpy.array(A) + 1)
    part = np.asarray((grumpy.array(A) * 2)[1])
    gc.collect()
    assert (out == A + 1).all() and (part == A[1] * 2).all()


def test_pending_readers_keep_their_values():
    g = grumpy.array(A)
    y = g * 2
    c = g.copy()
    out = np.asarray(g)
    out[:] = 0
    assert (np.asarray(y) == A * 2).all() and (np.asarray(c) == A).all()


def test_a_view_of_the_export_comes_back():
    g = grumpy.array(A)
    h = grumpy.asarray(np.asarray(g).T, copy=False)
    h += 1
    assert float(g[0, 0]) == 1 and h.shape == (4, 3)
    assert grumpy.asarray(np.asarray(g), copy=False) is g


def test_dlpack_data_ctypes():
    g = grumpy.array(A) + 1
    assert (np.from_dlpack(g) == A + 1).all()
    assert g.__dlpack_device__() == (1, 0)
    assert bytes(g.data) == (A + 1).tobytes()
    assert g.ctypes.shape[:] == [3, 4]
    assert g.tobytes() == (A + 1).tobytes() and g.tolist() == (A + 1).tolist()


@pytest.mark.parametrize("make", [lambda: grumpy.array(A) + 1, lambda: (grumpy.array(A) + 1).T[::2],
                                  lambda: grumpy.array(np.array(["a", "b"])), lambda: grumpy.array(A).sum()])
def test_pickle_and_copies(make):
    g = make()
    want = np.asarray(make())
    for p in (2, 5):
        h = pickle.loads(pickle.dumps(g, p))
        assert isinstance(h, grumpy.ndarray) and (np.asarray(h) == want).all()
    buffers = []
    data = pickle.dumps(g, 5, buffer_callback=buffers.append)
    assert (np.asarray(pickle.loads(data, buffers=buffers)) == want).all()
    for h in (copy.copy(g), copy.deepcopy(g)):
        assert isinstance(h, grumpy.ndarray) and (np.asarray(h) == want).all()


def test_copies_are_independent():
    g = grumpy.array(A)
    for h in (g.copy(), copy.copy(g), copy.deepcopy(g), grumpy.array(g), np.copy(g), np.array(g)):
        g += 1
        assert float(h[0, 0]) != float(g[0, 0])


def test_weak_references():
    g = grumpy.array(A)
    r = weakref.ref(g)
    assert r() is g
    del g
    gc.collect()
    assert r() is None


def test_no_buffer_protocol_and_no_array_interface():
    g = grumpy.array(A)
    with pytest.raises(TypeError):
        memoryview(g)
    assert not hasattr(g, "__array_interface__")


def test_ndarray_stores():
    g = grumpy.array(A)
    out = np.empty((3, 4))
    for i in range(3):
        out[i] = g[i] + 1
    assert (out == A + 1).all()
    assert grumpy.report().conversions
    x = np.arange(12.0)
    assert (x[grumpy.asarray(np.array([1, 2]))] == [1, 2]).all()
    assert x[g.ravel() > 5].size == 6


@pytest.mark.parametrize("dtype", ["float64", "float32", "int16", "int8"])
@pytest.mark.parametrize("n", [1, 3, 11, 13, 1003])
def test_writes_in_place_stay_inside(dtype, n):
    """Whole groups of lanes are written to our own memory only, never past the end of NumPy's."""
    outer = np.zeros(n + 64, dtype)
    g = grumpy.asarray(outer[:n], copy=False)
    np.asarray(g)
    g += 1
    np.add(g, 1, out=g)
    g[:] = g * 2
    np.asarray(g)
    assert (outer[:n] == 4).all() and (outer[n:] == 0).all()
