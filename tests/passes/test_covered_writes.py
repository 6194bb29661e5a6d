"""A write that the next write to the same elements covers is not stored."""
import numpy as np
import pytest

import grumpy


def arrays(n=60_000):
    rng = np.random.default_rng(5)
    return [rng.uniform(0.5, 1.5, n) for _ in range(3)]


def counted(f):
    """Kernels run and bytes moved by a call."""
    before = grumpy.report()
    f()
    after = grumpy.report()
    return after.kernels - before.kernels, after.bytes_moved - before.bytes_moved


def both(change):
    """Runs change(x, y, out) on NumPy and on grumpy; kernels and bytes of evaluating grumpy's."""
    plain = arrays()
    lazy = [grumpy.asarray(a) for a in plain]
    grumpy.evaluate(*lazy)
    change(*plain)
    change(*lazy)
    work = counted(lambda: grumpy.evaluate(*lazy))
    for got, want in zip(lazy, plain):
        assert np.array_equal(np.asarray(got), want)
    return work


def in_place(x, y, out):
    for start in (0, 20_000):
        piece = slice(start, start + 20_000)
        a, b, r = x[piece], y[piece], out[piece]
        np.multiply(a, a, out=r)
        r += b
        np.sqrt(r, out=r)
        np.divide(b, r, out=r)


def test_each_piece_is_one_kernel():
    kernels, moved = both(in_place)
    assert kernels == 2
    assert moved <= 2 * 3 * 20_000 * 8


def a_part_is_covered(x, y, out):
    out[:20_000] = x[:20_000] + 1
    out[:10_000] = y[:10_000] + 2


def the_first_is_read_whole(x, y, out):
    out[:20_000] = x[:20_000] + 1
    y += out
    out[:20_000] = y[:20_000] + 2


def the_first_is_read_shifted(x, y, out):
    out[:20_000] = x[:20_000] + 1
    y[1:20_000] = out[:19_999]
    out[:20_000] = y[:20_000] + 2


def an_operand_is_written_between(x, y, out):
    r = out[:20_000]
    r[:] = x[:20_000] + 1
    x[:20_000] = y[:20_000]
    r *= x[:20_000]


def one_number_covers(x, y, out):
    r = out[:20_000]
    r[:] = 5.0
    r += x[:20_000]
    r[:] = 3.0
    r -= y[0]


def reversed_covers(x, y, out):
    out[19_999::-1] = x[:20_000]
    out[:20_000] += y[:20_000]


@pytest.mark.parametrize("change", [
    a_part_is_covered, the_first_is_read_whole, the_first_is_read_shifted,
    an_operand_is_written_between, one_number_covers, reversed_covers], ids=lambda f: f.__name__)
def test_same_values(change):
    both(change)


def test_a_reader_that_stays_keeps_its_value():
    x, y, out = (grumpy.asarray(a) for a in arrays())
    r = out[:20_000]
    r[:] = x[:20_000]
    kept = r + 1
    r *= y[:20_000]
    del r
    grumpy.evaluate(out)
    assert np.array_equal(np.asarray(kept), arrays()[0][:20_000] + 1)


def test_a_long_chain_of_covered_writes():
    x, _, out = arrays()
    g, h = grumpy.asarray(x), grumpy.asarray(out)
    for a, b in ((x, out), (g, h)):
        r = b[:20_000]
        for _ in range(300):
            r += a[:20_000]
    assert np.array_equal(np.asarray(h), out)


def test_warnings_of_covered_writes_come_once():
    x, y, out = (grumpy.asarray(a) for a in arrays())
    with np.errstate(divide="warn"), pytest.warns(RuntimeWarning, match="divide by zero") as found:
        r = out[:20_000]
        np.divide(x[:20_000], 0.0, out=r)
        r += y[:20_000]
        grumpy.evaluate(out)
    assert len(found) == 1
