"""pytest plugin: the tests that it is given, from NumPy's suite, on wrapped arrays.

Runs in a process of its own that suite_runner starts. Each test leaves lines of JSON in the log: its
id when it starts; its id, how it ended, whether a wrapped array took part, and why it failed, when
it is done. A test that takes too long ends the process, with every thread's stack on the standard error.
"""
import faulthandler
import importlib
import json
import os
import sys

import pytest
from suite_wrapping import Wrapping


def pytest_addoption(parser):
    group = parser.getgroup("numpy suite")
    group.addoption("--wrapper", help="module:function that wraps an ndarray")
    group.addoption("--log", help="the file that gets the results")
    group.addoption("--ids", help='a file with {"skip": ids, "only": ids or null}')
    group.addoption("--limit", type=float, help="seconds that one test may take")


def pytest_configure(config):
    module, _, function = config.getoption("wrapper").partition(":")
    module = importlib.import_module(module)
    config.pluginmanager.register(
        Suite(config, Wrapping(getattr(module, function)), module.dispatch_count))


def test_id(item):
    """The test's name within its module, with class and parameters."""
    return item.nodeid.partition("::")[2]


test_id.__test__ = False


class Suite:
    """Chooses and records the tests. dispatch_count() grows with each operation on a wrapped array."""

    def __init__(self, config, wrapping, dispatch_count):
        self.wrapping, self.dispatch_count = wrapping, dispatch_count
        self.log = open(config.getoption("log"), "a", buffering=1)
        with open(config.getoption("ids")) as file:
            self.ids = json.load(file)
        self.limit = config.getoption("limit")
        self.stderr = os.fdopen(os.dup(sys.__stderr__.fileno()), "w")   # pytest redirects number 2
        self.process = os.getpid()

    def write(self, record):
        self.log.write(json.dumps(record) + "\n")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items):
        skip, only = set(self.ids["skip"]), self.ids["only"]
        chosen = {i for i in map(test_id, items) if only is None or i in set(only)} - skip
        items[:] = [item for item in items if test_id(item) in chosen]
        for item in items:
            self.wrapping.exchange_module(item.module)
            self.wrapping.exchange_drawn(item.obj)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item):
        self.record = {"id": test_id(item), "outcome": "passed", "why": ""}
        self.write({"started": test_id(item)})
        before = self.dispatch_count()
        faulthandler.dump_traceback_later(self.limit, exit=True, file=self.stderr)
        result = yield
        faulthandler.cancel_dump_traceback_later()
        self.write(dict(self.record, wrapped=self.dispatch_count() > before))
        return result

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem):
        done = {}
        for name, value in pyfuncitem.funcargs.items():
            pyfuncitem.funcargs[name] = self.wrapping.exchange_deep(
                value, pyfuncitem.module.__name__, done)
        try:
            return (yield)
        finally:
            if os.getpid() != self.process:   # a child that the test forked got here
                os._exit(1)

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.record.update(outcome="failed", why=str(report.longrepr)[-2000:])
        elif report.skipped:
            self.record["outcome"] = "skipped"
