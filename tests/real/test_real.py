"""Real wheels in real environments: cuvet, which runs no Python, must say exactly what `python -c 'import torch; ...'` says there."""
import json
import os
import re
import runpy
import shutil
import subprocess

import pytest

from real import environments as real


def doctor(cuvet, tmp_path, folder, *args):
    env = {"VIRTUAL_ENV": str(folder), "PATH": f"{folder}/bin:/usr/bin:/bin", "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    r = subprocess.run([cuvet, "doctor", "--json", *args], capture_output=True, text=True, env=env, cwd=tmp_path, timeout=60, check=False)
    assert r.returncode in (0, 1, 3), r.stderr
    assert r.stderr == ""
    return json.loads(r.stdout)


def environment(doc, folder):
    found = [e for e in doc["machine"]["environments"] if os.path.realpath(e["path"]) == os.path.realpath(folder)]
    assert len(found) == 1, [e["path"] for e in doc["machine"]["environments"]]
    return found[0]


def three(version):
    """9.26.0 of 9.26.0.51: libraries tell three numbers, their packages four."""
    return ".".join(version.split(".")[:3])


@pytest.fixture(scope="module", params=list(real.ENVIRONMENTS))
def one(request):
    try:
        folder = real.make(request.param)
    except real.NoPython as e:
        pytest.skip(f"{request.param}: {e}")
    return folder, real.truth(folder)


def test_torch(one, cuvet, tmp_path):
    folder, said = one
    env = environment(doctor(cuvet, tmp_path, folder), folder)
    torch = env["torch"]
    assert env["active"] is True
    assert torch["version"] == said["version"]
    assert torch["variant"] == said["version"].split("+")[1]
    assert torch["cuda"] == said["cuda"]
    assert three(torch["cudnn"]) == said["cudnn"]
    assert torch["nccl"] == said["nccl"]
    assert torch["archs"] == said["archs"]
    assert os.path.realpath(torch["path"]) == os.path.realpath(said["path"])


def test_packages(one, cuvet, tmp_path):
    folder, said = one
    env = environment(doctor(cuvet, tmp_path, folder), folder)

    def normal(name):
        return re.sub(r"[-_.]+", "-", name).lower()

    def of_gpu(name):
        return re.match(r"(torch|torchvision|torchaudio|triton|nvidia-.*)$", normal(name))

    wanted = {normal(k): v for k, v in said["packages"].items() if of_gpu(k)}
    got = {normal(k): v for k, v in env["packages"].items() if of_gpu(k)}
    assert got == wanted


def test_python_version(one, cuvet, tmp_path):
    folder, _ = one
    env = environment(doctor(cuvet, tmp_path, folder), folder)
    own = subprocess.run([folder / "bin/python", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True, text=True, check=True).stdout.strip()
    assert env["python"] == own


def test_verdict_with_a_gpu_that_fits(one, cuvet, tmp_path):
    """The build's own architectures decide: an RTX 3090 under a new driver runs all of them."""
    folder, _ = one
    doc = doctor(cuvet, tmp_path, folder, "--driver", "610", "--gpu", "RTX 3090")
    assert doc["verdict"] in ("works", "works-jit"), doc["verdict"]


def test_verdict_with_an_old_driver(one, cuvet, tmp_path):
    folder, said = one
    doc = doctor(cuvet, tmp_path, folder, "--driver", "418.39", "--gpu", "Tesla V100-SXM2-16GB")
    assert doc["verdict"] in ("driver-too-old", "gpu-too-old"), doc["verdict"]
    assert said["cuda"]


def test_cpu_only_build(cuvet, tmp_path):
    try:
        folder = real.make_cpu_only()
    except real.NoPython as e:
        pytest.skip(str(e))
    said = runpy.run_path(str(real.site_packages(folder) / "torch/version.py"))
    doc = doctor(cuvet, tmp_path, folder, "--driver", "580", "--gpu", "RTX 3090")
    torch = environment(doc, folder)["torch"]
    assert torch["version"] == said["__version__"]
    assert torch["variant"] == "cpu"
    assert torch["cuda"] in (None, "none")
    assert "cpu-only-torch" in [f["id"] for f in doc["findings"]]


def test_all_environments_in_one_run(cuvet, tmp_path):
    """Side by side in a home folder's ~/.virtualenvs: each is named, none is mixed with another."""
    made = [real.CACHE / n for n in real.ENVIRONMENTS if (real.CACHE / n / "finished").exists()]
    if len(made) < 2:
        pytest.skip("fewer than two environments could be made")
    (tmp_path / ".virtualenvs").mkdir()
    for folder in made:
        (tmp_path / ".virtualenvs" / folder.name).symlink_to(folder)
    doc = doctor(cuvet, tmp_path, made[0])
    versions = {e["torch"]["version"].split("+")[0] for e in doc["machine"]["environments"] if e["torch"]}
    assert {f.name.rsplit("-", 1)[1] for f in made} <= versions


def test_toolkit_on_path(cuvet, tmp_path):
    nvcc = shutil.which("nvcc")
    if not nvcc:
        pytest.skip("no CUDA toolkit on PATH")
    said = subprocess.run([nvcc, "--version"], capture_output=True, text=True, check=True).stdout
    release = re.search(r"release ([0-9]+\.[0-9]+), V([0-9.]+)", said)
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    r = subprocess.run([cuvet, "doctor", "--json"], capture_output=True, text=True, env=env, cwd=tmp_path, timeout=60, check=False)
    doc = json.loads(r.stdout)
    root = os.path.dirname(os.path.dirname(os.path.realpath(nvcc)))
    found = [t for t in doc["machine"]["toolkits"] if os.path.realpath(t["path"]) == root]
    assert len(found) == 1, doc["machine"]["toolkits"]
    assert found[0]["version"].split(".")[:2] == release.group(1).split(".")


def test_nothing_is_run(one, cuvet, tmp_path):
    """No other program is started: the environment's python would leave a mark."""
    folder, _ = one
    mark = tmp_path / "ran"
    fake = tmp_path / "venv"
    (fake / "bin").mkdir(parents=True)
    shutil.copy(folder / "pyvenv.cfg", fake / "pyvenv.cfg")
    (fake / "lib").symlink_to(folder / "lib")
    for name in ("python", "python3", "pip", "nvidia-smi", "nvcc", "ldconfig"):
        (fake / "bin" / name).write_text(f"#!/bin/sh\ntouch {mark}\n")
        (fake / "bin" / name).chmod(0o755)
    doc = doctor(cuvet, tmp_path, fake)
    assert any(e["torch"] for e in doc["machine"]["environments"])
    assert not mark.exists()
