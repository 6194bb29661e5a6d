"""NumPy's own tests, as installed, on wrapped arrays: whole modules, unmodified.

A test that fails must be in known.txt with its reason, and what known.txt lists must still fail. What
an array that hands everything to NumPy at once fails too does not count (see suite_runner). Warnings
are asked for at the call; the lazy default gives them at the evaluation (semantics.md S7).

The quick part runs in every test run, all of it by

    bash tests/run tests/numpy_suite -m heavy
"""
import functools
import pathlib

import numpy as np
import pytest
import suite_runner

HERE = pathlib.Path(__file__).resolve().parent

# How many tests of a module must have passed with a wrapped array in them, or it is not put on
# wrapped arrays any more. Left out: numpy.ma (its own classes hold the arrays), printing and
# StringDType (all that fails there asks for a NumPy scalar).
MODULES = {
    "numpy._core.tests.test_array_coercion": 108,
    "numpy._core.tests.test_casting_floatingpoint_errors": 209,
    "numpy._core.tests.test_datetime": 113,
    "numpy._core.tests.test_dlpack": 19,
    "numpy._core.tests.test_einsum": 76,
    "numpy._core.tests.test_errstate": 4,
    "numpy._core.tests.test_function_base": 23,
    "numpy._core.tests.test_half": 33,
    "numpy._core.tests.test_indexerrors": 8,
    "numpy._core.tests.test_indexing": 90,
    "numpy._core.tests.test_item_selection": 284,
    "numpy._core.tests.test_mem_overlap": 11,
    "numpy._core.tests.test_multiarray": 13242,
    "numpy._core.tests.test_nditer": 868,
    "numpy._core.tests.test_nep50_promotions": 414,
    "numpy._core.tests.test_numeric": 271,
    "numpy._core.tests.test_overrides": 25,
    "numpy._core.tests.test_regression": 160,
    "numpy._core.tests.test_scalarmath": 51,
    "numpy._core.tests.test_shape_base": 166,
    "numpy._core.tests.test_strings": 1944,
    "numpy._core.tests.test_ufunc": 731,
    "numpy._core.tests.test_umath": 3873,
    "numpy._core.tests.test_umath_accuracy": 39,
    "numpy._core.tests.test_umath_complex": 328,
    "numpy.fft.tests.test_helper": 5,
    "numpy.fft.tests.test_pocketfft": 145,
    "numpy.lib.tests.test_arraypad": 566,
    "numpy.lib.tests.test_arraysetops": 107,
    "numpy.lib.tests.test_function_base": 1269,
    "numpy.lib.tests.test_histograms": 58,
    "numpy.lib.tests.test_index_tricks": 28,
    "numpy.lib.tests.test_nanfunctions": 1150,
    "numpy.lib.tests.test_packbits": 278,
    "numpy.lib.tests.test_polynomial": 28,
    "numpy.lib.tests.test_regression": 10,
    "numpy.lib.tests.test_shape_base": 63,
    "numpy.lib.tests.test_stride_tricks": 14,
    "numpy.lib.tests.test_twodim_base": 25,
    "numpy.lib.tests.test_type_check": 28,
    "numpy.lib.tests.test_ufunclike": 5,
    "numpy.linalg.tests.test_linalg": 424,
    "numpy.linalg.tests.test_regression": 16,
    "numpy.polynomial.tests.test_chebyshev": 18,
    "numpy.polynomial.tests.test_classes": 161,
    "numpy.polynomial.tests.test_polynomial": 15,
}
QUICK = [
    "numpy._core.tests.test_umath_complex",
    "numpy.lib.tests.test_twodim_base",
    "numpy.lib.tests.test_type_check",
    "numpy.lib.tests.test_ufunclike",
]

of_this_numpy = pytest.mark.skipif(
    not np.__version__.startswith("2.4."), reason="known.txt speaks of the tests of NumPy 2.4")


