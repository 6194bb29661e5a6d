"""Kernels that hand arrays on run in turn over blocks of rows (docs/decisions/0013): the same values, bit for bit, the
same counts. GRUMPY_VERIFY, which all tests have on, checks the order of every wavefront against what its kernels touch."""
import warnings

import numpy as np
import pytest

import grumpy


@pytest.fixture(params=[1, 2, 3], autouse=True)
def small_blocks(request):
    """Wavefronts over arrays of some kilobytes. Plans are made anew: shapes differ from those of other tests."""
    with grumpy.config(wavefront_bytes=1 << 13, num_threads=request.param):
        yield request.param


def jacobi(u, steps):
    for _ in range(steps):
        u[1:-1, 1:-1] = (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:]) / 4
    return u


def wide(u, steps):
    for _ in range(steps):
        u[3:-3] = (u[:-6] + u[6:] - u[2:-4]) / 2
    return u


def cubes(u, steps):
    for _ in range(steps):
        u[1:-1, 1:-1, 1:-1] = (u[:-2, 1:-1, 1:-1] + u[2:, 1:-1, 1:-1] + u[1:-1, 1:-1, :-2]) / 3
    return u


def two_arrays(u, steps):
    v = u.copy()
    for _ in range(steps):
        v[1:-1, 1:-1] = u[:-2, 1:-1] / 2 + u[2:, 1:-1] + u[1:-1, 2:]
        u, v = v, u
    return u


def waves(u, steps):
    before, now = u.copy(), u.copy()
    for _ in range(steps):
        after = now.copy()
        after[1:-1] = 2 * now[1:-1] - before[1:-1] + (now[2:] - 2 * now[1:-1] + now[:-2]) / 8
        before, now = now, after
    return now


def in_place(u, steps):
    for _ in range(steps):
        u[1:-1] += u[2:] // 2
        u[1:] -= u[:-1] // 4
    return u


def red_and_black(u, steps):
    for _ in range(steps):
        u[1:-1:2, 1:-1] = (u[:-2:2, 1:-1] + u[2::2, 1:-1] + u[1:-1:2, :-2]) / 4
        u[2:-1:2, 1:-1] = (u[1:-2:2, 1:-1] + u[3::2, 1:-1] + u[2:-1:2, 2:]) / 4
    return u


def walls(u, steps):
    for _ in range(steps):
        u[1:-1, 1:-1] = (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:]) / 4
        u[0, :] = u[1, :]
        u[-1, :] = u[-2, :] * 2
        u[:, 0] = u[:, 1]
        u[:, -1] = 1
    return u


def coarse_and_back(u, steps):
    for _ in range(steps):
        half = u[::2] + u[1::2]
        u[::2] = half / 2
        u[1::2] -= half // 4
    return u


def turned(u, steps):
    for _ in range(steps):
        u[1:-1] = (u[::-1][1:-1] + u[:-2]) / 2
    return u


PROGRAMS = [(jacobi, (200, 170)), (jacobi, (977, 33)), (wide, (30011,)), (wide, (700, 40)), (cubes, (120, 18, 20)),
            (two_arrays, (300, 99)), (waves, (40000,)), (waves, (600, 50)), (in_place, (20000,)), (in_place, (900, 30)),
            (red_and_black, (801, 60)), (walls, (500, 64)), (coarse_and_back, (600, 48)), (turned, (9000,))]


@pytest.mark.parametrize("dtype", ["f8", "f4", "i4"])
@pytest.mark.parametrize("program, shape", PROGRAMS, ids=lambda p: getattr(p, "__name__", str(p)))
def test_values(program, shape, dtype):
    for steps in (1, 2, 3, 5, 16, 37):
        a = np.random.default_rng(steps).uniform(-100, 100, shape).astype(dtype)
        with np.errstate(all="ignore"):
            got = np.asarray(program(grumpy.asarray(a.copy()), steps))
            expected = program(a.copy(), steps)
        assert got.dtype == expected.dtype
        assert np.array_equal(got, expected, equal_nan=True), steps


def count(program, u, steps):
    grumpy.evaluate(u)
    report = grumpy.report()
    before = report.kernels, report.wavefronts
    result = program(u, steps)
    grumpy.evaluate(result)
    report = grumpy.report()
    return report.kernels - before[0], report.wavefronts - before[1]


