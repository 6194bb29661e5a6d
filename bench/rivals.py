#!/usr/bin/env python3
"""Every workload on NumPy, grumpy and each rival that is installed: numexpr, Numba, JAX, torch.

In one process the libraries take turns of some calls, each with its own form of the workload
(rival_forms.py, rival_loops.py), its results finished within the clock. Before any clock starts,
compiled and warmed up, each one's results are compared with NumPy's; who is wrong is told and left
out. A factor is NumPy's least time over the library's; beside grumpy's stands that of the medians.
What compiling costs is not in it (firstcall.py).
"""
import dataclasses
import json
import statistics
import sys
import time
import warnings

import numpy as np
from harness import arguments, compare, force
from report import seconds as in_words
from report import workload_options
from rival_forms import MODULES, missing, prepare
from workloads import choose, label

LIBRARIES = ("numpy", "grumpy", *MODULES)


TURN = 0.05  # seconds of calls in a row


@dataclasses.dataclass
class Timed:
    """Seconds a call of one library."""

    call: object
    inner: int = 1  # calls between two looks at the clock, so that its own time does not show
    seconds: list = dataclasses.field(default_factory=list)

    def turn(self):
        """Some calls in a row. Half of them do not count: others' idle threads may still be busy."""
        start = now = time.perf_counter()
        seconds = []
        while len(seconds) < 2 or now - start < TURN:
            before = now
            for _ in range(self.inner):
                self.call()
            now = time.perf_counter()
            seconds.append((now - before) / self.inner)
        self.seconds += seconds[len(seconds) // 2:]


def own_copies(made):
    return [a.copy() if isinstance(a, np.ndarray) else a for a in made]


def native(workload, made, name):
    """NumPy's and grumpy's own call: the workload itself, on its arrays as they are or wrapped."""
    if name == "grumpy":
        import grumpy
        wrapped = arguments(made, grumpy.asarray)
    else:
        wrapped = own_copies(made)
    return lambda: force(workload.run(*wrapped))


def ready(name, workload, size, made, expected, warm):
    """The library's call, compiled, correct and warm; None where it has no such form."""
    if name in MODULES:
        call = prepare(name, workload, own_copies(made))
    else:
        call = native(workload, made, name)
    if call is None:
        return None
    got = force(call())
    agreement = compare(workload.case(size), alike(got, expected), expected)
    if not agreement.holds:
        raise ArithmeticError(str(agreement))
    del got
    timed, start = Timed(call), time.perf_counter()
    while not timed.seconds or time.perf_counter() - start < warm:
        timed.turn()
    timed.inner = max(1, min(1000, int(1e-4 / min(timed.seconds))))
    timed.seconds.clear()
    return timed


def alike(got, expected):
    """The results as NumPy's types: a rival may sum into other ones, or have no 0-d results."""
    return [g.astype(e.dtype).reshape(e.shape) if g.size == e.size else g
            for g, e in zip(got, expected)] if len(got) == len(expected) else got


def measure(workload, size, libraries, budget, say):
    """The times of the libraries that have the workload, in turn: name -> (least, median)."""
    made = workload.make(**size)
    expected = force(workload.run(*own_copies(made)))
    running = {}
    for name in libraries:
        say(f"{workload.name}, {label(size)}: {name}")
        try:
            timed = ready(name, workload, size, made, expected, budget / 4)
        except Exception as error:
            say("")
            text = " ".join(str(error).split())[:120]
            print(f"{workload.name} on {name}: {type(error).__name__}: {text}", file=sys.stderr)
            continue
        if timed:
            running[name] = timed
    del expected
    say(f"{workload.name}, {label(size)}: in turn")
    start = time.perf_counter()
    rounds = 0
    while rounds < 3 or time.perf_counter() - start < budget:
        for timed in running.values():
            timed.turn()
        rounds += 1
    say("")
    return {name: (min(t.seconds), statistics.median(t.seconds)) for name, t in running.items()}


# --- What is shown ------------------------------------------------------------------------------


def factor(times, name, which=0):
    """How many times as fast as NumPy; which 0: by the least times, 1: by the medians."""
    return times["numpy"][which] / times[name][which]


def best_rival(times):
    """The largest factor among the rivals, NumPy included, and its name."""
    return max((factor(times, name), name) for name in times if name != "grumpy")


def cells(row, libraries):
    """One row of the table: name, size, NumPy's time, factors, grumpy's against the best rival."""
    name, size, times = row["workload"], row["size"], row["times"]
    out = [name, size, in_words(times["numpy"][0])]
    for library in libraries[1:]:
        if library not in times:
            out.append("–")
            continue
        out.append(f"{factor(times, library):.2f}")
        if library == "grumpy":
            out.append(f"{factor(times, library, 1):.2f}")
    if "grumpy" in times:
        best, rival = best_rival(times)
        out.append(f"{factor(times, 'grumpy') / best:.2f} of {rival}")
    return out


def heads(libraries):
    out = ["workload", "size", "NumPy"]
    for library in libraries[1:]:
        out += [library, "medians"] if library == "grumpy" else [library]
    return out + (["best rival"] if "grumpy" in libraries else [])


def print_table(rows, libraries):
    from rich.console import Console
    from rich.table import Table

    table = Table(title="Factors of NumPy: its least time over the library's", title_justify="left")
    for head in heads(libraries):
        table.add_column(head, justify="left" if head in ("workload", "size") else "right",
                         no_wrap=True)
    for row in rows:
        texts = cells(row, libraries)
        if row["times"].get("grumpy") and factor(row["times"], "grumpy") < best_rival(
                row["times"])[0]:
            texts[-1] = f"[red]{texts[-1]}[/]"
        table.add_row(*texts)
    console = Console()
    Console(width=max(console.width, 140)).print(table)


def print_markdown(rows, libraries):
    names = heads(libraries)
    print("| " + " | ".join(names) + " |\n|---|---|" + "---:|" * (len(names) - 2))
    for row in rows:
        print("| " + " | ".join(cells(row, libraries)) + " |")


def geometric_mean(values):
    return float(np.exp(np.mean(np.log(values))))


def draw(rows, libraries, path):
    """A row of dots for each workload, on a logarithmic scale; the format is the path's ending."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(9, 0.22 * len(rows) + 1.6), layout="constrained")
    places = np.arange(len(rows))[::-1]
    markers = dict(zip(LIBRARIES[1:], "os^Dv"))
    colours = dict(zip(MODULES, ["tab:brown", "tab:blue", "tab:orange", "tab:red"]))
    for library in libraries[:0:-1]:  # grumpy last, on top
        at = [(factor(row["times"], library), place) for row, place in zip(rows, places)
              if library in row["times"]]
        first = library == "grumpy"
        if at:
            axes.scatter(*zip(*at), label=library, marker=markers[library], s=22 if first else 14,
                         color="tab:green" if first else colours[library], zorder=3)
    for row, place in zip(rows, places):
        spread = [factor(row["times"], name) for name in row["times"]]
        axes.plot([min(spread), max(spread)], [place, place], color="0.85", linewidth=1, zorder=1)
    axes.axvline(1, color="black", linewidth=0.8, zorder=2)
    axes.set(xscale="log", xlabel="times as fast as NumPy", ylim=(-0.7, len(rows) - 0.3))
    axes.set_yticks(places, [f"{row['workload']}, {row['size']}" for row in rows], fontsize=7)
    axes.xaxis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda x, _: f"{x:g}x"))
    axes.grid(axis="x", color="0.93")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(libraries), fontsize=8,
                frameon=False)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def main():
    options = workload_options(__doc__)
    options.add_argument("--rivals", default=",".join(LIBRARIES[1:]),
                         help="who runs beside NumPy (%(default)s)")
    options.add_argument("--sizes", choices=("small", "first", "all"), default="all")
    options.add_argument("--seconds", type=float, default=2.0, help="of turns for each row")
    options.add_argument("--plot", metavar="FILE", help="draw the factors: .png, .svg or .pdf")
    options.add_argument("--json", metavar="FILE", help="add the times to this file")
    options = options.parse_args()

    wanted = options.rivals.split(",")
    if unknown := set(wanted) - set(LIBRARIES):
        sys.exit(f"no library {', '.join(sorted(unknown))}; there are {', '.join(LIBRARIES)}")
    libraries = ["numpy"]
    for name in LIBRARIES[1:]:
        if name in wanted and name in MODULES and missing(name):
            print(f"{name} is not installed and left out", file=sys.stderr)
        elif name in wanted:
            libraries.append(name)
    warnings.filterwarnings("ignore")

    def say(text):
        if sys.stderr.isatty():
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)

    rows = []
    for workload in choose(options.only):
        sizes = {"small": (workload.small,), "first": (workload.sizes[workload.first],),
                 "all": workload.sizes}[options.sizes]
        for size in sizes:
            times = measure(workload, size, libraries, options.seconds, say)
            rows.append({"workload": workload.name, "size": label(size), "times": times})
    if options.json:
        rows = added(options.json, rows)
    (print_markdown if options.markdown else print_table)(rows, libraries)
    ours = [row["times"] for row in rows if "grumpy" in row["times"]]
    if ours:
        against = [factor(times, "grumpy") / best_rival(times)[0] for times in ours]
        print(f"grumpy: geometric mean {geometric_mean([factor(t, 'grumpy') for t in ours]):.2f}x "
              f"NumPy, {geometric_mean(against):.2f}x the best rival of each row; "
              f"{sum(a < 1 for a in against)} of {len(ours)} rows below it")
    if options.plot:
        draw(rows, libraries, options.plot)


def added(path, rows):
    """Write the rows into a file, in place of what it has for the same; all that it has then."""
    try:
        with open(path) as file:
            held = json.load(file)
    except FileNotFoundError:
        held = []
    new = {(row["workload"], row["size"]) for row in rows}
    rows = [row for row in held if (row["workload"], row["size"]) not in new] + rows
    with open(path, "w") as file:
        json.dump(rows, file, indent=1)
    return rows


if __name__ == "__main__":
    main()
