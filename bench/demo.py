#!/usr/bin/env python3
"""Run every program of bench/ on NumPy and on grumpy in turn, compare, and write a report.

Both get the same arrays and run the same functions; each timed call ends when its results are
NumPy arrays. The arrays are wrapped before the clock starts. "First call" is the very first in
this process, with an empty kernel cache; then the two take turns.
"""
import argparse
import contextlib
import dataclasses
import gc
import importlib
import json
import os
import pathlib
import platform
import sys
import tempfile
import time
import warnings

import numpy as np
import report
from harness import Runner, compare, interleave
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.progress import TimeElapsedColumn
from rich.table import Table

PROGRAMS = ["black_scholes", "kmeans", "jacobi", "char_rnn", "digits", "pipeline", "elementwise",
            "optimisers", "nbody", "mandelbrot"]
ROOT = pathlib.Path(__file__).resolve().parent.parent


@dataclasses.dataclass
class Row:
    """What was measured of one case; seconds, and per-call counts of one steady call."""

    name: str
    size: str
    numpy: float
    numpy_median: float
    first: float = 0.0
    steady: float = 0.0
    steady_median: float = 0.0
    agreement: str = ""
    agrees: bool = True
    kernels: int = 0
    library_calls: int = 0
    compiled: int = 0
    compile_ms: float = 0.0
    bytes_moved: int = 0
    forwards: int = 0
    problem: str = ""
    exhibits: list = dataclasses.field(default_factory=list)
    forwarded: list = dataclasses.field(default_factory=list)

    @property
    def factor(self):
        return self.numpy / self.steady if self.steady else 0.0


def counters(library):
    """grumpy's counters as they stand; forwards as a text for each place."""
    now = library.report()
    forwards = {}
    for entry in now.forwards:
        where = f"{entry.name} at {entry.file}:{entry.line}: {entry.reason}"
        forwards[where] = forwards.get(where, 0) + entry.count
    return {"kernels": now.kernels, "library_calls": now.library_calls,
            "compiled": now.compiled, "compile_ns": now.compile_ns,
            "bytes_moved": now.bytes_moved, "forwards": forwards}


def change(before, after):
    forwards = {where: count - before["forwards"].get(where, 0)
                for where, count in after["forwards"].items()}
    out = {key: after[key] - before[key] for key in after if key != "forwards"}
    out["forwards"] = {where: count for where, count in forwards.items() if count}
    return out


def measure(case, library, small, seconds, say):
    """Run one case on NumPy and, when it is there, on the library."""
    say("data")
    made = case.make(small)
    plain = Runner(case, made, lambda array: array)
    say("NumPy")
    plain.call()
    want = plain.results
    row = Row(case.name, case.size, 0.0, 0.0)
    shown = want
    if library is None:
        interleave([plain], seconds, at_least=1)
    else:
        say("grumpy, first call")
        lazy = Runner(case, made, library.asarray)
        start = counters(library)
        row.first = lazy.call()
        agreement = compare(case, lazy.results, want)
        row.agreement, row.agrees = str(agreement), agreement.holds
        say("in turn")
        plain.times.seconds.clear()
        lazy.times.seconds.clear()
        interleave([plain, lazy], seconds, at_least=2 if row.first > 3 else 3)
        again = compare(case, lazy.results, want)  # the compiled code is judged, too
        if not again.holds:
            row.agreement, row.agrees = str(again), False
        row.steady, row.steady_median = lazy.times.min, lazy.times.median
        before = counters(library)
        lazy.call()
        after = counters(library)
        steady, whole = change(before, after), change(start, after)
        row.kernels, row.library_calls = steady["kernels"], steady["library_calls"]
        row.bytes_moved = steady["bytes_moved"]
        row.compiled, row.compile_ms = whole["compiled"], whole["compile_ns"] / 1e6
        row.forwards = sum(steady["forwards"].values())
        row.forwarded = [f"{count}x {where}" for where, count in steady["forwards"].items()]
        shown = lazy.results
    row.numpy, row.numpy_median = plain.times.min, plain.times.median
    if case.show:
        say("pictures")
        row.exhibits = case.show(shown, made)
    return row


def failed(case, error):
    return Row(case.name, case.size, 0.0, 0.0, agrees=False,
               problem=f"{type(error).__name__}: {error}")


# --- The end: tables ----------------------------------------------------------------------------


def line(row):
    """One finished case, in words."""
    if row.problem:
        return f"[red]✗ {row.name}[/]: {row.problem}"
    if not row.steady:
        return f"  {row.name}: NumPy {report.seconds(row.numpy)}"
    mark = "[green]✓[/]" if row.agrees else "[red]✗[/]"
    return (f"{mark} {row.name}: NumPy {report.seconds(row.numpy)}, grumpy "
            f"{report.seconds(row.steady)}, [bold]{row.factor:.1f}x[/]; "
            f"{'agrees' if row.agrees else 'DIFFERS'}: {row.agreement}")


def table(rows, columns, title):
    out = Table(title=title, title_justify="left")
    for i in columns:
        out.add_column(report.COLUMNS[i], justify="left" if i == 0 else "right", no_wrap=i == 0)
    for row in rows:
        cells = report.cells(row)
        out.add_row(*[cells[i][:60] for i in columns])
    return out


