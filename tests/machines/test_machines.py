"""Recorded machines: each tests/machines/NAME/case*.json with its tree is inspected through --root, as JSON and as text.

Beside what the case expects, every machine is held to the promises of the reports: the schema, one exit code for both forms, 80 columns, nothing on
stderr, no control characters, and the same verdict again from its own snapshot.
"""
import ctypes
import json
import os
import pathlib
import re
import shutil
import subprocess
import unicodedata

import pytest

from machines.partial import differences

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CASES = sorted(HERE.glob("*/case*.json"))
SEVERITIES = {"error", "warning", "info"}


def obey_permissions():
    """Root reads everything: leave that behind (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH), so that a mode of 000 means what it says."""
    libc = ctypes.CDLL(None)
    for cap in (1, 2):
        libc.prctl(24, cap, 0, 0, 0)


def prepare(tree, steps, tmp_path):
    """A copy of the tree with what git cannot keep: FIFOs, cut files, modes."""
    if not steps:
        return tree
    copy = tmp_path / "tree"
    shutil.copytree(tree, copy, symlinks=True)
    for step in steps:
        for what, arg in step.items():
            name, value = arg if isinstance(arg, list) else (arg, None)
            path = copy / name.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            if what == "fifo":
                path.unlink(missing_ok=True)
                os.mkfifo(path)
            elif what == "truncate":
                with open(path, "ab") as f:
                    f.truncate(int(value))
            elif what == "chmod":
                path.chmod(int(value, 8))
            elif what == "symlink":
                path.unlink(missing_ok=True)
                path.symlink_to(value)
            elif what == "mkdir":
                path.mkdir(exist_ok=True)
            elif what == "write":
                path.write_bytes(value.encode("latin-1"))
            else:
                raise AssertionError(f"unknown setup step {what}")
    return copy


def unlock(tree):
    for folder, names, _ in os.walk(tree):
        for n in names:
            p = pathlib.Path(folder, n)
            if not p.is_symlink():
                p.chmod(0o755)


def call(cuvet, args):
    env = {"PATH": "/nonexistent", "HOME": "/nonexistent", "LANG": "C.UTF-8", "VIRTUAL_ENV": "/nonexistent/host", "CUDA_HOME": "/nonexistent/host"}
    env.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
    return subprocess.run([cuvet, *args], capture_output=True, env=env, cwd="/", stdin=subprocess.DEVNULL, timeout=60, check=False,
                          preexec_fn=obey_permissions)


def columns(line):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def schema_errors(name, doc):
    path = ROOT / "schemas" / f"{name}.json"
    if not path.exists():
        return [f"{path} is not there"]
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(path.read_text(encoding="utf-8"))
    validator = jsonschema.validators.validator_for(schema)(schema)
    return [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:200]}" for e in validator.iter_errors(doc)]


@pytest.mark.parametrize("path", CASES, ids=[f"{p.parent.name}/{p.stem}" for p in CASES])
def test_machine(path, cuvet, tmp_path):
    case = json.loads(path.read_text(encoding="utf-8"))
    unknown = set(case) - {"what", "origin", "args", "setup", "exit", "json", "text", "not_text", "tree", "note"}
    assert not unknown, f"unknown keys in the case: {unknown}"
    assert case["origin"] in ("recorded", "edited", "synthetic") and case["what"]
    tree = prepare(path.parent / case.get("tree", "tree"), case.get("setup"), tmp_path)
    try:
        check(cuvet, case, tree, tmp_path)
    finally:
        if case.get("setup"):
            unlock(tree)


