"""Look at what an evaluation would do: graph, partitions, kernels, code, pictures."""
from grumpy import _core

WHATS = ("graph", "passes", "partitions", "kernel", "choices", "llvm", "asm", "ptx", "dot", "svg")


def show(*arrays, what="graph"):
    """Describe how these arrays would be computed; computes nothing.

    Parameters
    ----------
    *arrays : grumpy.ndarray
        A last argument that is a string is taken for `what`.
    what : str
        "graph" (what was recorded), "passes" (after the graph passes), "partitions", "kernel",
        "choices" (what the cost model makes of each kernel: which code, how many threads, whether results
        leave past the caches, and the figures it decides by), "llvm", "asm", "ptx" (needs no GPU), "dot" (Graphviz), or "svg" (needs Graphviz's ``dot``).

    Returns
    -------
    Text
        A str that shows itself as it is in a console, and as a picture in a notebook for "svg".
    """
    if arrays and isinstance(arrays[-1], str):
        *arrays, what = arrays
    if what not in WHATS:
        raise ValueError(f"show: expected one of {', '.join(WHATS)}, got {what!r}")
    if what == "svg":
        return Text(_svg(arrays), "svg")
    return Text(_core.show_text(arrays, what), what)


class Text(str):
    """A str whose repr is itself, so that an interactive session shows its lines."""

    def __new__(cls, text, what="graph"):
        self = super().__new__(cls, text)
        self.what = what
        return self

    def __repr__(self):
        return str(self)

    def _repr_html_(self):
        if self.what == "svg":
            return str(self)
        return f"<pre>{_escape(self)}</pre>"


def _escape(text):
    import html  # here and below: imported by few, so not by all

    return html.escape(text)


def _svg(arrays):
    """The DAG as SVG, its partitions coloured; raises RuntimeError without Graphviz."""
    import subprocess

    dot = _core.show_text(arrays, "dot")
    try:
        done = subprocess.run(["dot", "-Tsvg"], input=dot, capture_output=True, text=True, check=True)
    except FileNotFoundError:
        raise RuntimeError('show: "svg" needs the program dot of Graphviz '
                           "(apt-get install graphviz)") from None
    return done.stdout[done.stdout.index("<svg"):]


def svg(array):
    """A notebook's picture of a pending array; None where there is none to draw or to draw with."""
    if not _core.is_pending(array):
        return None
    try:
        return _svg([array])
    except RuntimeError:
        return None


def html(array):
    """A notebook's view of an array: its values when they are there, else its graph as a picture."""
    facts = f"{array.dtype} {array.shape}"
    if not _core.is_pending(array):
        return f"<pre>{_escape(repr(array))}</pre><small>{_escape(facts)}</small>"
    try:
        body = _svg([array])
    except RuntimeError:
        body = f"<pre>{_escape(_core.show_text([array], 'graph'))}</pre>"
    return f"<small>pending {_escape(facts)}</small>{body}"
