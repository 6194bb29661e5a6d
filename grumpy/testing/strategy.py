"""How a random program is drawn: one statement at a time, on what NumPy has made of those before."""
import math

import numpy as np
from hypothesis import strategies as st
from grumpy.testing.builder import MOST_ELEMENTS, Builder, epsilon, has_two_zeros, largest, sums_exactly

DTYPES = ["?", "b", "h", "i", "q", "B", "H", "I", "Q", "e", "f", "d", "F", "D"]
EXACT_UNARY = ["negative", "absolute", "sign", "square", "sqrt", "floor", "ceil", "trunc", "rint",
               "reciprocal", "isnan", "isinf", "isfinite", "signbit", "logical_not", "invert",
               "conjugate", "positive", "bitwise_count"]
EXACT_BINARY = ["add", "subtract", "multiply", "divide", "maximum", "minimum", "fmax", "fmin",
                "equal", "not_equal", "less", "less_equal", "greater", "greater_equal",
                "logical_and", "logical_or", "logical_xor", "bitwise_and", "bitwise_or",
                "bitwise_xor", "floor_divide", "remainder", "copysign"]
LOOSE_UNARY = ["exp", "log1p", "sin", "cos", "tanh", "arctan", "expm1", "cbrt", "arcsinh"]
SMOOTH = {"negative", "positive", "conjugate", "absolute", "add", "subtract", "multiply"}
ORDER = {"maximum", "minimum", "fmax", "fmin"}
OPERATORS = ["+", "-", "*", "/", "//", "%", "&", "|", "^", "<", "<=", "==", "!=", ">"]
OF_OPERATOR = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide"}
REDUCTIONS = ["sum", "prod", "min", "max", "mean", "var", "std", "any", "all", "argmin", "argmax",
              "ptp", "count_nonzero"]


