"""Random programs give NumPy's answers on grumpy; a failure prints a script that runs by itself.

What has ever failed lies in `found` as JSON and is run again each time; `python -m grumpy.testing.fuzz`
writes such files.
"""
import pathlib

import pytest
from hypothesis import given, settings

from grumpy.testing.program import Program
from grumpy.testing.strategy import programs

FOUND = sorted((pathlib.Path(__file__).parent / "found").glob("*.json"))


@pytest.mark.parametrize("path", FOUND, ids=lambda p: p.stem)
def test_what_has_failed_before(path):
    program = Program.loads(path.read_text())
    assert program.checks
    program.check_grumpy()


@settings(max_examples=200)
@given(programs())
def test_small_arrays(program):
    program.check_grumpy()


@settings(max_examples=60)
@given(programs(is_large=True))
def test_arrays_of_many_blocks(program):
    program.check_grumpy()


@given(programs())
@settings(max_examples=20)
def test_programs_survive_json(program):
    again = Program.loads(program.dumps())
    assert again.dumps() == program.dumps()
    for (_, a), (_, b) in zip(program.checks, again.checks, strict=True):
        assert a.want.tobytes() == b.want.tobytes()


@pytest.mark.heavy
@settings(max_examples=20_000)
@given(programs(longest=40))
def test_many_small_arrays(program):
    program.check_grumpy()


@pytest.mark.heavy
@settings(max_examples=3_000)
@given(programs(longest=30, is_large=True))
def test_many_arrays_of_many_blocks(program):
    program.check_grumpy()
