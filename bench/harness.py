"""What a program of bench/ is, how it is timed, and how two answers are compared.

A program is an ordinary NumPy function: it takes arrays, uses np.* functions, operators and
methods, and knows of no other library. A `Case` ties such a function to its data and says how its
answer is judged and shown. Every program module has a list CASES.
"""
import dataclasses
import io
import statistics
import time
from collections.abc import Callable

import numpy as np


@dataclasses.dataclass(frozen=True)
class Case:
    """One program on one input."""

    name: str
    make: Callable  # make(small) -> the arguments; small: seconds matter more than meaning
    run: Callable  # run(*arguments) -> an array, a number, or a tuple of them
    size: str  # what the full input is, in words
    mutates: bool = False  # arguments are written to, so every run gets new ones
    rtol: float = 1e-12  # of the largest expected value, for floating-point results
    flips: float = 0.0  # part of an integer result that may differ: labels decided by rounding
    compared: Callable = lambda results: results  # the part of the results that is compared
    show: Callable | None = None  # show(results, arguments) -> list of Exhibit


@dataclasses.dataclass(frozen=True)
class Exhibit:
    """Something to look at in the report: a PNG or a text, with its caption."""

    caption: str
    png: bytes = b""
    text: str = ""


def force(results):
    """The results as a flat list of NumPy arrays: this is where lazy work has to happen."""
    if isinstance(results, (tuple, list)):
        return [array for part in results for array in force(part)]
    return [np.asarray(results)]


def arguments(made, wrap):
    """Own copies of the arrays among the arguments, wrapped; plain numbers as they are."""
    return [wrap(a.copy()) if isinstance(a, np.ndarray) else a for a in made]


# --- Timing -------------------------------------------------------------------------------------


@dataclasses.dataclass
class Times:
    """Seconds of repeated calls."""

    seconds: list = dataclasses.field(default_factory=list)

    @property
    def min(self):
        return min(self.seconds)

    @property
    def median(self):
        return statistics.median(self.seconds)


class Runner:
    """One case on one library: wraps the data, and times a call with its results forced."""

    def __init__(self, case, made, wrap):
        self.case, self.made, self.wrap = case, made, wrap
        self.wrapped = None
        self.times = Times()
        self.results = None

    def call(self):
        """Time one call; wrapping and copying happen before the clock starts."""
        if self.wrapped is None or self.case.mutates:
            self.wrapped = arguments(self.made, self.wrap)
        self.results = None
        start = time.perf_counter()
        results = force(self.case.run(*self.wrapped))
        seconds = time.perf_counter() - start
        self.results = results
        self.times.seconds.append(seconds)
        return seconds


def interleave(runners, seconds, at_least=3, at_most=50):
    """Call the runners in turn until the time is used up, so that a busy moment meets them all."""
    start = time.perf_counter()
    rounds = 0
    while rounds < at_most and (rounds < at_least or time.perf_counter() - start < seconds):
        for runner in runners:
            runner.call()
        rounds += 1


# --- Agreement ----------------------------------------------------------------------------------


@dataclasses.dataclass
class Agreement:
    """How closely two answers agree."""

    holds: bool = True
    difference: float = 0.0  # largest |got - want|, as a part of the largest |want| of its array
    flipped: float = 0.0  # part of integer elements that differ
    problem: str = ""

    def __str__(self):
        if self.problem:
            return self.problem
        parts = []
        if self.difference:
            parts.append(f"{self.difference:.0e}")
        if self.flipped:
            parts.append(f"{self.flipped:.2%} of labels")
        return ", ".join(parts) or "identical"


def compare(case, got, want):
    """Compare forced results with the expected ones, within the case's tolerances."""
    agreement = Agreement()
    got, want = case.compared(got), case.compared(want)
    if len(got) != len(want):
        return Agreement(False, problem=f"{len(got)} results instead of {len(want)}")
    for g, w in zip(got, want):
        if g.shape != w.shape or g.dtype != w.dtype:
            return Agreement(False, problem=f"{g.dtype}{g.shape} instead of {w.dtype}{w.shape}")
        if w.dtype.kind in "biu":
            agreement.flipped = max(agreement.flipped, float(np.mean(g != w)) if w.size else 0.0)
            continue
        if not np.array_equal(np.isfinite(g), np.isfinite(w)):
            return Agreement(False, problem="infinities or NaN in other places")
        finite = np.isfinite(w)
        scale = float(np.max(np.abs(w), initial=0.0, where=finite))
        error = float(np.max(np.abs(g - w), initial=0.0, where=finite))
        agreement.difference = max(agreement.difference, error / scale if scale else error)
    agreement.holds = agreement.difference <= case.rtol and agreement.flipped <= case.flips
    return agreement


# --- Exhibits -----------------------------------------------------------------------------------


def picture(pixels, caption):
    """An exhibit of an image: (rows, columns) or (rows, columns, 3), values from 0 to 1."""
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray((np.clip(pixels, 0, 1) * 255).round().astype(np.uint8)).save(out, "PNG")
    return Exhibit(caption, png=out.getvalue())


def plot(draw, caption, size=(6.0, 3.6)):
    """An exhibit of a plot; draw(axes) fills it."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=size, layout="constrained")
    draw(axes)
    out = io.BytesIO()
    figure.savefig(out, dpi=110)
    plt.close(figure)
    return Exhibit(caption, png=out.getvalue())
