"""A loop's evaluations are recognised by the line that recorded them, and only when they are the same."""
import threading

import numpy as np
import pytest

import grumpy


def replayed(function):
    """The function's result, plans made and plans replayed meanwhile."""
    grumpy.report().reset()
    result = function()
    r = grumpy.report()
    return result, r.plans, r.replays


def chain(x, y):
    a = x + y
    b = x - y
    return np.sqrt(a * b + 3.0) / a


def test_a_loop_is_replayed_from_the_third_turn_on():
    x, y = np.linspace(2, 3, 1013), np.linspace(1, 2, 1013)  # a size no other test plans for
    p, q = grumpy.asarray(x), grumpy.asarray(y)

    def loop():
        return [np.asarray(chain(p, q)) for _ in range(10)]

    results, plans, replays = replayed(loop)
    assert (plans, replays) == (1, 8)
    for r in results:
        np.testing.assert_array_equal(r, chain(x, y))


def test_scalars_and_data_may_change_from_turn_to_turn():
    x = np.linspace(2, 3, 1019)

    def loop():
        return [np.asarray(grumpy.asarray(x + k) * float(k) - 1.0) for k in range(6)]

    results, plans, replays = replayed(loop)
    assert plans == 1 and replays == 4
    for k, r in enumerate(results):
        np.testing.assert_array_equal(r, (x + k) * float(k) - 1.0)


def test_an_array_that_updates_itself_is_replayed():
    g = grumpy.zeros(10)
    grumpy.report().reset()
    for k in range(20):
        g += 1.5
        float(g[3])
    assert grumpy.report().replays >= 15
    np.testing.assert_array_equal(np.asarray(g), np.full(10, 30.0))


BASE = np.arange(1.0, 13.0)
CASES = {
    "the same operand twice": lambda xp: [xp.asarray(BASE), xp.asarray(BASE)],
    "shape": lambda xp: [xp.asarray(BASE), xp.asarray(BASE.reshape(3, 4))],
    "dtype": lambda xp: [xp.asarray(BASE), xp.asarray(BASE.astype(np.float32))],
    "view": lambda xp: [xp.asarray(BASE)[::2], xp.asarray(BASE)[1::2], xp.asarray(BASE)[:6]],
}


@pytest.mark.parametrize("name", CASES)
def test_what_differs_is_not_taken_for_the_same(name):
    """One line, called with operands of different structure in turn."""
    def both(a, b):
        return a * b + a

    def body(xp):
        operands, results = CASES[name](xp), []
        for turn in range(4):
            for k, a in enumerate(operands):
                b = a if name.startswith("the same") and k else a - turn
                results.append(np.asarray(both(a, b)))
        return results

    for got, want in zip(body(grumpy), body(np), strict=True):
        assert got.dtype == want.dtype and got.shape == want.shape
        np.testing.assert_array_equal(got, want)


def test_two_structures_that_take_turns_are_both_replayed():
    p, q = grumpy.asarray(np.ones(1021)), grumpy.asarray(np.ones((1021, 2)))

    def loop():
        for _ in range(10):
            for a in (p, q):
                np.asarray(a * 2.0 + 1.0)

    _, plans, replays = replayed(loop)
    assert plans == 2 and replays == 16


def test_a_live_array_that_shares_work_is_still_found():
    """Whether somebody else holds a part of the graph is part of what must be the same."""
    g = grumpy.asarray(BASE)

    def pair(keep):
        shared = np.exp(g)
        other = shared + 1.0 if keep else None
        value = np.asarray(shared * 2.0)
        return value, other

    for keep in (False, False, False, True, True, False):
        grumpy.report().reset()
        value, other = pair(keep)
        np.testing.assert_array_equal(value, np.asarray(np.exp(g)) * 2.0)
        if keep:
            np.testing.assert_array_equal(np.asarray(other), np.asarray(np.exp(g)) + 1.0)


def test_writes_after_a_replay_do_not_reach_what_was_read():
    g = grumpy.asarray(BASE)
    seen = []
    for k in range(6):
        r = g * 2.0
        seen.append(np.asarray(r))
        g[k] = -1.0
    want = BASE.copy()
    for k, r in enumerate(seen):
        np.testing.assert_array_equal(r, want * 2.0)
        want[k] = -1.0


