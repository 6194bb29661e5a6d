"""grumpy as a namespace: NumPy's names, and the array API standard's (2025.12)."""
import inspect
import pickle
import subprocess
import sys

import numpy as np
import pytest

import grumpy
from grumpy._core import core_counters
from grumpy.testing import assert_same

CONSTANTS = "e inf nan newaxis pi"
DTYPES = ("bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64 complex64 "
          "complex128")
FUNCTIONS = """
__array_namespace_info__ abs acos acosh add all any arange argmax argmin argsort asarray asin asinh
astype atan atan2 atanh bitwise_and bitwise_invert bitwise_left_shift bitwise_or bitwise_right_shift
bitwise_xor broadcast_arrays broadcast_shapes broadcast_to can_cast ceil clip concat conj copysign
cos cosh count_nonzero cumulative_prod cumulative_sum diff divide empty empty_like equal exp
expand_dims expm1 eye finfo flip floor floor_divide from_dlpack full full_like greater greater_equal
hypot iinfo imag isdtype isfinite isin isinf isnan less less_equal linspace log log10 log1p log2
logaddexp logical_and logical_not logical_or logical_xor matmul matrix_transpose max maximum mean
meshgrid min minimum moveaxis multiply negative nextafter nonzero not_equal ones ones_like
permute_dims positive pow prod real reciprocal remainder repeat reshape result_type roll round
searchsorted sign signbit sin sinh sort sqrt square squeeze stack std subtract sum take
take_along_axis tan tanh tensordot tile tril triu trunc unique_all unique_counts unique_inverse
unique_values unstack var vecdot where zeros zeros_like
"""
LINALG = """
cholesky cross det diagonal eig eigh eigvals eigvalsh inv matmul matrix_norm matrix_power
matrix_rank matrix_transpose outer pinv qr slogdet solve svd svdvals tensordot trace vecdot
vector_norm
"""
FFT = "fft fftfreq fftn fftshift hfft ifft ifftn ifftshift ihfft irfft irfftn rfft rfftfreq rfftn"


def array(*values):
    return grumpy.asarray(np.array(values))


def test_the_standards_names_are_there():
    assert grumpy.__array_api_version__ == "2025.12"
    for names, module in ((CONSTANTS + " " + DTYPES + FUNCTIONS, grumpy), (LINALG, grumpy.linalg),
                          (FFT, grumpy.fft)):
        missing = [n for n in names.split() if not hasattr(module, n) or n not in dir(module)]
        assert not missing


def test_numpys_names_are_there():
    for of, module in ((np, grumpy), (np.linalg, grumpy.linalg), (np.fft, grumpy.fft),
                       (np.random, grumpy.random)):
        names = [n for n in of.__all__ if not n.startswith("_")]
        missing = [n for n in names if not hasattr(module, n) or n not in module.__all__]
        assert not missing


@pytest.mark.parametrize("name", ["_core_of_nothing", "no_such_name", "_multiarray_umath"])
def test_other_names_are_not(name):
    with pytest.raises(AttributeError, match=f"module 'grumpy' has no attribute '{name}'"):
        getattr(grumpy, name)


def test_functions_give_wrapped_arrays_for_any_input():
    for x in ([1.0, 4.0], np.array([1.0, 4.0]), array(1.0, 4.0)):
        result = grumpy.sqrt(x)
        assert type(result) is grumpy.ndarray
        assert_same(result, np.array([1.0, 2.0]))
    assert type(grumpy.add.reduce([1, 2])) is grumpy.ndarray
    assert type(grumpy.r_[1:3, 4]) is grumpy.ndarray
    assert type(grumpy.mgrid[:2, :3]) is grumpy.ndarray
    assert type(grumpy.vectorize(lambda v: v + 1)(array(1, 2))) is grumpy.ndarray
    assert type(grumpy.linalg.inv([[2.0]])) is grumpy.ndarray
    assert grumpy.float64 is np.float64 and grumpy.ma is np.ma


def test_wrapped_arrays_stay_lazy():
    x = array(1.0, 4.0)
    before = len(grumpy.report().forwards)
    y = grumpy.sum(grumpy.exp(x) + grumpy.add(x, 1))
    assert grumpy._core.is_pending(y)
    assert len(grumpy.report().forwards) == before


def test_functions_have_a_signature_and_travel():
    assert "axis" in inspect.signature(grumpy.sum).parameters
    assert "device" in inspect.signature(grumpy.arange).parameters
    for f in (grumpy.sum, grumpy.sin, grumpy.add.reduce, grumpy.fft.fft, grumpy.linalg.norm):
        assert pickle.loads(pickle.dumps(f)) is f


def test_array_namespace():
    x = array(1.0)
    assert x.__array_namespace__() is grumpy
    assert x.__array_namespace__(api_version="2025.12") is grumpy
    with pytest.raises(ValueError, match="'2019.01' of the array API is not supported"):
        x.__array_namespace__(api_version="2019.01")


def test_info():
    info = grumpy.__array_namespace_info__()
    assert info.default_device() == "cpu"
    assert info.devices() == ("cpu",)
    assert info.devices() + [None] == ["cpu", None]
    assert set(info.dtypes()) == set(DTYPES.split())
    assert set(info.dtypes(kind=("bool", "unsigned integer"))) == {
        "bool", "uint8", "uint16", "uint32", "uint64"}
    assert info.default_dtypes()["real floating"] == np.float64
    assert info.capabilities()["boolean indexing"]
    with pytest.raises(ValueError, match="device 'tpu' is not available"):
        info.dtypes(device="tpu")


def test_devices_of_new_arrays():
    assert grumpy.arange(3, device="cpu").device == "cpu"
    assert grumpy.astype(array(1), grumpy.float32, device="cpu").dtype == np.float32
    for make in (lambda d: grumpy.zeros(3, device=d), lambda d: grumpy.fft.fftfreq(3, device=d)):
        with pytest.raises(ValueError, match="device 'tpu' is not available"):
            make("tpu")


@pytest.mark.parametrize("dtype", ["i4", "f8"])
def test_sorting_descending_keeps_the_order_of_equals(dtype):
    x = np.array([[3, 1, 3, 2], [0, 5, 5, 5]], dtype)
    for axis in (0, 1, -1):
        order = np.argsort(-x, axis, stable=True)
        assert_same(grumpy.argsort(x, axis=axis, descending=True), order)
        assert_same(grumpy.sort(x, axis=axis, descending=True), np.take_along_axis(x, order, axis))
    assert_same(grumpy.argsort(x, axis=None, descending=True), np.argsort(-x.ravel(), stable=True))
    assert_same(grumpy.sort(x, None, descending=True), np.sort(x, None)[::-1])


def test_clip_takes_both_pairs_of_names():
    x = array(1, 5, 9)
    want = np.array([2, 5, 6])
    assert_same(grumpy.clip(x, 2, 6), want)
    assert_same(grumpy.clip(x, min=2, max=6), want)
    assert_same(grumpy.clip(x, a_min=2, a_max=6), want)
    assert_same(grumpy.clip(x, 2), np.array([2, 5, 9]))
    out = grumpy.zeros(3, int)
    assert grumpy.clip(x, 2, 6, out) is out
    assert_same(out, want)


def test_diff_takes_ends_that_are_none():
    x = array(1, 4, 9)
    assert_same(grumpy.diff(x, prepend=None, append=array(16)), np.array([3, 5, 7]))
    assert_same(grumpy.diff(x, 2), np.array([2]))


def test_unique_values_are_sorted():
    values = np.random.default_rng(0).integers(0, 1000, 500)
    want, counts = np.unique(values, return_counts=True)
    assert_same(grumpy.unique_values(grumpy.asarray(values)), want)
    found = grumpy.unique_counts(grumpy.asarray(values))
    assert_same(found.values, want)
    assert_same(found.counts, counts)


def test_finfo_gives_python_floats():
    for of, bits in ((grumpy.float32, 32), ("f2", 16), (array(1.0), 64), (array(1j), 64)):
        facts = grumpy.finfo(of)
        assert {type(getattr(facts, n)) for n in ("eps", "max", "min", "tiny")} == {float}
        assert facts.bits == bits
    assert grumpy.finfo(np.longdouble).max == np.finfo(np.longdouble).max
    assert grumpy.iinfo(array(1)).max == np.iinfo(int).max


def test_eigenvalues_are_complex():
    a = np.array([[2.0, 1.0], [1.0, 3.0]], np.float32)
    assert grumpy.linalg.eigvals(a).dtype == np.complex64
    found = grumpy.linalg.eig(a)
    assert found.eigenvectors.dtype == np.complex64
    assert_same(found.eigenvalues.real, np.linalg.eigvals(a))


def test_fftfreq_has_a_dtype():
    assert_same(grumpy.fft.fftfreq(5, dtype=grumpy.float32), np.fft.fftfreq(5).astype("f4"))
    assert_same(grumpy.fft.rfftfreq(5, 0.5), np.fft.rfftfreq(5, 0.5))


def test_from_dlpack():
    x = np.arange(3.0)
    g = grumpy.from_dlpack(x)
    x[0] = 7.0
    assert_same(g, x)
    assert grumpy.from_dlpack(g) is g
    assert grumpy.from_dlpack(g, copy=True) is not g


def test_asarray_of_a_scalar_like_is_writeable():
    s = grumpy.asarray(np.array([1.0, 2.0])).sum()
    a = np.asarray(s)
    a *= 2
    assert a == 6.0 and s == 3.0


@pytest.mark.parametrize("make", [lambda m: m.default_rng(7), lambda m: m.RandomState(7)])
def test_random_streams_are_numpys(make):
    g, n = make(grumpy.random), make(np.random)
    assert isinstance(g, type(n))
    for draw in (lambda r: r.normal(size=(2, 3)), lambda r: r.choice(9, 4, replace=False),
                 lambda r: r.permutation(5), lambda r: r.standard_normal()):
        assert_same(grumpy.asarray(draw(g)), np.asarray(draw(n)))
    drawn = g.uniform(size=3)
    assert type(drawn) is grumpy.ndarray
    assert_same(drawn, n.uniform(size=3))
    again = pickle.loads(pickle.dumps(g))
    assert type(again) is type(g)
    assert_same(again.normal(size=3), n.normal(size=3))
    x = grumpy.arange(6)
    g.shuffle(x)
    assert sorted(x.tolist()) == list(range(6))


