"""NumPy's own tests on wrapped arrays, scored against what a perfect duck array can pass.

The yardstick (run_nptests.py, its plugin and its ceiling) lies beside the project, in
../shared/yardsticks/nptests or where GRUMPY_NPTESTS says. GRUMPY_NPTESTS_MODULES names the modules.
Failures that known.txt does not list fail the test, and so do lines of known.txt that now pass.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
YARDSTICK = pathlib.Path(os.environ.get(
    "GRUMPY_NPTESTS", HERE.parents[2] / "shared" / "yardsticks" / "nptests"))
MODULES = os.environ.get(
    "GRUMPY_NPTESTS_MODULES",
    "core.test_umath,core.test_ufunc,core.test_numeric,core.test_nep50_promotions,"
    "core.test_shape_base,core.test_einsum,linalg.test_linalg").split(",")
LEAST = 0.95

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(not (YARDSTICK / "run_nptests.py").is_file(), reason=f"no yardstick in {YARDSTICK}"),
]


def known():
    lines = (HERE / "known.txt").read_text().splitlines()
    return {line.split("\t")[0] for line in lines if line and not line.startswith("#")}


@pytest.mark.parametrize("module", MODULES)
def test_module(module, tmp_path):
    folder = tmp_path / "nptests"
    shutil.copytree(YARDSTICK, folder)
    result = tmp_path / "result.json"
    env = dict(os.environ, GRUMPY_FP_WARNINGS="call", GRUMPY_VERIFY="0")
    subprocess.run([sys.executable, "-P", str(folder / "run_nptests.py"), "--duck", "grumpy:asarray",
                    "--modules", module, "--json", str(result)], env=env, check=True, cwd=tmp_path)
    tests = json.loads(result.read_text())["modules"][module]["tests"]
    goal = json.loads((folder / "ceiling.json").read_text())["modules"][module]["pass"]
    passed = {t for t in goal if tests.get(t, {}).get("outcome") == "passed" and tests[t]["touched"]}
    failed = {f"{module}::{t}" for t in set(goal) - passed}
    assert len(passed) >= LEAST * len(goal), f"{len(passed)} of {len(goal)}"
    new = sorted(failed - known())
    assert not new, "fail, and are not in known.txt:\n" + "\n".join(new)
    stale = sorted(t for t in known() if t.startswith(module + "::") and t.split("::", 1)[1] in passed)
    assert not stale, "pass now, and are in known.txt:\n" + "\n".join(stale)
