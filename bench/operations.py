"""Every operation that grumpy records natively, as a line of NumPy, for bench/sweep.py.

What there is comes from the package's own tables (`op_table`, `reduce_table`, `native_functions`,
`retold_functions`) and from the classes' attributes; the tables here only say how a call looks that
needs more than one array, and what is left out, and why. `missing` names what neither says.

The names in the lines: x, y: arrays of n elements; u: one that is at least 1; w: of ones; z: an own
copy of x, written to; m: a mask; c, i: zeros and ones, places below n in no order; M, N, Z, V:
matrices of n elements, like x, y, z and x's transpose; p, q: M's first column and row; rows, cols:
M's shape.
"""
import dataclasses

import numpy as np

import grumpy
from grumpy import _core

GROUPS = ["operators", "in place", "indexing", "methods", "ufuncs", "reductions", "functions", "views"]


@dataclasses.dataclass(frozen=True)
class Operation:
    """One line; `result` is what is read after it, where that is not the line's own value."""

    group: str
    line: str
    result: str = ""


BINARY = {"add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%",
          "pow": "**", "and": "&", "or": "|", "xor": "^", "lshift": "<<", "rshift": ">>",
          "lt": "<", "le": "<=", "eq": "==", "ne": "!=", "gt": ">", "ge": ">="}
UNARY = {"neg": "-x", "pos": "+x", "invert": "~x", "abs": "abs(x)"}
INDEXING = ["x[n // 2]", "x[1:]", "x[::-1]", "x[m]", "x[i]", "M[:, 0]", "M[0]", "x[:, None]"]
WRITING = {"z": ["z[n // 2] = 1", "z[1:] = y[1:]", "z[...] = y", "z[m] = 1", "z[i] = y"],
           "Z": ["Z[:, 0] = p", "Z[0] = q"]}

# Methods and attributes: those of numpy.ndarray that ours has. Without a line here: x.name().
METHODS = {
    "T": ["M.T"], "mT": ["M.mT"], "real": ["x.real"], "imag": ["x.imag"],
    "astype": ["x.astype('f8')", "x.astype('f4')", "x.astype('i4')", "x.astype('?')"],
    "sum": ["x.sum()", "M.sum(0)", "M.sum(1)"], "prod": ["x.prod()", "M.prod(0)", "M.prod(1)"],
    "min": ["x.min()", "M.min(0)", "M.min(1)"], "max": ["x.max()", "M.max(0)", "M.max(1)"],
    "all": ["x.all()", "M.all(0)", "M.all(1)"], "any": ["x.any()", "M.any(0)", "M.any(1)"],
    "mean": ["x.mean()", "M.mean(0)", "M.mean(1)"], "var": ["x.var()", "M.var(0)", "M.var(1)"],
    "std": ["x.std()", "M.std(0)", "M.std(1)"],
    "argmin": ["x.argmin()", "M.argmin(0)", "M.argmin(1)"],
    "argmax": ["x.argmax()", "M.argmax(0)", "M.argmax(1)"],
    "cumsum": ["x.cumsum()", "M.cumsum(0)", "M.cumsum(1)"],
    "cumprod": ["x.cumprod()", "M.cumprod(0)", "M.cumprod(1)"],
    "choose": ["c.choose([x, y])"], "clip": ["x.clip(1, 3)"], "compress": ["x.compress(m)"],
    "diagonal": ["M.diagonal()"], "dot": ["x.dot(y)", "M.dot(q)"], "repeat": ["p.repeat(cols)"],
    "reshape": ["x.reshape(rows, cols)", "V.reshape(-1)"], "swapaxes": ["M.swapaxes(0, 1)"],
    "take": ["x.take(i)"], "trace": ["M.trace()"], "transpose": ["M.transpose()"],
    "ravel": ["M.ravel()", "V.ravel()"], "flatten": ["M.flatten()", "V.flatten()"],
    "copy": ["x.copy()", "V.copy()"], "round": ["x.round()", "x.round(2)"], "view": ["x.view()"],
}
METHOD_WRITES = {"fill": ("z.fill(1)", "z"), "put": ("z.put(i, y)", "z")}
METHODS_OUT = {
    "argpartition argsort partition searchsorted sort byteswap getfield setfield": "forwarded",
    "dump dumps tofile tobytes tolist item": "a conversion, not an operation",
    "base ctypes data device dtype flags flat itemsize nbytes ndim shape size strides setflags "
    "to_device": "a fact, no array",
    "resize": "gives the array another size",
}