def test_warnings_come_at_every_turn():
    x = np.array([1.0, 0.0] * 5)
    g = grumpy.asarray(x)
    for _ in range(5):
        with pytest.warns(RuntimeWarning, match="divide by zero"):
            np.asarray(1.0 / g)
        with np.errstate(divide="ignore"):
            np.asarray(1.0 / g)


def test_threads_replay_the_same_line():
    x = np.linspace(2, 3, 100)
    want = chain(x, x / 2)
    wrong = []

    def work():
        p, q = grumpy.asarray(x), grumpy.asarray(x / 2)
        for _ in range(300):
            if not (np.asarray(chain(p, q)) == want).all():
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


def test_more_structures_than_are_kept_do_no_harm():
    p = grumpy.asarray(BASE)
    for n in range(1, 600):  # more structures than are kept
        np.asarray(grumpy.asarray(np.ones(n)) + 1.0)
    results = [np.asarray(p + 1.0) for _ in range(4)]
    for r in results:
        np.testing.assert_array_equal(r, BASE + 1.0)


def test_several_outputs_are_replayed_together():
    """What shares work is computed with what is asked for, and found again without a search."""
    x, y = np.linspace(2, 3, 1021), np.linspace(1, 2, 1021)
    p, q = grumpy.asarray(x), grumpy.asarray(y)
    others = [grumpy.asarray(x + k) * 2 for k in range(3)]  # pending all the time, and strangers

    def turn(x, y):
        shared = np.sqrt(x * y)
        return shared + x, shared - y, shared * shared

    def loop():
        results = []
        for _ in range(10):
            first, second, third = turn(p, q)
            results.append([np.asarray(second), np.asarray(first), np.asarray(third)])
        return results

    results, plans, replays = replayed(loop)
    assert (plans, replays) == (1, 8)
    expected = turn(x, y)
    for second, first, third in results:
        for got, wanted in zip((first, second, third), expected):
            np.testing.assert_array_equal(got, wanted)
    for k, other in enumerate(others):
        np.testing.assert_array_equal(other, (x + k) * 2)


def test_another_user_of_shared_work_is_not_overlooked():
    x = grumpy.asarray(np.linspace(1, 2, 1023))
    kept = []

    def turn(extra):
        shared = np.sqrt(x)
        pair = shared + 1, shared * 2
        if extra:
            kept.append(shared - 1)
        return np.asarray(pair[0]), np.asarray(pair[1])

    for k in range(12):
        first, second = turn(k % 4 == 3)
        np.testing.assert_array_equal(first, np.sqrt(np.asarray(x)) + 1)
        np.testing.assert_array_equal(second, np.sqrt(np.asarray(x)) * 2)
    for g in kept:
        np.testing.assert_array_equal(g, np.sqrt(np.asarray(x)) - 1)


def minibatches(x, y, size):
    """One number for each piece of x and y, read in each turn."""
    return [float(((x[i:i + size] - y[i:i + size]) ** 2 / (1 + y[i:i + size])).sum()) for i in range(0, len(x), size)]


def test_a_loop_along_an_array_is_one_plan():
    x, y = np.random.default_rng(8).uniform(size=(2, 40_000))
    g, h = grumpy.asarray(x), grumpy.asarray(y)
    grumpy.report().reset()
    np.testing.assert_allclose(minibatches(g, h, 2000), minibatches(x, y, 2000), rtol=1e-13)
    report = grumpy.report()
    assert (report.plans, report.plan_hits, report.evaluations) == (1, 19, 20)
    assert report.replays >= 17