def check(cuvet, case, tree, tmp_path):
    args = ["--root", str(tree), *case.get("args", [])]
    as_json = call(cuvet, ["doctor", "--json", *args])
    as_text = call(cuvet, ["doctor", *args])
    wrong = []
    if as_json.stderr or as_text.stderr:
        wrong.append(f"stderr: {(as_json.stderr or as_text.stderr).decode(errors='replace')[:500]}")
    if "exit" in case and as_json.returncode != case["exit"]:
        wrong.append(f"exit code {as_json.returncode}, wanted {case['exit']}")
    if as_json.returncode != as_text.returncode:
        wrong.append(f"exit code {as_json.returncode} as JSON, {as_text.returncode} as text")
    text = as_text.stdout.decode("utf-8")
    wrong += text_promises(text)
    if as_json.returncode != 2:
        doc = json.loads(as_json.stdout.decode("utf-8"))
        wrong += differences(case.get("json", {}), doc) + json_promises(doc) + snapshot_again(cuvet, args, doc, tmp_path)
    wrong += [f"the text lacks {t!r}" for t in case.get("text", []) if t not in text and t not in flat(text)]
    wrong += [f"the text has {t!r}" for t in case.get("not_text", []) if t in text or t in flat(text)]
    assert not wrong, "\n" + "\n".join(wrong) + f"\n--- {' '.join(args)}\n{text}"


def flat(text):
    """Without the line breaks of the layout."""
    return re.sub(r"\s+", " ", text)


def text_promises(text):
    wrong = [f"{columns(line)} columns: {line}" for line in text.splitlines() if columns(line) > 80 and re.search(r"\S\s+\S", line.strip()) and not is_command(line)]
    wrong += [f"control character in {line!r}" for line in text.splitlines() if any(unicodedata.category(c) == "Cc" for c in line)]
    wrong += [f"exclamation mark: {line}" for line in text.splitlines() if re.search(r"[a-z]!(\s|$)", line)]
    return wrong


def is_command(line):
    """Commands are never broken: they must be pasted as they are. Nor are paths."""
    return bool(re.match(r"\s*(\$ |sudo |docker |python|pip|uv |conda |mamba |export |unset |apt|dnf|/|~)", line)) or any(len(w) > 50 for w in line.split())


def json_promises(doc):
    wrong = schema_errors("doctor", doc)
    order = ["error", "warning", "info"]
    ranks = [order.index(f["severity"]) for f in doc["findings"]]
    if ranks != sorted(ranks):
        wrong.append("findings are not sorted worst first")
    for f in doc["findings"]:
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", f["id"]):
            wrong.append(f"{f['id']!r} is no id")
        if not f["title"] or "!" in f["title"]:
            wrong.append(f"{f['id']}: title {f['title']!r}")
    return wrong


def snapshot_again(cuvet, args, doc, tmp_path):
    """A snapshot of the tree, judged, must come to the same verdict."""
    snap = call(cuvet, ["snapshot", *args])
    if snap.returncode != 0 or snap.stderr:
        return [f"snapshot ended with {snap.returncode}: {snap.stderr.decode(errors='replace')[:300]}"]
    if snap.stdout.count(b"\n") != 1:
        return ["a snapshot must be one line"]
    file = tmp_path / "snapshot.json"
    file.write_bytes(snap.stdout)
    again = call(cuvet, ["doctor", "--json", "--machine", str(file)])
    if again.returncode not in (0, 1, 3) or again.stderr:
        return [f"doctor --machine of its snapshot ended with {again.returncode}: {again.stderr.decode(errors='replace')[:300]}"]
    second = json.loads(again.stdout)
    wrong = schema_errors("snapshot", json.loads(snap.stdout))
    if second["verdict"] != doc["verdict"]:
        wrong.append(f"verdict {doc['verdict']} becomes {second['verdict']} through a snapshot")
    return wrong


def test_there_are_enough_machines():
    assert len(CASES) >= 40
    names = [p.parent.name for p in CASES]
    assert len(set(names)) >= 35


def test_trees_are_small_text():
    """Plain text that a reviewer can read: nothing big, nothing of a vendor's binary."""
    big = [f"{p.relative_to(HERE)}: {p.stat().st_size}" for p in HERE.rglob("*") if p.is_file() and not p.is_symlink() and p.stat().st_size > 64 * 1024]
    assert not big, "\n".join(big)


def test_partial_matching():
    assert not differences({"a": 1, "b": {"$has": [{"x": 1}]}, "c": {"$absent": True}}, {"a": 1, "b": [{"x": 1, "y": 2}], "z": 0})
    assert differences({"a": 1}, {"a": True})
    assert differences({"a": None}, {})
    assert differences([1], [1, 2])
    assert differences({"a": {"$re": "^x"}}, {"a": "yx"})
    assert differences({"a": {"$absent": True}}, {"a": None})
