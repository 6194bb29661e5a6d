"""Every code block of the documents runs, and prints what it says."""
import doctest
import os
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FOREIGN = {"dask", "scipy", "sklearn"}  # what a block may need, besides NumPy
# Times, where kernels came from, and lines of programs.
VARIES = re.compile(r"\d+(\.\d+)? ms|\d+ (?=compiled|from memory|from disk|interpreted)"
                    r"|(<doctest [^>]*>|\S+\.py):\d+")
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class Checker(doctest.OutputChecker):
    """Text is compared, but for what stands at "…", how long something took, and in which file."""

    def check_output(self, want, got, flags):
        want, got = (VARIES.sub("#", text).rstrip() + "\n" for text in (want, got))
        return super().check_output(want.replace("…", "..."), got, flags)


def blocks(path):
    """The code of a document: (line, text, is it a dialogue with the interpreter?)."""
    text = path.read_text()
    for found in BLOCK.finditer(text):
        dialogue = found[2].startswith(">>> ")
        if found[1] == "python" or dialogue:
            yield text.count("\n", 0, found.start()) + 2, found[2], dialogue


def documents():
    paths = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [path for path in paths if any(blocks(path))]


def run_blocks(path):
    """Run the blocks of a document in order, in one namespace, as a reader would type them."""
    namespace = {"__name__": "__main__"}
    runner = doctest.DocTestRunner(Checker(), optionflags=FLAGS)
    for line, text, dialogue in blocks(path):
        if dialogue:
            examples = doctest.DocTestParser().get_examples(text)
            test = doctest.DocTest(examples, namespace, path.name, str(path), line - 1, text)
            runner.run(test, clear_globs=False)
            continue
        try:
            exec(compile("\n" * (line - 1) + text, str(path), "exec"), namespace)
        except ModuleNotFoundError as error:
            if error.name.partition(".")[0] not in FOREIGN:
                raise
            print(f"{path.name}:{line}: {error}")
    return runner.summarize().failed


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.stem)
def test_code_blocks(path, tmp_path):
    # In a process of its own: some blocks set what must be set before an import.
    done = subprocess.run([sys.executable, "-P", __file__, path], capture_output=True, text=True,
                          env=dict(os.environ, GRUMPY_CACHE_DIR=str(tmp_path)))
    assert done.returncode == 0, done.stdout + done.stderr


if __name__ == "__main__":
    sys.exit(run_blocks(pathlib.Path(sys.argv[1])))
