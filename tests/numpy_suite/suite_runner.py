"""Runs modules of NumPy's installed tests on wrapped arrays; also a command.

    python tests/numpy_suite/suite_runner.py numpy.linalg.tests.test_linalg ... [-w MODULE:FUNCTION]

A module runs in a process of its own. A test that ends the process, or hangs, counts as failed, and
the tests after it run in a new process.

What a failure is measured against: a test that fails runs once more on the arrays of
suite_reference, which hand everything to NumPy at once. What fails there too is out of reach for
anything that is not an ndarray (it asks for ``type(x) is np.ndarray``, gives the array to C code,
looks into the exchange of modules itself) and is reported apart, as beyond.
"""
import argparse
import collections
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
REFERENCE = "suite_reference:asarray"
LIMIT = 120   # seconds, for one test

Results = collections.namedtuple("Results", "passed untouched skipped failed beyond")


def run_process(command, env, folder):
    """Runs command, ends every process that it left behind, returns its output."""
    with open(folder / "output", "w+", errors="replace") as output:
        process = subprocess.Popen(command, env=env, cwd=folder, stdin=subprocess.DEVNULL,
                                   stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            process.wait()
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
        output.seek(0)
        return process.returncode, output.read()


def last_words(output):
    """The stack that a process printed as it ended, or what it printed last."""
    stack = output.find("(most recent call first)")
    return output[-2000:] if stack < 0 else output[stack:stack + 2000]


def read_log(path, records):
    """Adds the log's records; returns the id of the test that was running when it ended, or None."""
    running = None
    for line in path.read_text().splitlines():
        try:
            entry = json.loads(line)
        except ValueError:   # cut off
            continue
        running = entry.get("started")
        if running is None:
            records[entry["id"]] = entry
    return running


def run_tests(module, wrapper, only=None, limit=LIMIT):
    """{test id: its record} for the tests of a module (its dotted name, or a path to its file)."""
    records = {}
    with tempfile.TemporaryDirectory(prefix="numpy-suite-") as folder:
        folder = pathlib.Path(folder)
        log, ids = folder / "log", folder / "ids"
        (folder / "pytest.ini").write_text("[pytest]\n")
        # NumPy's tests ask NPY_AVAILABLE_MEM before they take gigabytes. PYTHONHASHSEED: some order
        # their parameters by a set, and so their ids.
        env = dict(os.environ, PYTHONHASHSEED="0", NPY_AVAILABLE_MEM="2 GB", PYTHONPATH=os.pathsep.join(
            [str(HERE), os.environ.get("PYTHONPATH", "")]))
        running = "the first"
        while running is not None:
            log.write_text("")
            ids.write_text(json.dumps({"skip": list(records), "only": only}))
            code, output = run_process(
                [sys.executable, "-P", "-m", "pytest", "-q", "--tb=short", "-m", "not slow",
                 "-p", "no:cacheprovider", "-p", "suite_plugin", "-c", str(folder / "pytest.ini"),
                 "--rootdir", str(folder), f"--wrapper={wrapper}", f"--log={log}", f"--ids={ids}",
                 f"--limit={limit}", "--pyargs", str(module)], env, folder)
            running = read_log(log, records)
            if running is not None:
                records[running] = {"outcome": "failed", "wrapped": True,
                                    "why": f"ended the process ({code})\n{last_words(output)}"}
            elif code not in (0, 1) or not records:
                raise RuntimeError(f"{module}: pytest ended with {code}\n{output[-3000:]}")
    return records


def run_module(module, wrapper, only=None):
    """Results of a module: sets of ids, and failed and beyond {id: why}."""
    records = run_tests(module, wrapper, only)

    def ids(outcome):
        return {i for i, record in records.items() if record["outcome"] == outcome}

    untouched = {i for i in ids("passed") if not records[i]["wrapped"]}
    failed = sorted(ids("failed"))
    beyond = set()
    if failed and wrapper != REFERENCE:
        reference = run_tests(module, REFERENCE, failed)
        beyond = {i for i in failed if reference[i]["outcome"] != "passed"}
    return Results(ids("passed") - untouched, untouched, ids("skipped"),
                   {i: records[i]["why"] for i in failed if i not in beyond},
                   {i: records[i]["why"] for i in beyond})


HEADER = f"{'':44}" + "".join(f"{name:>10}" for name in Results._fields)


def counts(module, results):
    """One line for a module: passed, passed with no wrapped array in it, skipped, failed, beyond."""
    return f"{module:44}" + "".join(f"{len(part):10}" for part in results)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("modules", nargs="+")
    parser.add_argument("-w", "--wrapper", default="grumpy:asarray")
    parser.add_argument("--why", action="store_true", help="print what each failing test said")
    parser.add_argument("--beyond", action="store_true", help="list those that are beyond too")
    arguments = parser.parse_args()
    print(HEADER)
    found = {}
    for module in arguments.modules:
        found[module] = run_module(module, arguments.wrapper)
        print(counts(module, found[module]), flush=True)
    for module, results in found.items():
        for test, why in sorted((results.failed | (results.beyond if arguments.beyond else {})).items()):
            print(f"{module}::{test}" + ("  (beyond)" if test in results.beyond else ""))
            if arguments.why:
                print("    " + why.strip().replace("\n", "\n    "))
    return any(results.failed for results in found.values())


if __name__ == "__main__":
    sys.exit(main())
