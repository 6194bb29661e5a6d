"""The measuring scripts: workloads give NumPy's answers, each script runs and prints its table."""
import importlib
import json
import os
import pathlib
import subprocess
import sys

import pytest

import grumpy

BENCH = pathlib.Path(__file__).resolve().parents[2] / "bench"
sys.path.insert(0, str(BENCH))
import harness  # noqa: E402
import workloads  # noqa: E402


@pytest.mark.parametrize("workload", workloads.WORKLOADS.values(), ids=lambda w: w.name)
def test_workload(workload):
    case = workload.case(workload.small)
    made = case.make(True)
    plain = harness.Runner(case, made, lambda array: array)
    lazy = harness.Runner(case, made, grumpy.asarray)
    plain.call()
    for _ in range(2):
        lazy.call()
        agreement = harness.compare(case, lazy.results, plain.results)
        assert agreement.holds, str(agreement)


def test_sizes_in_words():
    assert workloads.label(dict(n=2**20, d=8, rows=100_000, k=1000, dtype="f4")) == (
        "n=2^20, d=8, rows=1e5, k=1000, dtype=f4")


def test_choosing():
    assert [w.name for w in workloads.choose("W10,relu")] == ["relu", "add"]
    assert workloads.choose(None) == list(workloads.WORKLOADS.values())
    with pytest.raises(SystemExit, match="no workload W99; there are black-scholes"):
        workloads.choose("W99,W1")


def run(script, *options):
    """The lines that a script prints; nothing may go to standard error."""
    done = subprocess.run([sys.executable, str(BENCH / script), *options], capture_output=True,
                          text=True, env=dict(os.environ, OMP_NUM_THREADS="1"), timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_first_calls():
    lines = run("firstcall.py", "--only", "add,sgd", "--small", "--rounds", "1",
                "--seconds", "0.01")
    sgd, add = lines[2:4]
    assert sgd.split()[:2] == ["sgd", "n=100"] and add.split()[:2] == ["add", "n=100"]
    assert len(add.replace("!", "").split()) == 10
    assert "import " in lines[-2] and lines[-2].startswith("grumpy with an empty cache")
    assert "of 2 workloads beyond NumPy's first call + 1 ms" in lines[-1]


def test_memory():
    lines = run("memory.py", "--only", "add", "--sizes", "small", "--calls", "3",
                "--seconds", "0.2")
    assert lines[2].split()[:2] == ["add", "n=100"]
    assert len(lines[2].split()) >= 8
    assert "The library itself takes" in lines[-1] and "of 1 rows" in lines[-1]


def test_what_memory_finds():
    import memory

    theirs = {"peak": 100e6, "faults": 5000}
    for ours, found in [({"peak": 90e6, "faults": 0}, ""), ({"peak": 90e6, "faults": 3}, "faults"),
                        ({"peak": 150e6, "faults": 3}, "faults, peak")]:
        assert memory.findings(ours, theirs) == found


def test_rivals(tmp_path):
    """Without rivals: NumPy and grumpy in turn, the table, the file of times, the plot."""
    times, plot = tmp_path / "times.json", tmp_path / "plot.svg"
    for only in ("add", "sgd,add"):
        lines = run("rivals.py", "--only", only, "--rivals", "grumpy", "--sizes", "small",
                    "--seconds", "0.02", "--markdown", "--json", str(times), "--plot", str(plot))
    assert lines[0] == "| workload | size | NumPy | grumpy | medians | best rival |"
    assert [line.split("|")[1].strip() for line in lines[2:4]] == ["sgd", "add"]
    assert lines[-1].startswith("grumpy: geometric mean") and "of 2 rows below it" in lines[-1]
    held = json.loads(times.read_text())
    assert [row["workload"] for row in held] == ["sgd", "add"]
    assert set(held[0]["times"]) == {"numpy", "grumpy"}
    assert "sgd, n=100" in plot.read_text()


def test_who_is_wrong_is_left_out(monkeypatch, capsys):
    import rivals

    monkeypatch.setattr(rivals, "prepare", lambda rival, workload, made: lambda: made[0])
    add = workloads.WORKLOADS["add"]
    times = rivals.measure(add, add.small, ["numpy", "grumpy", "jax"], 0.01, lambda text: None)
    assert set(times) == {"numpy", "grumpy"}
    assert "add on jax: ArithmeticError" in capsys.readouterr().err


def test_rivals_have_forms_of_workloads_only():
    import rival_forms

    named = {*rival_forms.EXPRESSIONS, *rival_forms.REDUCTIONS}
    if not rival_forms.missing("numba"):
        named |= set(importlib.import_module("rival_loops").LOOPS)
    assert named <= set(workloads.WORKLOADS)


def test_a_failing_measurement_says_so():
    import fresh

    gone = workloads.WORKLOADS["add"]
    with pytest.raises(RuntimeError, match="add on numpy: .*unexpected keyword argument 'm'"):
        fresh.run(BENCH / "firstcall.py", "numpy", gone, {"m": 1}, {"seconds": 0.0})


def test_where_time_goes():
    lines = run("where.py", "--only", "add,sgd", "--sizes", "small", "--seconds", "0.01")
    assert lines[0].split()[:2] == ["workload", "size"]
    assert lines[1].split()[:3] == ["W7", "sgd", "n=100"] and lines[2].split()[:3] == ["W10", "add", "n=100"]
    assert lines[2].split()[7] == "1"  # one kernel
    assert lines[-1].startswith("A copy of 32 MiB moves ")
