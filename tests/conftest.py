"""What all tests share: a private cache, checks switched on, golden text, repeatable randomness."""
import os
import pathlib
import shutil
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Before grumpy is imported. A cache of its own, so that tests neither read nor leave kernels in
# the user's; every pass and kernel is verified.
_cache = tempfile.mkdtemp(prefix="grumpy-tests-")
os.environ.setdefault("GRUMPY_CACHE_DIR", _cache)
os.environ.setdefault("GRUMPY_VERIFY", "1")
os.environ.setdefault("GRUMPY_CALIBRATE", "0")  # counts of compilations are those of the built-in costs

# The installed package is tested; the source folder has no extension module and must not hide it.
sys.path[:] = [p for p in sys.path if pathlib.Path(p or os.curdir).resolve() != ROOT]
# Tests import helpers that stand beside them.
sys.path += sorted(str(p) for p in (ROOT / "tests").iterdir() if p.is_dir())

import numpy as np  # noqa: E402
import pytest  # noqa: E402

try:
    import hypothesis
except ImportError:  # the smoke runs have pytest and NumPy only
    pass
else:
    hypothesis.settings.register_profile(
        "grumpy", deadline=None, print_blob=True, derandomize="CI" in os.environ,
        suppress_health_check=[hypothesis.HealthCheck.too_slow])
    hypothesis.settings.load_profile("grumpy")


def pytest_addoption(parser):
    parser.addoption("--update-golden", action="store_true",
                     help="write the golden texts anew; read the difference before committing it")


def pytest_unconfigure():
    shutil.rmtree(_cache, ignore_errors=True)


@pytest.fixture
def golden(request):
    """golden(text, name): compare text with golden/<name>.txt beside the test."""

    def compare(text, name):
        path = request.path.parent / "golden" / f"{name}.txt"
        text = text.rstrip("\n") + "\n"
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        assert path.is_file(), f"no {path.relative_to(ROOT)}; write it with --update-golden"
        assert text == path.read_text()

    return compare


@pytest.fixture
def rng(request):
    """Random numbers that depend on the test's name only."""
    return np.random.default_rng(list(request.node.nodeid.encode()))
