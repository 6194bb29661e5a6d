#!/usr/bin/env python3
"""Fail when a room includes a room to its right, or a quarantined header leaks.

Usage: check_layers.py [csrc]        Exit 0 clean, 1 with one line per offence on stdout.

A quarantine holds for what is reached, too: a file outside codegen/ may not include a header of
codegen/ that itself includes LLVM's, or the quarantine would be one in name only.
"""
import pathlib
import re
import sys

ROOMS = ["base", "ops", "graph", "passes", "kernel", "codegen", "device", "runtime", "api"]
# What an included name begins with -> the folders whose files may reach it.
QUARANTINE = {
    "llvm/": ["codegen/"],
    "llvm-c/": ["codegen/"],
    "cuda": ["device/cuda/"],
    "cublas": ["device/cuda/"],
    "cblas": ["device/cpu/"],
    "openblas": ["device/cpu/"],
    "Python.h": [],
    "numpy/": [],
}
# Headers that exist to hold a quarantine; elsewhere only .cpp files include foreign headers.
GATES = {"codegen/llvm_headers.h"}
SUFFIXES = {".h", ".cpp", ".def", ".inc"}
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.M)


def room_of(name):
    """The room a path relative to csrc belongs to, or None for a foreign header."""
    head = name.split("/")[0]
    head = head.removesuffix(".h").removesuffix(".cpp")
    if head.startswith("api_"):  # the api room lies beside the others' folders
        head = "api"
    return head if head in ROOMS else None


def read_includes(root):
    """Path relative to root -> the names it includes, for every source file."""
    return {
        path.relative_to(root).as_posix(): INCLUDE.findall(path.read_text())
        for path in sorted(root.rglob("*"))
        if path.suffix in SUFFIXES
    }


def reached(name, includes):
    """Every name that including `name` brings in, our own headers followed."""
    seen, waiting = set(), [name]
    while waiting:
        for target in includes.get(waiting.pop(), ()):
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    return seen


def quarantine_of(target):
    """The folders that may reach `target`, or None when it is not quarantined."""
    if room_of(target):
        return None
    for prefix, homes in QUARANTINE.items():
        if target.startswith(prefix):
            return homes
    return None


def offences(root):
    includes = read_includes(root)
    for name, targets in includes.items():
        room = room_of(name)
        if room is None:
            yield f"{name}: belongs to no room"
            continue
        for target in targets:
            other = room_of(target)
            if other and ROOMS.index(other) > ROOMS.index(room):
                yield f"{name}: {room} may not include {target} ({other} is a later room)"
            if other and target not in includes:
                yield f"{name}: {target} does not exist"
            homes = quarantine_of(target)
            at_home = homes and name.startswith(tuple(homes))
            if homes is not None and not (at_home and (name.endswith(".cpp") or name in GATES)):
                yield f"{name}: {target} belongs only in .cpp files of {homes or 'the binding'}"
        for target in sorted(reached(name, includes) - set(targets)):
            homes = quarantine_of(target)
            if homes is not None and not (homes and name.startswith(tuple(homes))):
                yield f"{name}: reaches {target}, which only {homes or 'the binding'} may"


if __name__ == "__main__":
    here = pathlib.Path(__file__).resolve().parents[2]
    found = list(offences(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here / "csrc"))
    print("\n".join(found))
    sys.exit(bool(found))
