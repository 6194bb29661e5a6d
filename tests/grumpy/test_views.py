"""Views of every kind share memory in both directions (semantics.md S3)."""
import gc
import warnings

import numpy as np
import pytest

import grumpy
from grumpy.testing import assert_same, compare

A = np.arange(24.0).reshape(2, 3, 4)
VIEWS = {
    "T": lambda a: a.T, "slice": lambda a: a[:, ::2, ::-1], "reshape": lambda a: a.reshape(6, 4),
    "minus one": lambda a: a.reshape(-1), "ravel": lambda a: a.ravel(), "newaxis": lambda a: a[None, :, None],
    "transpose": lambda a: a.transpose(2, 0, 1), "swapaxes": lambda a: a.swapaxes(0, 2),
    "moveaxis": lambda a: np.moveaxis(a, 0, -1), "rollaxis": lambda a: np.rollaxis(a, 2),
    "squeeze": lambda a: a[:1].squeeze(), "expand_dims": lambda a: np.expand_dims(a, (0, 2)),
    "flip": lambda a: np.flip(a, 1), "fliplr": np.fliplr, "flipud": np.flipud, "rot90": np.rot90,
    "rot270": lambda a: np.rot90(a, 3, (0, 2)), "split": lambda a: np.split(a, 3, axis=1)[1],
    "array_split": lambda a: np.array_split(a, 3, axis=2)[0], "view": lambda a: a.view(),
    "atleast": lambda a: np.atleast_3d(a[0, 0]), "mT": lambda a: a.mT, "row": lambda a: a[1],
    "hsplit": lambda a: np.hsplit(a, [1])[1], "dsplit": lambda a: np.dsplit(a, 2)[1],
    "ellipsis": lambda a: a[...], "chain": lambda a: a.T[1:][::-1].reshape(3, 3, 2)[0],
}


@pytest.mark.parametrize("name", VIEWS)
def test_shape_strides_and_values(name):
    g, w = VIEWS[name](grumpy.array(A)), VIEWS[name](A.copy())
    assert_same(g, w)
    assert g.strides == w.strides
    for flag in ("c_contiguous", "f_contiguous", "owndata", "writeable"):
        assert getattr(g.flags, flag) == getattr(w.flags, flag), flag


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("evaluated", [False, True])
def test_writes_are_seen_both_ways(name, evaluated):
    def body(a):
        v = VIEWS[name](a)
        if evaluated:
            np.asarray(v).sum()
        v += 100
        a *= 2
        v[..., 0] = -1
        a[0, 0, 0] = 5
        return a, v
    compare(body, A)


def test_base():
    g = grumpy.array(A)
    assert g.base is None and g[1:].base is g and g[1:].T[0].base is g
    assert (g + 1).base is None and g.copy().base is None
    assert g.reshape(4, 6).base is g


def test_read_only_views():
    g = grumpy.array(A)
    b = np.broadcast_to(g[0, 0], (5, 4))
    assert b.shape == (5, 4) and b.strides == (0, 8)
    for view in (b, np.diagonal(g[0])):
        with pytest.raises(ValueError, match="read-only"):
            view[0] = 1
        with pytest.raises(ValueError, match="read-only"):
            view += 1
    g[0, 0] = 7
    assert float(b.sum()) == 140


def test_flags_writeable():
    g = grumpy.array(A)
    g.flags.writeable = False
    for write in (lambda: g.fill(1), lambda: g.__setitem__(0, 1), lambda: g.__iadd__(1),
                  lambda: np.add(g, 1, out=g), lambda: np.copyto(g, 1), lambda: g.sort()):
        with pytest.raises(ValueError, match="read-only"):
            write()
    assert not np.asarray(g).flags.writeable
    g.setflags(write=True)
    g[0] = 1
    assert g.flags["WRITEABLE"] and g.flags["C"] and repr(g.flags) == repr(A.copy().flags)


def test_shape_is_settable():
    def body(a):
        a.shape = (4, 6)
        a.shape = -1
        a.shape = (2, -1)
        return a
    compare(body, A)
    compare(lambda a: setattr(a, "shape", (5, 5)), A)
    compare(lambda a: setattr(a.T, "shape", (24,)), A)


def test_reshape_that_must_copy():
    def body(a):
        v = a.T.reshape(-1)
        v += 1
        return a, v
    compare(body, A)
    compare(lambda a: a.T.reshape(24, copy=False), A)
    compare(lambda a: a.reshape(5, 5), A)
    compare(lambda a: a.reshape(6, 4, order="F"), A)
    compare(lambda a: a.reshape((4, 6), order="A"), np.asfortranarray(A[0].repeat(2, 0)))


@pytest.mark.parametrize("write", [
    lambda z, r: r[::-1].__iadd__(2), lambda z, r: z[1:].real.__iadd__(2), lambda z, r: z.__setitem__([0], 9),
    lambda z, r: np.add.at(z, [0, 0], 9), lambda z, r: np.asarray(z[1:]).__setitem__(0, 8j), lambda z, r: z.T.imag.__imul__(3),
])
def test_parts_follow_writes_through_other_views(write):
    def f(wrap):
        z = wrap(np.array([1 + 2j, 3 + 4j, 5 + 6j]))
        r, i = z.real, z.imag
        seen = [np.array(r + i)]
        write(z, r)
        seen.append(np.array(r + i))
        gc.collect()
        return [*seen, np.array(r * 1), np.array(i * 1)]
    for got, want in zip(f(grumpy.array), f(np.array)):
        np.testing.assert_array_equal(got, want)


