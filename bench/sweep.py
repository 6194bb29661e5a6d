#!/usr/bin/env python3
"""Every native operation on NumPy and on grumpy, over sizes, dtypes and layouts.

One cell is one line of operations.py on one dtype, layout and size. NumPy and grumpy run the same
line in turn, each result read as a program would: an array by np.asarray, a number by item(); where
NumPy makes a view, nothing is computed and nothing is read, and the cell is one of the group "views".
Answers are compared before they are timed. A third time is that of recording alone: the line, and its
result dropped. Cells below the targets are measured again, with more time, before they are believed.
"""
import argparse
import dataclasses
import gc
import itertools
import json
import statistics
import sys
import time
import warnings

import numpy as np
import operations
import sweep_report

import grumpy

try:
    from scipy import special
except ImportError:
    special = None

DTYPES = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16"]
COMMON = ["i8", "f4", "f8", "?"]  # the dtypes of --largest-common
LAYOUTS = {
    "contiguous": (lambda make, n: make(n), lambda make, r, c: make(r * c).reshape(r, c)),
    "strided": (lambda make, n: make(2 * n)[::2],
                lambda make, r, c: make(2 * r * c).reshape(r, 2 * c)[:, ::2]),
    "reversed": (lambda make, n: make(n)[::-1],
                 lambda make, r, c: make(r * c).reshape(r, c)[::-1, ::-1]),
    "transposed": (lambda make, n: make(n), lambda make, r, c: make(r * c).reshape(c, r).T),
}
TOLERANCE = {"f2": 2e-2, "f4": 2e-4, "f8": 1e-9, "c8": 2e-4, "c16": 1e-9,
             "i1": 2e-3, "u1": 2e-3, "i2": 1e-6, "u2": 1e-6}  # functions of integers so short: in short floats
NAMES = "x y u w z m c i M N Z V p q rows cols n".split()
ABSENT = (TypeError, ValueError, IndexError, np.linalg.LinAlgError, OverflowError,
          NotImplementedError, ZeroDivisionError)


# --- Data ---------------------------------------------------------------------------------------


def numbers(dtype, low, high):
    """A function n -> n random numbers of a dtype, the same at each call."""
    def make(n):
        rng = np.random.default_rng(n + low)
        if dtype == "?":
            return rng.random(n) < 0.5
        if dtype[0] in "iu":
            return rng.integers(low, high, n).astype(dtype)
        real = (low + 0.1 + 0.8 * rng.random(n)).astype(dtype)
        return real + (1j * rng.random(n)).astype(dtype) if dtype[0] == "c" else real
    return make


def arrays(dtype, layout, n, wrap):
    """What the lines of operations.py speak of, by name; `wrap` is applied to memory, not to views."""
    vector, matrix = LAYOUTS[layout]

    def memory(make):
        return lambda size: wrap(make(size))

    low = 0 if dtype[0] in "fc" else 1
    x, y = memory(numbers(dtype, low, 100)), memory(numbers(dtype, low, 8))
    rows = int(n ** 0.5)
    cols = n // rows
    rng = np.random.default_rng(n)
    one = memory(lambda size: np.ones(size, dtype))
    M = matrix(x, rows, cols)
    return dict(
        x=vector(x, n), y=vector(y, n), u=vector(memory(numbers(dtype, 1, 100)), n),
        w=vector(one, n), z=vector(x, n), m=wrap(rng.random(n) < 0.5),
        c=wrap(rng.integers(0, 2, n)), i=wrap(rng.permutation(n)), M=M,
        N=matrix(y, rows, cols), Z=matrix(x, rows, cols), V=M.T, p=M[:, 0], q=M[0], rows=rows,
        cols=cols, n=n)


# --- One line as functions ----------------------------------------------------------------------


READ = {"array": "asarray(r)", "number": "r.item()", "arrays": "[asarray(a) for a in r]",
        "nothing": "pass"}


def how_read(value, given):
    """How a result of NumPy's is read; "nothing" where it is a view of what was given."""
    if isinstance(value, np.ndarray):
        return "nothing" if any(np.may_share_memory(value, given[k]) for k in "xMqimc") else "array"
    if isinstance(value, np.generic):
        return "number"
    if isinstance(value, (tuple, list)):
        return how_read(value[0], given) if how_read(value[0], given) == "nothing" else "arrays"
    return "nothing"


def functions(operation):
    """For each way to read: (the line once, repeated and read, repeated and dropped)."""
    line = operation.line if operation.result else f"r = {operation.line}"
    result = f"r = {operation.result}" if operation.result else "pass"
    head = f"(count, clock, repeat, asarray, np, special, {', '.join(NAMES)}):\n"
    loop = f"    start = clock()\n    for _ in repeat(None, count):\n        {line}\n"
    text = f"def once{head}    {line}\n    {result}\n    return r\n"
    for name, read in READ.items():
        text += (f"def {name}{head}{loop}        {result}\n        {read}\n"
                 "    return clock() - start\n")
    text += f"def dropped{head}{loop}    return clock() - start\n"
    scope = {}
    exec(compile(text, f"<{operation.line}>", "exec"), scope)
    return scope


