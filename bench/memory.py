#!/usr/bin/env python3
"""Page faults and peak memory of every workload, grumpy beside NumPy.

Each measurement is a process of its own. It imports, runs a small program, makes the workload's
arguments, forgets the peak so far (/proc/self/clear_refs), and calls the workload until what is
compiled in the background has come. "Peak" is the largest resident set since then beyond what the
libraries took for the small program: arguments, results, and what lies between. "Faults" are the
process's minor page faults in one steady call with its results forced; the median of some calls,
and the largest of them.

Above NumPy's peak, or with a median of faults above zero, a row is a finding.
"""
import contextlib
import sys

import fresh
from report import workload_options


def resident(key):
    """VmRSS or VmHWM of this process, in bytes."""
    with open("/proc/self/status") as lines:
        for line in lines:
            if line.startswith(key + ":"):
                return int(line.split()[1]) * 1024
    raise RuntimeError(f"no {key} in /proc/self/status")


def forget_peak():
    """Let the peak of the resident set be what is resident now."""
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def give_back_unused():
    """Let the C library return what making the arguments has left in its heap."""
    import ctypes

    with contextlib.suppress(AttributeError):  # another C library than GNU's
        ctypes.CDLL(None).malloc_trim(0)


def faults_of(call):
    """The minor page faults of this process during one call."""
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    call()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def measure(library, name, size, options):
    """Peak and page faults of one process; called in a child."""
    wrap, _ = fresh.wrapper(library)
    import statistics
    import time

    import numpy as np
    from harness import arguments, force
    from workloads import WORKLOADS

    workload = WORKLOADS[name]
    few = wrap(np.ones(2**15))
    for _ in range(100):
        force((few + 1.0) * few)
    time.sleep(0.05)  # what it made the compiler do in the background
    give_back_unused()
    base = resident("VmRSS")
    wrapped = arguments(workload.make(**size), wrap)

    def call():
        force(workload.run(*wrapped))

    give_back_unused()
    forget_peak()
    start, calls = time.perf_counter(), 0
    while calls < 4 or calls < 2000 and time.perf_counter() - start < options["seconds"]:
        call()
        calls += 1
    faults = [faults_of(call) for _ in range(options["calls"])]
    return {"peak": max(resident("VmHWM") - base, 0), "faults": statistics.median(faults),
            "most": max(faults), "base": base}


def findings(ours, theirs):
    """What of a row is beyond its limit, in words; empty where all is well."""
    found = []
    if ours["faults"] > 0:
        found.append("faults")
    if ours["peak"] > 1.02 * theirs["peak"] + 4 * 2**20:  # buffers are whole huge pages
        found.append("peak")
    return ", ".join(found)


def factor(ours, theirs):
    """grumpy's peak as a multiple of NumPy's, where that is more than other things in a process."""
    return f"{ours['peak'] / theirs['peak']:.2f}" if theirs["peak"] > 2**20 else "-"


def print_table(rows):
    print(f"{'':46s}{'peak, MB':^18s}{'factor':>8s}{'faults a call':^26s}")
    print(f"{'workload':26s}{'size':20s}{'NumPy':>9s}{'grumpy':>9s}{'':8s}{'NumPy':>9s}"
          f"{'grumpy':>8s}{'most':>7s}")
    for workload, size, theirs, ours in rows:
        print(f"{workload.name:26s}{size:20s}{theirs['peak'] / 1e6:9.1f}{ours['peak'] / 1e6:9.1f}"
              f"{factor(ours, theirs):>8s}{theirs['faults']:9.0f}"
              f"{ours['faults']:8.0f}{ours['most']:7d}  {findings(ours, theirs)}")


def print_markdown(rows):
    print("| workload | size | peak MB: NumPy | grumpy | faults a call: NumPy | grumpy |\n"
          "|---|---|---:|---:|---:|---:|")
    for workload, size, theirs, ours in rows:
        print(f"| {workload.name} | {size} | {theirs['peak'] / 1e6:.1f} | {ours['peak'] / 1e6:.1f} "
              f"| {theirs['faults']:.0f} | {ours['faults']:.0f} |")


def main():
    options = workload_options(__doc__)
    options.add_argument("--sizes", choices=("small", "largest", "all"), default="largest")
    options.add_argument("--calls", type=int, default=9, help="steady calls")
    options.add_argument("--seconds", type=float, default=0.7, help="calls before they are steady")
    options = options.parse_args()

    from workloads import choose, label

    rows = []
    for workload in choose(options.only):
        sizes = {"small": (workload.small,), "largest": workload.sizes[-1:],
                 "all": workload.sizes}[options.sizes]
        for size in sizes:
            try:
                theirs, ours = (
                    fresh.run(__file__, library, workload, size,
                              {"seconds": options.seconds, "calls": options.calls})
                    for library in ("numpy", "grumpy"))
            except RuntimeError as error:
                sys.exit(str(error))
            rows.append((workload, label(size), theirs, ours))
    (print_markdown if options.markdown else print_table)(rows)
    bases = [(ours["base"] - theirs["base"]) / 1e6 for *_, theirs, ours in rows]
    print(f"\nThe library itself takes {min(bases):.0f} MB; page faults in "
          f"{sum(ours['faults'] > 0 for *_, ours in rows)} of {len(rows)} rows, peaks above "
          f"NumPy's in {sum('peak' in findings(ours, theirs) for *_, theirs, ours in rows)}.")


if __name__ == "__main__":
    fresh.main(measure, main)
