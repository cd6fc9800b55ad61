"""The tables: genfacts --lint is content with ours, and not with tables that are wrong. Generating twice gives the same bytes."""
import pytest

from arch.arch import ROOT
from conftest import BUILD

TABLES = sorted((ROOT / "facts").glob("*.tsv"))


@pytest.fixture
def genfacts():
    path = BUILD / "src/genfacts"
    assert path.exists()
    return path


def test_lint(genfacts, run):
    r = run([genfacts, "--lint", *TABLES])
    assert r.returncode == 0, r.stdout[-3000:] + r.stderr[-3000:]


def test_same_bytes_twice(genfacts, run, tmp_path):
    for name in ("a.c", "b.c"):
        assert run([genfacts, "--output", tmp_path / name, *(TABLES if name == "a.c" else TABLES[::-1])]).returncode == 0
    assert (tmp_path / "a.c").read_bytes() == (tmp_path / "b.c").read_bytes()


def broken(text, how):
    lines = text.split("\n")
    first = next(i for i, line in enumerate(lines) if line and not line.startswith("#"))
    row = first + 1
    if how == "column missing":
        lines[row] = lines[row].rsplit("\t", 1)[0]
    elif how == "duplicate key":
        lines.insert(row, lines[row])
    elif how == "control character":
        lines[row] = lines[row] + "\x01"
    elif how == "invalid UTF-8":
        return "\n".join(lines).encode()[:-1] + b"\xff\n"
    elif how == "no source":
        at = lines[first].split("\t").index("source")
        cells = lines[row].split("\t")
        cells[at] = ""
        lines[row] = "\t".join(cells)
    elif how == "empty file":
        return b""
    return "\n".join(lines).encode()


@pytest.mark.parametrize("how", ["column missing", "duplicate key", "control character", "invalid UTF-8", "no source", "empty file"])
def test_lint_finds(genfacts, run, tmp_path, how):
    copies = []
    for t in TABLES:
        copy = tmp_path / t.name
        copy.write_bytes(t.read_bytes() if t.name != "driver-branches.tsv" else broken(t.read_text(encoding="utf-8"), how))
        copies.append(copy)
    r = run([genfacts, "--lint", *copies])
    assert r.returncode not in (0, -11, -6), r.stdout + r.stderr
    assert "driver-branches" in r.stdout + r.stderr
