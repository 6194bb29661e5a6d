"""grumpy.config(deterministic=True): how work is done is decided by shapes and dtypes alone, so results
have the same bits with any number of threads, in any tier, at the first and at later runs
(semantics.md S6)."""
import os
import subprocess
import sys

import numpy as np
import pytest

import grumpy

MATMULS = [(3, 4, 5), (64, 64, 64), (130, 70, 257), (300, 300, 300), (512, 100, 33), (1, 40000, 1), (700, 900, 1),
           (1, 900, 700), (40, 30000, 40), (200, 20000, 3), (1000, 8, 1000)]


def operands(*shape, dtype="f8"):
    rng = np.random.default_rng(sum(shape))
    return rng.normal(size=shape).astype(dtype)


def product(m, k, n, dtype):
    a, b = operands(m, k, dtype=dtype), operands(k, n, dtype=dtype)
    return grumpy.array(a) @ grumpy.array(b)


def elementwise():
    x = grumpy.array(operands(400, 300))
    return np.exp(-x * x) + np.sin(x) / (x * x + 1.5)


def reductions():
    x = grumpy.array(operands(700, 900))
    y = (x - x.mean(axis=0)) * 1.7
    return (y * y).sum(axis=1) + y.var() + np.cumsum(y[0])[-1]


def fast():
    x, y = grumpy.array(operands(90000)), grumpy.array(operands(90000)[::-1])
    with grumpy.config(fp="fast"):
        return (x * y + x) / 3.7 - x * x


PROGRAMS = {f"{m}x{k}x{n} {t}": (lambda m=m, k=k, n=n, t=t: product(m, k, n, t)) for m, k, n in MATMULS for t in ("f4", "f8")}
PROGRAMS |= {
    "complex": lambda: product(150, 300, 90, "c16"),
    "half": lambda: product(60, 300, 90, "f2"),
    "own transpose": lambda: (lambda a: a @ a.T)(grumpy.array(operands(300, 500))),
    "long own transpose": lambda: (lambda a: a @ a.T)(grumpy.array(operands(60, 30000))),
    "batch": lambda: grumpy.array(operands(40, 30, 50)) @ grumpy.array(operands(40, 50, 20)),
    "transposed": lambda: grumpy.array(operands(900, 700)).T @ grumpy.array(operands(900)),
    "elementwise": elementwise, "reductions": reductions, "fast": fast,
}


def bits(program, **settings):
    with grumpy.config(deterministic=True, **settings):
        return np.asarray(program()).tobytes()


@pytest.mark.parametrize("name", PROGRAMS)
def test_threads_do_not_change_bits(name):
    one = bits(PROGRAMS[name], num_threads=1)
    for threads in (2, 3, 8):
        assert bits(PROGRAMS[name], num_threads=threads) == one


@pytest.mark.parametrize("name", [n for n in PROGRAMS if n != "fast"])
def test_tiers_do_not_change_bits(name):
    auto = bits(PROGRAMS[name])
    assert bits(PROGRAMS[name], jit="off") == auto
    assert bits(PROGRAMS[name], jit="sync") == auto


@pytest.mark.parametrize("name", PROGRAMS)
def test_later_runs_have_the_bits_of_the_first(name):
    first = bits(PROGRAMS[name])
    for _ in range(4):
        assert bits(PROGRAMS[name]) == first


def test_the_tier_is_settled_at_the_first_run():
    """Nothing is interpreted first and compiled later."""
    x = grumpy.array(operands(5000))
    with grumpy.config(deterministic=True):
        np.asarray(x * 1.25 + x / 3 - 0.5)
        grumpy.report().reset()
        for _ in range(5):
            np.asarray(x * 1.25 + x / 3 - 0.5)
    report = grumpy.report()
    assert report.compiled == 0 and report.interpreted == 0


PROGRAM = """
import sys; sys.path.insert(0, {folder!r})
import hashlib, test_deterministic as t
print(*(hashlib.sha256(t.bits(t.PROGRAMS[n])).hexdigest() for n in ("300x300x300 f8", "1x40000x1 f4", "reductions", "fast")))
"""


def test_another_process_and_an_empty_cache_give_the_same_bits(tmp_path):
    """And the environment's variable is the setting."""
    def run(**settings):
        code = PROGRAM.format(folder=os.path.dirname(__file__))
        return subprocess.run([sys.executable, "-P", "-c", code], env=os.environ | settings, check=True,
                              capture_output=True, text=True).stdout
    first = run(GRUMPY_CACHE_DIR=str(tmp_path), GRUMPY_NUM_THREADS="1")
    assert run(GRUMPY_CACHE_DIR=str(tmp_path), GRUMPY_NUM_THREADS="2") == first
    assert run(GRUMPY_CACHE="0", GRUMPY_DETERMINISTIC="1") == first
