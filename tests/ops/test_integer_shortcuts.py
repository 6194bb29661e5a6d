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


def test_zero_is_still_an_error():
    g = grumpy.array(np.arange(10))
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        np.asarray(g // 0)


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