def print_results(rows, console):
    """One table where it fits, else one of times and one of work."""
    times, work = "NumPy and grumpy, the least of several calls in turn", "What one call does"
    if console.width >= 130 or not console.is_terminal:
        console.print(table(rows, range(len(report.COLUMNS)), times))
    else:
        console.print(table(rows, report.TIMES, times))
        console.print(table(rows, report.WORK, work))


def machine(library):
    """Where and with what this was measured."""
    model = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        for text in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
            if text.startswith("model name"):
                model = text.split(":", 1)[1].strip()
                break
    parts = [f"{model}, {len(os.sched_getaffinity(0))} CPUs",
             f"Python {platform.python_version()}", f"NumPy {np.__version__}"]
    if library is not None:
        parts.append(f"grumpy {library.__version__}")
    return "; ".join(parts)


def drawn_graph(library):
    """The graph of one small program, as grumpy draws it; (caption, svg or text)."""
    from black_scholes import black_scholes

    rng = np.random.default_rng(0)
    arrays = [library.asarray(rng.uniform(1, 2, 1000)) for _ in range(3)]
    call, _ = black_scholes(*arrays, 0.1, 0.2)
    try:
        picture = library.inspect.show(call, "svg")
    except RuntimeError:  # Graphviz is not installed
        picture = library.inspect.show(call)
    return "What grumpy recorded of Black-Scholes, coloured by partition", str(picture)


def put_into_readme(text):
    """Replace what stands between the two marks of README.md."""
    path = ROOT / "README.md"
    begin, end = "<!-- results: written by bench/demo --readme -->\n", "<!-- end of results -->"
    before, _, rest = path.read_text().partition(begin)
    path.write_text(before + begin + text + end + rest.partition(end)[2])


def main():
    options = argparse.ArgumentParser(description=__doc__,
                                      formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--only", default="", help="programs whose name contains this text")
    options.add_argument("--seconds", type=float, default=6.0,
                         help="how long the two take turns on a program (default 6)")
    options.add_argument("--small", action="store_true", help="small inputs: does it work at all?")
    options.add_argument("--numpy-only", action="store_true", help="leave grumpy out")
    options.add_argument("--readme", action="store_true",
                         help="put the table into README.md (on a quiet machine, please)")
    options.add_argument("--out", type=pathlib.Path, default=ROOT / "build" / "demo",
                         help="where the report goes (default build/demo)")
    chosen = options.parse_args()
    if chosen.readme and (chosen.small or chosen.only or chosen.numpy_only):
        options.error("--readme wants every program on its full input")

    # A file has lines of any length; a terminal has the width it has.
    console = Console(width=None if sys.stdout.isatty() else 150)
    start = time.perf_counter()
    os.environ["SCIPY_ARRAY_API"] = "1"  # before SciPy is imported: scikit-learn's dispatch asks
    cases = [case for name in PROGRAMS for case in importlib.import_module(name).CASES
             if chosen.only.lower() in case.name.lower()]
    if not cases:
        options.error(f"no program is called {chosen.only!r}")
    with tempfile.TemporaryDirectory(prefix="grumpy-demo-") as cache:
        os.environ["GRUMPY_CACHE_DIR"] = cache  # so that the first call compiles, every time
        library = None
        if not chosen.numpy_only:
            library = importlib.import_module("grumpy")
        console.print(machine(library), style="dim", highlight=False)
        rows = run_all(cases, library, chosen, console)
        if library is not None:
            print_results(rows, console)
        graph = drawn_graph(library) if library is not None else None

    chosen.out.mkdir(parents=True, exist_ok=True)
    page = chosen.out / "report.html"
    page.write_text(report.html(rows, machine(library), graph))
    (chosen.out / "results.md").write_text(report.markdown(rows, machine(library)))
    if chosen.readme:
        put_into_readme(report.markdown(rows, machine(library)))
    (chosen.out / "results.json").write_text(json.dumps(
        [{k: v for k, v in vars(row).items() if k != "exhibits"} for row in rows], indent=1))
    wrong = [row.name for row in rows if not row.agrees]
    console.print(f"{len(rows)} programs in {time.perf_counter() - start:.0f} s; "
                  f"report with pictures: {page}")
    if wrong:
        console.print(f"[red]not as it should be: {', '.join(wrong)}[/]")
    return 1 if wrong else 0


def run_all(cases, library, chosen, console):
    """Measure every case, with live progress; a case that fails does not stop the others."""
    rows = []
    columns = [SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=24),
               MofNCompleteColumn(), TimeElapsedColumn()]
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=len(cases))
        for case in cases:
            def say(stage, case=case):
                progress.update(task, description=f"{case.name}: {stage}")

            try:
                # Programs may divide by zero on purpose; that is theirs to say, not the demo's.
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", RuntimeWarning)
                    row = measure(case, library, chosen.small, chosen.seconds, say)
            except Exception as error:  # the report says which program failed, and why
                row = failed(case, error)
            rows.append(row)
            progress.console.print(line(row), highlight=False)
            progress.advance(task)
            gc.collect()
    return rows


if __name__ == "__main__":
    sys.exit(main())
