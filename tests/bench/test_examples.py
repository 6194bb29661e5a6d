"""The worked examples: what agrees, what stays wrapped, what is converted and forwarded."""
import os
import pathlib
import subprocess
import sys

import pytest

pytest.importorskip("sklearn")
BENCH = pathlib.Path(__file__).resolve().parents[2] / "bench"


def run(program):
    """Runs a program beside the examples, with SCIPY_ARRAY_API set before SciPy is imported."""
    done = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True,
                          env=dict(os.environ, PYTHONPATH=str(BENCH), OMP_NUM_THREADS="1"))
    assert done.returncode == 0, done.stderr


PIPELINE = """
import examples
import numpy as np

ways = examples.run_ways(examples.pipeline_ways(small=True))
for way in ways:
    assert way.agreement.holds, (way.name, str(way.agreement))
    got, want = way.runner.results, ways[0].runner.results
    assert np.array_equal(got[0], want[0]) and got[2] == want[2], way.name  # predictions, score
on, off = ways[2:]
assert on.wrapped, on.types
assert on.conversions == 0, on.counts
names = {entry.name for entry in on.counts.forwards}
assert names <= {"numpy.linalg.svd", "numpy.unique", "numpy.searchsorted"}, on.counts
assert on.forwards <= 12, on.counts
assert all(kind is np.ndarray or issubclass(kind, np.generic) for kind in off.types), off.types
assert 0 < off.conversions <= 13, off.counts
assert off.forwards == 0, off.counts
"""

KMEANS = """
import examples
import numpy as np

ways = examples.run_ways(examples.kmeans_ways(small=True))
for way in ways:
    assert way.agreement.holds, (way.name, str(way.agreement))
code, theirs = ways[1], ways[3]
assert code.wrapped, code.types
assert (code.conversions, code.forwards) == (0, 0), code.counts
assert code.counts.evaluations <= 10 * 16, code.counts  # one for each mask
assert all(kind is np.ndarray for kind in theirs.types), theirs.types
assert 0 < theirs.conversions <= 4, theirs.counts
assert theirs.forwards == 0, theirs.counts
"""


@pytest.mark.parametrize("program", [PIPELINE, KMEANS], ids=["pipeline", "k-means"])
def test_example(program):
    run(program)


def test_examples_print_what_they_found():
    done = subprocess.run([sys.executable, str(BENCH / "examples.py"), "--small", "--seconds", "0.1"],
                          capture_output=True, text=True, env=dict(os.environ, OMP_NUM_THREADS="1"))
    assert done.returncode == 0, done.stderr
    for text in ("grumpy, dispatch on", "wrapped", "numpy.linalg.svd", "KMeans on grumpy"):
        assert text in done.stdout
    assert done.stderr == ""
