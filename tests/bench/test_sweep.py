"""The sweep of operations runs, on small arrays, and leaves nothing out without saying so."""
import json
import pathlib
import sys

import numpy as np
import pytest

BENCH = pathlib.Path(__file__).resolve().parents[2] / "bench"
sys.path.insert(0, str(BENCH))
import operations  # noqa: E402
import sweep  # noqa: E402
import sweep_report  # noqa: E402


def test_tables_name_what_there_is():
    assert operations.missing() == []


def test_groups_are_those_of_the_report():
    assert {o.group for o in operations.operations()} <= set(operations.GROUPS)


@pytest.fixture(scope="module")
def cells():
    """Every line once: no more time than the least number of calls takes."""
    made = sweep.Sweep(seconds=0, slowest=10)
    return made.run(operations.operations(), ["f8", "u1", "c16"], ["strided", "transposed"], [12],
                    0, lambda text: None)


def test_every_line_runs(cells):
    never = {o.line for o in operations.operations()} - {cell.line for cell in cells}
    assert not {line for line in never if not line.startswith("special.")}


def test_answers_are_numpys(cells):
    wrong = [(cell.line, cell.dtype, cell.layout, cell.note) for cell in cells
             if sweep_report.is_wrong(cell)]
    assert wrong == []


def test_every_cell_has_its_times(cells):
    for cell in cells:
        if not cell.note:
            assert min(cell.numpy, cell.grumpy, cell.recorded) > 0
            assert cell.numpy_median >= cell.numpy and cell.grumpy_median >= cell.grumpy


def test_program(tmp_path):
    out, text = tmp_path / "cells.json", tmp_path / "table.md"
    status = sweep.main(["--only", "x + y|np.sin|M.sum(1)|M.T", "--quick", "--largest", "100",
                         "--seconds", "0", "--layouts", "contiguous", "--json", str(out),
                         "--markdown", str(text)])
    assert status == 0
    lines = {(cell["group"], cell["line"]) for cell in json.loads(out.read_text())}
    assert lines >= {("operators", "x + y"), ("ufuncs", "np.sin(x)"), ("methods", "M.sum(1)"),
                     ("views", "M.T")}
    for part in ("geometric mean", "| operators |", "## Below the targets"):
        assert part in text.read_text()


@pytest.mark.parametrize("got, want, right", [
    (np.arange(3.0), np.arange(3.0), True),
    (np.arange(3.0) * (1 + 1e-12), np.arange(3.0), True),
    (np.arange(3.0) + 0.1, np.arange(3.0), False),
    (np.array([1, 2]), np.array([1, 3]), False),
    (np.arange(3.0), np.arange(3), False),
    ((np.arange(3), np.arange(2)), (np.arange(3),), False),
    (np.array([np.nan]), np.array([1.0]), False),
])
def test_a_wrong_answer_is_seen(got, want, right):
    assert (sweep.difference(got, want, "f8") == "") == right


@pytest.mark.parametrize("got, exact, nearer", [
    (5000.0, 5000.0, True), (2048.0, 5000.0, True), (2047.0, 5000.0, False), (np.nan, 5000.0, False),
    (np.inf, 1e5, True),
])
def test_what_is_nearer_than_numpy_is_right(got, exact, nearer):
    """A running sum of float16 that stops growing, and the sum in double precision."""
    got, want, exact = (np.array(x) for x in (got, 2048.0, exact))
    with np.errstate(over="ignore"):
        assert sweep.is_nearer(got.astype("f2"), want.astype("f2"), exact) == nearer


@pytest.mark.parametrize("line, n, numpy, grumpy, meets", [
    ("x + y", 10, 1e-6, 1.01e-6, True),
    ("x + y", 10, 1e-6, 1.2e-6, False),
    ("np.add(x, y)", 10, 1e-6, 1.2e-6, True),
    ("np.add(x, y)", 10, 1e-6, 1.3e-6, False),
    ("np.add(x, y)", 1000, 1e-6, 1.2e-6, False),
])
def test_targets(line, n, numpy, grumpy, meets):
    assert sweep.Cell("", line, "f8", "contiguous", n, numpy, grumpy).meets_target() == meets
