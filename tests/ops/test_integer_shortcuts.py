"""Integers divided by powers of two, and raised to powers: the same values by other ways."""
import numpy as np
import pytest

import grumpy

INTEGERS = ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"]


def samples(dtype, n):
    limits = np.iinfo(dtype)
    x = np.random.default_rng(n).integers(limits.min, limits.max, n, dtype, endpoint=True)
    x[:5] = [limits.min, limits.max, 0, 1, limits.min // 2]
    return x


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("n", [7, 1000, 20_000])
def test_division_by_numbers(dtype, n):
    x = samples(dtype, n)
    g = grumpy.array(x)
    bits = np.iinfo(dtype).bits - (dtype[0] == "i")
    divisors = [2 ** k for k in range(bits)] + [3, 7, 100]
    divisors += [-1, -2, -3, -64] if dtype[0] == "i" else []
    for d in divisors:
        for line in ("v // d", "v % d", "np.floor_divide(v, d)", "np.remainder(v, d)", "divmod(v, d)",
                     "v // np.array(d, v.dtype)[()]", "d // (v | 1)", "np.fmod(v, d)"):
            want, got = (eval(line, {"np": np, "v": v, "d": d}) for v in (x, g))
            for w, r in zip(*(t if isinstance(t, tuple) else (t,) for t in (want, got))):
                assert w.dtype == r.dtype, line
                np.testing.assert_array_equal(np.asarray(r), w, err_msg=f"{line}, d = {d}")
        copies = x.copy(), grumpy.array(x)
        for v in copies:
            v //= d
        np.testing.assert_array_equal(np.asarray(copies[1]), copies[0])


def test_powers_of_two_are_shifts():
    g = grumpy.array(np.arange(20_000))
    assert "right_shift" in grumpy.show(g // 8, "kernel")
    assert "bitwise_and" in grumpy.show(g % 8, "kernel")
    assert "floor_divide" in grumpy.show(g // 10, "kernel")
    assert "floor_divide" in grumpy.show(g // -8, "kernel")
    assert "floor_divide" in grumpy.show(8 // g, "kernel")


DIVISIONS = [np.floor_divide, np.remainder, np.fmod, np.divmod]


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("jit", ["off", "sync"])
def test_division_by_one_number(dtype, jit):
    limits = np.iinfo(dtype)
    rng = np.random.default_rng(5)
    near = [2 ** k + away for k in range(limits.bits) for away in (-1, 0, 1)]
    drawn = rng.integers(limits.min, limits.max, 10, dtype, endpoint=True)
    divisors = sorted({int(d) for d in [*near, *(-d for d in near), *drawn, limits.min, limits.max]
                       if limits.min <= d <= limits.max and d})
    x = np.concatenate([samples(dtype, 2000), np.array(divisors, dtype)])
    g = grumpy.array(x)
    with grumpy.config(jit=jit), np.errstate(over="ignore"):
        for d in divisors[::1 if jit == "off" else 7]:
            one = np.array(d, dtype)
            for call in DIVISIONS:
                want = call(x, one)
                got = call(g, grumpy.array(one))  # of memory, whose value no kernel knows
                for w, r in zip(want, got) if isinstance(want, tuple) else [(want, got)]:
                    np.testing.assert_array_equal(np.asarray(r), w, err_msg=f"{call}, {d}")
            np.testing.assert_array_equal(np.asarray((g + 1) // one * 3 % one), (x + one // one) // one * 3 % one)


@pytest.mark.parametrize("jit", ["off", "sync"])
@pytest.mark.parametrize("depth", [3, 8, 40])
def test_division_by_one_number_inside_short_sums(jit, depth):
    rng = np.random.default_rng(depth)
    x, y = rng.integers(-500, 500, (40, 1, depth)), rng.integers(-500, 500, (300, depth))
    with grumpy.config(jit=jit):
        for f in (lambda a, b: ((a - b) // 7).sum(-1), lambda a, b: ((a * b) % -13 + (a - b) // 3).sum(-1),
                  lambda a, b: np.fmod(a + b, 11).sum(-1)):
            np.testing.assert_array_equal(np.asarray(f(grumpy.array(x), grumpy.array(y))), f(x, y))


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("n", [3, 1000, 20_000])
@pytest.mark.parametrize("jit", ["off", "sync"])
def test_errors_of_division_by_one_number(dtype, n, jit):
    x = samples(dtype, n + 2)[:n]
    zero, minus_one = np.zeros((), dtype), np.array(-1).astype(dtype)
    with grumpy.config(jit=jit):
        for call in DIVISIONS:
            for v in (0, zero, grumpy.array(zero)):
                with pytest.warns(RuntimeWarning, match=f"divide by zero encountered in {call.__name__}"):
                    got = call(grumpy.array(x), v)
                    got = [np.asarray(r) for r in (got if isinstance(got, tuple) else (got,))]
                assert not np.any(got)
        if dtype[0] == "i":
            with pytest.warns(RuntimeWarning, match="overflow encountered in floor_divide"):
                got = np.asarray(grumpy.array(x) // minus_one)
            with np.errstate(over="ignore"):
                np.testing.assert_array_equal(got, x // minus_one)
            with np.errstate(all="raise"):  # the smallest over -2, and others over -1, are no errors
                np.asarray(grumpy.array(x) // -2)
                np.asarray(grumpy.array(x[1:2]) // minus_one)


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("jit", ["off", "sync"])
def test_powers(dtype, jit):
    with grumpy.config(jit=jit):
        for n in (9, 1000, 5003):
            x = samples(dtype, n)
            for most in (1, 3, 8, 64, 127):
                e = np.random.default_rng(most).integers(0, most, n, endpoint=True).astype(dtype)
                e[0] = 0
                np.testing.assert_array_equal(np.asarray(grumpy.array(x) ** grumpy.array(e)), x ** e)
            if dtype[0] == "u":  # exponents with the top bit set
                np.testing.assert_array_equal(np.asarray(grumpy.array(x) ** grumpy.array(x)), x ** x)
            for k in (0, 1, 2, 3, 5, 13):
                np.testing.assert_array_equal(np.asarray(grumpy.array(x) ** k), x ** k)


def test_nothing_to_a_negative_power_is_nothing():
    for x, e in ((np.zeros((3, 0), "i1"), -1), (np.zeros(0, "i8"), np.array([-2])), (np.array([2]), np.zeros(0, "i8"))):
        ours, theirs = np.asarray(grumpy.asarray(x) ** e), x ** e
        assert ours.dtype == theirs.dtype and ours.shape == theirs.shape
