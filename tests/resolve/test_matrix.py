"""`cuvet matrix`: every cell against the naive oracle; the table for people fits the terminal and says each thing with a symbol and a word."""
import html.parser
import json
import random
import re
import shlex
import xml.etree.ElementTree

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


class Page(html.parser.HTMLParser):
    """Rows of the table, and what must not be there."""
    def __init__(self):
        super().__init__()
        self.rows, self.open, self.cell, self.kinds, self.legend = [], [], None, [], ""

    def handle_starttag(self, tag, attrs):
        assert tag not in ("script", "link", "img", "iframe"), tag
        assert not [k for k, v in attrs if k in ("src", "href") or k.startswith("on")]
        if tag not in ("meta", "br"):
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self.cell = True
            self.kinds.append(dict(attrs).get("class"))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        if tag in ("td", "th"):
            self.cell = False

    def handle_data(self, data):
        if self.cell:
            self.rows[-1][-1] += data
        elif "li" in self.open:
            self.legend += data


@pytest.mark.parametrize("line", SCREENS)
def test_the_page_says_what_the_json_says(cuvet, run, line):
    args = [cuvet, "matrix", "--machine", "none", *shlex.split(line)]
    doc = json.loads(run([*args, "--json"]).stdout)
    r = run([*args, "--html"])
    assert r.returncode == 0 and r.stderr == "" and r.stdout.startswith("<!DOCTYPE html>")
    assert "prefers-color-scheme:dark" in r.stdout and "http" not in r.stdout and "url(" not in r.stdout
    page = Page()
    page.feed(r.stdout)
    page.close()
    assert page.open == []
    head, *rows = page.rows
    assert [re.sub(r"[\d.]+$", "", h) or h for h in head[2:]] and len(rows) == len(doc["rows"])
    for row, want in zip(rows, doc["rows"]):
        assert len(row) == 2 + len(doc["variants"]) and want["torch"] in row[0]
        cells = {c["variant"]: c for c in want["cells"]}
        for variant, text in zip(doc["variants"], row[2:]):
            c = cells.get(variant["variant"])
            assert (text.split() == ["·"]) == (c is None)
            assert c is None or text.endswith("*") == c["pypi"]
            if c and c["verdict"] == "works":
                assert "yes" in text
            if c and c["verdict"] == "driver-too-old":
                assert "drv" in text
    words = {w for row in rows for text in row[2:] for w in re.findall(r"[a-z]+", text)}
    assert all(re.search(rf"\b{w}\b", page.legend) for w in words)


@pytest.mark.parametrize("line", SCREENS)
def test_the_picture_is_xml_and_holds_every_cell(cuvet, run, line):
    args = [cuvet, "matrix", "--machine", "none", *shlex.split(line)]
    doc = json.loads(run([*args, "--json"]).stdout)
    r = run([*args, "--svg"])
    assert r.returncode == 0 and r.stderr == ""
    root = xml.etree.ElementTree.fromstring(r.stdout)
    name = "{http://www.w3.org/2000/svg}"
    assert root.tag == f"{name}svg" and {e.tag.removeprefix(name) for e in root.iter()} == {"svg", "title", "style", "text", "tspan", "rect"}
    assert len(root.findall(f"{name}rect")) == 1 + sum(len(r["cells"]) for r in doc["rows"])
    width, height = float(root.get("width")), float(root.get("height"))
    for e in root.iter(f"{name}text"):
        assert float(e.get("x", 0)) < width and float(e.get("y")) < height
    assert all(any(r["torch"] in (e.text or "") for e in root.iter(f"{name}text")) for r in doc["rows"])


def test_names_are_escaped(cuvet, run, tmp_path):
    """A name from a snapshot is text, whatever is in it."""
    doc = json.loads(run([cuvet, "snapshot", "--machine", "none", "--gpu", "8.6", "--driver", "580.65.06"]).stdout)
    doc["gpus"][0]["name"] = "<script>alert(1)</script> & \"quoted\" 'too'"
    (tmp_path / "m.json").write_text(json.dumps(doc))
    for how in ("--html", "--svg"):
        r = run([cuvet, "matrix", "--machine", str(tmp_path / "m.json"), how])
        assert r.returncode == 0 and "<script" not in r.stdout and "&lt;script&gt;" in r.stdout and "&quot;quoted&quot;" in r.stdout


@pytest.mark.parametrize("args", [["matrix", "--html", "--json"], ["matrix", "--html", "--svg"], ["resolve", "--html"], ["doctor", "--svg"]])
def test_pages_are_of_the_matrix_alone(cuvet, run, args):
    r = run([cuvet, args[0], "--machine", "none", *args[1:]])
    assert r.returncode == 2 and r.stdout == "" and r.stderr.count("\n") == 1