class Side:
    """One library's arrays and the call of a function on them."""

    def __init__(self, given):
        self.given = given

    def __call__(self, function, count=1):
        return function(count, time.perf_counter, itertools.repeat, np.asarray, np, special,
                        **self.given)


# --- One cell -----------------------------------------------------------------------------------


@dataclasses.dataclass
class Cell:
    """What was measured; seconds for one call. `note` says why there is nothing."""

    group: str
    line: str
    dtype: str
    layout: str
    n: int
    numpy: float = 0.0
    grumpy: float = 0.0
    numpy_median: float = 0.0
    grumpy_median: float = 0.0
    recorded: float = 0.0
    note: str = ""

    @property
    def ratio(self):
        return self.numpy / self.grumpy

    @property
    def loss(self):
        return self.grumpy - self.numpy

    def meets_target(self):
        """Is it as fast as issue and README promise? np.* calls may lose 0.25 us on small arrays."""
        return self.ratio >= 0.95 or (
            self.line.startswith(("np.", "special.")) and self.n < 1000 and self.loss <= 0.25e-6)


def flat(value):
    """A result as a list of NumPy arrays."""
    if isinstance(value, (tuple, list)):
        return [a for part in value for a in flat(part)]
    return [np.asarray(value)]


def widened(side):
    """The same arrays in double precision."""
    def wide(array):
        return array.astype(np.result_type(array, "f8")) if array.dtype.kind in "fc" else array

    return Side({name: wide(given) if isinstance(given, np.ndarray) else given
                 for name, given in side.given.items()})


def is_nearer(got, want, exact):
    """Is the largest error of `got` no larger than that of `want`? NumPy's sums of float16 are poor."""
    def error(part, of):
        of = of.astype(part.dtype)
        same = (part == of) | (part != part) & (of != of)
        wide = np.result_type(part, "f8")
        off = np.where(same, 0, abs(part.astype(wide) - of.astype(wide)))
        return np.max(np.where(off == off, off, np.inf), initial=0.0)

    with np.errstate(all="ignore"):
        return all(g.shape == e.shape and error(g, e) <= error(w, e)
                   for g, w, e in zip(flat(got), flat(want), flat(exact)))


def difference(got, want, dtype):
    """In words, what is wrong with an answer; nothing where it is right."""
    got, want = flat(got), flat(want)
    if len(got) != len(want):
        return f"{len(got)} results instead of {len(want)}"
    for g, w in zip(got, want):
        if g.shape != w.shape or g.dtype != w.dtype:
            return f"{g.dtype}{g.shape} instead of {w.dtype}{w.shape}"
        if np.array_equal(g, w) or w.dtype.kind not in "fc":
            if w.dtype.kind not in "fc" and not np.array_equal(g, w):
                return f"{np.mean(g != w):.1%} of the values"
            continue
        finite = np.isfinite(w)
        if not np.array_equal(finite, np.isfinite(g)):
            return "infinities or NaN in other places"
        scale = float(np.max(np.abs(w), initial=1e-3, where=finite))
        error = float(np.max(np.abs(g - w), initial=0.0, where=finite)) / scale
        if error > max(TOLERANCE[w.dtype.str[1:]], TOLERANCE.get(dtype, 0)):
            return f"off by {error:.1e} of the largest"
    return ""