# Functions. Without a line here: name(x).
FUNCTIONS = {
    "np.allclose": "np.allclose(x, x)", "np.append": "np.append(x, y)",
    "np.apply_along_axis": "np.apply_along_axis(np.sum, 1, M)",
    "np.apply_over_axes": "np.apply_over_axes(np.sum, M, [0, 1])",
    "np.arange": "np.arange(n, like=x)", "np.argwhere": "np.argwhere(m)",
    "np.array": "np.array([1, 2], like=x)", "np.array_equal": "np.array_equal(x, x)",
    "np.array_equiv": "np.array_equiv(x, x)", "np.array_split": "np.array_split(x, 3)",
    "np.asanyarray": "np.asanyarray([1, 2], like=x)", "np.asarray": "np.asarray([1, 2], like=x)",
    "np.ascontiguousarray": "np.ascontiguousarray([1, 2], like=x)",
    "np.asfortranarray": "np.asfortranarray([1, 2], like=x)", "np.astype": "np.astype(x, 'f8')",
    "np.average": "np.average(x, weights=w)", "np.block": "np.block([[M, N], [N, M]])",
    "np.broadcast_arrays": "np.broadcast_arrays(M, q)",
    "np.broadcast_to": "np.broadcast_to(q, (rows, cols))", "np.choose": "np.choose(c, [x, y])",
    "np.clip": "np.clip(x, 1, 3)", "np.column_stack": "np.column_stack([x, y])",
    "np.compress": "np.compress(m, x)", "np.concatenate": "np.concatenate([x, y])",
    "np.convolve": "np.convolve(x, q[:3])", "np.copyto": ("np.copyto(z, y)", "z"),
    "np.correlate": "np.correlate(x, q[:3])", "np.cross": "np.cross(M[:, :3], N[:, :3])",
    "np.cov": "np.cov(x, y)", "np.corrcoef": "np.corrcoef(x, y)",
    "np.delete": "np.delete(x, n // 2)", "np.diag": "np.diag(M)", "np.diagflat": "np.diagflat(q)",
    "np.diagonal": "np.diagonal(M)", "np.dot": "np.dot(x, y)",
    "np.dsplit": "np.dsplit(M[..., None], 1)", "np.dstack": "np.dstack([x, y])",
    "np.diag_indices_from": "np.diag_indices_from(M[:cols, :rows])",
    "np.einsum": "np.einsum('ij,j->i', M, q)",
    "np.einsum_path": "np.einsum_path('ij,j->i', M, q)", "np.empty": "np.empty(n, like=x)",
    "np.expand_dims": "np.expand_dims(x, 0)", "np.extract": "np.extract(m, x)",
    "np.eye": "np.eye(rows, cols, like=x)",
    "np.fill_diagonal": ("np.fill_diagonal(Z, 1)", "Z"), "np.flatnonzero": "np.flatnonzero(m)",
    "np.fliplr": "np.fliplr(M)", "np.flipud": "np.flipud(M)",
    "np.full": "np.full(n, 2, like=x)", "np.full_like": "np.full_like(x, 2)",
    "np.geomspace": "np.geomspace(x[0], y[0], n)", "np.gradient": "np.gradient(x)",
    "np.histogram": "np.histogram(x)", "np.hsplit": "np.hsplit(M, [1])",
    "np.hstack": "np.hstack([x, y])", "np.identity": "np.identity(rows, like=x)",
    "np.inner": "np.inner(x, y)", "np.insert": "np.insert(x, n // 2, 1)",
    "np.isclose": "np.isclose(x, y)", "np.isin": "np.isin(x, y[:10])",
    "np.ix_": "np.ix_(p, q)", "np.kron": "np.kron(p, q)",
    "np.linspace": "np.linspace(x[0], y[0], n)", "np.logspace": "np.logspace(x[0], y[0], n)",
    "np.matrix_transpose": "np.matrix_transpose(M)", "np.meshgrid": "np.meshgrid(p, q)",
    "np.moveaxis": "np.moveaxis(M, 0, 1)", "np.nonzero": "np.nonzero(m)",
    "np.ones": "np.ones(n, like=x)", "np.outer": "np.outer(p, q)", "np.pad": "np.pad(x, 2)",
    "np.piecewise": "np.piecewise(x, [m], [1, 2])", "np.place": ("np.place(z, m, 1)", "z"),
    "np.polyadd": "np.polyadd(x, y)", "np.polymul": "np.polymul(x, q[:3])",
    "np.polysub": "np.polysub(x, y)", "np.polyval": "np.polyval([1, 2, 3], x)",
    "np.put": ("np.put(z, i, y)", "z"), "np.putmask": ("np.putmask(z, m, y)", "z"),
    "np.put_along_axis": ("np.put_along_axis(z, i, y, 0)", "z"),
    "np.repeat": "np.repeat(p, cols)", "np.reshape": "np.reshape(x, (rows, cols))",
    "np.resize": "np.resize(x, n + 3)", "np.roll": "np.roll(x, 1)",
    "np.rollaxis": "np.rollaxis(M, 1)", "np.rot90": "np.rot90(M)",
    "np.round": "np.round(x, 2)", "np.select": "np.select([m], [x])", "np.split": "np.split(x, [1])",
    "np.stack": "np.stack([x, y])", "np.swapaxes": "np.swapaxes(M, 0, 1)",
    "np.take": "np.take(x, i)", "np.take_along_axis": "np.take_along_axis(x, i, 0)",
    "np.tensordot": "np.tensordot(M, q, 1)", "np.tile": "np.tile(x, 2)", "np.trace": "np.trace(M)",
    "np.tri": "np.tri(rows, cols, like=x)", "np.tril": "np.tril(M)", "np.triu": "np.triu(M)",
    "np.tril_indices_from": "np.tril_indices_from(M)",
    "np.triu_indices_from": "np.triu_indices_from(M)", "np.unstack": "np.unstack(M[:3])",
    "np.vander": "np.vander(x, 3)", "np.vdot": "np.vdot(x, y)", "np.vsplit": "np.vsplit(M, [1])",
    "np.vstack": "np.vstack([x, y])", "np.where": "np.where(m, x, y)",
    "np.zeros": "np.zeros(n, like=x)", "np.linalg.cross": "np.linalg.cross(M[:, :3], N[:, :3])",
    "np.linalg.diagonal": "np.linalg.diagonal(M)", "np.linalg.matmul": "np.linalg.matmul(M, V)",
    "np.linalg.matrix_norm": "np.linalg.matrix_norm(M)",
    "np.linalg.matrix_power": "np.linalg.matrix_power(M[:cols, :rows], 2)",
    "np.linalg.matrix_transpose": "np.linalg.matrix_transpose(M)",
    "np.linalg.multi_dot": "np.linalg.multi_dot([p, M, q])",
    "np.linalg.outer": "np.linalg.outer(p, q)",
    "np.linalg.tensordot": "np.linalg.tensordot(M, q, axes=1)",
    "np.linalg.trace": "np.linalg.trace(M)", "np.linalg.vecdot": "np.linalg.vecdot(M, N)",
    "np.lib.scimath.logn": "np.lib.scimath.logn(2, x)",
    "np.lib.scimath.power": "np.lib.scimath.power(x, 2)",
    "np.lib.stride_tricks.sliding_window_view":
        "np.lib.stride_tricks.sliding_window_view(x, min(n, 3))",
}
FUNCTIONS_OUT = {
    "np.can_cast np.common_type np.iscomplexobj np.isrealobj np.min_scalar_type np.ndim "
    "np.result_type np.shape np.size np.may_share_memory np.shares_memory np.einsum_path":
        "a fact, no array",
    "np.frombuffer np.fromiter np.fromfunction": "reads what is no array",
    "np.empty np.empty_like": "values are left over from something",
}