@pytest.mark.parametrize("steps", [slice(None), slice(None, None, 2), slice(None, None, -1)])
def test_views_that_move_by_the_same_distance(steps):
    x = np.arange(1e5).reshape(200, 500)
    g = grumpy.asarray(x)
    mask, hidden = x % 7 < 3, grumpy.asarray(x % 7 < 3)
    for move in (np.arange(0, 100, 9), [0, 40, 3, 3, 120]):
        for i in move:
            a, b = x[i:i + 60, steps], x[i + 10:i + 70, steps]
            c, d = g[i:i + 60, steps], g[i + 10:i + 70, steps]
            assert np.array_equal(np.asarray((c - d) * c), (a - b) * a)
            assert np.array_equal(np.asarray(c.T @ d), a.T @ b) or np.allclose(np.asarray(c.T @ d), a.T @ b, rtol=1e-12)
            assert np.array_equal(np.asarray(c + d[::-1]), a + b[::-1])
            assert np.array_equal(np.asarray(g[i:i + 60][hidden[i:i + 60]] * 2), x[i:i + 60][mask[i:i + 60]] * 2)
            assert np.array_equal(np.asarray(np.cumsum(c, axis=0)[:, ::3] * d[:, ::3]), np.cumsum(a, axis=0)[:, ::3] * b[:, ::3])


def test_views_that_move_apart_are_other_plans():
    x = np.arange(20_000.0)
    g = grumpy.asarray(x)
    grumpy.report().reset()
    for i, j in ((0, 3000), (100, 3100), (100, 3101), (5000, 2000)):
        assert np.array_equal(np.asarray(g[i:i + 2000] * 2 - g[j:j + 2000]), x[i:i + 2000] * 2 - x[j:j + 2000])
    assert grumpy.report().plans == 3


def test_memory_that_is_written_to_does_not_move():
    x = np.arange(30_000.0)
    g, expected = grumpy.array(x), x.copy()
    for i in range(0, 20_000, 2500):
        g[i:i + 2500] = g[i + 1000:i + 3500] * 2 + g[i:i + 2500]
        expected[i:i + 2500] = expected[i + 1000:i + 3500] * 2 + expected[i:i + 2500]
        assert float(g[i + 7]) == expected[i + 7]
        part = g[i:i + 2500]
        part *= 0.5
        expected[i:i + 2500] *= 0.5
        assert float((part + g[i + 500:i + 3000]).sum()) == pytest.approx(float((expected[i:i + 2500] + expected[i + 500:i + 3000]).sum()), rel=1e-13)
    assert np.array_equal(np.asarray(g), expected)


def test_the_last_pieces_are_temporaries():
    x = np.arange(50_000.0)
    for i in range(0, 40_000, 4000):
        g = grumpy.array(x)  # nobody else has it: its memory may be reused
        a, b = g[i:i + 4000], g[i + 4000:i + 8000]
        del g
        y = a * 2 + b
        del a, b
        assert np.array_equal(np.asarray(y), x[i:i + 4000] * 2 + x[i + 4000:i + 8000])


def test_what_a_replayed_turn_recorded_ends_with_it():
    """Views, constants, shared work and operands that die: nothing stays behind, and what lives on keeps its values."""
    import gc
    x = np.linspace(1, 2, 24).reshape(4, 6)
    g = grumpy.asarray(x.copy())
    gc.collect()
    before, kept = grumpy.report().pending, []
    for k in range(8):
        t = g * 2.0
        u = t[1:, ::2] - t[:-1, 1::2]
        v = (u * u + g.sum()) / (grumpy.asarray(x + k)[0, 0] + 3)
        w = v + t[0, 0] if k % 3 else v
        del t, u, v
        np.asarray(w)
        kept.append(w)
        want = ((x * 2)[1:, ::2] - (x * 2)[:-1, 1::2]) ** 2 + x.sum()
        want = want / ((x + k)[0, 0] + 3) + ((x * 2)[0, 0] if k % 3 else 0)
        np.testing.assert_allclose(np.asarray(w), want, rtol=1e-14)
        assert grumpy.report().pending == before
    np.testing.assert_array_equal(np.asarray(g), x)
    del kept[1::2]
    for w in kept:
        assert np.isfinite(np.asarray(w + 1)).all()


def test_a_turn_whose_part_lives_on_keeps_that_part():
    x = np.linspace(1, 2, 1021)
    g, later = grumpy.asarray(x), []
    for k in range(9):
        t = g * 3.0 + 1.0
        if k >= 5:
            later.append(t)
        np.testing.assert_array_equal(np.asarray(np.sqrt(t) - 1.0), np.sqrt(x * 3.0 + 1.0) - 1.0)
        del t
    for t in later:
        np.testing.assert_array_equal(np.asarray(t), x * 3.0 + 1.0)
