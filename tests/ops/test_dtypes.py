"""The dtype rule of csrc/ops/infer.cpp against NumPy's own resolution, for every tuple of dtypes."""
import itertools

import numpy as np
import pytest
from special_values import DTYPES

from grumpy import _core

INTERNAL, SCIPY = 32, 128  # csrc/ops/op.h: Flag
OPS = {row["name"]: row for row in _core.op_table()}
FORWARDED = {"ldexp", "frexp", "isnat"}
RECORDED_AS_TWO = {"divmod", "modf"}
PYTHON_NUMBERS = {int: 2, float: 2.0, complex: 2j}
COMPARISONS = {"equal", "not_equal", "less", "less_equal", "greater", "greater_equal"}


def plain_ufuncs():
    found = {}
    for name in dir(np):
        f = getattr(np, name)
        if isinstance(f, np.ufunc) and not f.signature:
            found.setdefault(f.__name__, f)
    return found


def ufunc_of(name):
    if name == "clip":
        return np._core.umath.clip
    if OPS[name]["flags"] & SCIPY:
        return getattr(pytest.importorskip("scipy.special"), name)
    return getattr(np, name, None)


UFUNC_ROWS = [n for n, row in OPS.items() if not row["flags"] & INTERNAL or n == "clip"]


def test_every_plain_ufunc_has_a_row():
    assert set(plain_ufuncs()) - set(OPS) == FORWARDED | RECORDED_AS_TWO


@pytest.mark.parametrize("name", UFUNC_ROWS)
def test_row_agrees_with_ufunc(name):
    f, row = ufunc_of(name), OPS[name]
    assert f.nin == row["nin"] and f.nout == 1
    if f.nin == 2:
        assert row["identity"] == f.identity
    assert row["doc"]


def resolved(f, dtypes):
    """What NumPy computes and returns, or the error it raises."""
    spec = tuple(d if isinstance(d, type) else np.dtype(d) for d in dtypes)
    try:
        if all(isinstance(d, type) for d in dtypes):
            with np.errstate(all="ignore"):
                return None, f(*(PYTHON_NUMBERS[d] for d in dtypes)).dtype.name
        types = f.resolve_dtypes(spec + (None,))
        return types[0].name, types[-1].name
    except TypeError:
        pass
    with pytest.raises(TypeError) as caught:
        f(*(PYTHON_NUMBERS[d] if isinstance(d, type) else np.ones(2, d) for d in dtypes))
    return caught.value


@pytest.mark.parametrize("name", UFUNC_ROWS)
def test_types_and_errors(name):
    f = ufunc_of(name)
    for dtypes in itertools.product([*DTYPES, *PYTHON_NUMBERS], repeat=f.nin):
        expected = resolved(f, dtypes)
        ours = [PYTHON_NUMBERS[d] if isinstance(d, type) else d for d in dtypes]
        if isinstance(expected, Exception):
            with pytest.raises(TypeError) as caught:
                _core.infer_map(name, ours)
            assert str(caught.value) == str(expected), dtypes
            continue
        compute, result = _core.infer_map(name, ours)
        assert result == expected[1], dtypes
        kinds = {np.dtype(d).kind for d in dtypes if isinstance(d, str)}
        mixed = name in COMPARISONS and "uint64" in dtypes and kinds == {"i", "u"}
        # NumPy's logical operations and mixed comparisons name several dtypes; ours is one of them.
        if expected[0] and not mixed and not name.startswith("logical_"):
            assert compute == expected[0], dtypes


@pytest.mark.parametrize("value, dtype", [(300, "uint8"), (-1, "uint8"), (128, "int8"), (-129, "int8"),
                                          (2**32, "uint32"), (-1, "uint64"), (2**63, "int64")])
def test_python_integer_out_of_bounds(value, dtype):
    import grumpy

    x = np.ones(3, dtype)
    with pytest.raises(OverflowError) as expected:
        x + value
    with pytest.raises(OverflowError) as caught:
        grumpy.asarray(x) + value
    assert str(caught.value) == str(expected.value)
    for compare in (np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal):
        assert np.array_equal(np.asarray(compare(grumpy.asarray(x), value)), compare(x, value))
        assert np.array_equal(np.asarray(compare(value, grumpy.asarray(x))), compare(value, x))


def test_signed_and_uint64_compare_exactly():
    import grumpy

    signed = np.array([-1, 0, 2**53, 2**53 + 1, 2**63 - 1])
    unsigned = np.array([2**64 - 1, 0, 2**53 + 1, 2**53, 2**63], np.uint64)
    for compare in (np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal):
        for a, b in ((signed, unsigned), (unsigned, signed), (signed.astype(np.int32), unsigned)):
            ours = compare(grumpy.asarray(a)[:, None], grumpy.asarray(b))
            assert np.array_equal(np.asarray(ours), compare(a[:, None], b))
