"""Fork and exit, with threads in the midst of evaluations (semantics.md S10)."""
import os
import subprocess
import sys

import pytest


def run(tmp_path, program, **settings):
    environment = os.environ | {"GRUMPY_CACHE_DIR": str(tmp_path / "cache")} | settings
    done = subprocess.run([sys.executable, "-P", "-c", program], env=environment, capture_output=True,
                          text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.split()


BUSY = """
import os, threading, time
import numpy as np, grumpy

def work():
    x = grumpy.asarray(np.arange(1e6))
    k = 0
    while True:
        k += 1
        float((np.sqrt(x * x + k) + np.sin(x * k)).sum())
        x += 1  # in place

for _ in range(2):
    threading.Thread(target=work, daemon=True).start()
time.sleep(0.2)
"""


def test_exit_while_daemon_threads_evaluate(tmp_path):
    assert run(tmp_path, BUSY + """
import atexit
last = grumpy.asarray(np.arange(1e6)) * 2
atexit.register(lambda: print(last.item(3)))
print("end")
""") == ["end", "6.0"]


def test_exit_before_grumpys_own_end(tmp_path):
    # What is registered before the import runs after grumpy has closed the door to other threads.
    assert run(tmp_path, """
import atexit
atexit.register(lambda: print(last.item(3)))
""" + BUSY + "last = grumpy.asarray(np.arange(1e6)) * 2") == ["6.0"]


@pytest.mark.parametrize("jit", ["auto", "sync"])
def test_fork_while_threads_evaluate(tmp_path, jit):
    assert run(tmp_path, BUSY + """
mine = grumpy.asarray(np.arange(3e5))
failed = 0
for k in range(10):
    pending = mine * k + 1
    pid = os.fork()
    if pid == 0:
        ok = pending.item(3) == 3 * k + 1
        fresh = np.exp(np.cos(mine) * 0.5 + k) + mine / 3  # a kernel that is not compiled yet
        x = np.arange(3e5)
        ok &= bool(np.allclose(np.asarray(fresh), np.exp(np.cos(x) * 0.5 + k) + x / 3, rtol=1e-14))
        os._exit(0 if ok else 1)
    failed += os.waitpid(pid, 0)[1] != 0
print(failed, (mine + 1).item(1))
""", GRUMPY_JIT=jit) == ["0", "2.0"]


def test_exit_while_kernels_are_compiled_in_the_background(tmp_path):
    for _ in range(3):
        assert run(tmp_path, """
import numpy as np, grumpy
x = grumpy.asarray(np.arange(1e5))
for k in range(4):
    for _ in range(15):
        y = x
        for _ in range(9 + k):
            y = (y * 0.5 + 1) / (y + 3)
        y.item(0)
print("end")
""", GRUMPY_CACHE="0") == ["end"]


def test_signals_are_the_programs(tmp_path):
    # SIGUSR1 ends a process in which any thread takes it.
    assert run(tmp_path, """
import os, signal
import numpy as np, grumpy
x = grumpy.asarray(np.arange(1e5))
for _ in range(60):  # until it is compiled behind our back
    y = x
    for _ in range(9):
        y = (y * 0.5 + 1) / (y + 3)
    y.item(0)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
for _ in range(20):
    os.kill(os.getpid(), signal.SIGUSR1)
    signal.sigwait({signal.SIGUSR1})
print(len(os.listdir("/proc/self/task")) > 1)
""", GRUMPY_CACHE="0", OPENBLAS_NUM_THREADS="1", GRUMPY_NUM_THREADS="1") == ["True"]
