"""What the tests of the architecture share: the layers, the sources and their include lines."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SRC = ROOT / "src"

# layer: the layers it may include (itself is always allowed)
LAYERS = {
    "base": [],
    "core": ["base"],
    "facts": ["core", "base"],
    "io": ["base"],
    "match": ["base"],
    "format": ["base", "core"],
    "probe": ["io", "format", "core", "base"],
    "rules": ["facts", "core", "base"],
    "resolve": ["rules", "facts", "core", "base"],
    "explain": ["match", "resolve", "rules", "facts", "core", "base"],
    "report": ["explain", "match", "rules", "resolve", "facts", "core", "base"],
    "api": ["base", "core", "facts", "io", "format", "probe", "match", "rules", "resolve", "explain", "report"],
    "cli": [],
}
PURE = ["base", "core", "facts", "match", "format", "rules", "resolve", "explain", "report"]

# System headers of the pure layers: they exist on every target, wasm32 included.
PURE_HEADERS = {"stdint.h", "stddef.h", "stdbool.h", "string.h", "stdarg.h", "stdio.h", "stdlib.h", "assert.h", "limits.h", "inttypes.h", "yyjson.h", "zlib.h"}


def sources(suffixes=(".c", ".h")):
    return sorted(p for p in SRC.rglob("*") if p.suffix in suffixes)


def layer_of(path):
    return path.relative_to(SRC).parts[0]


def includes(path):
    """(line number, '"' or '<', name) of each include line."""
    for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        m = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
        if m:
            yield n, m.group(1), m.group(2)