def names(table):
    return {name for key in table for name in key.split()}


def native_names():
    """The NumPy functions that are recorded, by name."""
    found = {*_core.native_functions(), *_core.retold_functions()}
    texts = {f if isinstance(f, str) else f"{f.__module__}.{f.__name__}" for f in found}
    return {"np" + text.removeprefix("numpy") for text in texts}


def native_methods():
    return {name for name in vars(grumpy.ndarray) if name[0] != "_" and hasattr(np.ndarray, name)}


def missing():
    """What the tables here say without a thing of that name: left-overs of a renaming."""
    return sorted((set(FUNCTIONS) | names(FUNCTIONS_OUT)) - native_names()) + sorted(
        (set(METHODS) | set(METHOD_WRITES) | names(METHODS_OUT)) - native_methods())


def operators():
    found = [name for name in BINARY if hasattr(grumpy.ndarray, f"__{name}__")]
    for name in found:
        yield Operation("operators", f"x {BINARY[name]} y")
        yield Operation("operators", f"x {BINARY[name]} 2")
    for name, line in UNARY.items():
        yield Operation("operators", line)
    yield Operation("operators", "divmod(x, y)")
    yield Operation("operators", "M + q")
    yield Operation("operators", "M @ V")
    yield Operation("operators", "M @ q")
    for name in found:
        if hasattr(grumpy.ndarray, f"__i{name}__"):
            yield Operation("in place", f"z {BINARY[name]}= w", "z")


