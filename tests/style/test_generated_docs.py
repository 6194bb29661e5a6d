"""The generated documents say what the tables say."""
import generated_docs
import pytest


@pytest.mark.parametrize("name", generated_docs.DOCUMENTS)
def test_document_is_current(name):
    text = (generated_docs.DOCS / name).read_text()
    assert text == generated_docs.DOCUMENTS[name](), (
        f"docs/{name} is out of date; write it with python -P tests/style/generated_docs.py")
