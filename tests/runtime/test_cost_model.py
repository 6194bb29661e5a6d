"""What is compiled, and by which figures: measured once for the machine, with an end for lines that vary."""
import os
import subprocess
import sys
import warnings

import numpy as np
import pytest

import grumpy

MEASURED = """
import time
import numpy as np, grumpy
x = grumpy.asarray(np.ones(500_000))
for _ in range(200):
    np.asarray(x * x + x)
    text = grumpy.inspect.show(x, "choices").splitlines()[0]
    if text.startswith("costs measured"):
        break
    time.sleep(0.05)
print(text)
"""


def first_line(cache, **settings):
    environment = os.environ | {"GRUMPY_CACHE_DIR": str(cache), "GRUMPY_CALIBRATE": "1"} | settings
    return subprocess.run([sys.executable, "-P", "-c", MEASURED], env=environment, check=True,
                          capture_output=True, text=True).stdout


def test_costs_are_measured_once_and_kept(tmp_path):
    measured = first_line(tmp_path)
    assert measured.startswith("costs measured here: a step 0.")
    assert first_line(tmp_path) == measured


def test_costs_need_not_be_measured(tmp_path):
    assert first_line(tmp_path, GRUMPY_CALIBRATE="0").startswith("costs built in: a step 0.16 ns")


def expressions(x, count):
    """Values of ever new expressions that end on one line."""
    for k in range(count):
        y = x
        for digit in range(7):
            y = y + x if k >> digit & 1 else y * x
        np.asarray(y - 1)


@pytest.fixture
def x():
    return grumpy.asarray(np.full(3_000_000, 1.0))


def test_a_line_that_varies_is_compiled_for_up_to_the_limit(x):
    with grumpy.config(max_line_kernels=3), warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        grumpy.report().reset()
        expressions(x, 8)
        line = next(c for c in grumpy.report().compilations if c.file == __file__)
        assert line.count == 3
        expressions(x, 8)
        assert [c.count for c in grumpy.report().compilations if c.file == __file__] == [3]
    assert [str(w.message)[:51] for w in told] == ["so many different kernels have been compiled for th"]
    assert told[0].category is RuntimeWarning and told[0].filename == __file__ and told[0].lineno == line.line
    assert f"3x  {__file__}:{line.line}" in str(grumpy.report())
