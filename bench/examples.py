#!/usr/bin/env python3
"""Two worked examples with scikit-learn, on NumPy's arrays and on grumpy's.

A Pipeline on handwritten digits, which runs on wrapped arrays from end to end; and k-means written
in plain NumPy code, beside scikit-learn's own. Every way of running one is judged by the first, its
conversions and forwards are counted, and all are timed in turn. docs/examples.md explains them.
"""
import argparse
import dataclasses
import os
import warnings

os.environ["SCIPY_ARRAY_API"] = "1"  # before SciPy is imported: scikit-learn asks for it

import numpy as np
import pipeline
import report
from harness import Case, Runner, arguments, compare, interleave
from kmeans import kmeans, nearest
from photographs import photograph

import grumpy


@dataclasses.dataclass
class Way:
    """One way of running an example, and what became of it."""

    name: str
    case: Case
    made: tuple
    wrap: object
    types: list = dataclasses.field(default_factory=list)
    counts: object = None
    agreement: object = None
    runner: Runner = None

    @property
    def wrapped(self):
        """Are all results grumpy arrays?"""
        return all(kind is grumpy.ndarray for kind in self.types)

    @property
    def conversions(self):
        return sum(entry.count for entry in self.counts.conversions)

    @property
    def forwards(self):
        return sum(entry.count for entry in self.counts.forwards)


def plain(array):
    return array


def run_ways(ways, seconds=0.0):
    """Run every way: first what it gives and does, then, for some time, how long it takes."""
    with warnings.catch_warnings():
        # scikit-learn says that ten steps of k-means are no convergence; they are as many as asked.
        warnings.filterwarnings("ignore", "Number of distinct clusters|.*did not converge")
        for way in ways:
            inputs = arguments(way.made, way.wrap)
            grumpy.report().reset()
            results = way.case.run(*inputs)  # nothing is forced from here
            way.counts = grumpy.report()
            way.types = [type(r) for r in results if not isinstance(r, float)]
            way.runner = Runner(way.case, way.made, way.wrap)
            way.runner.call()
            way.agreement = compare(way.case, way.runner.results, ways[0].runner.results)
            way.runner.times.seconds.clear()
        if seconds:
            interleave([way.runner for way in ways], seconds)
    return ways


# --- The Pipeline -------------------------------------------------------------------------------


def pipeline_ways(small=False):
    """The Pipeline with scikit-learn's dispatch off and on, on NumPy's and on wrapped arrays."""
    on, off = pipeline.digits(small, dispatch=True), pipeline.digits(small, dispatch=False)
    case = pipeline.CASES[0]
    return [Way("NumPy, dispatch off", case, off, plain),
            Way("NumPy, dispatch on", case, on, plain),
            Way("grumpy, dispatch on", case, on, grumpy.asarray),
            Way("grumpy, dispatch off", case, off, grumpy.asarray)]


# --- K-means ------------------------------------------------------------------------------------


def in_numpy_code(points, start, steps):
    """K-means as written in kmeans.py; the centres, and the nearest of them to each point."""
    centres, _ = kmeans(points, start, steps)
    return centres, nearest(points, centres)


def in_sklearn(points, start, steps):
    """The same by scikit-learn's Cython code: same start, same number of steps."""
    from sklearn.cluster import KMeans

    model = KMeans(len(start), init=start, n_init=1, max_iter=steps, tol=0, algorithm="lloyd")
    model.fit(points)
    return model.cluster_centers_, model.labels_.astype(np.int64)


def pixels(small, colours=16):
    """china.jpg, and the mean colours of equal shares of its pixels, ordered by brightness.

    Pixels have few distinct values. From pixels as centres, many points would be as far from one
    centre as from another, and rounding would decide.
    """
    points = photograph("china.jpg", small).reshape(-1, 3)
    shares = np.array_split(points[np.argsort(points.sum(axis=1), kind="stable")], colours)
    return points, np.stack([share.mean(axis=0) for share in shares]), 10


def kmeans_ways(small=False):
    """K-means in NumPy code and in scikit-learn's, on NumPy's and on wrapped arrays."""
    made = pixels(small)
    code = Case("k-means", None, in_numpy_code, "", rtol=1e-9, flips=1e-5)
    theirs = Case("KMeans", None, in_sklearn, "", rtol=1e-9, flips=1e-5)
    return [Way("NumPy code on NumPy", code, made, plain),
            Way("NumPy code on grumpy", code, made, grumpy.asarray),
            Way("KMeans on NumPy", theirs, made, plain),
            Way("KMeans on grumpy", theirs, made, grumpy.asarray)]


# --- What is printed ----------------------------------------------------------------------------


def describe(title, ways):
    print(f"{title}\n")
    print(f"{'':22}{'least':>9}{'median':>9}  {'agreement':12}{'results':9}"
          f"{'conversions':>12}{'forwards':>10}{'evaluations':>13}")
    for way in ways:
        times = way.runner.times
        least, median = (report.seconds(t) for t in (times.min, times.median))
        kind = "wrapped" if way.wrapped else "ndarrays"
        counts = [way.conversions, way.forwards, way.counts.evaluations]
        print(f"{way.name:22}{least:>9}{median:>9}  {way.agreement!s:12}{kind:9}"
              f"{counts[0]:>12,}{counts[1]:>10,}{counts[2]:>13,}")
    for way in ways:
        names = {}
        for entry in way.counts.forwards:
            names[entry.name] = names.get(entry.name, 0) + entry.count
        if names:
            print(f"\nHanded to NumPy by “{way.name}”: "
                  + ", ".join(f"{count}x {name}" for name, count in sorted(names.items())))
        for entry in way.counts.conversions:
            path = "/".join(entry.file.split("/")[-3:])
            print(f"Converted by “{way.name}”: {entry.count}x at {path}:{entry.line}")
    print()


def main():
    options = argparse.ArgumentParser(description=__doc__,
                                      formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--small", action="store_true", help="small inputs: does it work at all?")
    options.add_argument("--seconds", type=float, default=10.0,
                         help="how long the ways of an example take turns (default 10)")
    chosen = options.parse_args()
    ways = run_ways(pipeline_ways(chosen.small), chosen.seconds)
    count = len(ways[0].made[0])
    describe(f"StandardScaler, PCA, LogisticRegression: {count:,} digits", ways)
    print(f"Accuracy on {len(ways[0].made[2])} others: "
          + ", ".join(f"{float(way.runner.results[2]):.4f}" for way in ways) + "\n")
    clusters = run_ways(kmeans_ways(chosen.small), chosen.seconds)
    points, start, steps = clusters[0].made
    describe(f"K-means: {len(points):,} pixels, {len(start)} colours, {steps} steps", clusters)
    return 0 if all(way.agreement.holds for way in ways + clusters) else 1


if __name__ == "__main__":
    raise SystemExit(main())