class Sweep:
    """Times cells: `seconds` is what one cell may take beyond what it must."""

    def __init__(self, seconds, slowest):
        self.seconds, self.slowest = seconds, slowest
        self.functions = {}
        self.stopped = set()  # lines and dtypes that are too slow for larger sizes

    def cell(self, operation, dtype, layout, n, sides):
        """Compare and time one cell; None where NumPy does not have it."""
        if operation not in self.functions:
            self.functions[operation] = functions(operation)
        made = self.functions[operation]
        if (operation, dtype) in self.stopped or "special." in operation.line and special is None:
            return None
        plain, lazy = sides
        cell = Cell(operation.group, operation.line, dtype, layout, n)
        start = time.perf_counter()
        try:
            want = plain(made["once"])
        except ABSENT:
            return None
        spent = time.perf_counter() - start
        if spent * 10 > self.slowest:
            self.stopped.add((operation, dtype))
        if spent > 2 * self.slowest:
            return None
        read = made[how_read(want, plain.given)]
        if read is made["nothing"] and not isinstance(want, (bool, int)):
            cell.group = "views"
        try:
            with grumpy.config(forward="error"):
                got = lazy(made["once"])
                cell.note = difference(got, want, dtype)
                if cell.note and dtype in ("f2", "f4", "c8") and not operation.result and is_nearer(
                        got, want, widened(plain)(made["once"])):
                    cell.note = ""
        except grumpy.errors.ForwardError:
            cell.note = "forwarded"
        except Exception as error:  # what is wrong is a finding, not the end of the sweep
            cell.note = f"{type(error).__name__}: {error}"
        del want
        if not cell.note:
            self.time(cell, plain, lazy, read, made["dropped"])
        return cell

    def time(self, cell, plain, lazy, read, dropped, more=1):
        """Fill in the times; `more` times as long, and the least with what is there."""
        once = max(plain(read), lazy(read), 1e-7)
        count = int(min(max(1e-4 / once, 1), 200))
        if count > 1:
            lazy(read, count)
        times = [], [], []
        start = time.perf_counter()
        seconds = self.seconds * more
        while len(times[0]) < 3 * more or (time.perf_counter() - start < seconds
                                           and len(times[0]) < 15 * more):
            if len(times[0]) >= 2 and time.perf_counter() - start > self.slowest * more:
                break
            times[0].append(plain(read, count) / count)
            times[1].append(lazy(read, count) / count)
        for _ in range(3 if count > 1 else 1):
            times[2].append(lazy(dropped, count) / count)
        lazy(read)  # what was recorded into an array is not left to the next cell
        least = [min(found) for found in times]
        if cell.grumpy:
            least = [min(pair) for pair in zip(least, (cell.numpy, cell.grumpy, cell.recorded))]
        cell.numpy, cell.grumpy, cell.recorded = least
        cell.numpy_median, cell.grumpy_median = (statistics.median(found) for found in times[:2])

    def run(self, chosen, dtypes, layouts, sizes, again, say):
        """All cells of these operations."""
        cells = []
        for n, dtype, layout in itertools.product(sizes, dtypes, layouts):
            gc.collect()
            gc.disable()  # a collection would meet one side only
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                cells += self.cells(chosen, dtype, layout, n, again)
            gc.enable()
            say(f"n = {n:,} {dtype} {layout}: {len(cells):,} cells so far")
        return cells

    def cells(self, chosen, dtype, layout, n, again):
        """All cells of one dtype, layout and size."""
        data = arrays(dtype, layout, n, np.array)
        sides = [Side(arrays(dtype, layout, n, wrap)) for wrap in (np.array, grumpy.array)]
        found, below = [], []
        for operation in chosen:
            if layout == "transposed" and not set(operation.line) & set("MNZV"):
                continue
            if operation.result:
                name = operation.result
                for side in sides:
                    side.given[name][...] = data[name]
            cell = self.cell(operation, dtype, layout, n, sides)
            if cell is None:
                continue
            found.append(cell)
            if not cell.note and not cell.meets_target():
                below.append((cell, operation))
        for cell, operation in below if again else []:
            made = self.functions[operation]
            read = made[how_read(sides[0](made["once"]), sides[0].given)]
            self.time(cell, *sides, read, made["dropped"], more=again)
        return found


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--largest", type=float, default=1e6, help="largest size (1e6)")
    parser.add_argument("--smallest", type=float, default=1, help="smallest size (1)")
    parser.add_argument("--largest-common", action="store_true",
                        help=f"10^7 too, for {', '.join(COMMON)}")
    parser.add_argument("--only", default="", help="groups or parts of lines, separated by |")
    parser.add_argument("--dtypes", default=",".join(DTYPES))
    parser.add_argument("--layouts", default="contiguous,strided",
                        help=f"of {', '.join(LAYOUTS)}")
    parser.add_argument("--seconds", type=float, default=3e-3, help="for each cell")
    parser.add_argument("--slowest", type=float, default=0.2,
                        help="seconds beyond which an operation gets no larger sizes")
    parser.add_argument("--again", type=int, default=4,
                        help="times as long for cells below the targets; 0: once is enough")
    parser.add_argument("--quick", action="store_true", help="float64 and int32, every other size")
    parser.add_argument("--json", help="write every cell to this file")
    parser.add_argument("--markdown", help="write the summary to this file, not to the screen")
    args = parser.parse_args(argv)

    sizes = [10 ** k for k in range(8) if args.smallest <= 10 ** k <= args.largest]
    dtypes = args.dtypes.split(",")
    if args.quick:
        sizes, dtypes = sizes[::2], ["i4", "f8"]
    words = [word for word in args.only.split("|") if word]
    chosen = [o for o in operations.operations()
              if not words or any(word == o.group or word in o.line for word in words)]
    sweep = Sweep(args.seconds, args.slowest)
    rounds = [(dtypes, sizes)]
    if args.largest_common:
        rounds.append(([d for d in COMMON if d in dtypes], [10 ** 7]))
    cells = []
    for some, of in rounds:
        cells += sweep.run(chosen, some, args.layouts.split(","), of, args.again,
                           lambda text: print(text, file=sys.stderr, flush=True))
    if args.json:
        with open(args.json, "w") as out:
            json.dump([dataclasses.asdict(cell) for cell in cells], out)
    text = sweep_report.markdown(cells)
    if args.markdown:
        with open(args.markdown, "w") as out:
            out.write(text)
    else:
        print(text)
    return int(any(sweep_report.is_wrong(cell) for cell in cells))


if __name__ == "__main__":
    sys.exit(main())
