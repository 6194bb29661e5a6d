"""Measuring in processes of their own: what a process has done before must not be in the figure.

A script that measures this way has a function `measure(library, workload, size, options)` and ends
with `fresh.main(measure, main)`: called with --child the script measures and prints JSON.
"""
import json
import os
import pathlib
import subprocess
import sys
import time


def run(script, library, workload, size, options=None, cache=None, timeout=300):
    """The figures of one measurement in a new process, as a dict; a RuntimeError says what failed.

    Parameters
    ----------
    script : str
        The measuring script's own `__file__`.
    library : str
        "numpy" or "grumpy".
    workload, size : Workload, dict
        What to measure.
    options : dict, optional
        Further arguments of the script's `measure`.
    cache : str, optional
        The folder that the process takes for the user's caches.
    """
    environment = dict(os.environ)
    if cache:
        environment.pop("GRUMPY_CACHE_DIR", None)
        environment["XDG_CACHE_HOME"] = cache
    task = json.dumps([library, workload.name, size, options or {}])
    done = subprocess.run([sys.executable, str(pathlib.Path(script).resolve()), "--child", task],
                          env=environment, capture_output=True, text=True, timeout=timeout)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        raise RuntimeError(f"{workload.name} on {library}: {last}")
    return json.loads(done.stdout.splitlines()[-1])


def wrapper(library):
    """Import the library; the function that wraps its arrays, and the seconds it took.

    Call it before anything but NumPy is imported: what others import already is not in the figure.
    """
    import numpy  # noqa: F401

    start = time.perf_counter()
    if library == "numpy":
        return (lambda array: array), 0.0
    import grumpy

    return grumpy.asarray, time.perf_counter() - start


def main(measure, otherwise):
    """Run the script: as a child it measures, else it does what it is for."""
    if len(sys.argv) == 3 and sys.argv[1] == "--child":
        print(json.dumps(measure(*json.loads(sys.argv[2]))))
    else:
        otherwise()
