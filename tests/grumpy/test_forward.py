"""Forwarding and the report (semantics.md S9)."""
import warnings

import numpy as np
import pytest

import grumpy
from grumpy import errors


@pytest.fixture
def g():
    grumpy.report().reset()
    return grumpy.asarray(np.arange(6.0)[::-1].copy())


def test_forwards_name_function_reason_and_line(g):
    np.sort(g)
    np.median(g)
    by_name = {f.name: f for f in grumpy.report().forwards}
    f = by_name["numpy.sort"]
    assert f.count == 1 and f.file == __file__ and f.line > 0 and f.seconds > 0 and f.reason
    assert "numpy.median" in by_name
    assert "numpy.sort" in str(grumpy.report()) and __file__ in str(grumpy.report())


def test_forwards_are_counted_by_line_name_and_reason(g):
    strings = grumpy.asarray(np.array(["b", "a"]))
    for _ in range(3):
        for x in (g, strings):
            for f in (np.sort, np.argsort):
                f(x)
        g.argsort(); np.add.reduceat(g, [0, 2])  # noqa: E702  one line, two places
    codes = [compile("np.sort(g)", f"made {k}", "eval") for k in range(200)]  # more than are kept at once
    for code in codes * 2:
        eval(code)
    entries = grumpy.report().forwards
    counts = {}
    for f in entries:
        if f.file == __file__:
            counts[f.name, f.reason.startswith("dtype")] = f.count
    assert counts == {("numpy.sort", False): 3, ("numpy.sort", True): 3, ("numpy.argsort", False): 3,
                      ("numpy.argsort", True): 3, ("numpy.ndarray.argsort", False): 3,
                      ("numpy.add.reduceat", False): 3}
    assert [f.count for f in entries if f.file.startswith("made ")] == [2] * 200
    assert len({f.line for f in entries if f.file == __file__}) == 2
    grumpy.report().reset()
    assert not grumpy.report().forwards


def test_arguments_without_grumpy_arrays_keep_their_identity(g):
    given = ([1, 2], (3, [4]), {"a": (5,)})
    for x in given:
        assert grumpy._core.to_numpy(x) is x
    mixed = [1, (2, g), {"b": g, "c": given}]
    plain = grumpy._core.to_numpy(mixed)
    assert type(plain[1][1]) is type(plain[2]["b"]) is np.ndarray and plain[2]["c"] is given
    assert mixed[1][1] is g and mixed[2]["b"] is g


def test_evaluations_name_the_line(g):
    y = g + 1
    float(y.sum())
    forced = grumpy.report().forced
    assert any(e.file == __file__ for e in forced)


@pytest.mark.parametrize("force", [
    lambda y: y[y > 0], np.nonzero, lambda y: y[(y > 3).astype(np.intp)],
    lambda y: y.__setitem__(y > 0, np.arange(6.0)), lambda y: np.compress(y > 0, y),
])
def test_indexing_names_the_line_that_it_evaluates(force):
    x = grumpy.asarray(np.arange(1.0, 7.0))
    y = x * 2
    grumpy.report().reset()
    force(y)
    report = grumpy.report()
    assert 1 <= sum(e.count for e in report.forced if e.file == __file__) <= report.evaluations
    grumpy.report().reset()
    x[np.array([0, 1])]  # nothing is pending
    assert (grumpy.report().evaluations, grumpy.report().forced) == (0, [])


def test_native_programs_do_not_forward(g):
    y = np.sqrt(g * 2 + 1).reshape(2, 3)
    y[:, 1:] -= y.mean(axis=1, keepdims=True)
    z = np.where(y > 0, y, 0) @ y.T
    z[z > 1] = 1
    np.concatenate([z, z], axis=1).sum()
    float(z.max())
    assert not grumpy.report().forwards


def test_policies(g):
    with grumpy.config(forward="error"), pytest.raises(errors.ForwardError, match="numpy.sort"):
        np.sort(g)
    with grumpy.config(forward="warn"), pytest.warns(RuntimeWarning, match="numpy.sort is forwarded"):
        np.sort(g)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.sort(g)


def test_log(g, capsys):
    with grumpy.config(log="fallback"):
        np.sort(g)
    assert "numpy.sort" in capsys.readouterr().err


def test_config():
    with pytest.raises(TypeError, match="nonsense"):
        grumpy.config(nonsense=1)
    with pytest.raises(ValueError, match="forward"):
        grumpy.config(forward="perhaps")
    before = grumpy.config.get("forward")
    with grumpy.config(forward="warn"):
        assert grumpy.config.get("forward") == "warn"
    assert grumpy.config.get("forward") == before
    assert "num_threads" in grumpy.config.names()


def test_in_place_methods_write_through(g):
    v = g[1:]
    v.sort()
    assert np.asarray(g).tolist() == [5.0, 0.0, 1.0, 2.0, 3.0, 4.0]
    g.partition(2)
    g.put([0], [9.0])
    assert float(g[0]) == 9.0


def test_out_of_a_forwarded_function(g):
    out = grumpy.zeros(6)
    assert np.nanmedian(g.reshape(2, 3), axis=0, out=out[:3]).shape == (3,)
    assert np.asarray(out)[:3].tolist() == [3.5, 2.5, 1.5]
    assert np.cumsum(g, out=out) is out


def test_show(g):
    y = np.sqrt(g * 2).sum()
    for what in ("graph", "passes", "partitions", "kernel", "dot"):
        assert grumpy.inspect.show(y, what)
    assert "sqrt" in grumpy.show(y)
    with pytest.raises(ValueError, match="expected one of"):
        grumpy.show(y, "everything")
    assert "pending" in y._repr_html_()
    float(y)
    assert "<pre>" in y._repr_html_()


def test_only_what_numpy_wrote_into_comes_back_as_it_was_given():
    out = np.empty(3)
    assert np.median(grumpy.ones((2, 3)), axis=0, out=out) is out
    # NumPy uses out= of irfft2 for no result of two real axes.
    unused = np.zeros(3, "U2")
    got = [np.fft.irfft2(x, out=unused) for x in (np.ones((4, 4), "f4"), grumpy.ones((4, 4), "f4"))]
    assert got[1].dtype == got[0].dtype
