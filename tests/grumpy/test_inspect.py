"""Looking inside: texts, code, pictures, the report (architecture.md A8)."""
import shutil

import numpy as np
import pytest

import grumpy
from grumpy.inspect import show

needs_graphviz = pytest.mark.skipif(not shutil.which("dot"), reason="Graphviz is not installed")


@pytest.fixture
def y():
    x = grumpy.asarray(np.arange(12.0).reshape(3, 4))
    return np.sqrt(x * x + 1).sum(axis=0)


@pytest.mark.parametrize("what, words", [
    ("graph", ["%0 leaf f64[3,4]", "sqrt f64[3,4]", "add.reduce f64[4]", "axes 0 out"]),
    ("passes", ["add.reduce f64[4]"]),
    ("partitions", ["partition 0: map_reduce over (3,4) reduces 0", "reductions %"]),
    ("kernel", ["reduce over", "= sqrt", "add.reduce"]),
    ("choices", ["costs built in", "reduction of 3 operations over 12 points", "code     interpreted", "threads  1 of"]),
    ("llvm", ["define", "fmul", "sqrt"]),
    ("asm", ["vsqrtpd", "ret"]),
    ("ptx", [".target sm_90", "sqrt.rn.f64", ".visible .entry"]),
    ("dot", ["digraph", "subgraph cluster_0", "->"])])
def test_texts(y, what, words):
    text = show(y, what)
    for word in words:
        assert word in text
    assert repr(text) == str(text)
    assert grumpy._core.is_pending(y)  # looking computes nothing


def test_choices_tell_code_threads_and_stores():
    x = grumpy.asarray(np.ones(3000))
    with grumpy.config(jit="sync"):
        assert "compiled before it runs" in show(x * x + 1, "choices")
        np.asarray(x * x + 1)
        assert "compiled, level quick" in show(x * x + 1, "choices")
    with grumpy.config(jit="off"):
        assert "interpreted (jit=off)" in show(x * x - 1, "choices")
    text = show(np.negative(x) * x * 3 - 1, "choices")
    assert "us and saves" in text and "stores   through the caches: 24 kB" in text
    huge = np.broadcast_to(x[:1, None], (1 << 16, 1 << 16))  # nothing is computed
    text = show(huge + 1, "choices")
    assert "past the caches" in text and "nothing to fuse" in text
    a = grumpy.asarray(np.ones((20, 5)))
    assert "product f64 20x5x20\n  code     OpenBLAS, one thread" in show(a @ a.T.copy(), "choices")
    assert "loops of our own" in show(a.astype(int) @ a.T.astype(int), "choices")


@needs_graphviz
def test_pictures(y):
    svg = show(y, "svg")
    assert svg.startswith("<svg") and svg.rstrip().endswith("</svg>")
    assert y._repr_svg_().startswith("<svg") and "<svg" in y._repr_html_()
    assert grumpy._core.is_pending(y)
    np.asarray(y)
    assert "array(" in y._repr_html_() and y._repr_svg_() is None


def test_several_arrays_and_wrong_words(y):
    assert show(y, y + 1, what="graph").count(" out") == 2
    with pytest.raises(ValueError, match="expected one of"):
        show(y, "picture")


def test_report_names_lines(y):
    grumpy.report().reset()
    float(y[0])
    np.linalg.inv(grumpy.asarray(np.eye(2)))
    report = grumpy.report()
    here = [e for e in report.forced if e.file == __file__]
    assert here and here[0].count >= 1 and here[0].seconds > 0
    (forward,) = [f for f in report.forwards if f.file == __file__]
    assert "inv" in forward.name and forward.line > here[0].line and forward.reason
    text = str(report)
    assert f"{__file__}:{forward.line}" in text and "kernels" in text
    report.reset()
    assert grumpy.report().evaluations == 0 and not grumpy.report().forwards
