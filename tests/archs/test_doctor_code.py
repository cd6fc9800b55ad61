"""The doctor judges an installed torch by the code in its libraries; what it read is kept in the user's cache and never believed when the file has changed."""
import json
import os
import subprocess
import time

import pytest

from archs import make
from archs.test_wheels import CONFIG, VERSION, gencode


def library(*containers):
    return make.shared([make.container(*c.split()) for c in containers])


class Place:
    """A virtual environment with a torch made of text and of libraries written here; a home of its own."""

    def __init__(self, cuvet, folder):
        self.cuvet, self.home, self.venv = cuvet, folder / "home", folder / "venv"
        self.home.mkdir()
        (self.venv / "bin").mkdir(parents=True)
        (self.venv / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.11.4\n")
        self.torch = self.venv / "lib/python3.11/site-packages/torch"
        for sub in ("lib", "include/ATen/cuda"):
            (self.torch / sub).mkdir(parents=True)
        (self.torch / "version.py").write_text(VERSION % ("2.13.0+cu130", "13.0"))
        (self.torch / "include/ATen/cuda/CUDAConfig.h").write_text(CONFIG % gencode("75", "80", "90"))
        self.main = self.torch / "lib/libtorch_cuda.so"
        self.linalg = self.torch / "lib/libtorch_cuda_linalg.so"

    def run(self, *args, **env):
        full = {"PATH": "/nonexistent", "HOME": str(self.home), "LANG": "C.UTF-8", "VIRTUAL_ENV": str(self.venv), **env}
        full.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
        return subprocess.run([self.cuvet, *args], capture_output=True, text=True, env=full, cwd=self.home, timeout=60, check=False)

    def doctor(self, gpu, *args, **env):
        r = self.run("doctor", "--json", "--driver", "580", "--gpu", gpu, *args, **env)
        assert r.returncode in (0, 1, 3) and r.stderr == "", r.stderr
        doc = json.loads(r.stdout)
        return doc["verdict"], doc

    def kept(self):
        return sorted(p.relative_to(self.home).as_posix() for p in self.home.rglob("*") if p.is_file())


@pytest.fixture
def place(cuvet, tmp_path):
    return Place(cuvet, tmp_path)


def ids(doc):
    return [f["id"] for f in doc["findings"]]


def via(doc):
    return doc["environments"][0]["gpus"][0]["via"]


def test_the_code_decides_and_not_the_declaration(place):
    place.main.write_bytes(library("sm_80 sm_90", "sm_80 sm_90", "sm_80 sm_90"))
    verdict, doc = place.doctor("7.5")
    assert verdict == "gpu-too-old" and "sm_75" not in doc["findings"][0]["cause"]
    assert any("libtorch_cuda.so" in e["source"] for e in doc["findings"][0]["evidence"])
    verdict, doc = place.doctor("8.6")
    assert verdict == "works" and via(doc) == "sm_80"


def test_a_target_in_few_containers_is_not_what_it_was_built_for(place):
    """torch 2.8.0 and later: sm_89 in one container of hundreds says nothing about the others, and needs nothing said where sm_80 serves them."""
    place.main.write_bytes(library("sm_80 sm_89", "sm_80", "sm_80", "sm_80"))
    verdict, doc = place.doctor("8.9")
    assert verdict == "works" and via(doc) == "sm_80" and "torch-library-lacks-gpu" not in ids(doc)
    place.main.write_bytes(library("sm_80 sm_120", "sm_80", "sm_80", "sm_80"))
    verdict, doc = place.doctor("12.0")
    assert verdict == "gpu-too-new"


def test_jit_where_most_have_only_ptx(place):
    place.main.write_bytes(library("sm_80 compute_80", "sm_80 compute_80", "sm_80 compute_80", "sm_80 sm_120"))
    verdict, doc = place.doctor("12.0")
    assert verdict == "works-jit" and via(doc) == "compute_80"


def test_a_library_that_lacks_the_gpu_is_a_warning(place):
    place.main.write_bytes(library("sm_75 sm_80", "sm_75 sm_80"))
    place.linalg.write_bytes(library("sm_80", "sm_80", "sm_80"))
    verdict, doc = place.doctor("7.5")
    assert verdict == "works"
    f = next(f for f in doc["findings"] if f["id"] == "torch-library-lacks-gpu")
    assert f["severity"] == "warning" and "3 of its 3 containers" in f["cause"] and "sm_75" in f["cause"]
    _, doc = place.doctor("8.0")
    assert "torch-library-lacks-gpu" not in ids(doc)


def test_two_halves_of_older_torches_count_together(place):
    (place.torch / "lib/libtorch_cuda_cu.so").write_bytes(library("sm_70", "sm_70", "sm_70"))
    (place.torch / "lib/libtorch_cuda_cpp.so").write_bytes(library("sm_70 sm_75"))
    place.main.write_bytes(make.shared([]))  # 1.9 to 1.13: a shell
    verdict, doc = place.doctor("7.0")
    assert verdict == "works" and [c["containers"] for c in doc["machine"]["environments"][0]["torch"]["code"]] == [3, 1]


def test_without_code_the_declaration_decides(place):
    assert place.doctor("7.5")[0] == "works"
    place.main.write_bytes(library("sm_90", "sm_90")[:-700])  # cut short: said, and not judged by
    verdict, doc = place.doctor("7.5")
    assert verdict == "works" and "probe-problem" in ids(doc)


def test_a_snapshot_judges_like_the_machine(place, tmp_path):
    place.main.write_bytes(library("sm_75 sm_80", "sm_80", "sm_80 compute_80"))
    place.linalg.write_bytes(library("sm_80", "sm_75"))
    (tmp_path / "snap.json").write_text(place.run("snapshot").stdout)
    r = place.run("snapshot", "--tree", str(tmp_path / "tree"))
    assert r.returncode == 0
    for gpu in ("7.5", "8.0", "9.0", "12.0"):
        here = place.doctor(gpu)[1]
        for base in (["--machine", str(tmp_path / "snap.json")], ["--root", str(tmp_path / "tree")]):
            doc = json.loads(place.run("doctor", "--json", "--driver", "580", "--gpu", gpu, *base).stdout)
            assert doc["verdict"] == here["verdict"] and via(doc) == via(here)
            assert [f["cause"] for f in doc["findings"] if f["rule"] == "G1"] == [f["cause"] for f in here["findings"] if f["rule"] == "G1"]


# ---- the cache ----

def sealed(text):
    """A text with the check sum that the cache wants (FNV-1a, 64 bits)."""
    h = 0xCBF29CE484222325
    for c in text:
        h = (h ^ c) * 0x100000001B3 % 2**64
    return b"cuvet-cache 1 %016x\n" % h + text


def settle():
    time.sleep(2.1)  # files that changed within the last two seconds are not kept


def test_what_is_kept_and_where(place):
    place.main.write_bytes(library("sm_80", "sm_80"))
    place.doctor("8.0")
    assert place.kept() == []  # too fresh
    settle()
    place.doctor("8.0")
    (name,) = place.kept()
    assert name.startswith(".cache/cuvet/code-")
    assert (place.home / ".cache/cuvet").stat().st_mode & 0o77 == 0
    cached = place.home / name
    assert place.doctor("9.0")[0] == "gpu-too-new"
    cached.write_bytes(sealed(cached.read_bytes().split(b"\n", 1)[1].replace(b"sm_80", b"sm_90")))
    assert place.doctor("9.0")[0] == "works"  # it is what answers
    # A file of the same size and modification time at the same place: its change time gives it away.
    st = place.main.stat()
    place.main.write_bytes(library("sm_90", "sm_90"))
    os.utime(place.main, ns=(st.st_atime_ns, st.st_mtime_ns))
    assert place.main.stat().st_size == st.st_size
    assert place.doctor("9.0")[0] == "works"
    # Damage in the cache is never believed.
    place.main.write_bytes(library("sm_80", "sm_80"))
    settle()
    place.doctor("8.0")
    (cached,) = [p for p in (place.home / ".cache/cuvet").iterdir() if p != cached and p.name.startswith("code-")]
    good = cached.read_bytes()
    for bad in (good.replace(b"sm_80", b"sm_90"), good[:-3], b"", b"\0" * 400, good + good):
        cached.write_bytes(bad)
        assert place.doctor("8.0")[0] == "works", bad
    cached.unlink()
    os.mkfifo(cached)
    assert place.doctor("8.0")[0] == "works"


def test_the_cache_folder_must_be_the_users_own(place, tmp_path):
    place.main.write_bytes(library("sm_80", "sm_80"))
    settle()
    shared = tmp_path / "shared/cuvet"
    shared.mkdir(parents=True)
    shared.chmod(0o777)
    place.doctor("8.0", XDG_CACHE_HOME=str(tmp_path / "shared"))
    assert list(shared.iterdir()) == [] and place.kept() == []
    place.doctor("8.0", XDG_CACHE_HOME="relative", HOME="/nonexistent/home")
    place.doctor("8.0", XDG_CACHE_HOME="/proc/self")  # cannot be written
    own = tmp_path / "own"
    place.doctor("8.0", XDG_CACHE_HOME=str(own))
    assert len(list((own / "cuvet").iterdir())) == 1


def test_a_tree_is_not_cached(place, tmp_path):
    place.main.write_bytes(library("sm_80", "sm_80"))
    settle()
    r = place.run("doctor", "--json", "--root", str(place.venv.parent))
    assert r.returncode in (0, 1, 3) and place.kept() == []
