"""Puts a test module of NumPy's, as installed and unmodified, on wrapped arrays.

The module is imported as usual, so that its tests keep their names. Before the first test runs, its
globals are exchanged:

* ``np`` and every other module of NumPy's (not ``numpy.ma``) by a view of it that exchanges what is
  read through it, by these same rules;
* the functions that make arrays from nothing or convert to arrays by ones that wrap their result.
  Every other function is NumPy's own: a wrapped array meets it through ``__array_function__`` and
  ``__array_ufunc__``, or not at all;
* the comparisons of ``numpy.testing`` by ones that take the arrays out first, and check that an
  array and its wrapper agree on dtype and shape;
* arrays by wrapped ones: in globals, in classes and objects that the module defines, in lists,
  tuples and dicts, in the parameters of tests, in fixtures, in what hypothesis draws;
* ``isinstance`` by one for which a wrapped array is an ``np.ndarray``.

``np.ndarray`` itself, its subclasses, scalars and dtypes stay what they are.
"""
import builtins
import functools
import types

import numpy as np

MAKERS = {
    np: """arange bartlett blackman copy diag_indices empty empty_like eye frombuffer fromfile
        fromfunction fromiter from_dlpack fromregex fromstring full full_like genfromtxt geomspace
        hamming hanning identity indices ix_ kaiser linspace load loadtxt logspace mask_indices
        meshgrid ones ones_like tri tril_indices triu_indices zeros zeros_like""",
    np.fft: "fftfreq rfftfreq",
    np.lib.stride_tricks: "as_strided",
    np.testing: "_gen_alignment_data",
    np.random: " ".join(n for n in dir(np.random) if n.islower() and not n.startswith("_")),
}
CONVERTERS = {np: """array asanyarray asarray asarray_chkfinite ascontiguousarray asfortranarray
    require"""}
COMPARISONS = {np.testing: """assert_allclose assert_almost_equal assert_approx_equal
    assert_array_almost_equal assert_array_almost_equal_nulp assert_array_compare assert_array_equal
    assert_array_less assert_array_max_ulp assert_equal assert_string_equal print_assert_equal"""}


def named(table):
    for owner, names in table.items():
        for name in names.split():
            found = getattr(owner, name)
            if callable(found) and not isinstance(found, type):
                yield found


class ModuleView(types.ModuleType):
    """A module of NumPy's as the tests see it."""

    def __init__(self, wrapping, module):
        super().__init__(module.__name__)
        vars(self)["_exchange"] = wrapping.exchange
        vars(self)["_module"] = module

    def __getattr__(self, name):
        return self._exchange(getattr(self._module, name))

    def __setattr__(self, name, value):
        setattr(self._module, name, value)

    def __delattr__(self, name):
        delattr(self._module, name)

    def __dir__(self):
        return dir(self._module)


class RandomView:
    """A Generator or RandomState whose methods return wrapped arrays."""

    def __init__(self, wrapping, source):
        vars(self).update(_wrapping=wrapping, _source=source)

    def __getattr__(self, name):
        found = getattr(self._source, name)
        return self._wrapping.maker(found) if callable(found) else found

    def __setattr__(self, name, value):
        setattr(self._source, name, value)


