"""The live NVML path against a test double (tests/double): several GPUs, MIG, error codes, missing symbols, a call that hangs or crashes."""
import json
import os
import subprocess
import time

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("CUVET_BUILD", os.path.join(ROOT, "build"))
CUVET = os.path.join(BUILD, "cuvet")
DOUBLE = os.path.join(BUILD, "tests", "double")

A100 = "gpu NVIDIA A100-SXM4-80GB|0000:07:00.0|8.0|GPU-aaaa|81920|enabled"
V100 = "gpu Tesla V100-SXM2-16GB|0000:08:00.0|7.0|GPU-bbbb|16384|-"


def doctor(tmp_path, lines, variant="", expect=(0, 1, 3), env=None):
    conf = tmp_path / "double.txt"
    conf.write_text("\n".join(lines) + "\n")
    full = {"PATH": "/nonexistent", "HOME": str(tmp_path), "CUVET_DOUBLE": str(conf), **(env or {})}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
        if name in os.environ:
            full[name] = os.environ[name]
    lib = os.path.join(DOUBLE, f"libfake_nvml{variant}.so")
    start = time.monotonic()
    r = subprocess.run([CUVET, "doctor", "--json", "--nvml-library", lib], capture_output=True, env=full, cwd=tmp_path, timeout=60)
    took = time.monotonic() - start
    assert r.returncode in expect, r.stderr.decode()
    return json.loads(r.stdout), r, took


def ids(doc):
    return [f["id"] for f in doc["findings"]]


def test_two_gpus(tmp_path):
    doc, _, _ = doctor(tmp_path, ["driver 580.65.06", "cuda 13000", A100, V100])
    m = doc["machine"]
    assert m["driver"] == "580.65.06"
    assert m["driver_cuda"] == "13.0"
    assert [(g["name"], g["cc"], g["pci"]) for g in m["gpus"]] == [
        ("NVIDIA A100-SXM4-80GB", "8.0", "0000:07:00.0"),
        ("Tesla V100-SXM2-16GB", "7.0", "0000:08:00.0"),
    ]
    assert "mig-enabled" in ids(doc)


def test_old_library_without_versioned_symbols(tmp_path):
    doc, _, _ = doctor(tmp_path, ["driver 340.108", A100], variant="old")
    assert doc["machine"]["driver"] == "340.108"
    assert doc["machine"]["gpus"][0]["name"] == "NVIDIA A100-SXM4-80GB"


@pytest.mark.parametrize("code", [1, 2, 3, 4, 6, 8, 9, 10, 11, 12, 13, 15, 16, 17, 18, 20, 999, 4711])
def test_every_error_code(tmp_path, code):
    doc, r, _ = doctor(tmp_path, [f"init {code}"])
    assert r.stderr == b""
    wanted = {9: {"driver-missing", "module-not-loaded", "nvml-failed"}, 18: {"driver-mismatch", "nvml-failed"}}.get(code, {"nvml-failed"})
    assert wanted & set(ids(doc)), ids(doc)


def test_missing_symbols(tmp_path):
    doc, _, _ = doctor(tmp_path, [], variant="empty")
    assert "nvml-failed" in ids(doc)


@pytest.mark.parametrize("where", ["init", "count", "gpu"])
def test_a_hanging_call_is_cut_off(tmp_path, where):
    doc, _, took = doctor(tmp_path, ["driver 580.65.06", "cuda 13000", f"hang {where}", A100])
    assert "nvml-timeout" in ids(doc)
    assert took < 15  # the limit is 2 s; the rest is room for a loaded machine
    time.sleep(0.2)
    left = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as f:
                if str(tmp_path).encode() in f.read() and int(pid) != os.getpid():
                    left.append(pid)
        except OSError:
            continue
    assert left == []


@pytest.mark.parametrize("where", ["init", "count", "gpu"])
def test_a_crash_stays_in_the_child(tmp_path, where):
    doc, r, _ = doctor(tmp_path, ["driver 580.65.06", "cuda 13000", f"crash {where}", A100])
    assert "nvml-failed" in ids(doc)
    assert r.returncode >= 0


def test_a_lost_gpu(tmp_path):
    doc, _, _ = doctor(tmp_path, ["driver 580.65.06", "cuda 13000", A100, V100, "lost 1"])
    assert doc["machine"]["nvml"]["state"] == "known"
    assert "NVIDIA A100-SXM4-80GB" in [g["name"] for g in doc["machine"]["gpus"]]


def test_noise_of_the_library_does_not_reach_our_output(tmp_path):
    _, r, _ = doctor(tmp_path, ["noise", "driver 580.65.06", "cuda 13000", A100])
    assert b"vendor noise" not in r.stdout + r.stderr


def test_no_library(tmp_path):
    r = subprocess.run([CUVET, "doctor", "--json", "--nvml-library", str(tmp_path / "absent.so")], capture_output=True,
                       env={"PATH": "/nonexistent", "HOME": str(tmp_path)}, cwd=tmp_path, timeout=60)
    assert r.returncode in (0, 1, 3)
    assert json.loads(r.stdout)["machine"]["nvml"]["state"] == "absent"


def test_libcuda_tells_the_cuda_version_where_nvml_cannot(tmp_path):
    doc, _, _ = doctor(tmp_path, [], variant="empty", env={"LD_LIBRARY_PATH": DOUBLE, "CUVET_DOUBLE_CUDA": "12080"})
    assert doc["machine"]["driver_cuda"] == "12.8"
