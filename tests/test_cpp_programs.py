"""Build and run the C++ programs tests/**/*_test.cpp; each exits 0 when all is well."""
import pathlib
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "meson"
SOURCES = sorted((ROOT / "tests").rglob("*_test.cpp"))


@pytest.fixture(scope="module")
def built():
    ninja = shutil.which("ninja", path=pathlib.Path(sys.executable).parent) or shutil.which("ninja")
    if not ninja or not (BUILD / "build.ninja").is_file():
        pytest.skip("build/meson is not there; bash tests/run makes it")
    done = subprocess.run([ninja, "-C", BUILD, "cpp_tests"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-5000:]


def test_every_program_is_in_the_build():
    listed = (ROOT / "tests" / "meson.build").read_text()
    for source in SOURCES:
        assert f"'{source.relative_to(ROOT / 'tests').as_posix()}'" in listed


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_program(source, built):
    done = subprocess.run([BUILD / "tests" / source.stem], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
