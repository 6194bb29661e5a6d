"""The generated documents say what the tables say."""
import re

import generated_docs
import numpy as np
import pytest


@pytest.mark.parametrize("name", generated_docs.DOCUMENTS)
def test_document_is_current(name):
    text = (generated_docs.DOCS / name).read_text()
    numpys = re.search(r"function of NumPy (\d+\.\d+)", text)
    if numpys and not np.__version__.startswith(numpys[1] + "."):
        pytest.skip(f"lists the functions of NumPy {numpys[1]}")
    assert text == generated_docs.DOCUMENTS[name](), (
        f"docs/{name} is out of date; write it with python -P tests/style/generated_docs.py")
