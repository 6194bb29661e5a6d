"""Code that runs when an object ends may use grumpy, also when grumpy ends the object."""
import weakref

import numpy as np

import grumpy

shared = grumpy.asarray(np.arange(50_000.0))


class Log:
    """A callback for weak references that records and evaluates."""

    def __init__(self):
        self.sums = []

    def __call__(self, _):
        self.sums.append(float((shared + 1).sum()))


def test_a_code_object_that_ends_with_its_last_recorded_operation():
    log = Log()
    names = {}
    exec("def double(g): return g * 2", names)
    double = names.pop("double")
    watch = weakref.ref(double.__code__, log)
    y = double(grumpy.asarray(np.arange(50_000.0))) + 1  # the product is nobody's but the sum's
    del double
    assert y.item(3) == 7 and log.sums == [float(np.arange(1.0, 50_001).sum())]
    assert watch() is None


def test_a_map_that_ends_when_what_reads_it_is_evaluated(tmp_path):
    log = Log()
    np.arange(50_000.0).tofile(tmp_path / "x")
    mapped = np.memmap(tmp_path / "x", dtype=float, mode="r")
    watch = weakref.ref(mapped, log)
    y = grumpy.asarray(mapped) * 2
    del mapped
    assert watch() is not None
    assert y.item(3) == 6 and len(log.sums) == 1


def test_a_handler_of_floating_point_errors_evaluates():
    log = Log()
    with np.errstate(divide="call", call=lambda kind, flag: log(kind)):
        y = grumpy.asarray(np.ones(50_000)) / 0
    assert len(log.sums) == 1 and y.item(0) == np.inf
