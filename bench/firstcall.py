#!/usr/bin/env python3
"""What the first call of every workload costs, beside NumPy's.

Each measurement is a process of its own: NumPy; grumpy with an empty cache; and grumpy again with
the cache that the process before has filled. A process imports, adds two arrays of 1,000 elements
("start-up"), makes the workload's data, and then calls it: the first call, the second, and the
steady one (the least of what half a second allows). Results are forced within each call. Every
process is repeated, and each figure is the least of its kind.

"Over" is what a user can notice: grumpy's first call, less NumPy's, less what is allowed (2 ms with
an empty cache, 1 ms with a filled one). Above zero it is a finding.
"""
import sys
import tempfile

import fresh
from report import workload_options

ALLOWED = {"cold": 2e-3, "warm": 1e-3}
PARTS = ("imported", "started", "first", "second", "steady")


def measure(library, name, size, options):
    """The seconds of one process; called in a child."""
    wrap, imported = fresh.wrapper(library)
    import time

    import numpy as np
    from harness import Runner, force
    from workloads import WORKLOADS

    few = np.arange(1000.0)
    one, other = wrap(few), wrap(few * 7)
    start = time.perf_counter()
    force(one + other)
    started = time.perf_counter() - start
    case = WORKLOADS[name].case(size)
    runner = Runner(case, case.make(False), wrap)
    for _ in range(3):
        runner.call()
    begin = time.perf_counter()
    while time.perf_counter() - begin < options["seconds"]:
        runner.call()
    first, second, *rest = runner.times.seconds
    return dict(zip(PARTS, (imported, started, first, second, min(rest))))


def least(figures):
    return {part: min(f[part] for f in figures) for part in PARTS}


def first_calls(workload, size, rounds, seconds):
    """The least figures of NumPy, and of grumpy with an empty and with a filled cache."""
    figures = {"numpy": [], "cold": [], "warm": []}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as cache:
            for kind, library in (("numpy", "numpy"), ("cold", "grumpy"), ("warm", "grumpy")):
                figures[kind].append(fresh.run(__file__, library, workload, size,
                                               {"seconds": seconds}, cache))
    return {kind: least(found) for kind, found in figures.items()}


def over(figures, kind):
    """Seconds beyond what the first call may take; negative where it is within."""
    return figures[kind]["first"] - figures["numpy"]["first"] - ALLOWED[kind]


def print_table(rows):
    """One line for each workload, in milliseconds."""
    print(f"{'':44s}{'NumPy':^18s}  {'grumpy, empty cache':^38s}  {'filled cache':^18s}")
    print(f"{'workload':26s}{'size':18s}{'first':>9s}{'steady':>9s}  {'first':>9s}{'second':>9s}"
          f"{'steady':>9s}{'over':>9s}   {'first':>9s}{'over':>9s}")
    for workload, size, f in rows:
        cold, warm = over(f, "cold"), over(f, "warm")
        shown = [f["numpy"]["first"], f["numpy"]["steady"], f["cold"]["first"],
                 f["cold"]["second"], f["cold"]["steady"], cold, f["warm"]["first"], warm]
        cells = [f"{value * 1e3:9.2f}" for value in shown]
        marks = [" !" if value > 0 else "  " for value in (cold, warm)]
        print(f"{workload.name:26s}{size:18s}{cells[0]}{cells[1]}  {''.join(cells[2:6])}{marks[0]} "
              f"{cells[6]}{cells[7]}{marks[1]}", flush=True)


def print_markdown(rows):
    """The table of docs/performance.md."""
    print("| workload | size | NumPy first | steady | empty cache: first | second | steady | over "
          "| filled: first | over |\n|---|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for workload, size, f in rows:
        cells = [f["numpy"]["first"], f["numpy"]["steady"], f["cold"]["first"],
                 f["cold"]["second"], f["cold"]["steady"], over(f, "cold"), f["warm"]["first"],
                 over(f, "warm")]
        print(f"| {workload.name} | {size} | "
              + " | ".join(f"{value * 1e3:.2f}" for value in cells) + " |")


def main():
    options = workload_options(__doc__)
    options.add_argument("--rounds", type=int, default=3, help="processes of each kind")
    options.add_argument("--seconds", type=float, default=0.5, help="for the steady calls")
    options.add_argument("--small", action="store_true", help="tiny sizes: does it run at all")
    options = options.parse_args()

    from workloads import choose, label

    rows = []
    for workload in choose(options.only):
        size = workload.small if options.small else workload.sizes[workload.first]
        try:
            figures = first_calls(workload, size, options.rounds, options.seconds)
        except RuntimeError as error:
            sys.exit(str(error))
        rows.append((workload, label(size), figures))
        if sys.stderr.isatty():
            print(f"{workload.name} done", file=sys.stderr)
    (print_markdown if options.markdown else print_table)(rows)
    for kind, words in (("cold", "empty"), ("warm", "filled")):
        print(f"\ngrumpy with an {words} cache:" if kind == "cold" else
              f"grumpy with a {words} cache:",
              f"import {min(f[kind]['imported'] for *_, f in rows) * 1e3:.0f} ms beyond NumPy's, "
              f"start-up {min(f[kind]['started'] for *_, f in rows) * 1e3:.2f} ms (NumPy's "
              f"{min(f['numpy']['started'] for *_, f in rows) * 1e3:.2f} ms), "
              f"{sum(over(f, kind) > 0 for *_, f in rows)} of {len(rows)} workloads beyond "
              f"NumPy's first call + {ALLOWED[kind] * 1e3:.0f} ms")


if __name__ == "__main__":
    fresh.main(measure, main)
