"""Every operation, dtype and layout against NumPy: to the bit, or within the row's ulp column."""
import mpmath
import numpy as np
import pytest
from special_values import DTYPES, operands, special_values

import grumpy
from grumpy import _core

INTERNAL, SCIPY = 32, 128  # csrc/ops/op.h: Flag
OPS = {row["name"]: row for row in _core.op_table()}

# Of two zeros NumPy gives now the first and now the second, by alignment and length.
ZEROS_ARE_ALIKE = {"fmax", "fmin", "clip"}
COMPLEX_ULP = 4  # of the larger part; NumPy's own products depend on the CPU


def ufunc_of(name):
    if name == "clip":
        return np.clip
    if OPS[name]["flags"] & SCIPY:
        return getattr(pytest.importorskip("scipy.special"), name)
    return getattr(np, name)


UFUNC_ROWS = [n for n, row in OPS.items() if not row["flags"] & INTERNAL or n == "clip"]


def accepts(name, dtype):
    try:
        compute, _ = _core.infer_map(name, [dtype] * OPS[name]["nin"])
    except TypeError:
        return False
    return compute == dtype


CASES = [(name, dtype) for name in UFUNC_ROWS for dtype in DTYPES if accepts(name, dtype)]


def arguments(name, dtype):
    args = operands([dtype] * OPS[name]["nin"])
    if name == "power" and np.dtype(dtype).kind == "i":
        keep = args[1] >= 0
        args = [a[keep] for a in args]
    return args


def bits(x):
    return x.view(f"u{x.itemsize}") if x.dtype.kind == "f" else x


def same_bits(ours, theirs, zeros_are_alike=False):
    """True where the elements are one value; NaN is NaN."""
    if ours.dtype.kind == "c":
        return (same_bits(ours.real.copy(), theirs.real.copy(), zeros_are_alike)
                & same_bits(ours.imag.copy(), theirs.imag.copy(), zeros_are_alike))
    same = bits(ours) == bits(theirs)
    if ours.dtype.kind == "f":
        same |= np.isnan(ours) & np.isnan(theirs)
        if zeros_are_alike:
            same |= (ours == 0) & (theirs == 0)
    return same


def ulps_apart(x, y, dtype, scale=0):
    """|x - y| in units of the last place of y or, where it is larger, of scale."""
    wide = np.longdouble
    with np.errstate(all="ignore"):
        unit = np.abs(np.spacing(np.maximum(np.abs(y).astype(dtype), scale))).astype(wide)
        return np.abs(x.astype(wide) - y.astype(wide)) / unit


# Functions whose NumPy or SciPy version errs by more than the row allows ours (erfc 466 ulp at 23.4,
# ndtr 1775 at -36.5), or that cancel: they are compared with mpmath's values.
EXACT = {
    "erfc": mpmath.erfc,
    "ndtr": mpmath.ncdf,
    "logaddexp": lambda x, y: mpmath.log(mpmath.exp(x) + mpmath.exp(y)),
    "logaddexp2": lambda x, y: mpmath.log(mpmath.power(2, x) + mpmath.power(2, y), 2),
}


def exact_values(name, args):
    """The function in 60 digits, as longdouble; arguments are few and finite."""
    with mpmath.workdps(60):
        values = [EXACT[name](*(mpmath.mpf(float(x)) for x in row)) for row in zip(*args)]
        return np.array([np.longdouble(mpmath.nstr(v, 25)) for v in values], dtype=np.longdouble)


def reference(name, args, dtype):
    """The function in a wider float, or None where there is none."""
    if np.dtype(dtype).kind != "f":
        return None
    if name in EXACT:
        return exact_values(name, args)
    for wide in ((np.float64,) if dtype in ("float16", "float32") else ()) + (np.longdouble,):
        try:
            with np.errstate(all="ignore"):
                return ufunc_of(name)(*(a.astype(wide) for a in args)).astype(np.longdouble)
        except TypeError:
            continue
    return None


def check(name, dtype, ours, theirs, args):
    ours = np.asarray(ours)
    assert ours.dtype == theirs.dtype and ours.shape == theirs.shape
    flat_args = [np.broadcast_to(a, theirs.shape).ravel() for a in args]
    ours, theirs = ours.ravel(), np.array(theirs).ravel()
    ok = same_bits(ours, theirs, name in ZEROS_ARE_ALIKE)
    if ok.all():
        return
    bound = max(OPS[name]["ulp"], COMPLEX_ULP if dtype.startswith("complex") else 0)
    if theirs.dtype.kind == "c":
        larger = np.maximum(np.abs(theirs.real), np.abs(theirs.imag))
        for a, b in ((ours.real, theirs.real), (ours.imag, theirs.imag)):
            with np.errstate(all="ignore"):
                near = np.abs(a - b) <= COMPLEX_ULP * np.abs(np.spacing(larger))
            near |= (a == b) | (np.isnan(a) & np.isnan(b))
            assert near.all(), failures(name, dtype, ~near, flat_args, ours, theirs)
        return
    if bound:
        # Infinities, NaN and the signs of zeros are NumPy's; underflow may be more exact than its.
        finite = np.isfinite(theirs) & np.isfinite(ours) & ((theirs != 0) | (ours != 0))
        look = np.flatnonzero(finite & ~ok)
        args = [a[look] for a in flat_args]
        exact = reference(name, args, dtype)
        if exact is None:  # NumPy's own error is in the comparison too
            exact, bound = theirs[look], bound + 3
        # The sum of the larger argument and a logarithm can cancel: the error is the argument's.
        scale = np.maximum(abs(args[0]), abs(args[1])) if name.startswith("logaddexp") else 0
        with np.errstate(all="ignore"):
            ok[look] = ulps_apart(ours[look], exact, theirs.dtype, scale) <= bound
    assert ok.all(), failures(name, dtype, ~ok, flat_args, ours, theirs)


