"""Any number of Python threads may record and evaluate, on shared arrays too (semantics.md S10)."""
import sys
import threading

import numpy as np
import pytest

import grumpy

N = 200_000  # evaluations of this size let go of the GIL


@pytest.fixture(autouse=True)
def quick_switches():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def run_together(*jobs):
    """Runs the jobs in threads of their own; raises what the first of them to fail raised."""
    errors = []

    def guarded(job):
        try:
            job()
        except BaseException as e:  # noqa: BLE001  handed to the test
            errors.append(e)

    threads = [threading.Thread(target=guarded, args=(job,)) for job in jobs]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if errors:
        raise errors[0]


READS = {
    "asarray": lambda g: np.asarray(g)[0],
    "item": lambda g: g.item(5),
    "array": lambda g: np.array(g)[0],
    "mask": lambda g: g[g >= 0][0],
    "index": lambda g: g[[1, 2, 3]].item(0),
    "nonzero": lambda g: np.nonzero(g + 1)[0].item(0),
    "scatter": lambda g: g.__setitem__([1, 2], 0.0),
    "at": lambda g: np.add.at(g, [1, 1], 0.0),
    "matmul": lambda g: (g @ g).item(),
    "forwarded": lambda g: np.median(g),
    "pickle": lambda g: g.__reduce_ex__(4),
}


@pytest.mark.parametrize("name", READS)
def test_reads_while_another_thread_writes(name):
    g = grumpy.asarray(np.zeros(N))
    done = threading.Event()

    def read():
        try:
            for _ in range(30):
                READS[name](g)
        finally:
            done.set()

    def write():
        while not done.is_set():
            g[...] = g + 1

    run_together(read, read, write)
    value = np.asarray(g)
    assert (value[4:] == value[4]).all()


def test_one_thread_does_not_keep_others_from_evaluating():
    done = threading.Event()

    def evaluate_on_and_on():
        x = grumpy.asarray(np.ones(5 * N))
        while not done.is_set():
            float((x * 2 + 1).sum())

    def evaluate_a_little():
        try:
            for k in range(20):
                assert float((grumpy.asarray(np.ones(N)) * k).sum()) == N * k
        finally:
            done.set()

    run_together(evaluate_on_and_on, evaluate_on_and_on, evaluate_a_little)


def test_every_export_is_the_same_ndarray():
    for _ in range(20):
        g = grumpy.asarray(np.zeros(N)) + 1
        seen = []
        run_together(*[lambda: seen.append(np.asarray(g))] * 4)
        assert all(nd is seen[0] for nd in seen)
        seen[0][0] = 7
        assert g.item(0) == 7
        del seen


def test_writes_of_many_threads_all_count():
    g = grumpy.asarray(np.zeros(N))

    def add():
        for _ in range(100):
            g.__iadd__(1)

    run_together(add, add, add)
    assert (np.asarray(g) == 300).all()


def test_writes_beside_an_export_lose_no_more_than_numpys():
    # While an ndarray over the memory is out, an operation is computed at the call, and the interpreter may
    # go on meanwhile; as with NumPy, two threads that add to one array may then overtake each other.
    g = grumpy.asarray(np.zeros(N))

    def add():
        for _ in range(100):
            g.__iadd__(1)

    run_together(add, add, lambda: [np.asarray(g) for _ in range(50)])
    values = np.asarray(g)
    assert (values == np.rint(values)).all() and 1 <= values.min() and values.max() <= 200