def test_random_generators_spawn():
    children = grumpy.random.default_rng(3).spawn(2)
    want = np.random.default_rng(3).spawn(2)
    assert_same(children[1].normal(size=2), want[1].normal(size=2))
    rng = grumpy.random.default_rng(children[0])
    assert rng is children[0]


@pytest.mark.parametrize("name", ["asanyarray", "ascontiguousarray", "asfortranarray"])
def test_conversions_are_lazy(name):
    for turn in (lambda x: x, lambda x: x.T):
        a = turn(grumpy.asarray(np.arange(6.0).reshape(2, 3)) + 1)
        got = getattr(grumpy, name)(a)
        assert grumpy._core.is_pending(got)
        assert got.flags.c_contiguous or name != "ascontiguousarray"
        assert got.flags.f_contiguous or name != "asfortranarray"
        assert_same(got, np.asarray(a))
    assert getattr(grumpy, name)(2.0).shape == getattr(np, name)(2.0).shape


def test_functions_that_numpy_does_not_dispatch_take_wrapped_arrays():
    x = array(1.0, 2.0)
    assert grumpy.isscalar(x.sum()) and not grumpy.isscalar(x)
    assert_same(grumpy.fromfunction(lambda i: i * 2, (3,)), np.array([0.0, 2.0, 4.0]))
    assert grumpy.broadcast_shapes((2, 1), (x.size,)) == (2, 2)
    assert_same(grumpy.asarray_chkfinite(x), np.array([1.0, 2.0]))
    grumpy.testing.assert_allclose(x, [1.0, 2.0])
    with pytest.raises(AttributeError, match="_no_such_name"):
        grumpy.testing._no_such_name


def test_what_few_programs_need_is_loaded_at_first_use():
    code = ("import sys, grumpy\n"
            "assert not {'grumpy.fft', 'grumpy.random', 'numpy.random', 'numpy.fft'} & set(sys.modules)\n"
            "assert {'fft', 'random'} <= set(dir(grumpy))\n"
            "assert grumpy.random.default_rng(1).normal() is not None and grumpy.fft.fft is grumpy.fft.fft\n")
    subprocess.run([sys.executable, "-P", "-c", code], check=True)


def test_subclasses_pass_where_numpy_lets_them():
    m = np.ma.masked_array([1.0, 2.0], [False, True])
    assert grumpy.asanyarray(m) is m
    assert type(grumpy.array(m, subok=True)) is np.ma.MaskedArray
    assert type(grumpy.array(m)) is grumpy.ndarray


def test_the_class_makes_arrays():
    source = grumpy.array([1, 2, 3])
    view = grumpy.ndarray((2,), buffer=source, offset=8, dtype=int)
    view += 1
    assert source.tolist() == [1, 3, 4]
    assert grumpy.ndarray((2, 3), order="F").strides == (8, 16)
    assert grumpy.ndarray(2, dtype="U3").dtype == "U3"
    with pytest.raises(TypeError, match="shape"):
        grumpy.ndarray.__new__(grumpy.ndarray)


def test_aliases_are_one_object():
    assert grumpy.conj is grumpy.conjugate
    assert grumpy.bitwise_not is grumpy.invert


def test_keywords_are_numpys():
    assert grumpy.array(object=[1]).tolist() == grumpy.asarray(a=[1]).tolist() == [1]
    if "ndmax" in np.array.__doc__:
        assert grumpy.array([[1], [2]], dtype=object, ndmax=1).shape == (2,)


def test_ufuncs_resolve_dtypes():
    types = np.dtype("i4"), np.dtype("f4"), None
    assert grumpy.add.resolve_dtypes(types) == np.add.resolve_dtypes(types)


def test_bmat_sees_its_callers_variables():
    A = grumpy.ones((1, 2))  # noqa: F841  read by name
    assert grumpy.bmat("A, A").shape == (1, 4)


def test_comparisons_that_ask_for_ndarrays():
    grumpy.testing.assert_equal(grumpy.array([1, np.nan]), [1, np.nan])
    with pytest.raises(AssertionError, match="Mismatched elements: 1 / 2"):
        grumpy.testing.assert_equal(grumpy.array([1, 2]), grumpy.array([1, 3]))


def test_what_the_namespace_makes_is_lazy():
    made = [grumpy.arange(4), grumpy.eye(3), grumpy.linspace(0, 1, 5), grumpy.indices((2, 2)),
            grumpy.random.default_rng(0).random(5), grumpy.fft.fft([1, 2, 3]), grumpy.arange(20_000)]
    before = core_counters()["evaluations"]
    for a in made:
        assert a.base is None
        a + 1
    assert core_counters()["evaluations"] == before
