"""The names that cuvet prints are names that the default registry has: pip's own finder and uv's resolver are asked, and nothing is downloaded or installed.

A sample in CI. CUVET_PIP_NAMES=all asks for every release, Python and platform (about 15 minutes); with --golden the answers are written to pip-names.tsv, which
tests/resolve/test_channels.py holds cuvet to without a network. uv resolves with all dependencies: `no` there means that the wheel exists but cannot be installed.
"""
import functools
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

import pytest

from real import environments as real
from resolve import oracle
from resolve.test_channels import NOT_REALLY
from resolve.test_oracle import ask

EVERY = os.environ.get("CUVET_PIP_NAMES") == "all"
TABLE = pathlib.Path(__file__).with_name("pip-names.tsv")
PYTHONS = ["2.7", "3.5", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.13t", "3.14", "3.14t", "3.15", "3.15t", "3.16"]
# os, arch: platform tags for pip, platform for uv
PLATFORMS = {
    ("linux", "x86_64"): (["linux_x86_64", "manylinux1_x86_64", "manylinux2014_x86_64", "manylinux_2_17_x86_64", "manylinux_2_28_x86_64"], "x86_64-manylinux_2_28"),
    ("linux", "aarch64"): (["linux_aarch64", "manylinux2014_aarch64", "manylinux_2_17_aarch64", "manylinux_2_28_aarch64"], "aarch64-manylinux_2_28"),
    ("windows", "x86_64"): (["win_amd64"], "x86_64-pc-windows-msvc"),
    ("macos", "x86_64"): (["macosx_14_0_x86_64"], "x86_64-apple-darwin"),
    ("macos", "aarch64"): (["macosx_14_0_arm64"], "aarch64-apple-darwin"),
}
SAMPLE = [("2.15.0", "linux", "x86_64", "3.12"), ("2.14.1", "linux", "x86_64", "3.10"), ("2.8.0", "linux", "x86_64", "3.9"), ("1.13.1", "linux", "x86_64", "3.11"), ("2.11.0", "linux", "aarch64", "3.12"),
          ("2.5.1", "linux", "aarch64", "3.9"), ("2.15.0", "windows", "x86_64", "3.14"), ("2.2.2", "macos", "x86_64", "3.11"), ("2.15.0", "macos", "aarch64", "3.13")]


def abis(python):
    digits = python.replace(".", "")
    if python == "2.7":
        return ["cp27mu", "cp27m"]
    return [f"cp{digits}m" if oracle.numbers(python.rstrip("t")) < (3, 8) else f"cp{digits}"]


@functools.lru_cache(None)
def found_by_pip(system, arch, python):
    """Every torch release that pip's finder offers there; old wheels ask for a patch release (3.6.2)."""
    args = [w for t in PLATFORMS[system, arch][0] for w in ("--platform", t)] + [w for a in abis(python) for w in ("--abi", a)]
    r = subprocess.run([sys.executable, "-m", "pip", "index", "versions", "torch", "--only-binary=:all:", "--implementation", "cp", "--python-version", python.rstrip("t") + ".9", *args],
                       capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=300, env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"})
    if r.returncode != 0:
        assert "No matching distribution" in r.stderr, r.stderr[-1000:]
        return frozenset()
    return frozenset(re.search(r"Available versions: (.*)", r.stdout)[1].split(", "))


@functools.lru_cache(None)
def empty():
    folder = real.CACHE / "empty"
    if not (folder / "bin/python").exists():
        real.call(sys.executable, "-m", "venv", "--without-pip", folder)
    return folder / "bin/python"


def resolved_by_uv(requirements, system, arch, python):
    """(did it resolve, with all dependencies, what uv said)"""
    env = {**os.environ, "MACOSX_DEPLOYMENT_TARGET": "14.0", "UV_NO_CONFIG": "1", "UV_CACHE_DIR": str(real.CACHE / "uv-names"), "UV_PYTHON_DOWNLOADS": "never"}
    r = subprocess.run([str(real.uv()), "pip", "install", "--dry-run", "--only-binary", ":all:", "--python", str(empty()), "--python-version", python, "--python-platform", PLATFORMS[system, arch][1],
                        *requirements], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=300, env=env)
    return r.returncode == 0, r.stdout + r.stderr


def entries(cuvet, system, arch, python):
    """What cuvet says of every build there; glibc as new as the newest wheel wants."""
    r = ask(cuvet, "resolve", ["--os", system, "--arch", arch, "--python", python, *(["--glibc", "2.28"] if system == "linux" else [])], "--all")
    assert r.returncode in (0, 1, 3) and not r.stderr, r.stderr
    doc = json.loads(r.stdout)
    return [e for e in doc["candidates"] + doc["rejected"] if (e["os"], e["arch"]) == (system, arch)]


def from_registry(cuvet, system, arch, python):
    """torch -> the entry that cuvet would install from the default registry."""
    return {e["torch"]: e for e in entries(cuvet, system, arch, python) if e["channel"] == "pypi" and e["verdict"] != "no-build"}


@pytest.mark.parametrize("torch,system,arch,python", SAMPLE, ids=["-".join(s) for s in SAMPLE])
def test_the_printed_command_resolves(cuvet, torch, system, arch, python):
    entry = from_registry(cuvet, system, arch, python)[torch]
    words = shlex.split(entry["commands"]["pip"])
    wanted = words[words.index("install") + 1:]
    assert f"torch=={torch}" in wanted and not [w for w in wanted if w.startswith("-")], f"the registry needs no options: {words}"
    assert torch in found_by_pip(system, arch, python)
    good, said = resolved_by_uv(wanted, system, arch, python)
    assert good and f"torch=={torch}" in said, said


def test_a_release_that_no_python_has_is_not_found():
    """The two judges can say no."""
    assert "2.15.0" not in found_by_pip("linux", "x86_64", "3.10")
    assert not resolved_by_uv(["torch==2.15.0"], "linux", "x86_64", "3.10")[0]


@pytest.mark.skipif(not EVERY, reason="CUVET_PIP_NAMES=all asks for every release")
@pytest.mark.parametrize("system,arch", PLATFORMS, ids=["-".join(p) for p in PLATFORMS])
def test_every_release(cuvet, system, arch):
    wrong = []
    for python in PYTHONS:
        ours = set(from_registry(cuvet, system, arch, python))
        theirs = {t for t in found_by_pip(system, arch, python) if (t, system, arch, python) not in NOT_REALLY}
        if ours != theirs:
            wrong.append(f"Python {python}: only cuvet {sorted(ours - theirs)}, only pip {sorted(theirs - ours)}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.skipif(not EVERY, reason="CUVET_PIP_NAMES=all asks for every release")
def test_the_kept_table(golden):
    rows = []
    for (system, arch), _ in PLATFORMS.items():
        for python in PYTHONS:
            for torch in found_by_pip(system, arch, python):
                rows.append((torch, system, arch, python, *how_it_resolves(torch, system, arch, python)))
    rows.sort(key=lambda r: (oracle.numbers(r[0]), list(PLATFORMS).index(r[1:3]), PYTHONS.index(r[3])))
    grouped = {}
    for torch, system, arch, python, outcome, note in rows:
        grouped.setdefault((torch, system, arch, outcome, note), []).append(python)
    text = "".join("\t".join([*key[:3], ",".join(pythons), *key[3:]]) + "\n" for key, pythons in grouped.items())
    head = TABLE.read_text(encoding="utf-8").split("torch\tos")[0] if TABLE.exists() else ""
    text = head + "torch\tos\tarch\tpythons\tresolves\tnote\n" + text
    if golden:
        TABLE.write_text(text, encoding="utf-8")
    assert TABLE.read_text(encoding="utf-8") == text


def how_it_resolves(torch, system, arch, python):
    if python.endswith("t") or oracle.numbers(python) < (3, 8):
        return "?", "uv is not asked for this Python"
    good, said = resolved_by_uv([f"torch=={torch}"], system, arch, python)
    if good:
        return "yes", "-"
    because = re.sub(r"\s+", " ", re.sub(r"[╰─▶│×]", "", said)).strip()
    because = re.sub(r"\(v?\d+(\.\d+)*\)", "", because)
    m = re.search(r"Because (.*?)(?: and |, we can conclude| hint:|$)", because)
    return "no", (m[1] if m else because)[:160]
