"""Windows of arrays, row by row: operands used where they lie, rows of any length, errors in any row."""
import warnings

import numpy as np
import pytest

import grumpy


@pytest.fixture(params=[1, 2], autouse=True)
def compiled(request):
    with grumpy.config(jit="sync", num_threads=request.param):
        yield


@pytest.mark.parametrize("dtype", ["f8", "f4", "f2", "i8", "i2", "u1", "?", "c16"])
@pytest.mark.parametrize("columns", [64, 65, 79, 80, 97, 128, 1000])
def test_rows_of_any_length(dtype, columns):
    rng = np.random.default_rng(columns)
    a = rng.integers(0, 100, (40, columns + 5)).astype(dtype)
    g = grumpy.asarray(a)

    def program(x):
        left, right, up = x[1:-1, 1:columns + 1], x[1:-1, 3:columns + 3], x[2:, 2:columns + 2]
        return left & right | up if dtype == "?" else left * right + up

    assert np.array_equal(np.asarray(program(g)), program(a))


@pytest.mark.parametrize("shape", [(9, 70, 77), (5, 6, 7, 66), (300, 64)])
def test_rows_of_several_axes(shape):
    rng = np.random.default_rng(1)
    a, row = rng.uniform(1, 2, shape), rng.uniform(1, 2, shape[-1])
    inner = tuple(slice(1, -1) for _ in shape)
    shifted = (slice(2, None), *inner[1:])

    def program(x, row):
        x[inner] = x[shifted] / x[inner] + row[1:-1]
        x[inner] *= x[inner] + 1
        return x

    got = program(grumpy.asarray(a.copy()), grumpy.asarray(row))
    assert np.array_equal(np.asarray(got), program(a.copy(), row))


@pytest.mark.parametrize("row", [0, 1, 17, 28])
@pytest.mark.parametrize("column", [0, 40, 69])
def test_an_error_of_one_row_is_told_once(row, column):
    a = np.ones((31, 73))
    a[1 + row, 1 + column] = 0
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        x = grumpy.asarray(a)
        y = np.sqrt(x[1:-1, 1:71] + 1) / x[1:-1, 1:71]
        assert np.isinf(np.asarray(y)).sum() == 1
    assert [str(w.message).split(" in ")[0] for w in seen] == ["divide by zero encountered"]
    assert "divide" in str(seen[0].message)
