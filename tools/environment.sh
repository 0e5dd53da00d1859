# Sourced by the other tools: makes .venv and installs this package with the extra named
# in $1, once. Needs a Python from 3.10 to 3.13 with pip, and the package index that pip
# is set up for.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
extra=${1:-}
python=$root/.venv/bin/python

supported='import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14))'
find_python() {
  for name in python3 python3.13 python3.12 python3.11 python3.10; do
    if "$name" -c "$supported" 2>/dev/null; then
      echo "$name"
      return
    fi
  done
  echo "error: found no Python from 3.10 to 3.13 (TensorFlow has none for others);" \
    "install one and run this again" >&2
  exit 1
}

# The stamp holds what was installed: it changes with the dependencies, not with the
# code (the install is editable).
stamp=$root/.venv/installed-${extra:-base}
if [ -z "$extra" ] && cmp -s "$root/setup.cfg" "$root/.venv/installed-test"; then
  stamp=$root/.venv/installed-test  # which includes the base
fi
if ! cmp -s "$root/setup.cfg" "$stamp"; then
  found=$(find_python)
  if [ ! -x "$python" ]; then
    "$found" -m venv "$root/.venv" 2>/dev/null ||
      "$found" -m venv --clear --without-pip "$root/.venv"
  fi
  package=v1keras${extra:+[$extra]}
  echo "Installing $package into .venv (a few minutes the first time) ..."
  "$found" -m pip --python "$python" install --quiet --disable-pip-version-check \
    --editable "$root${extra:+[$extra]}"
  cp "$root/setup.cfg" "$stamp"
fi
