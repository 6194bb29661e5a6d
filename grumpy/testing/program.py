"""Random NumPy programs as text: made statement by statement, NumPy running in step.

A `Program` is a list of Python lines over `np`, `wrap` (how an array comes in), `evaluate` and
`data`. NumPy has run each line when the next is drawn, so shapes, dtypes and errors are known while
drawing. What must come out is kept with each `check`: exact where semantics S6 promises NumPy's
bits, else within a bound that is carried along with the values.
"""
import dataclasses
import json
import warnings

import numpy as np

import grumpy


def data(seed, shape, dtype, special=False):
    """Small whole numbers, exact in every dtype; with some nan, inf and -0.0 among them if wanted."""
    rng = np.random.default_rng(seed)
    low = 0 if np.dtype(dtype).kind in "bu" else -6
    x = rng.integers(low, 7, shape).astype(dtype)
    if np.dtype(dtype).kind == "c":
        x = x + rng.integers(-6, 7, shape).astype(dtype) * np.dtype(dtype).type(1j)
    if special and np.dtype(dtype).kind in "fc":
        at = rng.random(shape) < 0.2
        x = np.where(at, rng.choice([np.nan, np.inf, -np.inf, -0.0], shape), x).astype(dtype)
    return x


@dataclasses.dataclass
class Check:
    """What a variable must be when the program has come to this line."""

    name: str
    want: np.ndarray
    bound: float  # 0: the same bits


def differs(got, check):
    """How a value differs from what was wanted, in words; "" where it does not."""
    got, want = np.asarray(got), check.want
    if (got.dtype, got.shape) != (want.dtype, want.shape):
        return f"{got.dtype} {got.shape}, expected {want.dtype} {want.shape}"
    if want.dtype.kind not in "fc":
        same = got == want
    elif check.bound == 0:
        same = parts_equal(got.real, want.real)
        if want.dtype.kind == "c":
            same = same & parts_equal(got.imag, want.imag)
    else:
        with np.errstate(all="ignore"):
            wide = np.result_type(want.dtype, np.float64)
            same = (abs(got.astype(wide) - want.astype(wide)) <= check.bound) | (got == want)
            same |= ~np.isfinite(got) & ~np.isfinite(want)
    if np.all(same):
        return ""
    at = np.unravel_index(np.argmin(same), want.shape)
    return (f"{np.count_nonzero(~np.asarray(same))} of {want.size} elements, first at {at}: "
            f"{got[at]!r}, expected {want[at]!r} within {check.bound}")


def parts_equal(got, want):
    """Equal with the sign of zeros; any nan is any other."""
    return (got == want) & (np.signbit(got) == np.signbit(want)) | np.isnan(got) & np.isnan(want)


def evaluate(*arrays):
    """grumpy.evaluate of those that are grumpy's; a program may have turned some into ndarrays."""
    grumpy.evaluate(*[a for a in arrays if isinstance(a, grumpy.ndarray)])


@dataclasses.dataclass
class Program:
    """Lines, each with the class of the error that it raises on NumPy, and checks by line."""

    settings: dict = dataclasses.field(default_factory=dict)
    lines: list = dataclasses.field(default_factory=list)
    errors: list = dataclasses.field(default_factory=list)
    checks: list = dataclasses.field(default_factory=list)  # (number of lines before it, Check)

    def run(self, names):
        """Run on what `names` holds; raises AssertionError at the first difference."""
        names = dict(names, np=np, data=data)
        at = 0
        with np.errstate(all="ignore"):
            for number in range(len(self.lines) + 1):
                while at < len(self.checks) and self.checks[at][0] == number:
                    check = self.checks[at][1]
                    wrong = differs(names[check.name], check)
                    assert not wrong, f"before line {number + 1}, {check.name}: {wrong}"
                    at += 1
                if number == len(self.lines):
                    break
                error = None
                try:
                    exec(self.lines[number], names)
                except Exception as e:
                    error = e
                want = self.errors[number]
                assert type(error) is (want or type(None)) or want is Exception and error, (
                    f"line {number + 1}, {self.lines[number]}: {error!r}, expected {want}")

    def check_grumpy(self):
        """Run on grumpy under the program's settings; raises AssertionError at the first difference."""
        with warnings.catch_warnings(), grumpy.config(**self.settings):
            warnings.simplefilter("ignore")
            self.run({"wrap": grumpy.array, "evaluate": evaluate})

    def dumps(self):
        """The program as JSON, from which `loads` makes it again."""
        return json.dumps({"settings": self.settings, "lines": self.lines,
                           "any_error": [n for n, e in enumerate(self.errors) if e is Exception],
                           "checks": [[n, c.name, c.bound] for n, c in self.checks]}, indent=1)

    @classmethod
    def loads(cls, text):
        """The program of a JSON text; NumPy runs it to say what is wanted."""
        kept = json.loads(text)
        program = cls(kept["settings"], kept["lines"], [])
        names = {"np": np, "data": data, "wrap": np.array, "evaluate": lambda *arrays: None}
        checks = list(kept["checks"])
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            for number, line in enumerate([*kept["lines"], None]):
                while checks and checks[0][0] == number:
                    _, name, bound = checks.pop(0)
                    program.checks.append((number, Check(name, np.array(names[name]), bound)))
                if line is None:
                    break
                error = None
                try:
                    exec(line, names)
                except Exception as e:
                    error = Exception if number in kept["any_error"] else type(e)
                program.errors.append(error)
        return program

    def script(self):
        """A file that runs by itself and shows the difference."""
        import inspect

        body = []
        for number, (line, error) in enumerate(zip([*self.lines, "pass"], [*self.errors, None])):
            body += [f"show({c.name!r}, {c.name}, {c.bound!r})" for n, c in self.checks if n == number]
            if error:
                body += ["try:", f"    {line}", "    show_error(None)",
                         "except Exception as e:", "    show_error(e)"]
            else:
                body.append(line)
        return SCRIPT.format(data=inspect.getsource(data), parts_equal=inspect.getsource(parts_equal),
                             settings=self.settings,
                             body="\n".join("        " + line for line in body))

    def _repr_pretty_(self, printer, cycle):
        printer.text(self.script())


SCRIPT = '''import sys
import warnings

import grumpy
import numpy as np

warnings.simplefilter("ignore")


{data}

{parts_equal}

def run(wrap, evaluate):
    seen = []
    def show(name, value, bound):
        seen.append((sys._getframe(1).f_lineno, name, np.array(value), bound))
    def show_error(e):
        seen.append((sys._getframe(1).f_lineno, "error", np.array(type(e).__name__), 0))
    with np.errstate(all="ignore"), grumpy.config(**{settings}):
{body}
    return seen


def evaluate(*arrays):
    grumpy.evaluate(*[a for a in arrays if isinstance(a, grumpy.ndarray)])


for want, got in zip(run(np.array, lambda *a: None), run(grumpy.array, evaluate)):
    line, name, x, bound = want
    y = got[2]
    same = x.dtype == y.dtype and x.shape == y.shape
    if same and x.dtype.kind in "fc":
        same = (parts_equal(y.real, x.real) & parts_equal(y.imag, x.imag)).all() if bound == 0 else (
            ((abs(x - y) <= bound) | (x == y) | ~np.isfinite(x)).all())
    elif same:
        same = (x == y).all()
    if not same:
        print(f"line {{line}}, {{name}} within {{bound}}: NumPy\\n{{x!r}}\\ngrumpy\\n{{y!r}}")
        break
else:
    print("no difference")
'''
