"""``grumpy.report()``: what ran, what was compiled, and which lines of the program forced it."""
from dataclasses import dataclass, field

from grumpy import _core


@dataclass(frozen=True)
class Forward:
    """Calls of one NumPy function from one line that NumPy itself had to answer."""

    name: str
    reason: str
    file: str
    line: int
    count: int
    seconds: float


@dataclass(frozen=True)
class Evaluation:
    """Evaluations that one line has forced."""

    file: str
    line: int
    count: int
    seconds: float


@dataclass(frozen=True)
class Conversion:
    """Arrays that one line has converted to ``numpy.ndarray``."""

    file: str
    line: int
    count: int


@dataclass(frozen=True)
class Compilation:
    """Kernels that were compiled, or loaded from disk, for operations that end on one line."""

    file: str
    line: int
    count: int


@dataclass(frozen=True)
class Report:
    """Counts since the start of the process or the last ``report().reset()``.

    Attributes
    ----------
    kernels, library_calls, evaluations : int
        What ran.
    compiled, compile_ns, memory_hits, disk_hits, interpreted : int
        Where its code came from.
    bytes_moved, run_ns, recorded, pending, plans, plan_hits, replays : int
        Memory traffic of kernels, their time, recorded operations, those still pending, plans made,
        plans reused, and those among them that were recognised by the line that recorded them.
    wavefronts : int
        Groups of kernels that ran in turn, block of rows by block of rows.
    forwards : list of Forward
    forced : list of Evaluation
    conversions : list of Conversion
    compilations : list of Compilation
    """

    evaluations: int = 0
    kernels: int = 0
    library_calls: int = 0
    compiled: int = 0
    compile_ns: int = 0
    memory_hits: int = 0
    disk_hits: int = 0
    interpreted: int = 0
    bytes_moved: int = 0
    run_ns: int = 0
    plans: int = 0
    plan_hits: int = 0
    replays: int = 0
    wavefronts: int = 0
    recorded: int = 0
    pending: int = 0
    forwards: list = field(default_factory=list)
    forced: list = field(default_factory=list)
    conversions: list = field(default_factory=list)
    compilations: list = field(default_factory=list)

    @property
    def cache_hits(self):
        """Kernels found compiled, in memory or on disk."""
        return self.memory_hits + self.disk_hits

    @staticmethod
    def reset():
        """Start counting anew."""
        _core.reset_report()

    def __str__(self):
        lines = [
            f"kernels       {self.kernels} run, {self.compiled} compiled in "
            f"{self.compile_ns / 1e6:.1f} ms, {self.memory_hits} from memory, "
            f"{self.disk_hits} from disk, {self.interpreted} interpreted"
            + (f", {self.wavefronts} groups of them in turn" if self.wavefronts else ""),
            *_table([(f"{c.count}x", f"{c.file}:{c.line}") for c in self.compilations]),
            f"library calls {self.library_calls}",
            f"operations    {self.recorded} recorded, {self.pending} pending",
            f"plans         {self.plans} made, {self.plan_hits} reused, {self.replays} of them replayed",
            f"memory        {self.bytes_moved / 1e6:.1f} MB moved; large evaluations ran "
            f"{self.run_ns / 1e6:.1f} ms",
            f"evaluations   {self.evaluations}",
        ]
        lines += _table([(f"{e.count}x", f"{e.seconds * 1e3:.1f} ms", f"{e.file}:{e.line}")
                         for e in self.forced])
        lines.append(f"forwards      {sum(f.count for f in self.forwards)}")
        lines += _table([(f"{f.count}x", f"{f.seconds * 1e3:.1f} ms", f.name, f"{f.file}:{f.line}",
                          f.reason) for f in self.forwards])
        lines.append(f"conversions   {sum(c.count for c in self.conversions)} to numpy.ndarray"
                     + ("; np.empty_like(g) or like=g makes a grumpy array to store into"
                        if self.conversions else ""))
        lines += _table([(f"{c.count}x", f"{c.file}:{c.line}") for c in self.conversions])
        return "\n".join(lines)

    __repr__ = __str__


def _table(rows, most=20):
    """Rows as aligned text, the first `most` of them."""
    if not rows:
        return []
    widths = [max(len(row[k]) for row in rows[:most]) for k in range(len(rows[0]))]
    text = ["  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
            for row in rows[:most]]
    if len(rows) > most:
        text.append(f"  and {len(rows) - most} more lines")
    return text


def report():
    """Tell what has run so far, by the lines of the program.

    Returns
    -------
    Report
        Prints as text; its lists are sorted, costliest first. ``report().reset()`` starts anew.
    """
    forwards, evaluations, conversions = _core.event_tables()
    return Report(
        **_core.core_counters(),
        forwards=sorted((Forward(*key, count, ns / 1e9) for key, (count, ns) in forwards.items()),
                        key=lambda f: -f.seconds),
        forced=sorted((Evaluation(*key, count, ns / 1e9)
                       for key, (count, ns) in evaluations.items()), key=lambda e: -e.seconds),
        conversions=sorted((Conversion(*key, count) for key, (count, _) in conversions.items()),
                           key=lambda c: -c.count),
        compilations=sorted((Compilation(*line) for line in _core.compiled_lines()),
                            key=lambda c: -c.count))
