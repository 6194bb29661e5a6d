"""Results lie in memory as NumPy's: it decides which reshape of a result is a view."""
import random
import warnings

import numpy as np
import pytest

import grumpy


def odd_array(wrap, seed):
    """An array of 2 to 6 dimensions, transposed, cut, reversed and repeated in some order."""
    rng = random.Random(seed)
    shape = [rng.choice([1, 2, 3, 4]) for _ in range(rng.randint(2, 5))]
    a = wrap(np.arange(float(np.prod(shape))).reshape(shape))
    for _ in range(rng.randint(1, 3)):
        step = rng.randint(0, 3)
        if step == 0:
            a = a.transpose(rng.sample(range(a.ndim), a.ndim))
        elif step == 1:
            a = a[tuple(slice(None, None, rng.choice([1, -1, 2])) for _ in range(a.ndim))]
        elif step == 2 and a.ndim < 6:
            k = rng.randint(0, a.ndim)
            a = np.expand_dims(a, k)
            a = np.broadcast_to(a, a.shape[:k] + (rng.choice([2, 3]),) + a.shape[k + 1:])
        elif a.ndim > 2:
            a = a[(slice(None),) * rng.randint(0, a.ndim - 1) + (0,)]
    return a, tuple(rng.sample(range(a.ndim), rng.randint(1, a.ndim - 1))) if a.ndim > 1 else 0


def steps_of(a):
    return [step for step, extent in zip(a.strides, a.shape) if extent > 1]


def agree(expected, given):
    assert given.shape == expected.shape
    if expected.size:
        assert steps_of(given) == steps_of(expected)


OVER_AXES = [np.sum, np.mean, np.var, np.std, np.max, np.all, np.ptp, np.median, np.nanmin, np.nansum,
             np.nanmean, np.nanvar, np.average, np.count_nonzero]
OVER_ONE = [np.argmax, np.nanargmin, np.cumsum, np.maximum.accumulate, np.diff, np.sort, np.add.reduce]
WHOLE = [np.nan_to_num, np.copy, np.sqrt, np.zeros_like, np.rint, lambda a: a.astype("f4"),
         lambda a: a.copy("K"), lambda a: a + a.T.T, lambda a: np.where(a > 1, a, 0.0),
         lambda a: np.clip(a, 0, 1), lambda a: np.roll(a, 1), lambda a: np.concatenate([a, a]),
         lambda a: np.stack([a, a]), lambda a: np.tile(a, 2), lambda a: np.pad(a, 1)]


def name_of(f):
    return getattr(f, "__name__", None) or str(f)


@pytest.mark.parametrize("f", OVER_AXES, ids=name_of)
@pytest.mark.parametrize("keepdims", [False, True])
def test_reductions(f, keepdims):
    for seed in range(150):
        x, axes = odd_array(np.array, seed)
        g, _ = odd_array(grumpy.array, seed)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            agree(f(x, axis=axes, keepdims=keepdims), f(g, axis=axes, keepdims=keepdims))


@pytest.mark.parametrize("f", OVER_ONE, ids=name_of)
def test_one_axis(f):
    for seed in range(150):
        x, axes = odd_array(np.array, seed)
        g, _ = odd_array(grumpy.array, seed)
        axis = axes[0] if axes else 0
        agree(f(x, axis=axis), f(g, axis=axis))


@pytest.mark.parametrize("k", range(len(WHOLE)))
def test_whole_arrays(k):
    for seed in range(150):
        x, _ = odd_array(np.array, seed)
        g, _ = odd_array(grumpy.array, seed)
        with np.errstate(all="ignore"):
            agree(WHOLE[k](x), WHOLE[k](g))


@pytest.mark.parametrize("make", [np.array, np.copy])
def test_a_copy_of_repeated_elements_has_each(make):
    repeated = np.broadcast_to(np.arange(3.0), (2, 3))
    g = grumpy.array(repeated) if make is np.array else np.copy(grumpy.asarray(repeated))
    expected = make(repeated)
    agree(expected, g)
    g[0] = 7
    expected[0] = 7
    assert g.tolist() == expected.tolist()


def test_asarray_keeps_the_strides_of_what_it_takes():
    x = np.arange(96.0).reshape(2, 3, 4, 4).transpose(3, 0, 1, 2)
    for view in (x, x[:, None], np.broadcast_to(x[..., None], x.shape + (2,))):
        assert steps_of(grumpy.asarray(view)) == steps_of(view)
