"""A wrapped array that does nothing itself: each attribute, operator, ufunc and function goes to the
ndarray inside, at once, and ndarrays that come back are wrapped.

No ndarray subclass, as grumpy's is none: what a test asks of it in vain, it asks of every such class.
One object per ndarray inside, so that ``r is out`` and ``view.base is a`` hold as in NumPy.
"""
import weakref

import numpy as np

_alive = weakref.WeakValueDictionary()   # id of the ndarray inside -> its Eager
_dispatched = 0


def dispatch_count():
    """How many operations there have been on wrapped arrays."""
    return _dispatched


def asarray(value):
    """value, an array or what np.asarray takes, as a wrapped array on the same memory."""
    return value if type(value) is Eager else wrap(np.asarray(value))


def wrap(value):
    if type(value) is np.ndarray:
        eager = _alive.get(id(value))
        if eager is None:
            eager = object.__new__(Eager)
            object.__setattr__(eager, "_inside", value)
            _alive[id(value)] = eager
        return eager
    if isinstance(value, tuple) or type(value) is list:
        items = [wrap(item) for item in value]
        if any(new is not old for new, old in zip(items, value, strict=True)):
            named = hasattr(value, "_fields")
            return type(value)(*items) if named else type(value)(items)
    return value


def unwrap(value):
    kind = type(value)
    if kind in (Eager, EagerFlat):
        return value._inside
    if value is Eager:   # a.view(type(a))
        return np.ndarray
    if kind in (list, tuple):
        items = [unwrap(item) for item in value]
        same = all(new is old for new, old in zip(items, value, strict=True))
        return value if same else kind(items)
    if kind is dict:
        return {key: unwrap(item) for key, item in value.items()}
    return value


def forward(function, args, kwargs):
    global _dispatched
    _dispatched += 1
    return wrap(function(*unwrap(args), **unwrap(kwargs)))


def takes_over(value):
    """Is value of a foreign type that brings its own ufuncs?"""
    return hasattr(type(value), "__array_ufunc__") and not isinstance(
        value, (Eager, np.ndarray, np.generic))


class Eager:
    __slots__ = ("_inside", "__weakref__")
    __hash__ = None

    def __new__(cls, value):
        return asarray(value)

    def __array__(self, dtype=None, copy=None):
        return np.array(self._inside, dtype, copy=copy)

    def __array_ufunc__(self, ufunc, method, *inputs, out=(), **kwargs):
        if any(map(takes_over, (*inputs, *out, kwargs.get("where")))):
            return NotImplemented
        if out:
            kwargs["out"] = out
        return forward(getattr(ufunc, method), inputs, kwargs)

    def __array_function__(self, function, types, args, kwargs):
        if not all(issubclass(kind, (Eager, np.ndarray)) for kind in types):
            return NotImplemented
        return forward(function, args, kwargs)

    def __iter__(self):
        return map(wrap, self._inside)

    def __repr__(self):
        return repr(self._inside)

    def __str__(self):
        return str(self._inside)

    def __reduce__(self):
        return asarray, (self._inside,)

    @property
    def flat(self):
        return EagerFlat(self._inside.flat)

    @flat.setter
    def flat(self, value):
        self._inside.flat = unwrap(value)


class EagerFlat:
    __slots__ = ("_inside",)
    __hash__ = None

    def __init__(self, inside):
        self._inside = inside

    def __array__(self, dtype=None, copy=None):
        return np.array(self._inside, dtype, copy=copy)

    def __iter__(self):
        return self


def method(real, name, ufunc=None, reflected=False):
    """Calls NumPy's; a binary operator with a foreign type that takes over is the ufunc's affair."""
    def call(self, *args, **kwargs):
        if ufunc is not None and takes_over(args[0]):
            both = (args[0], self) if reflected else (self, args[0])
            return ufunc(*both, **({"out": (self,)} if name.startswith("__i") else {}))
        return forward(real, (self, *args), kwargs)
    call.__name__, call.__doc__ = name, real.__doc__
    return call


def attribute(name):
    return property(lambda self: wrap(getattr(self._inside, name)),
                    lambda self, value: setattr(self._inside, name, unwrap(value)))


UFUNCS = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.true_divide,
    "floordiv": np.floor_divide, "mod": np.remainder, "divmod": np.divmod, "pow": np.power,
    "matmul": np.matmul, "lshift": np.left_shift, "rshift": np.right_shift,
    "and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor}
OPERATORS = {"__eq__": np.equal, "__ne__": np.not_equal, "__lt__": np.less, "__le__": np.less_equal,
             "__gt__": np.greater, "__ge__": np.greater_equal}
for _name, _ufunc in UFUNCS.items():
    OPERATORS.update({f"__{kind}{_name}__": _ufunc for kind in ("", "r", "i")})
# Of NumPy's own, left out: what gives the memory away, and what Python asks of each class itself.
OMITTED = (set(dir(object)) - {"__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__",
                               "__format__", "__sizeof__"}
           | {"__array_finalize__", "__array_interface__", "__array_priority__", "__array_struct__",
              "__class_getitem__"})

for _class, _real in ((Eager, np.ndarray), (EagerFlat, np.flatiter)):
    for _name in set(dir(_real)) - OMITTED - set(vars(_class)):
        _member = getattr(_real, _name)
        setattr(_class, _name, attribute(_name) if not callable(_member) else method(
            _member, _name, OPERATORS.get(_name),
            _name.startswith("__r") and "__" + _name[3:] in OPERATORS))
