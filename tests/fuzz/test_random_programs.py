"""Random programs give NumPy's answers on grumpy; a failure prints a script that runs by itself."""
import warnings

import pytest
from hypothesis import given, settings
from strategy import programs

import grumpy


def evaluate(*arrays):
    """grumpy.evaluate of those that are grumpy's; a program may have turned some into ndarrays."""
    grumpy.evaluate(*[a for a in arrays if isinstance(a, grumpy.ndarray)])


def agrees(program):
    with warnings.catch_warnings(), grumpy.config(**program.settings):
        warnings.simplefilter("ignore")
        program.run({"wrap": grumpy.array, "evaluate": evaluate})


@settings(max_examples=200, derandomize=True)
@given(programs())
def test_small_arrays(program):
    agrees(program)


@settings(max_examples=60, derandomize=True)
@given(programs(is_large=True))
def test_arrays_of_many_blocks(program):
    agrees(program)


@pytest.mark.heavy
@settings(max_examples=20_000)
@given(programs(longest=40))
def test_many_small_arrays(program):
    agrees(program)


@pytest.mark.heavy
@settings(max_examples=3_000)
@given(programs(longest=30, is_large=True))
def test_many_arrays_of_many_blocks(program):
    agrees(program)
