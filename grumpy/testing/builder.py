"""What a random program is drawn with: NumPy's values and error bounds of its arrays so far.

Every array has an error bound (0: grumpy owes NumPy's bits). Arithmetic carries it along; whatever
is not continuous takes exact operands only, so that a last bit never becomes another answer.
"""
import ast
import math
import re

import numpy as np
from hypothesis import strategies as st
from grumpy.testing.program import Check, Program, data

MOST_ELEMENTS = 60_000


def largest(x):
    """The largest magnitude; inf where something is not finite."""
    x = np.asarray(x)
    if not x.size or x.dtype.kind not in "fc":
        return float(abs(x.astype(np.float64)).max()) if x.size else 0.0
    top = np.max(np.abs(x.astype(np.result_type(x.dtype, np.float64))))
    return float(top) if np.isfinite(top) else math.inf


def epsilon(dtype):
    return float(np.finfo(dtype).eps) if np.dtype(dtype).kind in "fc" else 0.0


def sums_exactly(x, dtype, axis=None):
    """Whole numbers whose sum of magnitudes is exact in `dtype` in any order."""
    if np.dtype(dtype).kind not in "fc":
        return True
    x = np.asarray(x)
    if not np.isfinite(x).all() or (x.real != np.rint(x.real)).any() or (x.imag != np.rint(x.imag)).any():
        return False
    total = float(abs(x.real.astype(np.float64)).sum() + abs(x.imag.astype(np.float64)).sum())
    return total < 1 / np.finfo(dtype).eps


def has_two_zeros(x, y):
    """0.0 meets -0.0: which of them is the greater, NumPy's vectors and its loops for what is left over disagree on."""
    x, y = np.asarray(x), np.asarray(y)
    if "f" not in (x.dtype.kind, y.dtype.kind):
        return False
    try:
        return bool(((x == 0) & (y == 0) & (np.signbit(x) != np.signbit(y))).any())
    except (TypeError, ValueError):
        return False


def taken_from(expression):
    """Name of the array that this takes elements of: out of an ndarray they are one, whatever the index."""
    tree = ast.parse(expression, mode="eval").body
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Attribute) and tree.func.attr == "take":
        tree = tree.func
    elif not isinstance(tree, ast.Subscript):
        return []
    return [tree.value.id] if isinstance(tree.value, ast.Name) else []


