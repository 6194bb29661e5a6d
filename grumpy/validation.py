"""``GRUMPY_VALIDATE=1``: each evaluation a second time, through NumPy, node by node.

The core describes the nodes it is about to compute (``csrc/runtime/validator.h``); ``compute`` does
them one by one, without fusion, and ``first_difference`` names the first stored node that is not
what NumPy has. A tool for finding mistakes of grumpy's: slow, and in need of all memory that the
unfused program needs.
"""
import numpy as np

# Operations that are not ufuncs of their own, from operands of the dtypes that the core gave them.
_OPERATIONS = {
    "clip": np.clip,
    "where": np.where,
    "cast": lambda x: x,
    "real": np.real,
    "imag": np.imag,
    "modf_fraction": lambda x: np.modf(x)[0],
    "modf_whole": lambda x: np.modf(x)[1],
    "equal_int64_uint64": np.equal,
    "not_equal_int64_uint64": np.not_equal,
    "less_int64_uint64": np.less,
    "less_equal_int64_uint64": np.less_equal,
    "greater_int64_uint64": np.greater,
    "greater_equal_int64_uint64": np.greater_equal,
}

# Relative tolerances: what sums in another order and functions of another make may differ by.
_TOLERANCES = {"e": 2e-2, "f": 2e-4, "d": 1e-9, "F": 2e-4, "D": 1e-9}


class _Unknown(Exception):
    """NumPy cannot be asked for this node; nor for what is made of it."""


def _make_complex(x, y):
    out = np.empty(np.broadcast(x, y).shape, np.result_type(x, np.complex64))
    out.real, out.imag = x, y
    return out


def _ufunc(name):
    if name == "make_complex":
        return _make_complex
    found = _OPERATIONS.get(name) or getattr(np, name, None)
    if found is None:
        try:
            import scipy.special
            found = getattr(scipy.special, name, None)
        except ImportError:
            found = None
    if found is None:
        raise _Unknown(name)
    return found


def _window(node, base):
    """The elements of a dense array that a view or a write touches, as a writeable view."""
    ndim = len(node["window"]) // 2
    extents, steps = node["window"][:ndim], node["window"][ndim:]
    if 0 in extents:
        return np.empty(extents, base.dtype)
    size = base.itemsize
    return np.ndarray(extents, base.dtype, base.reshape(-1), node["offset"] * size,
                      tuple(step * size for step in steps))


def _reduce(node, x):
    axes = tuple(k for k in range(x.ndim) if node["axes"] >> k & 1)
    name, dtype = node["operation"], node["dtype"]
    if name == "moments":
        wide = x.astype(np.result_type(dtype, np.float64))
        return ((wide - wide.mean(axis=axes, keepdims=True)) ** 2).sum(axis=axes)
    if name in ("argmin", "argmax"):
        rest = [k for k in range(x.ndim) if k not in axes]
        flat = x.transpose(*rest, *axes).reshape(*(x.shape[k] for k in rest), -1)
        return getattr(np, name)(flat, axis=-1)
    if name in ("add", "multiply"):
        return getattr(np, name).reduce(x, axis=axes, dtype=dtype)
    return getattr(np, name).reduce(x, axis=axes)


def _compute_one(node, inputs):
    kind = node["kind"]
    if kind in ("leaf", "constant"):
        return node["data"]
    if kind == "view":
        return _window(node, inputs[0]).copy()
    if kind == "update":
        result = np.array(inputs[0])
        _window(node, result)[...] = inputs[1]
        return result
    if kind == "put":
        result = np.array(inputs[0])
        where = (slice(None),) * node["axis"] + (inputs[1],)
        if node["operation"]:
            window = _window(node, result)  # at reads past the end of values that it must broadcast
            getattr(np, node["operation"]).at(window, where, np.array(np.broadcast_to(inputs[2], window[where].shape)))
        else:
            _window(node, result)[where] = inputs[2]
        return result
    if kind in ("map", "foreign"):
        result = _ufunc(node["operation"])(*inputs)
        return result[node["part"]] if isinstance(result, tuple) else result
    if kind == "reduce":
        return _reduce(node, inputs[0])
    if kind == "scan":
        return getattr(np, node["operation"]).accumulate(inputs[0], axis=node["axis"], dtype=node["dtype"])
    if kind == "matmul":
        return np.matmul(*inputs)
    if kind == "take":
        return np.take(inputs[0], inputs[1], axis=node["axis"])
    if kind == "compress":
        return inputs[0][inputs[1]]
    raise _Unknown(kind)


def compute(nodes):
    """NumPy's value of every node, None where NumPy cannot be asked.

    Parameters
    ----------
    nodes : list of dict
        What ``csrc/runtime/validator.h`` says, inputs before their users.

    Returns
    -------
    list of (numpy.ndarray or None)
    """
    values = []
    for node in nodes:
        inputs = [values[k] for k in node["inputs"]]
        if any(x is None for x in inputs):
            values.append(None)
            continue
        try:
            with np.errstate(all="ignore"):
                value = np.asarray(_compute_one(node, inputs))
                value = value.astype(node["dtype"], copy=False)
                if value.size == np.prod(node["shape"], dtype=int):
                    value = value.reshape(node["shape"])
                value = np.asarray(np.broadcast_to(value, node["shape"]), order="C")
            values.append(value)
        except (_Unknown, TypeError):
            values.append(None)
    return values


def _differs(node, got, want):
    if node["dtype"].char not in _TOLERANCES:
        return got != want
    tolerance = _TOLERANCES[node["dtype"].char]
    with np.errstate(all="ignore"):
        finite = np.abs(want[np.isfinite(want)])
        scale = finite.max(initial=0)
        near = np.abs(got - want) <= tolerance * (np.abs(want) + scale)
    # A value beyond the dtype's range in one order of summation need not be so in another.
    return ~(near | (got == want) | (np.isnan(got) & np.isnan(want)))


def first_difference(nodes, expected, got):
    """Say which stored node first differs from NumPy's.

    Parameters
    ----------
    nodes, expected : lists
        What ``compute`` took and gave.
    got : dict of int to numpy.ndarray
        The stored nodes, by position.

    Returns
    -------
    str
        Empty where all agree.
    """
    for k in sorted(got):
        node, want = nodes[k], expected[k]
        if want is None:
            continue
        bad = np.argwhere(_differs(node, got[k], want))
        if len(bad) == 0:
            continue
        where = tuple(int(i) for i in bad[0])
        what = node["operation"] or node["kind"]
        return (f"{what} recorded at {node['place'] or 'an unknown line'} differs from NumPy's in {len(bad)} of "
                f"{want.size} elements; at {where} it is {got[k][where]!r}, NumPy has {want[where]!r}")
    return ""
