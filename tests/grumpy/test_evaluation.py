"""When evaluation happens, and when it does not (semantics.md S8)."""
import copy
import pickle

import numpy as np
import pytest

import grumpy


def evaluations():
    return grumpy.report().evaluations


@pytest.fixture
def pending():
    g = grumpy.asarray(np.arange(12.0).reshape(3, 4))
    return g * 2 + 1


WANT = np.arange(12.0).reshape(3, 4) * 2 + 1

READS = {
    "print": str, "repr": repr, "bool of an element": lambda a: bool(a[0, 0]), "float": lambda a: float(a[1, 2]),
    "int": lambda a: int(a[1, 2]), "item": lambda a: a.item(3), "tolist": lambda a: a.tolist(),
    "elements": lambda a: list(a[0]), "asarray": np.asarray, "dlpack": lambda a: np.from_dlpack(a),
    "pickle": pickle.dumps, "nonzero": lambda a: a.nonzero(), "unique": np.unique,
    "mask as a value": lambda a: a[a > 3], "evaluate": grumpy.evaluate, "comparison": lambda a: bool((a == WANT).all()),
    "data": lambda a: a.data, "tobytes": lambda a: a.tobytes(), "in": lambda a: 3.0 in a}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_reads_evaluate(read, pending):
    before = evaluations()
    read(pending)
    assert evaluations() > before
    assert np.array_equal(np.asarray(pending), WANT)


LOOKS = {
    "shape": lambda a: a.shape, "dtype": lambda a: a.dtype, "ndim": lambda a: a.ndim, "size": lambda a: a.size,
    "len": len, "strides": lambda a: a.strides, "nbytes": lambda a: a.nbytes, "itemsize": lambda a: a.itemsize,
    "flags": lambda a: (a.flags.c_contiguous, a.flags.writeable, str(a.flags)), "rows": lambda a: [r.shape for r in a],
    "type": lambda a: repr(type(a)), "T": lambda a: a.T.shape, "views": lambda a: a[::2].reshape(-1)[1:],
    "arithmetic": lambda a: np.sqrt(a).sum(axis=0) * 3, "copy": copy.copy, "astype": lambda a: a.astype("f4"),
    "an element": lambda a: a[1, 2] + 1, "where": lambda a: np.where(a > 3, a, 0), "hash of the type": lambda a: hash(type(a)),
    "in place": lambda a: a.__iadd__(0)}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_looks_do_not_evaluate(look, pending):
    before = evaluations()
    kept = look(pending)
    assert evaluations() == before
    del kept
    assert np.array_equal(np.asarray(pending), WANT)


def test_dead_results_are_never_computed(pending):
    kernels = grumpy.report().kernels
    for _ in range(10):
        np.exp(pending).sum()
    assert grumpy.report().kernels == kernels


def test_shared_work_is_computed_once():
    x = grumpy.asarray(np.linspace(1, 2, 1000))
    shared = np.exp(np.sin(x) * np.cos(x))
    a, b = shared + 1, shared - 1
    np.asarray(a)
    moved = grumpy.report().kernels
    np.asarray(a), np.asarray(b)
    assert grumpy.report().kernels - moved <= 1
    assert np.allclose(np.asarray(a) - np.asarray(b), 2)


def test_limits_evaluate_unasked():
    with grumpy.config(max_pending_nodes=50):
        a = grumpy.asarray(np.zeros(3))
        before = evaluations()
        for _ in range(1000):
            a = a + 1
        assert evaluations() - before >= 10
        assert a.tolist() == [1000.0] * 3


def test_a_hundred_thousand_operations_on_one_array():
    a = grumpy.asarray(np.zeros(5))
    for _ in range(100_000):
        a += 1
    assert a.tolist() == [100_000.0] * 5
