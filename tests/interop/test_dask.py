"""Dask arrays whose chunks are grumpy arrays."""
import pickle

import numpy as np
import pytest

import grumpy

da = pytest.importorskip("dask.array")
A = np.random.default_rng(0).random((12, 8))


@pytest.fixture(autouse=True)
def _chunks():
    import dask

    import grumpy.dask  # noqa: F401  registers the chunk type
    with dask.config.set(scheduler="synchronous"):
        yield


def chunked(x=A, chunks=(6, 4)):
    return da.from_array(grumpy.asarray(x), chunks=chunks, asarray=False)


@pytest.mark.parametrize("program", [
    lambda x: (da.sin(x) + 1).sum(axis=0),
    lambda x: x.T @ x,
    lambda x: x[x > 0.5],
    lambda x: x.map_overlap(lambda b: b * 2, depth=1),
    lambda x: da.linalg.svd(x.rechunk((6, 8)))[1],
    lambda x: da.percentile(x[:, 0].rechunk(12), 50),
    lambda x: np.concatenate([x, x]).std(),
])
def test_programs_run_on_wrapped_chunks(program):
    got = program(chunked()).compute()
    assert type(got) is grumpy.ndarray
    np.testing.assert_allclose(got, program(da.from_array(A, chunks=(6, 4))).compute())


@pytest.mark.parametrize("mix", [lambda x, y: x + y, np.subtract,
                                 lambda x, y: np.concatenate([x, y])])
def test_dask_takes_operations_with_its_own_arrays(mix):
    ours, theirs = grumpy.asarray(A), da.from_array(A, chunks=(6, 4))
    for x, y in ((ours, theirs), (theirs, ours)):
        got = mix(x, y)
        assert isinstance(got, da.Array)
        np.testing.assert_array_equal(got.compute(), mix(A, A))


def test_dask_knows_the_size():
    from dask.sizeof import sizeof
    assert sizeof(grumpy.zeros(1000)) == 8000


def test_pickles_send_memory_out_of_band():
    x = grumpy.asarray(A)
    frames = []
    head = pickle.dumps(x, 5, buffer_callback=frames.append)
    assert len(head) < 500 and sum(len(f.raw()) for f in frames) == A.nbytes
    again = pickle.loads(head, buffers=frames)
    assert type(again) is grumpy.ndarray
    np.testing.assert_array_equal(again, A)
