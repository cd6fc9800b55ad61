"""cuvet archs NAME: an installed package by its RECORD, in the active environment first."""
import json
import os
import subprocess

import jsonschema
import pytest

from archs import make
from conftest import ROOT

SCHEMA = json.loads((ROOT / "schemas/archs.json").read_text(encoding="utf-8"))
LIB = make.shared([make.container("sm_80", "sm_90")])


@pytest.fixture
def env(tmp_path):
    """A virtual environment with a package whose import name and files have nothing to do with its own name."""
    venv = tmp_path / "venv"
    site = venv / "lib/python3.11/site-packages"
    (site / "other_name/lib").mkdir(parents=True)
    (venv / "bin").mkdir()
    (venv / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.11.7\n")
    (site / "other_name/lib/libk.so").write_bytes(LIB)
    (site / "other_name/lib/plain.so").write_bytes(make.elf([make.Section(".text", b"x")]))
    (site / "top_cuda.cpython-311-x86_64-linux-gnu.so").write_bytes(LIB)
    (site / "not_listed.so").write_bytes(LIB)
    (tmp_path / "outside.so").write_bytes(LIB)
    info = site / "flash_attn-2.8.3.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: flash-attn\nVersion: 2.8.3\n")
    (info / "RECORD").write_text('other_name/lib/libk.so,sha256=x,1\nother_name/lib/plain.so,,\n"top_cuda.cpython-311-x86_64-linux-gnu.so",,\n'
                                 f"../../../../outside.so,,\n{tmp_path}/outside.so,,\nother_name/../not_listed.so,,\ngone.so,,\n\n,,\n")
    return venv, site


def run(cuvet, tmp_path, *args, venv=None):
    e = {"PATH": "/nonexistent", "HOME": str(tmp_path), "LANG": "C.UTF-8", **({"VIRTUAL_ENV": str(venv)} if venv else {})}
    e.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
    return subprocess.run([cuvet, "archs", *args], capture_output=True, text=True, env=e, cwd=tmp_path, timeout=60, check=False)


@pytest.mark.parametrize("name", ["flash-attn", "flash_attn", "Flash.Attn"])
def test_by_name(cuvet, tmp_path, env, name):
    r = run(cuvet, tmp_path, "--json", name, venv=env[0])
    doc = json.loads(r.stdout)
    jsonschema.validate(doc, SCHEMA)
    assert r.returncode == 0 and r.stderr == ""
    assert {f["file"]: f["sass"] for f in doc["files"]} == {
        str(env[1] / "other_name/lib/libk.so"): ["sm_80", "sm_90"], str(env[1] / "top_cuda.cpython-311-x86_64-linux-gnu.so"): ["sm_80", "sm_90"]}


def test_text(cuvet, tmp_path, env):
    r = run(cuvet, tmp_path, "flash-attn", venv=env[0])
    assert r.stdout.startswith(f"flash-attn 2.8.3 in {env[1]}\n  other_name/lib/libk.so\n")
    assert "all 2 files with GPU code" in r.stdout


def test_a_file_of_that_name_wins(cuvet, tmp_path, env):
    (tmp_path / "flash-attn").write_bytes(make.shared([make.container("sm_75")]))
    doc = json.loads(run(cuvet, tmp_path, "--json", "flash-attn", venv=env[0]).stdout)
    assert [(f["file"], f["sass"]) for f in doc["files"]] == [("flash-attn", ["sm_75"])]


def test_not_installed(cuvet, tmp_path, env):
    r = run(cuvet, tmp_path, "--json", "flash-atn", "./flash-attn", venv=env[0])
    assert r.returncode == 2
    assert [f["error"] for f in json.loads(r.stdout)["files"]] == ["no such file, and no package of that name is installed", "no such file"]


def test_a_package_without_gpu_code(cuvet, tmp_path, env):
    (env[1] / "six-1.0.dist-info").mkdir()
    (env[1] / "six-1.0.dist-info/RECORD").write_text("six.py,,\n")
    r = run(cuvet, tmp_path, "six", venv=env[0])
    assert r.returncode == 0 and "no GPU code in it" in r.stdout
