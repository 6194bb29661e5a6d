"""The workloads as one would write them for numexpr, Numba, JAX and torch.compile.

`prepare(rival, workload, arguments)` returns a function without parameters that computes the
workload once, its results finished, or None where the rival has no natural form of it.
"""
import functools
import importlib.util
import os
import pathlib
import types

import numpy as np

MODULES = {"numexpr": "numexpr", "numba": "numba", "jax": "jax", "torch": "torch"}
CPUS = len(os.sched_getaffinity(0))
HERE = str(pathlib.Path(__file__).resolve().parent)


def missing(rival):
    """Whether the rival is not installed."""
    return importlib.util.find_spec(MODULES[rival]) is None


def prepare(rival, workload, made):
    """A call of the rival's form of the workload on these arguments, or None."""
    return PREPARE[rival](workload, made)


def elsewhere(function, names):
    """The function in another library's words: names replaced, in what it calls from here, too."""
    space = dict(function.__globals__)
    del space["__name__"]  # torch.compile would look the names up in the module
    for name in function.__code__.co_names:
        called = space.get(name)
        if isinstance(called, types.FunctionType) and called.__code__.co_filename.startswith(HERE):
            space[name] = elsewhere(called, names)
    return types.FunctionType(function.__code__, {**space, **names}, function.__name__,
                              function.__defaults__, function.__closure__)


def converted(made, convert):
    return [convert(a) if isinstance(a, np.ndarray) else a for a in made]


# --- numexpr ------------------------------------------------------------------------------------

BINOMIAL, SUM = "x*x + 2*x*y + y*y", "sum(x)"
EXPRESSIONS = {  # expressions of the arguments' names; with a name before it, written there
    "binomial row": [("", BINOMIAL)], "binomial outer": [("", BINOMIAL)],
    "binomial int32": [("", BINOMIAL)], "sgd": [("param", "param - grad")],
    "adam": [("m", "m + (1 - 0.9) * (grad - m)"),
             ("v", "v + (1 - 0.999) * (grad * grad - v)"),
             ("param", "param - 0.001 * m / (sqrt(v) + 1e-8)")],
    "relu": [("", "where(x > 0, x, 0)")], "tanh relu": [("", "tanh(where(x > 0, x, 0))")],
    "angle": [("", "y / sqrt(x**2 + y**2)")], "add": [("", "a + b")],
    "sum squared difference": [("", "sum((x - y)**2)")],
}
REDUCTIONS = {"sum 1d": SUM, "sum 2d": SUM, "sum axis 0": "sum(x, axis=0)",
              "sum axis 1": "sum(x, axis=1)", "max axis 1": "max(x, axis=1)"}


def numexpr_call(workload, made):
    import numexpr

    evaluate = functools.partial(numexpr.evaluate, global_dict={})
    if workload.name.startswith("jacobi"):
        return numexpr_jacobi(evaluate, *made, delta=workload.name.endswith("delta"))
    if workload.name == "black-scholes polynomial":
        return numexpr_black_scholes(evaluate, *made)
    if workload.name in REDUCTIONS:
        return lambda: evaluate(REDUCTIONS[workload.name], local_dict={"x": made[0]})
    if workload.name not in EXPRESSIONS:
        return None
    names = dict(zip(workload.run.__code__.co_varnames, made))
    steps = EXPRESSIONS[workload.name]

    def call():
        for target, expression in steps:
            out = evaluate(expression, local_dict=names, out=names.get(target),
                           casting="same_kind")
        return made_of(workload, made) if len(steps) > 1 else out

    return call


def made_of(workload, made):
    """The arguments that Adam returns: parameters and moments."""
    return (made[0], *made[2:])


def numexpr_jacobi(evaluate, grid, iterations, delta):
    from jacobi import neighbours

    names = dict(zip("cnews", neighbours(grid)))
    swept = names["t"] = np.empty_like(names["c"])

    def call():
        for _ in range(iterations):
            evaluate("0.2 * (c + n + e + w + s)", local_dict=names, out=swept)
            change = evaluate("sum(abs(t - c))", local_dict=names) if delta else 1.0
            names["c"][:] = swept
            if change < 1e-300:
                break
        return (grid, change) if delta else grid

    return call


def numexpr_black_scholes(evaluate, price, strike, t, rate, vol):
    names = dict(price=price, strike=strike, t=t, rate=rate, vol=vol)
    k = "(1.0 / (1.0 + 0.2316419 * abs(d)))"
    poly = (f"{k} * (0.31938153 + {k} * (-0.356563782 + {k} * (1.781477937 + {k} * "
            f"(-1.821255978 + {k} * 1.330274429))))")

    def normal(d):
        w = evaluate(f"1.0 - 0.3989422804014327 * exp(-0.5 * d * d) * {poly}", local_dict={"d": d})
        return evaluate("where(d < 0, 1.0 - w, w)", local_dict={"d": d, "w": w})

    def call():
        d1 = evaluate("(log(price / strike) + (rate + 0.5 * vol * vol) * t) / (vol * sqrt(t))",
                      local_dict=names)
        d2 = evaluate("d1 - vol * sqrt(t)", local_dict=dict(names, d1=d1))
        all_names = dict(names, n1=normal(d1), n2=normal(d2))
        return (evaluate("price * n1 - strike * exp(-rate * t) * n2", local_dict=all_names),
                evaluate("strike * exp(-rate * t) * (1.0 - n2) - price * (1.0 - n1)",
                         local_dict=all_names))

    return call


