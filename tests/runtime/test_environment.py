"""The GRUMPY_* variables do what docs/environment.md says (architecture.md A8)."""
import os
import subprocess
import sys

import numpy as np
import pytest

import grumpy

PROGRAM = """
import numpy as np, grumpy
x = grumpy.asarray(np.arange(20000.0).reshape(200, 100))
y = (np.exp(-x) + np.exp(-x)).sum(axis=1)
print(repr(float(y[0])), grumpy.report().compiled, grumpy.report().kernels)
"""


def run(tmp_path, program=PROGRAM, **settings):
    environment = os.environ | {"GRUMPY_CACHE_DIR": str(tmp_path / "cache"), "GRUMPY_JIT": "sync"} | settings
    done = subprocess.run([sys.executable, "-P", "-c", program], env=environment,
                          capture_output=True, text=True)
    return done


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    """What PROGRAM says at each level, with an empty cache each time."""
    return [run(tmp_path_factory.mktemp("cache"), GRUMPY_LOG=str(level)).stderr for level in range(6)]


@pytest.mark.parametrize("level, says", [
    (1, ["compiled in"]), (2, ["GB/s"]), (3, ["partition 0: map_reduce"]),
    (4, ["= load", "define"]), (5, ["after common_subexpr"])])
def test_log(logs, level, says):
    for words in says:
        assert words in logs[level] and words not in logs[level - 1]
    assert all(line.startswith("grumpy: ") for line in logs[level].splitlines())


def test_log_of_forwards(tmp_path):
    program = "import numpy as np, grumpy\nnp.linalg.inv(grumpy.asarray(np.eye(2)))"
    assert "linalg.inv" in run(tmp_path, program, GRUMPY_LOG="fallback").stderr


def test_dump(tmp_path):
    run(tmp_path, GRUMPY_DUMP=str(tmp_path / "dump"))
    names = sorted(p.name for p in (tmp_path / "dump").iterdir())
    assert [n.split("-")[0] for n in names] == [f"{k:03}" for k in range(1, len(names) + 1)]
    kinds = {n.partition("-")[2] for n in names}
    assert kinds >= {"snapshot.txt", "common_subexpr.txt", "partitions.txt", "graph.dot", "kernels.txt",
                     "kernels.ll", "kernels.s", "kernels.ptx"}
    for p in (tmp_path / "dump").iterdir():
        assert p.stat().st_size > 0


def test_passes_can_be_disabled(tmp_path):
    program = """
import numpy as np, grumpy
x = grumpy.asarray(np.arange(3.0))
print(grumpy.inspect.show(np.exp(x) + np.exp(x), "passes").count("exp"))
"""
    assert run(tmp_path, program).stdout == "1\n"
    assert run(tmp_path, program, GRUMPY_DISABLE_PASSES="simplify,common_subexpr").stdout == "2\n"


def test_devices(tmp_path):
    want = run(tmp_path).stdout.split()
    interpreted = run(tmp_path, GRUMPY_DEVICE="interp").stdout.split()
    assert interpreted[0] == want[0] and interpreted[1] == "0" and want[1] != "0"
    assert run(tmp_path, GRUMPY_DEVICE="null").stdout.split()[1:] == ["0", "0"]
    cuda = run(tmp_path, GRUMPY_DEVICE="cuda").stderr
    assert "GRUMPY_DEVICE: expected" in cuda


def test_threads_and_verification_change_no_bit(tmp_path):
    want = run(tmp_path).stdout.split()[0]
    for settings in ({"GRUMPY_NUM_THREADS": "1"}, {"GRUMPY_NUM_THREADS": "5"}, {"GRUMPY_VERIFY": "2"},
                     {"GRUMPY_JIT": "off"}, {"GRUMPY_CACHE": "0"}, {"GRUMPY_POOL_BYTES": "0"}):
        assert run(tmp_path, **settings).stdout.split()[0] == want


def test_a_wrong_value_is_told(tmp_path):
    assert "GRUMPY_NUM_THREADS: expected" in run(tmp_path, GRUMPY_NUM_THREADS="many").stderr


def test_limits_of_pending_work():
    x = grumpy.asarray(np.arange(3.0))
    with grumpy.config(max_pending_nodes=10):
        kept = [x + k for k in range(50)]
        assert grumpy.report().pending <= 11
    assert float(kept[49][0]) == 49


def test_a_pass_that_is_not_there(tmp_path):
    said = run(tmp_path, GRUMPY_DISABLE_PASSES="simplify, nonsense").stderr
    assert "ValueError: GRUMPY_DISABLE_PASSES: no pass 'nonsense'; there are compute_readers, " in said
    with pytest.raises(ValueError, match="no pass 'nonsense'"):
        grumpy.config(disable_passes="nonsense")
    assert grumpy.config.get("disable_passes") == ""


def test_passes_disabled_while_running():
    def exponentials():
        x = grumpy.asarray(np.arange(30.0))
        y = np.exp(x) + np.exp(x)
        return grumpy.inspect.show(y, "passes").count("exp"), y.item(1)

    assert exponentials() == (1, 2 * np.exp(1.0))
    grumpy.report().reset()
    with grumpy.config(disable_passes="simplify,common_subexpr"):
        assert exponentials() == (2, 2 * np.exp(1.0))
    assert grumpy.report().plans == 1  # not the one of before
