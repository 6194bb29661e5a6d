"""The built extension stands alone: what it needs, what it shows, and whom it lives with."""
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

import grumpy

PACKAGE = pathlib.Path(grumpy.__file__).parent
(CORE,) = PACKAGE.glob("_core*.so")
GLIBC = {"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1",
         "ld-linux-x86-64.so.2"}

needs_binutils = pytest.mark.skipif(not shutil.which("readelf"), reason="binutils not installed")


def read(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def needed(path):
    return set(re.findall(r"\(NEEDED\)\s+Shared library: \[(.+?)\]", read("readelf", "-d", path)))


@needs_binutils
def test_needs_only_glibc_and_what_it_brings():
    bundled = {path.name: path for path in (PACKAGE / ".libs").iterdir()}
    assert needed(CORE) - GLIBC <= set(bundled)
    for path in bundled.values():
        assert needed(path) - GLIBC <= set(bundled)


@needs_binutils
def test_shows_only_its_init_function():
    lines = read("nm", "-D", "--defined-only", CORE).splitlines()
    assert [line.split()[-1] for line in lines] == ["PyInit__core"]


@needs_binutils
def test_finds_its_libraries_beside_itself():
    assert re.search(r"\((?:RUNPATH|RPATH)\).*\[\$ORIGIN/\.libs\]", read("readelf", "-d", CORE))


def test_licences_travel_with_it():
    import importlib.metadata

    files = {path.name for path in importlib.metadata.files("grumpy")}
    assert {"LICENSE", "LLVM.txt", "OpenBLAS.txt", "GCC-runtime.txt"} <= files


SHARE = """
import sys
for name in sys.argv[1:]:
    __import__(name)
import numpy as np
import grumpy
x = np.linspace(0, 1, 100_001)
y = grumpy.asarray(x)
for _ in range(3):
    got = np.asarray(np.sqrt(y * y + 1))
assert np.array_equal(got, np.sqrt(x * x + 1))
if "numba" in sys.argv:
    import numba
    twice = numba.njit(lambda x: x.sum() * 2)
    assert abs(twice(x) - 2 * x.sum()) < 1e-6
if "torch" in sys.argv:
    import torch
    assert float(torch.from_numpy(x).sum()) > 0
if "jax" in sys.argv:
    import jax
    assert float(jax.jit(lambda x: x.sum())(x)) > 0
assert np.array_equal(np.asarray(grumpy.asarray(x) + 1), x + 1)
"""


@pytest.mark.parametrize("other", ["numba", "torch", "jax"])
@pytest.mark.parametrize("grumpy_first", [True, False])
def test_shares_a_process(other, grumpy_first):
    if subprocess.run([sys.executable, "-c", f"import {other}"], capture_output=True).returncode:
        pytest.skip(f"{other} is not installed")
    names = ["grumpy", other] if grumpy_first else [other, "grumpy"]
    subprocess.run([sys.executable, "-P", "-c", SHARE, *names], check=True, timeout=300)


def test_import_brings_little_along():
    """Beside NumPy's modules and its own; what few need is imported when it is needed."""
    program = ("import sys, numpy; before = set(sys.modules); import grumpy\n"
               "print(*{m.partition('.')[0] for m in set(sys.modules) - before})")
    brought = set(read(sys.executable, "-P", "-c", program).split())
    assert not brought & {"subprocess", "html", "scipy", "asyncio", "tempfile"}


def test_it_runs_where_nothing_else_is(tmp_path):
    """No LLVM, no BLAS and no compiler in sight, and a home that is not there yet."""
    program = ("import numpy as np, grumpy\n"
               "x = np.linspace(0, 1, 60_000).reshape(200, 300)\n"
               "g = grumpy.asarray(x)\n"
               "assert (np.asarray(np.sqrt(g * g + 1)) == np.sqrt(x * x + 1)).all()\n"
               "assert np.allclose(np.asarray(g @ g.T), x @ x.T)\n"
               "assert grumpy.report().compiled")
    subprocess.run([sys.executable, "-P", "-c", program], check=True,
                   env={"PATH": "/nowhere", "HOME": str(tmp_path / "home"), "GRUMPY_JIT": "sync"})