def indexing():
    for line in INDEXING:
        yield Operation("indexing", line)
    for result, lines in WRITING.items():
        for line in lines:
            yield Operation("indexing", line, result)


def methods():
    for name in sorted(native_methods() - names(METHODS_OUT)):
        if name in METHOD_WRITES:
            yield Operation("methods", *METHOD_WRITES[name])
        for line in METHODS.get(name, [] if name in METHOD_WRITES else [f"x.{name}()"]):
            yield Operation("methods", line)


def ufuncs():
    for row in _core.op_table():
        if row["internal"]:
            continue
        name = ("special." if row["scipy"] else "np.") + row["name"]
        first = "u" if row["name"] == "arccosh" else "x"
        yield Operation("ufuncs", f"{name}({', '.join([first, 'y'][:row['nin']])})")
    yield Operation("ufuncs", "np.modf(x)")
    yield Operation("ufuncs", "np.matmul(M, V)")


def reductions():
    for name in _core.reduce_table():
        if isinstance(getattr(np, name, None), np.ufunc):
            yield Operation("reductions", f"np.{name}.reduce(x)")
            yield Operation("reductions", f"np.{name}.accumulate(x)")
    yield Operation("reductions", "np.add.reduceat(x, [0, n // 2])")
    yield Operation("reductions", "np.add.outer(p, q)")


def functions():
    for name in sorted(native_names() - names(FUNCTIONS_OUT)):
        line = FUNCTIONS.get(name, f"{name}(x)")
        yield Operation("functions", *([line] if isinstance(line, str) else line))


def operations():
    """All of them, each once."""
    made = [*operators(), *indexing(), *methods(), *ufuncs(), *reductions(), *functions()]
    return list(dict.fromkeys(made))
