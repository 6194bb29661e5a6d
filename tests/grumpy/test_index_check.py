"""grumpy.config(index_check="late"): a lazy index is recorded without being looked at; its bounds are
checked in the evaluation (semantics.md S2)."""
import os
import subprocess
import sys

import numpy as np
import pytest

import grumpy

A = np.arange(60.0).reshape(5, 12)


@pytest.fixture(autouse=True)
def late():
    with grumpy.config(index_check="late"):
        yield


def g(a):
    return grumpy.array(a)


def lazy(*positions):
    """A pending index."""
    return g(np.array(positions, np.int64)) + 0


def evaluations():
    return grumpy.report().evaluations


def no_evaluation(f):
    before = evaluations()
    result = f()
    assert evaluations() == before
    return result


def here():
    return f"{__file__}:{sys._getframe(1).f_lineno}"


def test_call_is_the_default_and_late_is_a_choice():
    with grumpy.config(index_check="call"), pytest.raises(IndexError):
        g(A)[lazy(7)]
    with pytest.raises(ValueError, match="call, late"):
        grumpy.config(index_check="never")
    out = subprocess.run([sys.executable, "-P", "-c", "import grumpy; print(grumpy.config.get('index_check'))"],
                         env=os.environ | {"GRUMPY_INDEX_CHECK": "late"}, capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "late"


READS = {
    "rows": lambda a, i, j: a[i],
    "columns": lambda a, i, j: a[:, j],
    "pairs": lambda a, i, j: a[i, j],
    "apart": lambda a, i, j: a[i, None, j],
    "outer": lambda a, i, j: a[i[:, None], j[None, :]],
    "of a view": lambda a, i, j: a[::-1, 1::2][i],
    "in a view": lambda a, i, j: a[1:, :][i - 1 if (i > 0).all() else i * 0],
    "take": lambda a, i, j: np.take(a, i, axis=0),
    "take flat": lambda a, i, j: np.take(a, j),
    "method": lambda a, i, j: a.take(j, axis=1),
    "2-d index": lambda a, i, j: a[np.stack([i, i])],
    "small index": lambda a, i, j: a[i.astype(np.int8)],
    "chain": lambda a, i, j: a[i[i * 0], j],
    "empty": lambda a, i, j: a[i[:0]],
}


@pytest.mark.parametrize("name", READS)
def test_reads_are_numpys(name):
    i, j = np.array([4, 0, -1, 2]), np.array([11, -12, 3, 3])
    want = READS[name](A, i, j)
    r = READS[name](g(A), g(i) + 0, g(j) + 0)
    assert r.shape == want.shape and r.dtype == want.dtype
    assert np.array_equal(np.asarray(r), want)


def test_reads_and_what_is_made_of_them_are_recorded():
    a, i = g(A), lazy(4, 0, -1)
    r = no_evaluation(lambda: (a[i] * 2).sum(axis=1))
    assert r.shape == (3,)
    assert np.array_equal(np.asarray(r), (A[[4, 0, -1]] * 2).sum(axis=1))


def test_an_index_known_already_is_checked_at_the_call():
    i = lazy(7)
    grumpy.evaluate(i)
    with pytest.raises(IndexError, match="index 7 is out of bounds for axis 0 with size 5"):
        g(A)[i]


@pytest.mark.parametrize("read, axis, size, bad", [
    (lambda a: a[lazy(1, 7, 9)], 0, 5, 7), (lambda a: a[lazy(1, -6)], 0, 5, -6),
    (lambda a: a[:, lazy(12)], 1, 12, 12), (lambda a: a[None, lazy(0), lazy(99)], 1, 12, 99),
    (lambda a: a[lazy(5), None, lazy(0)], 0, 5, 5), (lambda a: np.take(a, lazy(60)), 0, 60, 60)])
def test_a_bad_index_is_numpys_error_with_the_recording_line(read, axis, size, bad):
    a = g(A)
    r = no_evaluation(lambda: read(a))
    for _ in range(2):  # whoever asks, and again
        with pytest.raises(IndexError) as e:
            np.asarray(r)
        assert f"index {bad} is out of bounds for axis {axis} with size {size}" in str(e.value)
    assert "test_index_check.py:" in str(e.value)
    assert np.array_equal(np.asarray(a), A)


def test_the_line_is_the_one_that_recorded():
    a, i = g(A), lazy(9)
    r = a[i]; line = here()  # noqa: E702
    s = r + 1
    with pytest.raises(IndexError) as e:
        s.sum().item()
    assert line in str(e.value)


WRITES = {
    "scalar": lambda a, i, j: a.__setitem__(i, 7),
    "rows": lambda a, i, j: a.__setitem__(i, a[:4] * 2),
    "row": lambda a, i, j: a.__setitem__(i, a[1]),
    "pairs": lambda a, i, j: a.__setitem__((i, j), [1, 2, 3, 4]),
    "columns": lambda a, i, j: a.__setitem__((slice(None), j), -1),
    "view": lambda a, i, j: a[1:, ::2].__setitem__((i // 2, j // 2), 5.5),
    "integers": lambda a, i, j: a.__setitem__(i, np.arange(12)),
    "put": lambda a, i, j: np.put(a, j, [1, 2, 3, 4]),
    "put scalar": lambda a, i, j: np.put(a, j, 9),
    "put method": lambda a, i, j: a.put(j, 9),
    "add.at": lambda a, i, j: np.add.at(a, i, 1.5),
    "add.at pairs": lambda a, i, j: np.add.at(a, (i, j), [1, 2, 3, 4]),
    "maximum.at": lambda a, i, j: np.maximum.at(a, (slice(None), j), 30),
    "augmented": lambda a, i, j: a.__setitem__(i, a[i] + 1),
    "own rows": lambda a, i, j: a.__setitem__(i, a[i[::-1]]),
}


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("pending", [False, True])
def test_writes_are_numpys(name, pending):
    i, j = np.array([4, 0, -1, 2]), np.array([11, -12, 3, 3])
    want = A.copy()
    WRITES[name](want, i, j)
    a = g(A) + 0 if pending else g(A)
    before = a.copy()
    view = a[:, 3]
    old = view + 0
    no_evaluation(lambda: WRITES[name](a, g(i) + 0, g(j) + 0))
    assert np.array_equal(np.asarray(view + 0), want[:, 3])
    assert np.array_equal(np.asarray(a), want)
    assert np.array_equal(np.asarray(before), A)
    assert np.array_equal(np.asarray(old), A[:, 3])


def test_many_writes_in_a_row():
    a, want = g(np.zeros(50)), np.zeros(50)
    for k in range(300):
        a[lazy(k % 50, k * 7 % 50)] = k
        want[[k % 50, k * 7 % 50]] = k
    assert np.array_equal(np.asarray(a), want)


@pytest.mark.parametrize("write", [
    lambda a, i: a.__setitem__(i, -1), lambda a, i: np.add.at(a, i, 1), lambda a, i: np.put(a, i * 100, 3),
    lambda a, i: a[1:].__setitem__(i, 2), lambda a, i: a.__setitem__((i, slice(2, 4)), 5)])
@pytest.mark.parametrize("pending", [False, True])
def test_a_failed_write_is_undone(write, pending):
    a = g(A) + 0 if pending else g(A)
    before, other = a * 2, g(A) * 3
    no_evaluation(lambda: write(a, lazy(0, 7)))
    after, later = a + 1, (a + 1).sum()
    for _ in range(2):
        with pytest.raises(IndexError, match="is out of bounds for axis 0"):
            np.asarray(after)
    for _ in range(2):
        with pytest.raises(IndexError, match="is out of bounds for axis 0"):
            float(later)
    assert np.array_equal(np.asarray(a), A)
    assert np.array_equal(np.asarray(before), A * 2)
    assert np.array_equal(np.asarray(other), A * 3)
    a[lazy(0, 4)] = 1  # still usable
    want = A.copy()
    want[[0, 4]] = 1
    assert np.array_equal(np.asarray(a), want)
    assert np.array_equal(np.asarray(a + 1), want + 1)


def test_the_array_itself_raises_once_and_is_readable_then():
    a = g(A)
    a[lazy(7)] = 0
    with pytest.raises(IndexError, match="index 7 is out of bounds for axis 0 with size 5"):
        np.asarray(a)
    assert np.array_equal(np.asarray(a), A)


def test_other_writes_stay():
    a, want = g(A), A.copy()
    a[0] = -1
    a[lazy(1)] = -2
    a[lazy(7)] = 0        # fails
    a[2, 2:4] = -3
    a[3] = a[lazy(8)]     # reads what the failed write would have given: undone with it
    a[lazy(4)] = -4
    a[4, 0] = a[0, 0]     # and so is this
    want[0], want[1], want[2, 2:4], want[4] = -1, -2, -3, -4
    with pytest.raises(IndexError, match="index 7"):
        np.asarray(a)
    assert np.array_equal(np.asarray(a), want)


def test_failed_writes_are_told_one_by_one():
    a, b = g(A), g(A) * 2
    a[lazy(7)] = 0
    a[1] = b[lazy(8)]
    a[2] = 1
    for bad in (7, 8):
        with pytest.raises(IndexError, match=f"index {bad}"):
            np.asarray(a)
    want = A.copy()
    want[2] = 1
    assert np.array_equal(np.asarray(a), want)
    assert np.array_equal(np.asarray(b), A * 2)


def test_writes_of_the_whole_are_undone_too():
    a, b, c = g(A), g(A), g(A)
    a[...] = g(A)[lazy(0, 1, 2, 3, 9)]
    b += g(A)[lazy(0, 1, 2, 3, 9)]
    c[lazy(9)] = 1
    c *= 2
    for x in (a, b, c):
        with pytest.raises(IndexError, match="index 9"):
            np.asarray(x)
        assert np.array_equal(np.asarray(x), A)


def test_an_overwritten_failure_is_still_told():
    a = g(A)
    a[lazy(9)] = 1
    a[...] = 5
    with pytest.raises(IndexError, match="index 9"):
        np.asarray(a)
    assert np.all(np.asarray(a) == 5)


def test_one_failure_leaves_what_is_evaluated_with_it():
    x = g(A) * 2
    bad, good = x[lazy(9)], x[lazy(1)]
    with pytest.raises(IndexError, match="index 9"):
        grumpy.evaluate(good, bad, x)
    assert np.array_equal(np.asarray(good), A[[1]] * 2)
    assert np.array_equal(np.asarray(x), A * 2)


def test_pending_failures_do_not_stop_exports_and_unasked_evaluations():
    a = g(A)
    bad = a[lazy(9)] + 1
    with pytest.raises(IndexError):
        np.asarray(bad)
    nd = np.asarray(a)
    nd[0, 0] = 17
    assert np.array_equal(np.asarray(a + 0), nd)
    with pytest.raises(IndexError):
        np.asarray(bad)
    del nd
    with grumpy.config(max_pending_nodes=5):
        x = g(A)
        for _ in range(20):
            x = x + 1
        assert np.array_equal(np.asarray(x), A + 20)


def test_a_shared_array_is_checked_at_the_call():
    a = g(A)
    nd = np.asarray(a)
    with pytest.raises(IndexError):
        a[lazy(9)]
    with pytest.raises(IndexError):
        a[lazy(9)] = 1
    a[lazy(1)] = 1
    assert np.all(nd[1] == 1)


def test_an_index_overwritten_later_counts_as_it_was():
    i = lazy(0, 1)
    r = g(A)[i]
    i[0] = 99
    assert np.array_equal(np.asarray(r), A[[0, 1]])
    assert np.array_equal(np.asarray(i), [99, 1])


def test_errors_of_the_operation_itself_are_told():
    a = g(np.full(3, 1e308))
    np.add.at(a, lazy(0, 0), 1e308)
    with pytest.warns(RuntimeWarning, match="overflow"):
        np.asarray(a)


def test_what_is_shown_and_reported_needs_no_value():
    a = g(A)
    r = a[lazy(1, 2)] + 1
    assert r.shape == (2, 12)
    assert "take" in grumpy.show(r)
    assert np.array_equal(np.asarray(r), A[[1, 2]] + 1)


@pytest.mark.parametrize("shape, key", [((3, 0), ("i",)), ((0, 3), ("i",)), ((3, 3), ("i", slice(0))), ((3, 3, 0), ("i", "i"))])
def test_an_index_into_nothing_is_checked_at_the_call(shape, key):
    a, i = grumpy.zeros(shape) + 0, grumpy.array([7, 1]) + 0
    with pytest.raises(IndexError, match="index 7 is out of bounds for axis 0 with size"):
        a[tuple(i if k == "i" else k for k in key)] = 1


def test_an_index_that_broadcasts_to_nothing_is_not_checked():
    a, i = grumpy.zeros((3, 3)) + 0, grumpy.array([7, 1]) + 0
    assert a[i, np.zeros((0, 2), int)].shape == (0, 2)
    a[i, np.zeros((0, 2), int)] = 1
    assert a.sum() == 0
    with pytest.raises(IndexError, match="index 7 is out of bounds for axis 0 with size 3"):
        a[(i + 0)[:1].reshape(()), np.zeros(0, int)] = 1  # one of no axes is an integer
