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
    r = run([genfacts, "--lint", ROOT / "facts"])
    assert r.returncode == 0, r.stdout[-3000:] + r.stderr[-3000:]


def test_same_bytes_twice(genfacts, run, tmp_path):
    for name in ("a.c", "b.c"):
        assert run([genfacts, ROOT / "facts", tmp_path / name]).returncode == 0
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


BREAKS = ["column missing", "duplicate key", "control character", "invalid UTF-8", "no source", "empty file"]

# table, text in it, what it becomes: one break for each rule of tools/lint.c
RULES = [
    ("gpu-pci", "\tGA104\tM\t8.6", "\tGA999\tM\t8.6", "not together in gpu-arch"),
    ("torch-builds", "\t12.8.1\t", "\t12.8.99\t", "not in cuda-releases"),
    ("torch-builds", "\tlinux\t", "\tlinus\t", "grammar"),
    ("torch-builds", "\tstable\t", "\tgood\t", "grammar"),
    ("torch-archs", "sm_75,", "sm75,", "grammar"),
    ("gpu-aliases", "\t2204", "\tffff", "not in gpu-pci"),
    ("driver-branches", "\t535.309.01\t", "\t535.999.99\t", "not in driver-versions"),
    ("forward-compat", "535 570", "535 571", "not in driver-branches"),
    ("torch-releases", "2.8.0\t", "2.8.77\t", "not in torch-releases"),
    ("cuda-releases", "\t2025-0", "\t20x5-0", "grammar"),
]


def copy_with(tmp_path, name, data):
    for t in TABLES:
        (tmp_path / t.name).write_bytes(data(t) if t.stem == name else t.read_bytes())


@pytest.mark.parametrize("how", BREAKS)
def test_lint_finds(genfacts, run, tmp_path, how):
    copy_with(tmp_path, "driver-branches", lambda t: broken(t.read_text(encoding="utf-8"), how))
    r = run([genfacts, "--lint", tmp_path])
    assert r.returncode == 1, r.stdout + r.stderr
    assert "driver-branches" in r.stdout + r.stderr


@pytest.mark.parametrize("name,old,new,said", RULES, ids=lambda v: None if v is None else str(v)[:30].strip())
def test_each_rule_of_the_linter_fires(genfacts, run, tmp_path, name, old, new, said):
    text = (ROOT / "facts" / f"{name}.tsv").read_text(encoding="utf-8")
    cut = text.index("\tsource\n")
    head, rows = text[:cut], text[cut:]
    assert old in rows, f"{name} has no {old!r} any more: choose another cell"
    copy_with(tmp_path, name, lambda t: (head + rows.replace(old, new, 1)).encode())
    r = run([genfacts, "--lint", tmp_path])
    assert r.returncode == 1 and said in r.stderr, r.stderr