@functools.cache
def known():
    """{module: {test id: reason}}; a reason is one that the head of known.txt explains."""
    tests, reasons = {}, set()
    for line in (HERE / "known.txt").read_text().splitlines():
        if line.startswith("# "):
            reasons.add(line[2:].partition(":")[0])
        elif line:
            name, reason = line.split("\t")
            module, test = name.split("::", 1)
            assert reason in reasons, f"known.txt does not explain {reason!r}"
            assert test not in tests.setdefault(module, {}), f"twice in known.txt: {name}"
            tests[module][test] = reason
    return tests


def check(module, monkeypatch, capsys):
    monkeypatch.setenv("GRUMPY_FP_WARNINGS", "call")
    monkeypatch.setenv("GRUMPY_VERIFY", "0")
    results = suite_runner.run_module(module, "grumpy:asarray")
    with capsys.disabled():
        print("", suite_runner.HEADER, suite_runner.counts(module, results), sep="\n")
    expected = known().get(module, {})
    new = [f"{module}::{test}\n{why}" for test, why in results.failed.items() if test not in expected]
    assert not new, "these fail, and are not in known.txt:\n" + "\n".join(new)
    stale = [f"{module}::{test}" for test in expected if test not in results.failed]
    assert not stale, "these are in known.txt, and do not fail:\n" + "\n".join(stale)
    assert len(results.passed) >= MODULES[module]


@of_this_numpy
@pytest.mark.parametrize("module", QUICK)
def test_quick(module, monkeypatch, capsys):
    check(module, monkeypatch, capsys)


@of_this_numpy
@pytest.mark.heavy
@pytest.mark.parametrize("module", MODULES)
def test_module(module, monkeypatch, capsys):
    check(module, monkeypatch, capsys)


def test_known_modules():
    """known.txt names modules that are run."""
    assert known().keys() <= MODULES.keys()


MODULE = '''
import os
import time

import numpy as np
import pytest
from numpy.testing import assert_equal

TABLE = [np.ones(3)]


class Case:
    array = np.ones(2)


def test_globals():
    for array in (TABLE[0], Case.array, np.zeros(2), np.random.default_rng(1).random(2)):
        assert type(array) is not np.ndarray and isinstance(array, (int, np.ndarray))
        assert_equal(array + 0, np.asarray(array))


@pytest.mark.parametrize("array", [np.arange(3)])
def test_parameters(array):
    assert type(array) is not np.ndarray


def test_crashes():
    os.abort()


def test_hangs():
    time.sleep(100)


def test_beyond():
    assert type(np.ones(2) + 1) is np.ndarray


def test_fails():
    assert np.ones(2).sum() == 3


def test_skipped():
    pytest.skip()


def test_untouched():
    assert np.float64(1) + 1 == 2


def test_forks():
    if os.fork() == 0:
        raise ValueError
    assert os.wait()[1] != 0
'''


def test_runner(tmp_path):
    """A crash or a hang costs one test; a process that a test forks goes no further."""
    module = tmp_path / "test_arrays.py"
    module.write_text(MODULE)
    records = suite_runner.run_tests(module, suite_runner.REFERENCE, limit=2)
    outcomes = {name: record["outcome"] for name, record in records.items()}
    assert outcomes == {
        "test_globals": "passed", "test_parameters[array0]": "passed", "test_crashes": "failed",
        "test_hangs": "failed", "test_beyond": "failed", "test_fails": "failed",
        "test_skipped": "skipped", "test_untouched": "passed", "test_forks": "passed"}
    assert [name for name, record in records.items() if not record["wrapped"]] == [
        "test_parameters[array0]", "test_skipped", "test_untouched", "test_forks"]
    assert "ended the process" in records["test_crashes"]["why"]
    assert "test_hangs" in records["test_hangs"]["why"]


def test_beyond(tmp_path):
    """What the reference fails too is reported apart."""
    module = tmp_path / "test_arrays.py"
    module.write_text(MODULE)
    only = ["test_beyond", "test_globals", "test_untouched"]
    results = suite_runner.run_module(module, "grumpy:asarray", only)
    assert (results.passed, results.untouched) == ({"test_globals"}, {"test_untouched"})
    assert (list(results.failed), list(results.beyond)) == ([], ["test_beyond"])