class Builder:
    """One program while it is drawn: NumPy's values, error bounds by root array."""

    def __init__(self, draw, is_large):
        self.draw = draw
        self.is_large = is_large
        self.program = Program()
        self.names = {"np": np, "data": data, "wrap": np.array, "evaluate": lambda *a: None}
        self.bounds = {}  # name -> one-element list, shared by the views of one array
        self.plain = set()  # names that are ordinary ndarrays in both runs
        self.next = 0

    # --- drawing

    def pick(self, choices):
        return self.draw(st.sampled_from(list(choices)))

    def number(self, least, most):
        return self.draw(st.integers(least, most))

    def chance(self, percent):
        return self.draw(st.integers(0, 99)) < percent

    def permutation(self, n):
        return self.draw(st.permutations(range(n)))

    def value(self, name):
        return self.names[name]

    def bound(self, name):
        return self.bounds[name][0]

    def new_name(self):
        self.next += 1
        return f"v{self.next}"

    def arrays(self, accept=lambda x: True):
        return [n for n in self.bounds if accept(self.value(n))]

    def any_array(self, accept=lambda x: True):
        names = self.arrays(accept)
        return self.pick(names) if names else None

    def exact_array(self, accept=lambda x: True):
        names = [n for n in self.arrays(accept) if self.bound(n) == 0]
        return self.pick(names) if names else None

    # --- one line

    def run(self, line, target=None):
        """Run a line on NumPy and keep it; whether it raised nothing."""
        error = None
        try:
            exec(line, self.names)
        except Exception as e:
            # What an ordinary ndarray says to an operand that is none is NumPy's own affair.
            error = Exception if target in self.plain else type(e)
        self.program.lines.append(line)
        self.program.errors.append(error)
        return error is None

    def result(self, expression, bound, views=()):
        """name = expression; a view shares the bound of what it is a view of."""
        name = self.new_name()
        if not self.run(f"{name} = {expression}"):
            return None
        value = self.value(name)
        if np.size(value) > MOST_ELEMENTS or np.asarray(value).dtype.kind not in "?biufc":
            self.run(f"del {name}")
            return None
        cell = [bound(value) if callable(bound) else bound]
        for source in views:
            if isinstance(value, np.ndarray) and np.may_share_memory(value, self.value(source)):
                cell = self.bounds[source]
        if not isinstance(value, np.ndarray) or cell[0] < math.inf:
            self.bounds[name] = cell
            if self.plain.issuperset(re.findall(r"v\d+", expression)) and "wrap" not in expression or (
                    self.plain.intersection(taken_from(expression))):
                self.plain.add(name)
        else:
            self.run(f"del {name}")
            return None
        return name

    def check(self, name):
        self.program.checks.append(
            (len(self.program.lines), Check(name, np.array(self.value(name)), self.bound(name))))

    def operand(self, like, exact):
        """Something that broadcasts with `like`: text, value, bound."""
        if self.chance(25):
            kind = np.asarray(like).dtype.kind
            text = self.pick(["2", "3", "1"] if kind in "?biu" else ["2", "-3", "0.5", "1.0"])
            return text, np.asarray(eval(text)), 0.0
        shape = np.shape(like)

        def fits(x):
            try:
                return np.size(np.broadcast_shapes(np.shape(x), shape)) >= 0 and math.prod(
                    np.broadcast_shapes(np.shape(x), shape)) <= MOST_ELEMENTS
            except ValueError:
                return self.chance(3)  # the error must be NumPy's
        name = (self.exact_array if exact else self.any_array)(fits)
        return (name, self.value(name), self.bound(name)) if name else ("2", np.asarray(2), 0.0)

    def arithmetic_bound(self, op, x, bx, y, by):
        """The bound of a smooth operation's result, as a function of the result."""
        is_complex = np.result_type(np.asarray(x).dtype, np.asarray(y).dtype).kind == "c"

        def bound(value):
            scale = epsilon(np.asarray(value).dtype) * largest(value)
            if op == "multiply":
                if bx == by == 0 and not is_complex:
                    return 0.0
                return largest(x) * by + largest(y) * bx + bx * by + 4 * epsilon(
                    np.asarray(value).dtype) * (largest(x) * largest(y))
            if bx == by == 0 and not (op == "absolute" and is_complex):
                return 0.0
            return bx + by + 2 * scale
        return bound

    def slices(self, shape):
        """A basic index of an array of this shape, as text."""
        parts = []
        for extent in shape:
            kind = self.number(0, 5)
            if kind == 0 and extent:
                parts.append(str(self.number(-extent, extent - 1)))
            elif kind == 1:
                parts.append(f"::{self.pick([-1, 2, -2, 3])}")
            elif kind == 2:
                a, b = sorted((self.number(0, extent), self.number(0, extent)))
                parts.append(f"{a}:{b}:{self.pick([1, 1, 2])}")
            elif kind == 3:
                parts.append("1:" if self.chance(50) else ":-1")
            else:
                parts.append(":")
        if self.chance(10):
            parts.insert(self.number(0, len(parts)), "None")
        elif self.chance(10):
            parts = ["...", *parts[-1:]]
        return ", ".join(parts) or "..."

    def factors(self, size):
        if size == 0:
            return (0, 3)
        k = self.pick([d for d in range(1, min(size, 12) + 1) if size % d == 0])
        return self.pick([(size,), (k, size // k), (size // k, k), (-1, k), (k, 1, -1)])

    def fits_into(self, target, text_bound):
        """Whether a value may be written where it is cast as C casts: in range, exact if a cast."""
        text, y, by = text_bound
        x = np.asarray(target)
        y = np.asarray(y)
        if x.dtype.kind in "iu" and y.dtype.kind in "fc":
            info = np.iinfo(x.dtype)
            return by == 0 and y.size and np.isfinite(y).all() and y.real.min() >= max(
                info.min, -2**53) and y.real.max() < min(info.max, 2**53)
        if x.dtype.kind == "b":
            return by == 0
        return True

    def spread(self, name, source, by):
        """After a write: the bound of the target's memory."""
        if by or np.asarray(source).dtype != self.value(name).dtype:
            extra = epsilon(self.value(name).dtype) * largest(source) if by else 0.0
            self.bounds[name][0] = max(self.bounds[name][0], by + extra)

    @staticmethod
    def is_apart(mask, x):
        """Whether a write to x leaves the mask alone, as long as it is read (NumPy reads and writes in turns)."""
        return mask is x or not np.may_share_memory(mask, x)
