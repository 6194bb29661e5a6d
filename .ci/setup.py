#!/usr/bin/env python3
"""Make a checkout ready: system packages, an environment, the wheel, all inside build/.

Usage: setup.py            make ready: build/venv holds grumpy and all that tests and demo use
       setup.py smoke      make ready, then run tests/smoke with the oldest and newest NumPy

Every step is skipped when nothing it depends on has changed, so that a second run takes a second
and needs no network. Only the standard library is used here: this runs before anything is there.
"""
import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pathlib
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
LOGS = BUILD / "logs"
VENV = BUILD / "venv"
WHEELS = BUILD / "wheels"
REQUIREMENTS = ROOT / ".ci" / "requirements.txt"
# Whatever the wheel is made of: a change here builds it again.
WHEEL_INPUTS = ["csrc", "grumpy", "docs/licenses", "meson.build", "pyproject.toml", "LICENSE"]
OLDEST_NUMPY = "2.1"
LLVM_MAJOR = "19"


class SetupError(Exception):
    """Something a person has to do; the text says what."""


# --- Saying what happens ------------------------------------------------------------------------


def say(text):
    print(f"[grumpy] {text}", flush=True)


@contextlib.contextmanager
def progress(title, log):
    """Show a running clock and the log's last line on a terminal, one line elsewhere."""
    start = time.monotonic()
    stop = threading.Event()
    live = sys.stdout.isatty()

    def last_line():
        try:
            with open(log, "rb") as f:
                f.seek(max(0, os.path.getsize(log) - 2000))
                lines = f.read().decode(errors="replace").split("\n")
        except OSError:
            return ""
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def show():
        beat = 0.2 if live else 30.0
        while not stop.wait(beat):
            seconds = time.monotonic() - start
            width = shutil.get_terminal_size().columns - 1
            text = f"[grumpy] {title} … {seconds:.0f} s  {last_line()}"
            print(("\r\x1b[K" if live else "") + text[:width], end="" if live else "\n", flush=True)

    if not live:
        say(f"{title} …")
    thread = threading.Thread(target=show, daemon=True)
    thread.start()
    outcome = "failed"
    try:
        yield
        outcome = "done"
    finally:
        stop.set()
        thread.join()
        print("\r\x1b[K" if live else "", end="")
        say(f"{title}: {outcome} in {time.monotonic() - start:.0f} s")


def run(title, command, env=None, advice=None):
    """Run a command with its output in build/logs; on failure show the end of it."""
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / (re.sub(r"\W+", "-", title).strip("-") + ".log")
    with progress(title, log), open(log, "wb") as out:
        code = subprocess.run(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=out,
                              stderr=subprocess.STDOUT).returncode
        if code:
            out.flush()
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-40:])
            raise SetupError(f"{tail}\n\n{title} failed (all of it: {log.relative_to(ROOT)})"
                             + (f"; {advice}" if advice else ""))