def test_real_and_imag():
    z = np.arange(6) + 1j * np.arange(6)[::-1]

    def body(z):
        r, i = z.real, z.imag
        z += 1 + 1j
        s = r + i
        r[0] = 100
        i[1:] = -1
        z.real = 3
        z.imag[::2] *= 2
        z[-1] = 0
        return z, r, i, s
    compare(body, z)
    g = grumpy.array(z)
    assert g.real.base is g and g.real.strides == z.real.strides
    assert_same(g[::2].imag[1:], z[::2].imag[1:])
    x = grumpy.array(A)
    assert x.real is x and not x.imag.any()
    x.real = 2
    with pytest.raises(TypeError):
        x.imag = 1


def test_view_as_another_dtype():
    def body(a):
        v = a.view(np.int64)
        v[0] = 0
        a[1] = 2.0
        return a, v
    compare(body, np.arange(4.0))
    compare(lambda a: a.view("f4"), np.arange(4.0))
    compare(lambda a: a.view("f4,f4"), np.arange(4.0))


def test_overlap_reads_first():
    for shift in (1, 2, 5):
        for reverse in (False, True):
            def body(a):
                late, early = a[shift:], a[:-shift]
                if reverse:
                    early += late
                    early[:] = late[::-1]
                else:
                    late += early
                    late[:] = early[::-1]
                return a
            compare(body, np.arange(20.0))


def test_broadcasting_functions():
    x, y = np.arange(3.0), np.arange(4.0)[:, None]
    compare(lambda a, b: np.broadcast_arrays(a, b), x, y)
    compare(lambda a: np.broadcast_to(a, (2, 3)), x)
    compare(lambda a: np.broadcast_to(a, (2, 4)), x)


def test_views_outlive_what_they_see():
    v = (grumpy.array(A) + 1)[1:, ::2].T
    assert_same(v, (A + 1)[1:, ::2].T)


def test_resize():
    def body(a):
        a.resize((3, 4), refcheck=False)
        return a
    compare(body, np.arange(6))
    with pytest.raises(ValueError, match="own its data"):
        grumpy.array(A)[0].resize(3)


def warned(body):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        body()
    return [(w.category, str(w.message)) for w in caught]


@pytest.mark.parametrize("write", [
    lambda v: v.__setitem__((0, 0), 5), lambda v: v.__iadd__(1), lambda v: np.add(v, 1, out=v),
    lambda v: v.fill(2), lambda v: np.copyto(v, 3), lambda v: np.put(v, [1], 4),
    lambda v: v.__setitem__([0], 6), lambda v: v.__setitem__(v > 1, 7), lambda v: np.add.at(v, 0, 1),
    lambda v: v.flags.writeable, lambda v: v[0].__setitem__(1, 8)])
def test_broadcast_arrays_warn_of_writes(write):
    results = []
    for xp in (np, grumpy):
        source = xp.arange(3)
        view = np.broadcast_arrays(source, xp.zeros((2, 3)))[0]
        shown = repr(view.flags)
        results.append((shown, warned(lambda: write(view)), np.array(source).tolist()))  # noqa: B023
    assert results[0] == results[1]


def test_broadcast_arrays_warn_once():
    source = grumpy.arange(3)
    view = np.broadcast_arrays(source, grumpy.zeros((2, 3)))[0]
    assert len(warned(lambda: view.__setitem__(0, 5))) == 1
    assert warned(lambda: view.__setitem__(1, 6)) == []
    told = np.broadcast_arrays(source, grumpy.zeros((2, 3)))[0]
    told.flags.writeable = True
    assert warned(lambda: told.__setitem__(1, 7)) == []
    assert source.tolist() == [7, 7, 7]


def test_strides_of_axes_of_one_element():
    for xp in (np, grumpy):
        a = xp.zeros(12, np.int32)[::2]
        assert a.reshape(3, 2, 1, 1).strides == (16, 8, 8, 8)
        assert a.reshape(3, 2, 1, 1, order="F").strides == (8, 24, 48, 48)
        assert xp.zeros((4, 6))[:, :4].reshape(1, 2, 1, 2, 1, 4, 1).strides == (192, 96, 96, 48, 32, 8, 8)


LAYOUTS = {
    "cumsum": lambda a: np.cumsum(a, axis=1), "accumulate": lambda a: np.maximum.accumulate(a, axis=0),
    "copy": lambda a: a.copy("K"), "np.copy": np.copy, "astype": lambda a: a.astype("f4"), "C": lambda a: a.copy(),
    "add": lambda a: a + 1, "zeros_like": np.zeros_like, "where": lambda a: np.where(a > 0, a, 1), "sort": lambda a: np.sort(a, axis=0),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_results_lie_in_memory_as_numpys(name):
    """Which decides which of their reshapes are views."""
    def sources(wrap):
        y, z = wrap(np.arange(6.0).reshape(2, 3)), wrap(np.arange(24.0).reshape(2, 3, 4))
        return [np.broadcast_to(y, (4, 2, 3)), np.broadcast_to(y[:, None], (2, 4, 3)), np.broadcast_to(y[..., None], (2, 3, 4)),
                z.transpose(1, 0, 2), z.transpose(2, 0, 1), z[:, ::-1, ::2], np.broadcast_to(y.T, (4, 3, 2)), y.T]
    for x, g in zip(sources(np.array), sources(grumpy.array)):
        want, got = LAYOUTS[name](x), LAYOUTS[name](g)
        assert got.strides == want.strides, x.strides
        np.testing.assert_array_equal(np.asarray(got), want)
