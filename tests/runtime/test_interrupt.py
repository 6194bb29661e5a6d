"""Ctrl-C stops a long evaluation between kernels, and nothing is lost (semantics.md S10)."""
import os
import signal
import threading

import numpy as np
import pytest

import grumpy


def long_program(n=600, steps=80):
    """Products that take seconds together, none of them long."""
    a = grumpy.asarray(np.eye(n) * 2)
    y = grumpy.asarray(np.ones((n, n)))
    for _ in range(steps):
        y = (a @ y) / 2
    return y


def press_ctrl_c(after=0.1):
    timer = threading.Timer(after, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    return timer


def test_ctrl_c_stops_between_kernels():
    y = long_program()
    grumpy.report().reset()
    timer = press_ctrl_c()
    with pytest.raises(KeyboardInterrupt):
        grumpy.evaluate(y)
        timer.join()  # for a machine that is done sooner
        pytest.fail(f"{grumpy.report().library_calls} products done, pending: {grumpy._core.is_pending(y)}, "
                    f"pressed: {timer.finished.is_set()}, handler: {signal.getsignal(signal.SIGINT)}")
    done = grumpy.report().library_calls
    assert done < 80
    assert grumpy._core.is_pending(y)
    assert (np.asarray(y) == 1).all()


def test_ctrl_c_before_a_wavefront():
    """Windows of arrays between the products: kernels that run in turn are given up and done again like others."""
    with grumpy.config(wavefront_bytes=1 << 16):
        n = 1200
        a, y = grumpy.asarray(np.eye(n) * 2), grumpy.asarray(np.ones((n, n)))
        for _ in range(8):
            y = (a @ y) / 2
            z = y.copy()
            for _ in range(3):
                z[1:-1] = (z[:-2] + z[2:]) / 2
            y = z
        grumpy.report().reset()
        timer = press_ctrl_c(0.05)
        with pytest.raises(KeyboardInterrupt):
            grumpy.evaluate(y)
            timer.join()
            pytest.fail("done sooner")
        assert grumpy.report().library_calls < 8
        assert grumpy._core.is_pending(y)
        assert (np.asarray(y) == 1).all()
        assert grumpy.report().wavefronts > 0


def test_a_handler_that_does_not_raise_lets_it_finish():
    seen = []
    before = signal.signal(signal.SIGINT, lambda *a: seen.append(float(grumpy.asarray([1.0]).sum())))
    try:
        y = long_program(steps=20)
        timer = press_ctrl_c(0.05)
        assert (np.asarray(y) == 1).all()
        timer.join()
    finally:
        signal.signal(signal.SIGINT, before)
    assert seen == [1.0]
