"""Plans and kernels are made once: for a shape, for a loop, for a second process."""
import os
import subprocess
import sys

import numpy as np
import pytest

import grumpy


def step(x, y):
    return np.sqrt(x * x + y) - y / (x + 2.5)


def arrays(n):
    rng = np.random.default_rng(n)
    return grumpy.asarray(rng.uniform(1, 2, n)), grumpy.asarray(rng.uniform(1, 2, n))


def test_a_plan_is_made_once():
    x, y = arrays(1234)
    np.asarray(step(x, y))
    grumpy.report().reset()
    for _ in range(10):
        np.asarray(step(x, y))
    report = grumpy.report()
    assert (report.evaluations, report.plans, report.plan_hits) == (10, 0, 10)


def test_a_kernel_is_compiled_once_for_all_sizes():
    with grumpy.config(jit="sync"):
        np.asarray(step(*arrays(1000)))
        grumpy.report().reset()
        for n in (10, 999, 2000, 30_011):
            np.asarray(step(*arrays(n)))
    report = grumpy.report()
    assert report.compiled == 0 and report.disk_hits == 0 and report.plans == 4


PROGRAM = """
import numpy as np, grumpy
x = grumpy.asarray(np.linspace(0, 1, 300_000).reshape(300, 1000))
y = np.exp(-x * x) + np.sin(x) / (x + 1)
total = (y - y.mean(axis=1, keepdims=True)).var()
np.asarray(y), float(total)
print(grumpy.report().compiled, grumpy.report().disk_hits)
"""


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def second_process(cache, **settings):
    """(compiled, from disk) of PROGRAM in a process of its own."""
    environment = os.environ | {"GRUMPY_CACHE_DIR": str(cache), "GRUMPY_JIT": "sync"} | settings
    out = subprocess.run([sys.executable, "-P", "-c", PROGRAM], env=environment, check=True,
                         capture_output=True, text=True).stdout
    return tuple(map(int, out.split()))


def test_a_second_process_compiles_nothing(cache):
    compiled, hits = second_process(cache)
    assert compiled > 0 and hits == 0
    assert second_process(cache) == (0, compiled)
    assert cache.stat().st_mode & 0o777 == 0o700


def test_a_damaged_entry_is_compiled_again(cache):
    compiled, _ = second_process(cache)
    for file in cache.rglob("*"):
        if file.is_file():
            data = bytearray(file.read_bytes())
            data[len(data) // 2] ^= 0x55
            file.write_bytes(data)
    assert second_process(cache) == (compiled, 0)
    assert second_process(cache) == (0, compiled)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda p: p.touch()])
def test_what_is_no_entry_is_replaced(cache, make):
    compiled, _ = second_process(cache)
    for file in cache.glob("*.o"):
        file.unlink()
        make(file)
    assert second_process(cache) == (compiled, 0)
    assert second_process(cache) == (0, compiled)


def test_what_a_killed_process_left_goes(cache):
    cache.mkdir(mode=0o700)
    old, new = cache / ".1.0.tmp", cache / ".2.0.tmp"
    old.touch()
    new.touch()
    os.utime(old, (0, 0))
    second_process(cache)
    assert new.exists() and not old.exists()


def test_the_disk_cache_can_be_switched_off(cache):
    compiled, _ = second_process(cache, GRUMPY_CACHE="0")
    assert compiled > 0 and not list(cache.rglob("*"))
    assert second_process(cache, GRUMPY_JIT="off") == (0, 0)