class Wrapping:
    """The rules for one function ``asarray`` that wraps an ndarray."""

    def __init__(self, asarray):
        self.asarray = asarray
        self.wrapped_types = tuple(
            {type(asarray(np.zeros(shape))) for shape in ((), (2,))} - {np.ndarray})
        self.instead = {}   # id of an object -> (it, what stands for it); the first keeps the id taken
        for rule, table in ((self.maker, MAKERS), (self.converter, CONVERTERS),
                            (self.comparison, COMPARISONS)):
            for function in named(table):
                self.instead[id(function)] = function, rule(function)
        for source in (np.random.Generator, np.random.RandomState, np.random.default_rng):
            self.instead[id(source)] = source, self.random_source(source)

    def is_wrapped(self, value):
        return isinstance(value, self.wrapped_types)

    def wrap(self, value, seen=None):
        """value with each ndarray in it wrapped, the same one to the same wrapped array."""
        seen = {} if seen is None else seen
        kind = type(value)
        if kind is np.ndarray:
            return seen.setdefault(id(value), self.asarray(value))
        if kind in (list, tuple):
            return kind([self.wrap(item, seen) for item in value])
        if kind is types.GeneratorType:
            return map(self.wrap, value)
        return value

    def unwrap(self, value):
        """value with each wrapped array in it as an ndarray."""
        if self.is_wrapped(value):
            array = np.asarray(value)
            said = value.dtype, value.shape, value.ndim, value.size
            assert said == (array.dtype, array.shape, array.ndim, array.size), (
                f"the wrapped array says {said}, and holds {array!r}")
            return array
        if type(value) in (list, tuple):
            return type(value)([self.unwrap(item) for item in value])
        if type(value) is dict:
            return {key: self.unwrap(item) for key, item in value.items()}
        return value

    # What stands for NumPy's functions.

    def maker(self, function):
        @functools.wraps(function)
        def make(*args, **kwargs):
            return self.wrap(function(*args, **kwargs))
        return make

    def converter(self, function):
        @functools.wraps(function)
        def convert(*args, **kwargs):
            if not args or not self.is_wrapped(args[0]):
                return self.wrap(function(*args, **kwargs))
            inside = np.asarray(args[0])
            result = function(inside, *args[1:], **kwargs)
            # What stands for a scalar gives a new array each time, and then is not what came out.
            same = result is inside and np.asarray(args[0]) is inside
            return args[0] if same else self.wrap(result)
        return convert

    def comparison(self, function):
        @functools.wraps(function)
        def compare(*args, **kwargs):
            __tracebackhide__ = True
            return function(*self.unwrap(args), **self.unwrap(kwargs))
        return compare

    def random_source(self, source):
        def make(*args, **kwargs):
            return RandomView(self, source(*args, **kwargs))
        return make

    def isinstance(self, value, kinds):
        if builtins.isinstance(value, kinds):
            return True
        flat = [kinds]
        while flat:
            kind = flat.pop()
            if kind is np.ndarray:
                return self.is_wrapped(value)
            if type(kind) is tuple:
                flat += kind
        return False

    def exchange(self, value):
        """What stands for one object in a test module; mostly the object itself."""
        if id(value) in self.instead:
            return self.instead[id(value)][1]
        if type(value) is np.ndarray:
            return self.asarray(value)
        if type(value) is types.ModuleType and value is not np.ma and (
                value.__name__.partition(".")[0] == "numpy"):
            view = ModuleView(self, value)
            self.instead[id(value)] = value, view
            return view
        return value

    # Test modules.

    def exchange_deep(self, value, module, done):
        """exchange inside containers (made anew where something changes) and inside classes and
        objects that module defines (changed in place). done: id -> (value, result)."""
        if id(value) in done:
            return done[id(value)][1]
        result = self.exchange(value)
        if result is value:
            kind = type(value)
            if kind in (list, tuple):
                items = [self.exchange_deep(item, module, done) for item in value]
                if any(new is not old for new, old in zip(items, value, strict=True)):
                    result = kind(items)
            elif kind is dict:
                items = {k: self.exchange_deep(v, module, done) for k, v in value.items()}
                if any(items[k] is not value[k] for k in value):
                    result = items
            elif (value if builtins.isinstance(value, type) else kind).__module__ == module:
                done[id(value)] = value, value
                self.exchange_members(value, module, done)
        done[id(value)] = value, result
        return result

    def exchange_members(self, owner, module, done):
        for name, value in list(getattr(owner, "__dict__", {}).items()):
            if name.startswith("__"):
                continue
            new = self.exchange_deep(value, module, done)
            if new is not value:
                # A function of NumPy's, kept in a class, is no method; what stands for it neither.
                method = builtins.isinstance(owner, type) and callable(new)
                setattr(owner, name, staticmethod(new) if method else new)

    def exchange_module(self, module):
        if vars(module).get("isinstance") != self.isinstance:
            self.exchange_members(module, module.__name__, {})
            module.isinstance = self.isinstance

    def exchange_drawn(self, function):
        """What hypothesis hands to a test function."""
        handle = getattr(function, "hypothesis", None)
        if handle is None or hasattr(handle.inner_test, "draws_wrapped"):
            return
        inner = handle.inner_test

        @functools.wraps(inner)
        def test(*args, **kwargs):
            return inner(*self.wrap(args), **{k: self.wrap(v) for k, v in kwargs.items()})
        test.draws_wrapped = True
        handle.inner_test = test