def output(*command):
    """What a command prints, or "" when it cannot be run."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


# --- Stamps: what a step was done for -----------------------------------------------------------


def digest(*parts):
    h = hashlib.sha256()
    for part in parts:
        h.update(part if isinstance(part, bytes) else str(part).encode())
        h.update(b"\0")
    return h.hexdigest()


def digest_files(names):
    """Hash of names and contents of the files below the given names."""
    parts = []
    for name in names:
        path = ROOT / name
        files = [path] if path.is_file() else sorted(path.rglob("*"))
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts:
                parts += [file.relative_to(ROOT).as_posix(), file.read_bytes()]
    return digest(*parts)


def is_done(stamp, value):
    return stamp.is_file() and stamp.read_text() == value


# --- System packages ----------------------------------------------------------------------------


def has_compiler():
    """A C++ compiler that knows C++20 as we use it."""
    compiler = os.environ.get("CXX", "c++").split()
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder, "probe.cpp")
        source.write_text("#include <bit>\n#include <concepts>\n#include <span>\n"
                          "int main() { return std::span<int>{}.size() + std::popcount(0u); }\n")
        return bool(shutil.which(compiler[0])) and subprocess.run(
            [*compiler, "-std=c++20", str(source), "-o", str(source.with_suffix(""))],
            capture_output=True).returncode == 0


def has_llvm():
    """An LLVM 19 with static libraries, as meson.build looks for it."""
    named = os.environ.get("LLVM_CONFIG")
    for config in [named] if named else ["llvm-config-" + LLVM_MAJOR, "llvm-config"]:
        if output(config, "--version").startswith(LLVM_MAJOR + "."):
            return pathlib.Path(output(config, "--libdir"), "libLLVMSupport.a").is_file()
    return False


def missing_packages():
    """(Debian package, why) for each thing that is really missing."""
    wanted = []
    if not has_compiler():
        wanted.append(("g++", "a C++20 compiler"))
    if not has_llvm():
        wanted.append((f"llvm-{LLVM_MAJOR}-dev", f"LLVM {LLVM_MAJOR}"))
    if not pathlib.Path(sysconfig.get_path("include"), "Python.h").is_file():
        wanted.append(("python3-dev", "Python's headers"))
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        wanted.append(("python3-venv", "Python environments"))
    if not shutil.which("dot"):
        wanted.append(("graphviz", "drawings of graphs"))
    return wanted


def install_packages():
    """Install what is missing; True when something was installed."""
    missing = missing_packages()
    if not missing:
        return False
    names = [name for name, _ in missing]
    needed = [name for name in names if name != "graphviz"]  # the rest works without drawings
    command = "apt-get install " + " ".join(names)
    why = ", ".join(f"{name} ({reason})" for name, reason in missing)
    if not shutil.which("apt-get"):
        prefix = None
    elif os.geteuid() == 0:
        prefix = []
    elif shutil.which("sudo") and (
            sys.stdin.isatty() or subprocess.run(["sudo", "-n", "true"],
                                                 capture_output=True).returncode == 0):
        prefix = ["sudo"]
    else:
        prefix = None
    if prefix is None:
        if needed:
            raise SetupError(f"missing: {why}; install with: {command}")
        return False
    say(f"missing: {why}")
    if prefix and sys.stdin.isatty():
        subprocess.run(["sudo", "-v"])  # asks for the password before output goes to a log
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-y",
           "--no-install-recommends"]
    try:
        try:
            run(command, [*apt, "install", *names])
        except SetupError:
            run("apt-get update", [*apt, "update"])
            run(command, [*apt, "install", *names])
    except SetupError as error:
        if needed:
            raise SetupError(f"{error}\n\nStill missing: {why}; install with: {command}") from None
        say("graphviz could not be installed; graphs will not be drawn")
        return False
    still = [name for name, _ in missing_packages() if name in needed]
    if still:
        raise SetupError("still missing after apt-get: " + ", ".join(still))
    return True


# --- The environment ----------------------------------------------------------------------------


def interpreter():
    """What an environment is bound to: it is made anew for another Python."""
    return f"{sys.version} {sys.prefix}"


def pip(venv, *arguments):
    return [str(venv / "bin" / "python"), "-m", "pip", "--disable-pip-version-check",
            "--no-input", *arguments]


def make_environment(venv, title):
    stamp = venv / "made-for"
    if is_done(stamp, interpreter()):
        return
    shutil.rmtree(venv, ignore_errors=True)
    run(title, [sys.executable, "-m", "venv", str(venv)])
    stamp.write_text(interpreter())


def install_requirements():
    stamp = VENV / "requirements"
    wanted = digest(REQUIREMENTS.read_bytes())
    if is_done(stamp, wanted):
        return
    run("Installing Python packages", pip(VENV, "install", "-r", str(REQUIREMENTS)),
        advice="this step needs the network once")
    stamp.write_text(wanted)


def build_wheel():
    """The wheel of these sources, and the stamp that names it."""
    tools = digest(REQUIREMENTS.read_bytes(), interpreter(), os.environ.get("LLVM_CONFIG", ""),
                   os.environ.get("CXX", ""))
    wanted = digest(digest_files(WHEEL_INPUTS), tools)
    wheels = list(WHEELS.glob("grumpy-*.whl"))
    if not (is_done(WHEELS / "made-of", wanted) and len(wheels) == 1):
        # Meson's folder is kept, so that only what changed is compiled; other tools need a new one.
        folder = BUILD / "meson"
        if not is_done(folder / "made-with", tools):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            (folder / "made-with").write_text(tools)
        shutil.rmtree(WHEELS, ignore_errors=True)
        env = dict(os.environ, PATH=f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}")
        run("Building grumpy",
            pip(VENV, "wheel", "-v", "--no-build-isolation", "--no-deps", "--no-index",
                "--wheel-dir", str(WHEELS), f"--config-settings=build-dir={folder}", str(ROOT)),
            env)
        wheels = list(WHEELS.glob("grumpy-*.whl"))
        (WHEELS / "made-of").write_text(wanted)
    return wheels[0], wanted


def install_wheel(venv, wheel, identity):
    stamp = venv / "grumpy-made-of"
    if is_done(stamp, identity):
        return
    run(f"Installing {wheel.name} in {venv.relative_to(ROOT)}",
        pip(venv, "install", "--no-deps", "--no-index", "--force-reinstall", str(wheel)))
    stamp.write_text(identity)


def make_ready():
    if install_packages():
        # Python itself may be a newer one now: what follows is stamped with its version.
        os.execv(sys.executable, [sys.executable, *sys.argv])
    make_environment(VENV, "Making an environment in build/venv")
    install_requirements()
    wheel, identity = build_wheel()
    install_wheel(VENV, wheel, identity)
    return wheel, identity


# --- The smoke runs -----------------------------------------------------------------------------


def smoke(wheel, identity):
    """Run tests/smoke where there is only NumPy, the oldest supported and the newest."""
    failures = 0
    for label, requirement in [(OLDEST_NUMPY, f"numpy=={OLDEST_NUMPY}.*"), ("newest", "numpy")]:
        venv = BUILD / f"venv-numpy-{label}"
        make_environment(venv, f"Making an environment for NumPy {label}")
        try:
            run(f"Installing NumPy {label}",
                pip(venv, "install", "--only-binary", ":all:", "--upgrade", requirement, "pytest"))
        except SetupError as error:
            if not (venv / "grumpy-made-of").is_file():
                say(f"smoke run on NumPy {label} left out: it could not be installed "
                    f"({str(error).splitlines()[0]})")
                continue
            say(f"no network: smoke run on the NumPy {label} that is already there")
        install_wheel(venv, wheel, identity)
        python = str(venv / "bin" / "python")
        version = output(python, "-c", "import numpy; print(numpy.__version__)")
        say(f"smoke run on NumPy {version}")
        failures += bool(subprocess.run(
            [python, "-P", "-m", "pytest", "-q", "tests/smoke"], cwd=ROOT).returncode)
    return failures


def main():
    if sys.argv[1:] not in ([], ["smoke"]):
        print(__doc__)
        return 2
    BUILD.mkdir(exist_ok=True)
    with open(BUILD / "lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another set-up of this checkout")
            fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            wheel, identity = make_ready()
            if sys.argv[1:] == ["smoke"]:
                return smoke(wheel, identity)
        except SetupError as error:
            print(error, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
