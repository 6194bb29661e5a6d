# Sourced by bench/demo and tests/run, from the root of the checkout: makes everything ready and
# sets $python to the interpreter that has grumpy. Says what it does; a second time does nothing.

find_python() {
  local name
  for name in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11 python; do
    if [ -n "$name" ] && command -v "$name" >/dev/null 2>&1 &&
      "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
  echo "grumpy needs Python 3.11 or newer; install it with: apt-get install python3" >&2
  return 1
}

base_python=$(find_python) || exit 1
"$base_python" .ci/setup.py || exit 1
python=$PWD/build/venv/bin/python
