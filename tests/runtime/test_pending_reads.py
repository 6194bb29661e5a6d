"""What is pending keeps the values it was recorded with, whatever is written or reused meanwhile."""
import numpy as np
import pytest

import grumpy
from grumpy.testing import compare

A = np.arange(1, 21).reshape(4, 5)


def test_a_forwarded_result_is_written_while_its_old_value_is_pending():
    g = grumpy.asarray(np.arange(12.0))
    forwarded = np.sort(g)  # NumPy's memory, which nobody else sees
    total = forwarded.sum()
    forwarded[2:] = 100
    assert np.asarray(forwarded).max() == 100
    assert float(total) == 66


@pytest.mark.parametrize("first", [0, 1, 2])
def test_a_leaf_that_a_node_outside_the_evaluation_needs_is_not_reused(first):
    def body(x):
        a = x.copy()
        masked = a & 3
        shared = 7 // a
        del a
        both = masked // shared
        least = shared.min(axis=1)
        del shared
        results = [masked, both, least]
        np.asarray(results[first])
        return [np.asarray(r) for r in results]
    for got, want in zip(body(grumpy.array(A)), body(A)):
        assert (got == want).all()


@pytest.mark.parametrize("order", ["C", "F", "A", "K"])
def test_ravel_copies_where_numpy_does(order):
    def body(x):
        out = []
        for v in (x, x.T, x[::-1], x[:, 1], x[1:3], x[:, ::2], x[::2].T):
            r = v.ravel(order)
            v[...] = v + 100
            out.append(np.asarray(r).tolist())
        return out
    compare(body, A)


@pytest.mark.parametrize("n", [1, 6, 24, 5000])
def test_a_copy_of_an_operand_whose_memory_is_reused(n):
    def body(x):
        largest = np.fmax(x, 2)
        both = np.concatenate([x, largest])
        x *= 3
        for array in (x, largest):
            np.asarray(array)
        return both
    compare(body, np.arange(-n, n))


def test_a_write_to_a_copy_that_something_has_read():
    def body(x):
        tiled = np.tile(x, 2)  # a copy of a view that repeats elements
        read = tiled + 3
        tiled[0, 0] = 77
        return tiled, read
    compare(body, np.arange(18).reshape(3, 6))
