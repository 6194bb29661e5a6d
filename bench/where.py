#!/usr/bin/env python3
"""Where the time of every workload goes: recording, memory, arithmetic.

Each workload is called until what is compiled in the background has come, then timed. "Call" is the
least time with its results forced. "Record" is the part of it that remains when nobody asks for the
results, where the program itself reads none of them. "Moved" is what its kernels read and write at
least, "rate" that per time of the rest of the call, and "of copy" beside the rate at which this
machine copies a large array in the same process: near 100 % memory is the limit, above it the caches
serve, far below it arithmetic (or a library) is. "Launches" are kernels and library calls.
"""
import time

import grumpy
import numpy as np
from harness import arguments, force
from report import seconds as in_words
from report import workload_options
from workloads import choose, label

COPIED = 2**25  # bytes


def least(function, seconds):
    """The least time of a call, in seconds, and how many were made."""
    times, start = [], time.perf_counter()
    while len(times) < 5 or time.perf_counter() - start < seconds and len(times) < 20_000:
        begin = time.perf_counter()
        function()
        times.append(time.perf_counter() - begin)
    return min(times)


def copy_rate(seconds):
    """Bytes per second, read and written, of copying a large array."""
    source = grumpy.asarray(np.ones(COPIED // 8))
    return 2 * COPIED / least(lambda: np.asarray(source.copy() + 0.0), seconds)


def measure(workload, size, seconds):
    """What one steady call of a workload costs, and what it moves."""
    wrapped = arguments(workload.make(**size), grumpy.asarray)

    def call():
        force(workload.run(*wrapped))

    def record():
        workload.run(*wrapped)

    least(call, seconds)
    time.sleep(0.05)  # the compiler in the background
    whole = least(call, seconds)
    grumpy.report().reset()
    call()
    counts = grumpy.report()
    # A program that writes to its arguments, or reads within, has no part that is only recording.
    reads = workload.mutates or counts.evaluations > 1
    recording = None if reads else min(least(record, seconds / 2), whole)
    return {"call": whole, "record": recording, "moved": counts.bytes_moved,
            "launches": counts.kernels + counts.library_calls, "forwards": len(counts.forwards),
            "rate": counts.bytes_moved / max(whole - (recording or 0), 1e-9)}


def main():
    options = workload_options(__doc__)
    options.add_argument("--sizes", choices=("small", "largest", "all"), default="all")
    options.add_argument("--seconds", type=float, default=0.5, help="of each measurement")
    options = options.parse_args()

    limit = copy_rate(options.seconds)
    heads = ("workload", "size", "call", "record", "launches", "moved", "rate", "of copy")
    if options.markdown:
        print("| " + " | ".join(heads) + " |\n" + "|---|---" + "|---:" * 6 + "|")
    else:
        print(("{:<24} {:<28}" + " {:>9}" * 6).format(*heads))
    for workload in choose(options.only):
        sizes = {"small": (workload.small,), "largest": workload.sizes[-1:],
                 "all": workload.sizes}[options.sizes]
        for size in sizes:
            row = measure(workload, size, options.seconds)
            cells = (f"{workload.group} {workload.name}", label(size), in_words(row["call"]),
                     "-" if row["record"] is None else in_words(row["record"]), str(row["launches"]),
                     f"{row['moved'] / 1e6:.3g} MB", f"{row['rate'] / 1e9:.3g} GB/s",
                     f"{row['rate'] / limit:.0%}")
            print("| " + " | ".join(cells) + " |" if options.markdown
                  else ("{:<24} {:<28}" + " {:>9}" * 6).format(*cells), flush=True)
    print(f"\nA copy of {COPIED >> 20} MiB moves {limit / 1e9:.3g} GB/s.")


if __name__ == "__main__":
    main()
