"""Laziness costs neither memory nor stack, and any number of threads may record and evaluate."""
import gc
import threading
import weakref

import numpy as np

import grumpy


def test_a_million_operations_on_one_array():
    a = grumpy.asarray(np.zeros(3))
    for _ in range(1_000_000):
        a += 1
    assert np.asarray(a).tolist() == [1e6] * 3


def test_a_long_chain_of_new_arrays():
    a = grumpy.asarray(np.zeros(3))
    for _ in range(100_000):
        a = a + 1
    assert np.asarray(a).tolist() == [1e5] * 3


def test_many_pending_arrays_are_evaluated_by_themselves():
    x = grumpy.asarray(np.arange(4.0))
    kept = [x + k for k in range(25_000)]
    assert grumpy.report().pending <= 10_000
    assert all(float(kept[k][1]) == 1 + k for k in (0, 9_999, 24_999))


def test_what_is_dead_is_never_computed():
    x = grumpy.asarray(np.arange(1000.0))
    grumpy.report().reset()
    y = np.exp(x).sum()
    reference = weakref.ref(y)
    del y
    gc.collect()
    assert reference() is None
    assert float(x.sum()) == 999 * 500
    assert grumpy.report().kernels <= 1


def test_threads_with_arrays_of_their_own():
    wrong = []

    def work(seed):
        rng = np.random.default_rng(seed)
        for _ in range(20):
            x = rng.integers(-5, 6, (40, 50)).astype(float)
            g = grumpy.asarray(x.copy())
            g[1:] += g[:-1] * 2
            want = x.copy()
            want[1:] += want[:-1] * 2
            if not (np.asarray((g * g).sum(axis=0)) == (want * want).sum(axis=0)).all():
                wrong.append(seed)

    run_together([threading.Thread(target=work, args=(seed,)) for seed in range(6)])
    assert not wrong


def test_threads_that_share_arrays():
    x = np.arange(200_000.0)
    g = grumpy.asarray(x)
    shared = np.sqrt(g * g + 1)  # pending: whoever comes first evaluates it
    got = [None] * 6

    def work(k):
        got[k] = np.asarray(shared + k)

    run_together([threading.Thread(target=work, args=(k,)) for k in range(6)])
    for k in range(6):
        assert (got[k] == np.sqrt(x * x + 1) + k).all()


def run_together(threads):
    for t in threads:
        t.start()
    for t in threads:
        t.join(60)
        assert not t.is_alive()
