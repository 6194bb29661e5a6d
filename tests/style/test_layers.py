"""The rooms keep their order and the quarantines hold; and the check itself can fail."""
import pathlib

import check_layers
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_rooms_keep_their_order():
    assert list(check_layers.offences(ROOT / "csrc")) == []


CLEAN = {
    "base/dtype.h": "#include <vector>\n",
    "ops/op.h": '#include "base/dtype.h"\n',
    "codegen/llvm_headers.h": "#include <llvm/IR/Module.h>\n",
    "codegen/emit.h": '#include "codegen/llvm_headers.h"\n',
    "codegen/jit.h": '#include "ops/op.h"\n',
    "codegen/jit.cpp": '#include "codegen/emit.h"\n#include "codegen/jit.h"\n',
    "device/cpu/blas.cpp": "#include <cblas.h>\n",
    "api/api.h": '#include "codegen/jit.h"\n',
}


def plant(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return list(check_layers.offences(root))


def test_a_clean_tree_passes(tmp_path):
    assert plant(tmp_path, CLEAN) == []


@pytest.mark.parametrize(
    "name, text, said",
    [
        ("base/shape.h", '#include "ops/op.h"\n', "base may not include ops/op.h"),
        ("kernel/lower.cpp", '#  include  "api/api.h"\n', "api is a later room"),
        ("runtime/session.cpp", "#include <llvm/IR/Module.h>\n", "belongs only in .cpp files"),
        ("codegen/ptx.h", "#include <llvm/IR/Module.h>\n", "belongs only in .cpp files"),
        ("runtime/cache.cpp", '#include "codegen/emit.h"\n', "reaches llvm/IR/Module.h"),
        ("device/cpu/gemm.h", "#include <cblas.h>\n", "belongs only in .cpp files"),
        ("runtime/gemm.cpp", "#include <cblas.h>\n", "belongs only in .cpp files"),
        ("api/object.cpp", "#include <Python.h>\n", "the binding"),
        ("api/array.cpp", "#include <numpy/arrayobject.h>\n", "the binding"),
        ("graph/node.cpp", '#include "graph/missing.h"\n', "does not exist"),
        ("helpers/util.h", "\n", "belongs to no room"),
    ],
)
def test_a_planted_offence_is_found(tmp_path, name, text, said):
    found = plant(tmp_path, {**CLEAN, name: text})
    assert any(line.startswith(name) and said in line for line in found), found
