"""What a long program makes and drops again is not kept (semantics.md S10)."""
import gc
import weakref

import numpy as np

import grumpy

g = grumpy.asarray(np.arange(30.0))


class Part:
    """Something that a piece of code, a handler or a function refers to."""


def kept(make, count=6000):
    """How many of the parts are there at the end when make(part) is called for each."""
    parts = []
    for _ in range(count):
        part = Part()
        parts.append(weakref.ref(part))
        make(part)
        del part
    gc.collect()
    return sum(p() is not None for p in parts)


def test_code_that_evaluates_once():
    codes = []

    def make(_):
        code = compile("(g * 2).sum().item()", "<made>", "eval")
        codes.append(weakref.ref(code))
        eval(code)

    grumpy.report().reset()
    kept(make)
    assert sum(c() is not None for c in codes) < 5000
    assert grumpy._core.event_tables()[1]["<made>", 1][0] == 6000


def test_ufuncs_made_for_a_call():
    assert kept(lambda part: np.frompyfunc(lambda x, p=part: x, 1, 1)(g)) < 100


def test_handlers_of_floating_point_errors():
    def make(part):
        with np.errstate(all="call", call=lambda kind, flag, p=part: None):
            g + 1

    assert kept(make) < 300
