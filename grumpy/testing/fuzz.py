"""Random NumPy programs on grumpy, for as long as wanted.

    python -m grumpy.testing.fuzz --seconds 600 --seed 1

Each program runs on NumPy and on grumpy: interpreted and compiled, with one thread and several, fused and
not. The first that differs is shrunk, printed as a script that runs by itself, and kept as a JSON file for
`grumpy.testing.program.Program.loads`. Needs the package hypothesis.
"""
import argparse
import os
import pathlib
import random
import subprocess
import sys
import time
import warnings

BATCH = 200  # programs drawn from one seed


def search(seed, seconds, folder):
    """Draw and check programs until the time is over; how many, and the smallest that fails or None.

    Parameters
    ----------
    seed : int
    seconds : float
        A batch that has begun is finished.
    folder : pathlib.Path or None
        Where a failing program is written; None for nowhere.

    Returns
    -------
    count : int
        Programs checked, those of shrinking left out.
    failed : grumpy.testing.program.Program or None
    """
    import hypothesis
    from grumpy.testing.strategy import programs

    count = 0
    failed = None
    seeds = random.Random(seed)
    end = time.monotonic() + seconds
    while failed is None and time.monotonic() < end:
        is_large = seeds.random() < 0.3

        @hypothesis.seed(seeds.getrandbits(64))
        @hypothesis.settings(max_examples=BATCH, database=None, deadline=None, report_multiple_bugs=False,
                             suppress_health_check=list(hypothesis.HealthCheck))
        @hypothesis.given(programs(longest=30, is_large=is_large))
        def check(program):
            nonlocal count, failed
            count += failed is None
            try:
                program.check_grumpy()
            except BaseException:
                failed = program  # the last one to fail is the smallest
                raise

        try:
            check()
        except Exception as e:
            if failed is None:
                raise
            print(failed.script())
            print(f"# {type(e).__name__}: {e}", flush=True)
            if folder:
                folder.mkdir(parents=True, exist_ok=True)
                path = folder / f"seed-{seed}.json"
                path.write_text(failed.dumps() + "\n")
                print(f"# kept in {path}", flush=True)
    return count, failed


def main(arguments=None):
    """The command line; 1 when a program differs, 2 when a process dies."""
    parser = argparse.ArgumentParser(prog="python -m grumpy.testing.fuzz", description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=None, help="default: a fresh one, which is printed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    parser.add_argument("--found", type=pathlib.Path, default=None, help="folder for failing programs")
    options = parser.parse_args(arguments)
    seed = random.SystemRandom().getrandbits(32) if options.seed is None else options.seed
    if options.jobs > 1:
        print(f"seed {seed}", flush=True)
        # As we were started: -P where the folder we are in has another package of this name.
        safe = ["-P"] if getattr(sys.flags, "safe_path", False) else []
        command = [sys.executable, *safe, "-m", "grumpy.testing.fuzz", "--seconds", str(options.seconds), "--jobs", "1"]
        command += ["--found", str(options.found)] if options.found else []
        children = [subprocess.Popen([*command, "--seed", str(seed + k)]) for k in range(options.jobs)]
        codes = [c.wait() for c in children]
        return 2 if any(c not in (0, 1) for c in codes) else max(codes)
    warnings.simplefilter("ignore")
    count, failed = search(seed, options.seconds, options.found)
    print(f"seed {seed}: {count} programs, {'one differs' if failed else 'no difference'}", flush=True)
    return int(failed is not None)


if __name__ == "__main__":
    sys.exit(main())