# --- Numba --------------------------------------------------------------------------------------


def numba_call(workload, made):
    from rival_loops import LOOPS

    loop = LOOPS.get(workload.name)
    return loop and (lambda: loop(*made))


# --- JAX ----------------------------------------------------------------------------------------


def jax_call(workload, made):
    import jax
    import jax.numpy as jnp
    from jax.scipy.special import erf

    jax.config.update("jax_enable_x64", True)
    if workload.name in ("k-means gather", "angle in place", "angle blocked",
                         "angle blocked in place"):
        return None
    moved = converted(made, jnp.array)
    if workload.name.startswith("jacobi"):
        function = jax_jacobi(jax, jnp, workload.name.endswith("delta"))
    else:
        function = elsewhere(workload.run, {"np": jnp, "erf": erf})
    jitted = jax.jit(function, donate_argnums=mutated(workload),
                     static_argnums=[i for i, a in enumerate(made) if isinstance(a, int)])

    def call():
        results = jax.block_until_ready(jitted(*moved))
        for i, result in zip(mutated(workload),
                             results if isinstance(results, tuple) else (results,)):
            moved[i] = result  # the argument's memory went into it
        return results

    return call


def mutated(workload):
    """Positions of the arguments that the workload writes to and returns."""
    if not workload.mutates:
        return ()
    return (0, 2, 3) if workload.name == "adam" else (0,)


def jax_jacobi(jax, jnp, until):
    def sweep(grid):
        return 0.2 * (grid[1:-1, 1:-1] + grid[:-2, 1:-1] + grid[1:-1, 2:] + grid[1:-1, :-2]
                      + grid[2:, 1:-1])

    def jacobi(grid, iterations):
        return jax.lax.fori_loop(0, iterations, lambda _, g: g.at[1:-1, 1:-1].set(sweep(g)), grid)

    def jacobi_until(grid, iterations):
        def go_on(state):
            return (state[0] < iterations) & (state[2] >= 1e-300)

        def step(state):
            i, g, _ = state
            swept = sweep(g)
            return i + 1, g.at[1:-1, 1:-1].set(swept), jnp.sum(jnp.abs(swept - g[1:-1, 1:-1]))

        return jax.lax.while_loop(go_on, step, (0, grid, 1.0))[1:]

    return jacobi_until if until else jacobi


# --- torch.compile ------------------------------------------------------------------------------


def torch_call(workload, made):
    import torch

    if workload.name in ("k-means gather", "angle in place", "angle blocked",
                         "angle blocked in place"):
        return None
    torch.set_num_threads(CPUS)
    torch.compiler.reset()
    moved = converted(made, torch.from_numpy)
    special = {"sigmoid layer": torch_layer, "jacobi": torch_jacobi,
               "jacobi delta": functools.partial(torch_jacobi, until=True)}.get(workload.name)
    if special:
        call = special(torch, *moved)
    else:
        compiled = torch.compile(elsewhere(workload.run, {"np": torch_as_numpy(torch),
                                                          "erf": torch.special.erf}),
                                 dynamic=False)

        def call():
            return compiled(*moved)

    return torch.no_grad()(call)


def torch_as_numpy(torch):
    """As much of NumPy's namespace as the workloads need."""
    def over(function):
        def reduce(x, axis=None, keepdims=False):
            return function(x, dim=axis, keepdim=keepdims) if axis is not None else function(x)
        return reduce

    names = {name: getattr(torch, name) for name in (
        "sqrt", "exp", "log", "tanh", "abs", "where", "stack", "zeros_like", "empty_like")}
    return types.SimpleNamespace(
        **names, sum=over(torch.sum), mean=over(torch.mean), max=over(torch.amax),
        argmin=over(torch.argmin), clip=torch.clamp,
        std=over(functools.partial(torch.std, correction=0)),
        var=over(functools.partial(torch.var, correction=0)),
        fmax=torch.clamp_min, maximum=torch.clamp_min,
        cumsum=lambda x, axis=None: torch.cumsum(x, 0 if axis is None else axis))


def torch_layer(torch, w, a, b):
    compiled = torch.compile(lambda w, a, b: torch.sigmoid(w.T @ torch.relu(a) + b), dynamic=False)
    return lambda: compiled(w, a, b)


def torch_jacobi(torch, grid, iterations, until=False):
    @functools.partial(torch.compile, dynamic=False)
    def sweep(one, out):
        center = one[1:-1, 1:-1]
        swept = 0.2 * (center + one[:-2, 1:-1] + one[1:-1, 2:] + one[1:-1, :-2] + one[2:, 1:-1])
        out[1:-1, 1:-1] = swept
        return torch.sum(torch.abs(swept - center)) if until else None

    other = grid.clone()

    def call():
        one, two = grid, other
        for _ in range(iterations):
            delta = sweep(one, two)
            one, two = two, one
            if until and delta < 1e-300:
                break
        if one is not grid:
            grid.copy_(one)
        return (grid, delta) if until else grid

    return call


PREPARE = {"numexpr": numexpr_call, "numba": numba_call, "jax": jax_call, "torch": torch_call}