@pytest.mark.parametrize("program, shape, steps, kernels, fewest", [
    (jacobi, (640, 50), 12, 12 + 4, 1), (waves, (50000,), 12, None, 1), (cubes, (128, 10, 12), 4, None, 1),
    (in_place, (25000,), 6, None, 1), (turned, (9001,), 6, None, 0), (jacobi, (20, 20), 12, 12 + 4, 0)])
def test_what_runs_in_turn(program, shape, steps, kernels, fewest):
    u = grumpy.asarray(np.random.default_rng(1).uniform(0, 1, shape))
    run, wavefronts = count(program, u, steps)
    assert kernels is None or run == kernels
    assert wavefronts >= fewest and (fewest or not wavefronts)


def test_rows_of_reductions(small_blocks):
    x = np.random.default_rng(4).normal(0, 3, (512, 96))

    def softmax(x):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    grumpy.report().reset()
    got = np.asarray(softmax(grumpy.asarray(x)))
    assert grumpy.report().wavefronts == 1
    with grumpy.config(num_threads=1):
        whole = np.asarray(softmax(grumpy.asarray(x)[:500]))  # of other extents: its own plan
    assert np.array_equal(got[:500], whole)
    assert np.allclose(got, softmax(x), rtol=1e-14)


def test_a_sum_of_everything_ends_a_wavefront():
    a = np.random.default_rng(5).uniform(0, 1, (400, 51))
    u, expected, sums, expected_sums = grumpy.asarray(a.copy()), a.copy(), [], []
    for v, into in ((u, sums), (expected, expected_sums)):
        for _ in range(6):
            jacobi(v, 5)
            into.append(np.abs(v[1:] - v[:-1]).sum())
    assert np.array_equal(np.asarray(u), expected)
    assert np.allclose([float(s) for s in sums], expected_sums, rtol=1e-13)


def test_errors_are_told_as_often():
    a = np.ones((300, 40))
    a[150, 20] = 0

    def told(wavefront_bytes, rows):
        with grumpy.config(wavefront_bytes=wavefront_bytes), warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            u = grumpy.asarray(a[:rows].copy())
            for _ in range(5):
                u[1:-1, 1:-1] = 1 / u[:-2, 1:-1] + u[2:, 1:-1]
            np.asarray(u)
        return [str(w.message) for w in seen]

    assert told(1 << 13, 300) == told(1 << 40, 299)


def test_it_shows():
    u = grumpy.asarray(np.random.default_rng(6).uniform(0, 1, (320, 45)))
    jacobi(u, 3)
    assert "wavefront: steps 0 to 6 in turn, " in grumpy.inspect.show(u, "kernel")


@pytest.mark.parametrize("seed", range(12))
def test_programs_at_random(seed):
    rng = np.random.default_rng(seed)
    shape = [(5000,), (300, 24), (60, 9, 14)][seed % 3]
    arrays = [rng.uniform(-1, 1, shape) for _ in range(3)]
    lines = []
    for _ in range(14):
        low, high = rng.integers(0, 4, 2)
        to, *of = rng.integers(0, 3, 4)
        shifts = [rng.integers(-low, high + 1) for _ in of]
        lines.append((to, low, high, of, shifts, rng.integers(0, 4)))

    def run(arrays):
        n = shape[0]
        for to, low, high, of, shifts, kind in lines:
            parts = [arrays[o][low + s:n - high + s] for o, s in zip(of, shifts)]
            value = parts[0] * 0.5 + parts[1] - parts[2] * 0.25
            if kind == 0:
                arrays[to][low:n - high] = value
            elif kind == 1:
                arrays[to][low:n - high] += value
            elif kind == 2:
                arrays[to] = np.concatenate([arrays[to][:low], value, arrays[to][n - high:]])
            else:
                arrays[to][low:n - high:2] = value[::2] - value[:1]
        return arrays

    got = run([grumpy.asarray(x.copy()) for x in arrays])
    grumpy.evaluate(*got)
    for x, y in zip(got, run([x.copy() for x in arrays])):
        assert np.array_equal(np.asarray(x), y)
