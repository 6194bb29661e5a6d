"""The programs of bench/ give NumPy's answers on grumpy, on small inputs."""
import importlib
import pathlib
import sys

import numpy as np
import pytest

import grumpy

BENCH = pathlib.Path(__file__).resolve().parents[2] / "bench"
sys.path.insert(0, str(BENCH))
import demo  # noqa: E402
import harness  # noqa: E402
import report  # noqa: E402

CASES = [case for name in demo.PROGRAMS for case in importlib.import_module(name).CASES]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_program(case, monkeypatch):
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")  # scikit-learn's dispatch asks for it
    made = case.make(True)
    plain = harness.Runner(case, made, lambda array: array)
    lazy = harness.Runner(case, made, grumpy.asarray)
    plain.call()
    for _ in range(2):  # the second call finds its kernels
        lazy.call()
        agreement = harness.compare(case, lazy.results, plain.results)
        assert agreement.holds, str(agreement)


def test_every_program_is_in_the_demo():
    helpers = {"demo", "examples", "firstcall", "fresh", "harness", "memory", "operations",
               "photographs", "report", "rival_forms", "rival_loops", "rivals", "sweep",
               "sweep_report", "where", "workloads"}
    present = {path.stem for path in BENCH.glob("*.py")}
    assert present - helpers == set(demo.PROGRAMS)


def test_programs_do_not_know_grumpy():
    for name in demo.PROGRAMS:
        assert "grumpy" not in (BENCH / f"{name}.py").read_text()


@pytest.mark.parametrize(
    "got, holds",
    [
        ([np.array([1.0, 2.0])], True),
        ([np.array([1.0, 2.0 + 1e-9])], False),
        ([np.array([1.0, np.nan])], False),
        ([np.array([1.0, 2.0], np.float32)], False),
        ([np.array([1.0])], False),
        ([], False),
    ],
)
def test_a_wrong_answer_is_seen(got, holds):
    case = harness.Case("x", None, None, "")
    assert harness.compare(case, got, [np.array([1.0, 2.0])]).holds == holds


def test_report_stands_alone():
    row = demo.Row("A <program>", "2 x 2", 0.5, 0.6, 0.2, 0.1, 0.1, "identical",
                   exhibits=[harness.picture(np.zeros((2, 2)), "black")])
    page = report.html([row], "a machine", ("a graph", "<svg></svg>"))
    assert "<link" not in page and 'src="http' not in page
    assert "A &lt;program&gt;" in page and "5.0x" in page and "data:image/png" in page