class Statements(Builder):
    """The kinds of statements, each drawn by a method."""

    def make(self):
        dtype = self.pick(DTYPES)
        if self.is_large and self.chance(60):
            shape = self.pick([(20_011,), (131, 150), (3, 4_001), (4_099, 3), (1_000,)])
        else:
            shape = tuple(self.number(0 if self.chance(5) else 1, 6)
                          for _ in range(self.number(1, 4)))
        call = f"data({self.number(0, 99)}, {shape}, {dtype!r}, {self.chance(25)})"
        self.result(call if self.chance(12) else f"wrap({call})", 0.0)

    def binary(self):
        by_operator = self.chance(60)
        op = self.pick(OPERATORS if by_operator else EXACT_BINARY)
        function = OF_OPERATOR.get(op, op)
        exact = function not in SMOOTH
        left = (self.exact_array if exact else self.any_array)()
        if left is None:
            return
        x, bx = self.value(left), self.bound(left)
        right, y, by = self.operand(x, exact)
        if function == "divide" and "c" in (np.asarray(x).dtype.kind, np.asarray(y).dtype.kind):
            return  # its rounding is not NumPy's and its zeros are many
        if {np.asarray(x).dtype.kind, np.asarray(y).dtype.kind} & {"c"} and function not in (
                *SMOOTH, "equal", "not_equal", "==", "!="):
            return
        if function == "multiply" and not (math.isfinite(largest(x)) and math.isfinite(largest(y))) \
                and "c" in (np.asarray(x).dtype.kind, np.asarray(y).dtype.kind):
            return
        if bx or by:
            if not (math.isfinite(largest(x)) and math.isfinite(largest(y))):
                return
        if self.chance(20):
            left, right = right, left
        text = f"{left} {op} {right}" if by_operator else f"np.{function}({left}, {right})"
        if self.chance(10) and not by_operator:
            mask = self.exact_array(lambda m: np.asarray(m).dtype == bool and np.shape(m) == np.shape(x))
            if mask:
                text = f"np.where({mask}, np.{function}({left}, {right}), {left})"
        if function in ORDER and has_two_zeros(x, y):
            bound = 5e-324
        else:
            bound = self.arithmetic_bound(function, x, bx, y, by) if not exact else 0.0
        self.result(text, bound)

    def unary(self):
        if self.chance(25):
            op = self.pick(LOOSE_UNARY)
            name = self.exact_array(lambda x: largest(x) < 10 and np.asarray(x).dtype.kind != "c")
            if name:
                self.result(f"np.{op}({name})",
                            lambda v: 16 * epsilon(v.dtype) * largest(v) if v.size else 0.0)
            return
        op = self.pick(EXACT_UNARY)
        name = (self.any_array if op in SMOOTH else self.exact_array)()
        if name is None:
            return
        x = self.value(name)
        if np.asarray(x).dtype.kind == "c" and op not in SMOOTH | {"isnan", "isinf", "isfinite"}:
            return
        self.result(f"np.{op}({name})", self.arithmetic_bound(op, x, self.bound(name), 0, 0.0)
                    if op in SMOOTH else 0.0)

    def view(self):
        name = self.any_array(lambda x: isinstance(x, np.ndarray) and x.ndim)
        if name is None:
            return
        x = self.value(name)
        kind = self.number(0, 9)
        if kind < 5:
            text = f"{name}[{self.slices(x.shape)}]"
        elif kind == 5:
            text = f"{name}.transpose({self.permutation(x.ndim)})"
        elif kind == 6:
            text = f"{name}.reshape({self.factors(x.size)})"
        elif kind == 7:
            lead = (self.number(1, 3),) if x.ndim < 5 else ()
            text = f"np.broadcast_to({name}, {(*lead, *x.shape)})"
        elif kind == 8:
            text = self.pick([f"{name}.ravel()", f"{name}.T", f"np.squeeze({name})",
                              f"{name}.real", f"np.diagonal({name})" if x.ndim > 1 else f"{name}.T"])
        else:
            text = f"np.flip({name}, {self.number(0, x.ndim - 1)})"
        self.result(text, self.bound(name), [name])

    def write(self):
        name = self.any_array(lambda x: isinstance(x, np.ndarray))
        if name is None:
            return
        x = self.value(name)
        index = self.slices(x.shape) if self.chance(80) else "..."
        try:
            part = x[eval(f"np.s_[{index}]")]
        except IndexError:
            return
        right, y, by = self.operand(part, False)
        if np.asarray(x).dtype.kind in "u?" and right.startswith("-"):
            return
        if not self.fits_into(x, (right, y, by)):
            return
        if by and not math.isfinite(largest(y)):
            return
        if name in self.plain and np.ndim(y) == 0 and right in self.names:
            return  # an ndarray takes no lazy 0-d array for the scalar that NumPy would have
        if self.chance(15) and right in self.names and not np.may_share_memory(x, y):
            ok = self.run(f"np.copyto({name}[{index}], {right}, casting='unsafe')", name)
        else:
            ok = self.run(f"{name}[{index}] = {right}", name)
        if ok:
            self.spread(name, y, by)

    def in_place(self):
        name = self.any_array(lambda x: isinstance(x, np.ndarray))
        if name is None:
            return
        x, bx = self.value(name), self.bound(name)
        op = self.pick(["+", "-", "*"] if x.dtype.kind in "fc" else ["+", "-", "*", "&", "|", "^"])
        index = f"[{self.slices(x.shape)}]" if self.chance(50) else ""
        try:
            part = eval(f"x{index}")
        except IndexError:
            return
        right, y, by = self.operand(part, op in "&|^")
        if x.dtype.kind == "c" and op == "*" or (bx or by) and not (
                math.isfinite(largest(x)) and math.isfinite(largest(y))):
            return
        if np.asarray(x).dtype.kind in "u?" and right.startswith("-") or (
                np.asarray(y).dtype.kind in "fc" and x.dtype.kind in "f" and
                np.asarray(y).dtype.itemsize > x.dtype.itemsize and bx + by):
            return
        if name in self.plain and np.ndim(y) == 0 and right in self.names:
            return  # an ndarray's element takes no lazy 0-d array for the scalar that NumPy would have
        before = largest(x)
        if self.run(f"{name}{index} {op}= {right}", name):
            bound = self.arithmetic_bound(OF_OPERATOR.get(op, op), before, bx, y, by)
            self.bounds[name][0] = max(bx, bound(self.value(name)))

    def out_and_where(self):
        name = self.exact_array(lambda x: isinstance(x, np.ndarray) and x.dtype.kind in "fcbiu")
        if name is None:
            return
        x = self.value(name)
        op = self.pick(["add", "subtract", "multiply", "maximum", "minimum", "divide"])
        if x.dtype.kind == "c" or op == "divide" and x.dtype.kind != "f":
            op = "add"
        left, y, by = self.operand(x, True)
        right, z, bz = self.operand(x, True)
        if "c" in (np.asarray(y).dtype.kind, np.asarray(z).dtype.kind) or op in ORDER and has_two_zeros(y, z):
            return
        where = ""
        if self.chance(60):
            mask = self.exact_array(lambda m: np.asarray(m).dtype == bool and np.ndim(m) <= x.ndim)
            if mask:
                where = f", where={mask}"
        casting = self.pick(["", "", ", casting='unsafe'"]) if x.dtype.kind in "f" else ""
        self.run(f"np.{op}({left}, {right}, out={name}{where}{casting})")

    def masked(self):
        name = self.any_array(lambda x: isinstance(x, np.ndarray) and x.ndim and x.size)
        if name is None:
            return
        x = self.value(name)
        mask = self.exact_array(lambda m: np.asarray(m).dtype == bool and np.shape(m) == x.shape and self.is_apart(m, x))
        if mask and self.chance(60):
            if self.chance(50):
                self.run(f"{name}[{mask}] = {self.pick(['1', '2'])}")
            else:
                self.result(f"{name}[{mask}]", self.bound(name))
            return
        index = [self.number(-x.shape[0], x.shape[0] - 1) for _ in range(self.number(1, 5))]
        kind = self.number(0, 2)
        if kind == 0:
            self.result(f"{name}[{index}]", self.bound(name))
        elif kind == 1:
            self.run(f"{name}[{index}] = {self.pick(['1', '2'])}")
        elif self.bound(name) == 0 and x.dtype.kind != "b":
            self.run(f"np.add.at({name}, {index}, 1)")

    def positions(self, extent, shape):
        """An index array of this shape, as text; sometimes a wrapped one, sometimes of its own name."""
        low = 0 if self.chance(50) else -extent
        drawn = np.array([self.number(low, extent - 1) for _ in range(math.prod(shape))]).reshape(shape).tolist()
        if self.chance(40):
            return str(drawn)
        made = f"wrap(np.array({drawn}))" + self.pick(["", " + 0", ".astype('i4')"])
        return made if self.chance(50) else self.result(made, 0.0)

    def index_arrays(self, shape):
        """An index of one or two arrays, with slices beside them."""
        first = self.number(0, min(1, len(shape) - 1))
        parts = [self.pick([":", "1:", "::-1"]) for _ in range(first)]
        lengths = self.pick([((3,),), ((1,),), ((2, 2),), ((3, 1), (2,)), ((4,), (4,)), ((2,), (1,))])
        for extent, length in zip(shape[first:], lengths):
            parts.append(self.positions(extent, length))
        if self.chance(30) and len(parts) < len(shape):
            parts.append(self.pick([":", "::2", "-1:", "..."]))
        return ", ".join(parts)

    def at_positions(self):
        """Reads and writes at index arrays, of views too, and ufunc.at."""
        name = self.any_array(lambda x: isinstance(x, np.ndarray) and x.ndim and x.size)
        if name is None:
            return
        x = self.value(name)
        index = self.index_arrays(x.shape)
        try:
            part = eval(f"x[{index}]", self.names | {"x": x})
        except IndexError:
            return
        kind = self.number(0, 4)
        if kind < 2:
            self.result(f"{name}[{index}]", self.bound(name))
            return
        right, y, by = self.operand(part, kind > 2)
        if right in self.names and (np.ndim(y) > np.ndim(part) or name in self.plain and np.ndim(y) == 0):
            return
        if np.asarray(x).dtype.kind in "u?" and right.startswith("-") or not self.fits_into(x, (right, y, by)) \
                or by and not math.isfinite(largest(y)):
            return
        if kind == 2:
            if self.run(f"{name}[{index}] = {right}", name):
                self.spread(name, y, by)
        elif self.bound(name) == 0 and x.dtype.kind in "iuf":
            op = self.pick(["add", "subtract", "multiply"] if x.dtype.kind == "f" else ["add", "multiply", "maximum"])
            if kind == 3:
                self.run(f"{name}[{index}] = np.{op}({name}[{index}], {right})", name)
            elif right not in self.names or np.shape(y) == np.shape(part) and not np.may_share_memory(x, y):
                # (NumPy's own at misreads values that broadcast with an index of several axes.)
                self.run(f"np.{op}.at({name}, np.s_[{index}], {right})", name)

    def mask_over(self, x):
        """The name of a mask over the first axes of x, perhaps a new one."""
        def fits(m):
            return np.ndim(m) and np.shape(m) == np.shape(x)[:np.ndim(m)] and self.is_apart(m, x)
        mask = self.exact_array(lambda m: np.asarray(m).dtype == bool and fits(m))
        if mask and self.chance(70):
            return mask
        other = self.exact_array(lambda m: np.asarray(m).dtype.kind in "iuf" and fits(m))
        return self.result(f"{other} > {self.pick([-1, 0, 1])}", 0.0) if other else mask

    def under_a_mask(self):
        """Reads, operations, writes and reductions of what one mask selects."""
        name = self.exact_array(lambda x: isinstance(x, np.ndarray) and x.ndim and x.size and x.dtype.kind != "c")
        mask = self.mask_over(self.value(name)) if name else None
        if mask is None:
            return
        x, m = self.value(name), self.value(mask)
        other = self.exact_array(lambda y: np.shape(y)[:m.ndim] == m.shape and np.asarray(y).dtype.kind != "c") or name
        ops = ["&", "|", "^"] if x.dtype.kind == "b" else ["+", "-", "*"] if x.dtype.kind == "f" else ["+", "-", "*", "//", "&"]
        op, right = self.pick(ops), f"{other}[{mask}]" if self.chance(60) else self.pick(["1", "2"])
        kind = self.number(0, 6)
        if kind == 0:
            self.run(f"{name}[{mask}] {op}= {right}", target=name)
        elif kind == 1:
            self.run(f"{name}[{mask}] = {name}[{mask}] {op} {right}", target=name)
        elif kind == 2:
            self.run(f"{name}[{mask}] = np.{self.pick(EXACT_UNARY)}({other}[{mask}])", target=name)
        elif kind == 3:
            # Which of two zeros is the least depends on the order that they are met in.
            self.result(f"0 + ({name}[{mask}] {op} {right}).{self.pick(['min', 'max', 'any', 'all'])}()", 0.0)
        elif kind == 4:
            self.result(f"np.count_nonzero({name}[{mask}])", 0.0)
        elif kind == 5:
            if sums_exactly(x[m], x.dtype):
                self.result(self.pick([f"{name}[{mask}].sum()", f"np.cumsum({name}[{mask}])",
                                       f"np.negative({name}[{mask}] + 0).sum(axis=0)"] if x.dtype.kind in "fiu" else
                                      [f"{name}[{mask}].sum()"]), 0.0)
        else:
            rows = self.result(f"{name}[{mask}]", 0.0)
            new = rows and self.result(f"{rows} {op} {right}", 0.0)
            if new:
                self.run(f"{name}[{mask}] = {new}", target=name)

    def reduction(self):
        op = self.pick(REDUCTIONS)
        discontinuous = op not in ("sum", "mean", "min", "max")
        name = (self.exact_array if discontinuous else self.any_array)(
            lambda x: np.ndim(x) and np.size(x))
        if name is None:
            return
        x, bx = self.value(name), self.bound(name)
        axes = [None, *range(-x.ndim, x.ndim)]
        if op not in ("argmin", "argmax") and x.ndim > 1:
            axes += [(0, 1), (x.ndim - 1, 0)]
        axis = self.pick(axes)
        if x.dtype.kind == "c" and op in ("min", "max", "ptp", "argmin", "argmax", "prod", "var", "std"):
            return
        if not math.isfinite(largest(x)) and (bx or op in ("sum", "mean", "var", "std", "prod", "ptp")):
            return
        extras = ""
        dtype = x.dtype
        if op in ("sum", "mean", "prod") and x.dtype.kind in "biu?f" and self.chance(20):
            extras += ", dtype=np.float64"
            dtype = np.dtype(np.float64)
        if self.chance(20) and op != "count_nonzero":
            extras += ", keepdims=True"
        if op in ("sum", "any", "all") and self.chance(12):
            mask = self.exact_array(lambda m: np.asarray(m).dtype == bool and np.shape(m) == x.shape)
            extras += f", where={mask}" if mask else ""
        n = x.size
        if op in ("sum", "mean"):
            exact = bx == 0 and sums_exactly(x, dtype) and (op == "sum" or dtype.kind != "c")
            total = n * largest(x)
            # Under a mask, and row by row over an outer axis, NumPy adds one by one.
            roundings = n if "where=" in extras or x.ndim > 1 else 20

            def bound(v):
                return 0.0 if exact else n * bx + max(20, roundings) * epsilon(v.dtype) * total
        elif op in ("var", "std"):
            def bound(v):
                return 64 * epsilon(v.dtype) * max(1.0, largest(x)) ** 2 * max(1, math.log2(n + 1))
            if op == "std" or dtype.char == "e":
                return  # sqrt of a bound near zero; NumPy's own sums overflow
        elif op == "prod":
            magnitude = np.maximum(abs(np.asarray(x, np.float64)), 1)
            if dtype.kind == "f" and not (sums_exactly(x, dtype) and np.sum(np.log2(magnitude)) <
                                          -math.log2(epsilon(dtype)) - 1):
                return
            bound = 0.0
        elif op in ("min", "max") and x.dtype.kind == "f" and (x == 0).any() and np.signbit(x).any():
            def bound(v):  # which zero wins is the machine's
                return max(bx, 5e-324)
        else:
            bound = bx
        self.result(f"np.{op}({name}, axis={axis!r}{extras})"
                    if op in ("count_nonzero", "ptp") or self.chance(50)
                    else f"{name}.{op}(axis={axis!r}{extras})", bound)

    def scan(self):
        name = self.exact_array(lambda x: np.ndim(x) and np.size(x))
        if name is None:
            return
        x = self.value(name)
        op = self.pick(["np.cumsum", "np.maximum.accumulate", "np.logical_or.accumulate"])
        if op == "np.cumsum" and not sums_exactly(x, x.dtype) or op != "np.cumsum" and x.dtype.kind == "c":
            return
        if op == "np.maximum.accumulate" and x.dtype.kind == "f" and (x == 0).any() and np.signbit(x).any():
            return
        self.result(f"{op}({name}, axis={self.number(0, x.ndim - 1)})", 0.0)

    def product(self):
        left = self.exact_array(lambda x: np.ndim(x) == 2 and np.asarray(x).dtype.kind in "fd")
        if left is None:
            return
        x = self.value(left)
        right = self.exact_array(lambda y: np.ndim(y) in (1, 2) and np.shape(y)[0] == x.shape[1]
                                 and np.asarray(y).dtype.kind in "f")
        if right is None:
            return
        y = self.value(right)
        if not (math.isfinite(largest(x)) and math.isfinite(largest(y))):
            return
        top = x.shape[1] * largest(x) * largest(y)
        whole = (x == np.rint(x)).all() and (y == np.rint(y)).all()

        def bound(v):
            return 0.0 if whole and top < 1 / epsilon(v.dtype) else (x.shape[1] + 8) * epsilon(v.dtype) * top
        self.result(f"{left} @ {right}", bound)

    def join(self):
        name = self.any_array(lambda x: np.ndim(x) and np.size(x) * 2 <= MOST_ELEMENTS)
        if name is None:
            return
        x = self.value(name)
        other = self.any_array(lambda y: np.shape(y) == np.shape(x)) or name
        bound = max(self.bound(name), self.bound(other))
        if bound and np.asarray(x).dtype != np.asarray(self.value(other)).dtype:
            return
        self.result(self.pick([f"np.concatenate([{name}, {other}])", f"np.stack([{name}, {other}], -1)",
                               f"np.roll({name}, {self.number(-3, 3)})", f"np.tile({name}, 2)"]), bound)

    def convert(self):
        name = self.exact_array()
        if name is None:
            return
        x = np.asarray(self.value(name))
        dtype = np.dtype(self.pick(DTYPES))
        if dtype.kind in "iu" and x.dtype.kind in "fc" and not self.fits_into(
                np.empty(0, dtype), (name, x, 0.0)):
            return
        self.result(f"{name}.astype({dtype.char!r})", 0.0)

    def export(self):
        name = self.any_array(lambda x: isinstance(x, np.ndarray))
        if name is None:
            return
        new = self.result(f"np.asarray({name})", self.bound(name), [name])
        if new:
            self.plain.add(new)

    def evaluate(self):
        names = [n for n in self.arrays() if n not in self.plain]
        if names:
            chosen = {self.pick(names) for _ in range(self.number(1, 3))}
            kept = [n for n in sorted(chosen) if isinstance(self.value(n), np.ndarray)]
            if kept:
                self.run(f"evaluate({', '.join(kept)})")

    def forget(self):
        if len(self.bounds) > 2:
            name = self.any_array()
            self.run(f"del {name}")
            del self.bounds[name]
            self.plain.discard(name)

    def copy(self):
        name = self.any_array()
        if name:
            self.result(f"{name}.copy()", self.bound(name))

    def swap(self):
        """Two parts of an array by one assignment, as sorting programs do."""
        name = self.any_array(lambda x: isinstance(x, np.ndarray) and x.ndim and len(x) > 1)
        if name:
            n = len(self.value(name))
            i, j = self.number(-n, n - 1), self.number(-n, n - 1)
            copy = self.pick(["", ".copy()"])
            self.run(f"{name}[{i}], {name}[{j}] = {name}[{j}]{copy}, {name}[{i}]{copy}", name)

    def loop(self):
        """A statement on exact values several times over: the later turns are replayed."""
        name = self.exact_array(lambda x: isinstance(x, np.ndarray) and x.ndim and x.dtype.kind in "iuf")
        if name is None:
            return
        x = self.value(name)
        index = self.slices(x.shape)
        try:
            part = x[eval(f"np.s_[{index}]")]
        except IndexError:
            return
        right, y, by = self.operand(part, True)
        if np.asarray(y).dtype.kind not in "?iuf" or right.startswith("-") and x.dtype.kind == "u":
            return
        # Of the array's dtype or one that it takes in, so that no cast leaves its range.
        if not np.can_cast(np.asarray(y).dtype, x.dtype) and right in self.names:
            return
        op = self.pick(["+", "-", "*"])
        line = self.pick([f"{name}[{index}] {op}= {right}", f"{name}[{index}] = {name}[{index}] {op} {right}",
                          f"{name}[1:] = {name}[:-1] {op} {name}[1:]"])
        self.run(f"for _ in range({self.number(2, 6)}): {line}", name)

    STATEMENTS = [*[binary] * 5, *[unary] * 3, *[view] * 5, *[write] * 4, *[in_place] * 3,
                  *[out_and_where] * 2, masked, *[at_positions] * 3, *[under_a_mask] * 2, *[reduction] * 4, scan, product, join, convert,
                  *[export] * 2, *[evaluate] * 2, *[forget] * 2, copy, make,
                  swap, *[loop] * 2]


@st.composite
def programs(draw, longest=14, is_large=False):
    """Programs of up to `longest` statements after two or three arrays to begin with."""
    b = Statements(draw, is_large)
    b.program.settings = {"jit": draw(st.sampled_from(["auto", "off", "sync"])),
                          "num_threads": draw(st.sampled_from([2, 1, 3])),
                          # 1: nothing waits for anything, so nothing is fused
                          "max_pending_nodes": draw(st.sampled_from([10_000, 1, 5])),
                          "fp_warnings": draw(st.sampled_from(["lazy", "call"]))}
    with np.errstate(all="ignore"):
        for _ in range(3):
            b.make()
        for _ in range(b.number(1, longest)):
            b.pick(Statements.STATEMENTS)(b)
            if b.bounds and b.chance(8):
                b.check(b.any_array())
        for name in b.bounds:
            b.check(name)
    return b.program