def failures(name, dtype, where, args, ours, theirs):
    lines = [f"{name} {dtype}: {np.count_nonzero(where)} of {where.size} differ"]
    for i in np.flatnonzero(where)[:8]:
        lines.append(f"  {[a[i] for a in args]}: {ours[i]!r}, NumPy {theirs[i]!r}")
    return "\n".join(lines)


def contiguous(x):
    return x, lambda g: g


def strided(x):
    return np.repeat(x, 2), lambda g: g[::2]


def reversed_(x):
    return x[::-1].copy(), lambda g: g[::-1]


def offset(x):
    return np.concatenate([x[:3], x]), lambda g: g[3:]


def transposed(x):
    n = len(x) // 8 * 8
    return x[:n].reshape(8, -1).T.copy(), lambda g: g.T


def empty(x):
    return x[:0].copy(), lambda g: g


def zero_dimensional(x):
    return x[-1:].reshape(()).copy(), lambda g: g


LAYOUTS = {f.__name__.strip("_"): f for f in
           (contiguous, strided, reversed_, offset, transposed, empty, zero_dimensional)}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name, dtype", CASES, ids=lambda v: v)
def test_against_numpy(name, dtype, layout):
    f = ufunc_of(name)
    stored = [LAYOUTS[layout](a) for a in arguments(name, dtype)]
    theirs_in = [view(base) for base, view in stored]
    ours_in = [view(grumpy.asarray(base)) for base, view in stored]
    with np.errstate(all="ignore"):
        theirs = f(*(np.array(a, order="C") for a in theirs_in))
        ours = np.asarray(f(*ours_in))
    check(name, dtype, ours, np.asarray(theirs), theirs_in)


@pytest.mark.parametrize("name, dtype", [c for c in CASES if OPS[c[0]]["nin"] == 2], ids=lambda v: v)
def test_broadcast(name, dtype):
    f = ufunc_of(name)
    values = special_values(dtype)
    row, column = values[-60:], values[:40, None]
    if name == "power" and np.dtype(dtype).kind == "i":
        row = np.abs(row // 2)
    with np.errstate(all="ignore"):
        theirs = f(column, row)
        ours = np.asarray(f(grumpy.asarray(column), grumpy.asarray(row)))
    check(name, dtype, ours, theirs, [column, row])


@pytest.mark.parametrize("to", DTYPES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.filterwarnings("ignore")
def test_cast(dtype, to):
    x = special_values(dtype)
    if to == "uint32" and np.dtype(dtype).kind in "fc":
        # Out of range NumPy's vector and scalar loops differ, and so do its answers.
        with np.errstate(invalid="ignore"):
            x = x[(x.real > -(2.0**31)) & (x.real < 2.0**32)]
    with np.errstate(all="ignore"):
        theirs = x.astype(to)
        ours = np.asarray(grumpy.asarray(x).astype(to))
    assert ours.dtype == theirs.dtype
    ok = same_bits(ours, theirs)
    assert ok.all(), failures(f"cast to {to}", dtype, ~ok, [x], ours, theirs)


@pytest.mark.parametrize("dtype", DTYPES)
def test_where_real_imag(dtype):
    condition, a, b = operands(["bool", dtype, dtype], 1000)
    ours = np.where(grumpy.asarray(condition), grumpy.asarray(a), grumpy.asarray(b))
    assert same_bits(np.asarray(ours), np.where(condition, a, b)).all()
    g = grumpy.asarray(a)
    assert same_bits(np.asarray(g.real).copy(), a.real.copy()).all()
    assert same_bits(np.asarray(g.imag).copy(), a.imag.copy()).all()


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_two_results(dtype):
    a, b = operands([dtype, dtype])
    with np.errstate(all="ignore"):
        for theirs, ours in ((np.modf(a), np.modf(grumpy.asarray(a))),
                             (np.divmod(a, b), np.divmod(grumpy.asarray(a), grumpy.asarray(b)))):
            for x, y in zip(theirs, ours, strict=True):
                assert same_bits(np.asarray(y), x).all()


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "int64"])
def test_negative_integer_power(dtype):
    x = np.arange(1, 5, dtype=dtype)
    for exponent in (-1, np.array([1, 2, -1, 0], dtype)):
        with pytest.raises(ValueError, match="Integers to negative integer powers are not allowed."):
            np.asarray(grumpy.asarray(x) ** (exponent if isinstance(exponent, int) else grumpy.asarray(exponent)))
