"""Runs the C unit tests (TAP programs of build/tests/unit) and the replay of the fuzz corpora."""
import os
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("CUVET_BUILD", ROOT / "build"))


@pytest.mark.parametrize("name", sorted(p.stem for p in (ROOT / "tests/unit").glob("test_*.c")))
def test_c(name, run):
    program = BUILD / "tests/unit" / name
    assert program.exists(), f"{program} is not built (make lists?)"
    r = run([program], cwd=ROOT)
    plan = re.search(r"^1\.\.([0-9]+)$", r.stdout, re.M)
    claims = re.findall(r"^(not )?ok [0-9]+", r.stdout, re.M)
    assert r.returncode == 0, r.stdout[-3000:] + r.stderr[-3000:]
    assert plan and int(plan.group(1)) == len(claims) > 0, "plan and claims differ"
    assert "not " not in claims


@pytest.mark.parametrize("name", sorted(p.stem for p in (ROOT / "tests/fuzz").glob("fuzz_*.c")))
def test_corpus(name, run):
    program = BUILD / "tests/fuzz" / name
    assert program.exists(), f"{program} is not built (make lists?)"
    corpus = ROOT / "tests/fuzz/corpus" / name[len("fuzz_"):]
    files = [p for p in corpus.glob("*") if p.is_file()]
    assert files, f"no corpus in {corpus}"
    r = run([program, corpus], cwd=ROOT)
    assert r.returncode == 0, r.stdout[-1000:] + r.stderr[-3000:]
    assert f"{len(files)} inputs replayed" in r.stdout
