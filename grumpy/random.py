"""Random numbers: the names of numpy.random, its exact streams, giving grumpy arrays."""
import functools

import numpy as np

from grumpy import namespace
from grumpy._core import to_numpy, wrapped

__all__ = ["Generator", "RandomState", "default_rng"]


def _methods_of(numpys):
    """Class decorator: the methods of NumPy's class, results wrapped."""
    def method(name):
        function = getattr(numpys, name)

        def call(self, *args, **kwargs):
            return wrapped(getattr(self._numpys, name)(*to_numpy(args), **to_numpy(kwargs)))
        return functools.update_wrapper(call, function, ("__name__", "__doc__"), ())

    def decorate(cls):
        for name in dir(numpys):
            if name[0] != "_" and callable(getattr(numpys, name)) and name not in vars(cls):
                setattr(cls, name, method(name))
        return cls
    return decorate


def _restore(cls, numpys):
    made = cls.__new__(cls, numpys._bit_generator)
    cls.__init__(made, numpys._bit_generator)
    made._numpys = numpys
    return made


@_methods_of(np.random.Generator)
class Generator(np.random.Generator):
    """numpy.random.Generator, giving grumpy arrays.

    A second Generator of NumPy's over the same bit generator draws the numbers: NumPy's methods
    call each other, and expect ndarrays.
    """

    def __init__(self, bit_generator):
        super().__init__(bit_generator)
        self._numpys = np.random.Generator(bit_generator)

    def __reduce__(self):
        return _restore, (type(self), self._numpys)

    def spawn(self, n_children):
        """Independent generators; as numpy.random.Generator.spawn."""
        return [type(self)(bits) for bits in self.bit_generator.spawn(n_children)]


@_methods_of(np.random.RandomState)
class RandomState(np.random.RandomState):
    """numpy.random.RandomState, giving grumpy arrays."""

    def __init__(self, seed=None):
        super().__init__(seed)
        self._numpys = np.random.RandomState(self._bit_generator)

    def __reduce__(self):
        return _restore, (type(self), self._numpys)


def default_rng(seed=None):
    """A generator with NumPy's stream for this seed; as numpy.random.default_rng."""
    if isinstance(seed, Generator):
        return seed
    return Generator(np.random.default_rng(to_numpy(seed)).bit_generator)


namespace.extend(globals(), np.random)
