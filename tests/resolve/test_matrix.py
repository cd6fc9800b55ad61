"""`cuvet matrix`: every cell against the naive oracle; the table for people fits the terminal and says each thing with a symbol and a word."""
import json
import random
import re
import shlex

import pytest

from machines.test_machines import schema_errors
from resolve import oracle
from resolve.test_oracle import SEED, ask, printed, random_args
from resolve.words import machine_of

HERE = ["--os", "linux", "--arch", "x86_64", "--glibc", "2.36", "--python", "3.11"]


def matrix(cuvet, args):
    r = ask(cuvet, "matrix", args)
    assert r.returncode in (0, 1) and not r.stderr, printed("matrix", args) + r.stderr
    doc = json.loads(r.stdout)
    assert schema_errors("matrix", doc) == []
    return r.returncode, doc


def wanted(args):
    """{(torch, variant): the best verdict on any platform}, and what may be the answer."""
    machine, words = machine_of(list(args))
    got = oracle.resolve(machine, words)
    cells = {}
    for j in got.judged:
        if j.build.status != "removed":
            key = (j.build.torch, j.build.variant)
            cells[key] = max(cells.get(key, "no-build"), j.verdict, key=oracle.PRECEDENCE.index)
    return cells, {(j.build.torch, j.build.variant) for j in got.best}


def test_every_cell_is_as_the_oracle_says(cuvet):
    seen = set()
    for i in range(80):
        args = random_args(random.Random(f"{SEED}/matrix/{i}"))
        cells, best = wanted(args)
        code, doc = matrix(cuvet, [*args, "--all"])
        got = {(row["torch"], c["variant"]): c["verdict"] for row in doc["rows"] for c in row["cells"]}
        wrong = {k: (got.get(k), cells.get(k)) for k in set(got) | set(cells) if got.get(k) != cells.get(k)}
        assert not wrong, printed("matrix", [*args, "--all"]) + f"\n{dict(list(wrong.items())[:5])}"
        assert code == (0 if doc["rows"] else 1)
        assert (doc["best"] is None and not best) or (doc["best"]["torch"], doc["best"]["variant"]) in best, printed("matrix", args)
        seen |= set(got.values())
        for row in doc["rows"]:
            runs = {c["verdict"] for c in row["cells"] if c["variant"] != "cpu" or machine_of(list(args))[0].no_gpu()}
            if runs & {"works", "works-jit"}:
                assert row["runs"] is True
            elif "cpu-only" not in runs:
                assert row["runs"] is (None if "works-if" in runs else False)
    assert seen == set(oracle.PRECEDENCE)


def test_one_row_a_release_or_every_patch(cuvet):
    _, doc = matrix(cuvet, HERE)
    minors = [tuple(r["torch"].split(".")[:2]) for r in doc["rows"]]
    assert len(minors) == len(set(minors)) and doc["rows"][0]["torch"] == "2.15.0"
    _, every = matrix(cuvet, [*HERE, "--all"])
    assert len(every["rows"]) > len(doc["rows"]) and [r for r in every["rows"] if r["torch"] == "2.8.0"] == [r for r in doc["rows"] if r["torch"] == "2.8.0"]
    _, some = matrix(cuvet, [*HERE, "torch>=2.4,<2.7", "cuda==12.4"])
    assert {c["variant"] for r in some["rows"] for c in r["cells"]} == {"cu124"} and [r["torch"] for r in some["rows"]] == ["2.6.0", "2.5.1", "2.4.1"]


def test_a_known_machine(cuvet):
    _, doc = matrix(cuvet, [*HERE, "--driver", "525.60.13", "--gpu", "RTX 3090"])
    cells = {(r["torch"], c["variant"]): c for r in doc["rows"] for c in r["cells"]}
    assert cells["2.14.1", "cu126"]["verdict"] == "works" and cells["2.14.1", "cu126"]["mode"] == "minor" and not cells["2.14.1", "cu126"]["pypi"]
    assert cells["2.14.1", "cu130"]["verdict"] == "driver-too-old" and cells["2.14.1", "cu130"]["pypi"]
    assert cells["1.12.1", "cu113"]["lacks"] == "python" and ("2.15.0", "cu126") not in cells  # no cp311; removed
    assert doc["best"] == {"torch": "2.14.1", "variant": "cu126"}
    assert {v["variant"]: v["driver"] for v in doc["variants"]}["cu126"] == "525.60.13"
    _, doc = matrix(cuvet, ["--os", "windows", "--arch", "x86_64", "--python", "3.11"])
    assert {v["variant"]: v["driver"] for v in doc["variants"]}["cu126"] == "528.33"


SCREENS = ["", "--driver 525.60.13 --gpu 'RTX 3090' --os linux --arch x86_64 --python 3.11 --glibc 2.36", "--gpu none", "--gpu k80 --driver 470 --all", "--os macos --arch arm64", "--os windows --gpu rtx5090"]


@pytest.mark.parametrize("line", SCREENS)
@pytest.mark.parametrize("width", [60, 80, 120, 220])
@pytest.mark.parametrize("lang", ["C", "C.UTF-8"])
def test_the_table_fits_and_each_symbol_has_its_word(cuvet, run, line, width, lang):
    r = run([cuvet, "matrix", "--machine", "none", *shlex.split(line)], env={"COLUMNS": str(width), "LANG": lang})
    assert r.returncode == 0 and r.stderr == ""
    lines = r.stdout.splitlines()
    assert all(len(text) <= width and text == text.rstrip() for text in lines)
    assert lang != "C" or r.stdout.isascii()
    rows = [text for text in lines if re.match(r"[^ ]? +\d+\.\d+\.\d ", text)]
    words = {w.rstrip("*!") for text in rows for w in re.findall(r"[a-z]+[!*]*", text)} - {"x"}
    legend = {text[2:8].strip() for text in lines if re.match(r"[^ 0-9] [a-z]+ ", text)}
    assert rows and words and words <= legend
    blocks = [text for text in lines if text.startswith("  torch ")]
    assert len(blocks) == 1 if width == 220 else blocks
    if "k80" in line and lang != "C":
        assert "if!" in r.stdout and "cuDNN no longer runs" in r.stdout


@pytest.mark.parametrize("args", [["--tool", "pip"], ["--what-driver"], ["torch==abc"], ["--machine", "none"], ["--gpu", "rtx 50900"]])
def test_wrong_use(cuvet, run, args):
    r = run([cuvet, "matrix", "--machine", "none", *args])
    assert r.returncode == 2 and r.stdout == "" and r.stderr.count("\n") == 1


def test_nothing_meets_the_request(cuvet, run):
    r = run([cuvet, "matrix", "--machine", "none", "torch==2.8.5"])
    assert r.returncode == 1 and r.stdout.startswith("NONE")
