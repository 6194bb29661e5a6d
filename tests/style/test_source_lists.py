"""The source lists of the build are the folders' contents, sorted, one file per line."""
import pathlib
import re

import pytest
from check_layers import ROOMS

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Compiled by the top-level meson.build: a replacement for parts of LLVM, linked as a whole.
ELSEWHERE = {"codegen": {"llvm_without_zlib.cpp"}}


def listed(meson_build):
    """The quoted names of a meson.build, in order; each must stand alone on its line."""
    names = []
    for line in meson_build.read_text().splitlines():
        if match := re.fullmatch(r"\s*'([^']+\.(?:cpp|py|pyi|typed))',?\s*", line):
            names.append(match[1])
    return names


@pytest.mark.parametrize("room", ROOMS)
def test_room(room):
    if room == "api":  # no folder: api.h and api.cpp stand at the top of csrc
        folder = ROOT / "csrc"
        found = folder.glob("*.cpp")
    else:
        folder = ROOT / "csrc" / room
        found = folder.rglob("*.cpp")
    names = listed(folder / "meson.build")
    present = {p.relative_to(folder).as_posix() for p in found}
    present = {name for name in present if not name.startswith("tools/")}
    assert names == sorted(present - ELSEWHERE.get(room, set()))


def test_package():
    folder = ROOT / "grumpy"
    names = listed(folder / "meson.build")
    present = {
        p.relative_to(folder).as_posix()
        for p in folder.rglob("*")
        if p.suffix in {".py", ".pyi", ".typed"} or p.name == "py.typed"
    }
    assert sorted(names) == sorted(present)
