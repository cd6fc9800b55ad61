"""Documentation names only what is there: paths, make targets, finding ids; no registry host, no path of one machine."""
import re
import subprocess

import pytest

from arch.arch import ROOT

DOCS = sorted([*ROOT.glob("*.md"), *ROOT.glob("*/README.md"), *ROOT.glob("docs/*.md")])
TOP = r"(?:src|include|facts|tests|tools|scripts|bench|schemas|man|docs|assets|subprojects|\.ci)"


def expand(pattern):
    """a.[ch] and {a,b}.c as the shell reads them."""
    m = re.search(r"\{([^{}]*)\}", pattern)
    if m:
        return [p for part in m.group(1).split(",") for p in expand(pattern[: m.start()] + part + pattern[m.end():])]
    m = re.search(r"\[([a-z]+)\]", pattern)
    if m:
        return [p for c in m.group(1) for p in expand(pattern[: m.start()] + c + pattern[m.end():])]
    return [pattern]


def quoted(text):
    return [m.group(1) for m in re.finditer(r"`([^`\n]+)`", text)]


@pytest.mark.parametrize("doc", DOCS, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_paths_exist(doc):
    missing = []
    for word in quoted(doc.read_text(encoding="utf-8")):
        if re.fullmatch(TOP + r"/[\w./{},\[\]*+-]*", word) and "NAME" not in word and "*" not in word:
            missing += [p for p in expand(word) if not (ROOT / p).exists()]
    assert not missing, missing


@pytest.mark.parametrize("doc", DOCS, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_make_targets_exist(doc):
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    said = {t for word in quoted(doc.read_text(encoding="utf-8")) for t in re.findall(r"^make ([a-z]+)$", word)}
    assert said <= targets, said - targets


def tracked():
    r = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], capture_output=True, cwd=ROOT, check=False)
    if r.returncode != 0:
        pytest.skip("no git checkout")
    return [ROOT / p for p in r.stdout.decode().split("\0") if p and (ROOT / p).is_file()]


def test_nothing_that_git_loses():
    """Recorded trees: git keeps no empty folders, and an ignored file would be missing in a clone."""
    trees = [p for p in (ROOT / "tests/machines").glob("*/tree*") if p.is_dir()]
    empty = [d.relative_to(ROOT).as_posix() for t in trees for d in [t, *t.rglob("*")] if d.is_dir() and not d.is_symlink() and not any(d.iterdir())]
    assert not empty, f"empty folders: {empty}"
    files = [p.relative_to(ROOT).as_posix() for t in trees for p in t.rglob("*") if p.is_file() or p.is_symlink()]
    if files and (ROOT / ".git").exists():
        r = subprocess.run(["git", "check-ignore", "--no-index", "--stdin"], input="\n".join(files), capture_output=True, text=True, cwd=ROOT, check=False)
        assert not r.stdout, f"ignored by git: {r.stdout}"


def test_no_conflict_marks_and_no_binaries():
    wrong = []
    for p in tracked():
        data = p.read_bytes()[:200000]
        if b"\n<<<<<<< " in data or b"\n>>>>>>> " in data:
            wrong.append(f"{p}: conflict mark")
        if data.startswith(b"\x7fELF") and "corpus" not in p.parts and "machines" not in p.parts:
            wrong.append(f"{p}: a binary")
    assert not wrong, "\n".join(wrong)
