# common.sh: what the scripts share. Source it; it sets ROOT, DEPS and PATH, and defines say, die and have.
# shellcheck shell=bash
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
DEPS=${CUVET_DEPS:-$ROOT/.deps}
VENV=$DEPS/venv
BUILD=${CUVET_BUILD:-$ROOT/build}
export ROOT DEPS VENV BUILD
if [ -d "$VENV/bin" ]; then
    PATH=$VENV/bin:$PATH
fi
export PATH

say() { printf '%s\n' "$*" >&2; }
die() {
    say "$*"
    exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }
