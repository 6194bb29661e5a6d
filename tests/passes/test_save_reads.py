"""A small part that is read before the array is written to does not make the array be copied."""
import numpy as np
import pytest

import grumpy


def bytes_moved(f):
    before = grumpy.report().bytes_moved
    f()
    return grumpy.report().bytes_moved - before


def pending(n):
    """An array whose value is still to be computed, so that its elements are no numbers yet."""
    a = grumpy.asarray(np.arange(float(n)))
    grumpy.evaluate(a)
    a[0] = a[1] + a[2]
    return a


def swap_elements(a):
    a[5], a[-2] = a[-2], a[5]


def swap_rows(a):
    m = a.reshape(100, -1)
    m[3], m[7] = m[7].copy(), m[3].copy()


def use_after_write(a):
    old = a[10:20] * 2
    a[12] = 0.5
    a[:10] = old


@pytest.mark.parametrize("change", [swap_elements, swap_rows, use_after_write], ids=lambda f: f.__name__)
def test_the_array_is_written_in_place(change):
    n = 100_000
    a = pending(n)
    change(a)
    assert bytes_moved(lambda: grumpy.evaluate(a)) < n
    want = np.arange(float(n))
    want[0] = 3.0
    change(want)
    assert np.array_equal(np.asarray(a), want)


def test_many_swaps_move_little():
    n = 20_000
    a, want = pending(n), np.arange(float(n))
    want[0] = 3.0
    for x in (a, want):
        for k in range(500):
            x[k], x[-k - 2] = x[-k - 2], x[k]
            x = x[1:]
    assert bytes_moved(lambda: grumpy.evaluate(a)) < 100 * n
    assert np.array_equal(np.asarray(a), want)


@pytest.mark.parametrize("seed", range(40))
def test_random_writes_through_overlapping_views(seed):
    rng = np.random.default_rng(seed)
    a = pending(64 * 64)
    want = np.arange(64.0 * 64)
    want[0] = 3.0
    kept = []

    def part(x, k, kind):
        m = x.reshape(64, 64)
        return [m[k], m[:, k], m[k, 5:6], x[k:k + 100:3], x[k::-1], m.T[k], m[k:k + 4, ::7].reshape(-1)[:9]][kind]

    for _ in range(12):
        i, j = rng.integers(0, 60, 2)
        kinds = rng.integers(0, 7, 2)
        how = rng.integers(0, 4)
        for x in (a, want):
            read, write = part(x, i, kinds[0]), part(x, j, kinds[1])
            n = min(read.size, write.size)
            read, write = read[:n], write[:n]
            if how == 0:
                write[...] = read + 1  # as it is, NumPy reads what it has just written
            elif how == 1:
                write += read * 0.5
            elif how == 2:
                late = read * 2 + 1
                x[i] = 7
                write[...] = late
            else:
                kept.append(read - 1)
                write[...] = read.sum()
    values = [np.asarray(k) for k in kept]
    assert np.array_equal(np.asarray(a), want)
    for got, expected in zip(values[::2], values[1::2], strict=True):
        assert np.array_equal(got, expected)
