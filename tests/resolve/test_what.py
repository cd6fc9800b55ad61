"""The questions the other way round (`cuvet resolve --what-driver, --what-gpu, --what-python, --what-torch`): against the naive oracle, and answers derived by hand."""
import json
import os
import random
import shlex

import pytest
from packaging.version import Version

from machines.test_machines import schema_errors
from resolve import oracle
from resolve.test_oracle import ask, printed, random_args
from resolve.words import machine_of

CASES = int(os.environ.get("CUVET_WHAT_CASES", "200"))
SEED = os.environ.get("CUVET_ORACLE_SEED", "2026")
OPTION = {"driver": "--driver", "gpu": "--gpu", "python": "--python", "torch": None}
CAPABILITIES = sorted((r["cc"] for r in oracle.table("gpu-arch")), key=oracle.numbers)


def without(args, kind):
    """The same call without what is asked for."""
    out, i = [], 0
    while i < len(args):
        width = 2 if args[i].startswith("--") and args[i] not in ("--wsl", "--container") else 1
        drop = args[i] == OPTION[kind] or (kind == "driver" and args[i] == "--compat") or (kind == "python" and args[i].startswith("python"))
        out += [] if drop else args[i:i + width]
        i += width
    return out


def oracles_gpus(machine, builds):
    """(runs, only by PTX, not known) by capability, each GPU asked of each build."""
    runs, jit, unknown = [], [], []
    for cc in CAPABILITIES:
        gpu = oracle.Gpu(cc)
        said = []
        for b in builds:
            if b.cuda and (not oracle.is_tegra(cc) or (b.os, b.arch) == ("linux", "aarch64")):
                said.append((oracle.judge(oracle.Machine(**{**machine.__dict__, "gpus": [gpu]}), b).verdict, oracle.g1(b, gpu)[0]))
        good = [how for verdict, how in said if verdict in ("works", "works-jit", "works-if")]
        if good:
            runs.append(cc)
            if set(good) == {"works-jit"}:
                jit.append(cc)
        elif any(verdict == "unknown" for verdict, _ in said):
            unknown.append(cc)
    return runs, jit, unknown


def differences(doc, code, args):
    machine, words = machine_of(list(args))
    want = oracle.resolve(machine, words)
    python = next((w[8:] for w in words if w.startswith("python==")), None)
    machine = oracle.Machine(**{**machine.__dict__, "python": python or machine.python})
    builds = [j.build for j in want.candidates]
    if not builds:
        return [] if code == want.exit and doc["builds"] == [] and doc["torch"] is None else [f"exit {code}, the oracle {want.exit}"]
    wrong = []

    def same(what, got, wanted):
        if got != wanted:
            wrong.append(f"{what} is {got}, the oracle: {wanted}")

    torches = sorted({b.torch for b in builds}, key=Version)
    same("exit code", code, 0)
    same("torch", [doc["torch"]["first"], doc["torch"]["last"]], [torches[0], torches[-1]])
    if doc["torch"]["best"] + "+" + doc["torch"]["variant"] not in [f"{j.build.torch}+{j.build.variant}" for j in want.best]:
        wrong.append(f"best is {doc['torch']}")
    same("builds", sorted((b["torch"], b["variant"]) for b in doc["builds"]), sorted({(b.torch, b.variant) for b in builds}))
    pythons = {p for b in builds for p in oracle.wheels(b)[0] or [] if machine.python in (None, p)}
    same("pythons", set(doc["pythons"]), pythons)
    if machine.no_gpu() or not any(b.cuda for b in builds):
        same("driver", doc["driver"], None)
        return wrong
    if not machine.gpus:
        same("GPUs", (doc["gpus"], doc["gpus_jit"], doc["gpus_unknown"]), oracles_gpus(machine, builds))
    else:
        same("GPUs", doc["gpus"], [g.cc for g in machine.gpus])
    for entry in doc["builds"]:
        kin = [b for b in builds if (b.torch, b.variant) == (entry["torch"], entry["variant"])]
        same("platforms", set(entry["platforms"]), {f"{b.os}/{b.arch}" for b in kin})
        for system in ("linux", "windows"):
            mine = [b for b in kin if oracle.windows_numbers(machine, b) == (system == "windows")]
            need = entry["driver"][system]
            if bool(mine) != (need is not None):
                wrong.append(f"{entry['torch']}+{entry['variant']}: driver on {system} is {need}")
            elif mine and not any(oracle.need_is_right(machine, b, need) for b in mine):
                wrong.append(f"{entry['torch']}+{entry['variant']}: {need} on {system} is not the oldest driver")
    for system in ("linux", "windows"):
        needs = [b["driver"][system] for b in doc["builds"] if b["driver"][system]]
        same(f"driver on {system}", doc["driver"][system], min(needs, key=oracle.numbers) if needs else None)
    return wrong


@pytest.mark.parametrize("kind", OPTION)
def test_as_the_oracle(cuvet, kind):
    bad, answered = {}, 0
    for i in range(CASES // 4):
        args = without(random_args(random.Random(f"{SEED}/what/{kind}/{i}")), kind)
        r = ask(cuvet, "resolve", [f"--what-{kind}", *args])
        assert r.returncode in (0, 1, 3) and not r.stderr, printed("resolve", [f"--what-{kind}", *args]) + "\n" + r.stderr
        doc = json.loads(r.stdout)
        answered += bool(doc["builds"])
        assert schema_errors("what", doc) == [], printed("resolve", [f"--what-{kind}", *args])
        wrong = differences(doc, r.returncode, args)
        if wrong:
            bad[printed("resolve", [f"--what-{kind}", *args])] = wrong[:6]
    assert not bad, "\n".join(f"{command}\n    " + "\n    ".join(wrong) for command, wrong in bad.items())
    assert answered > CASES // 16


def what(cuvet, line):
    r = ask(cuvet, "resolve", shlex.split(line))
    assert not r.stderr, r.stderr
    doc = json.loads(r.stdout)
    assert schema_errors("what", doc) == []
    return r.returncode, doc


def test_the_oldest_driver_of_a_build(cuvet):
    code, doc = what(cuvet, "--what-driver torch==2.8.0+cu128")
    assert code == 0 and doc["driver"] == {"linux": "525.60.13", "windows": "528.33"}  # compat-rules minor-12
    assert doc["driver_native"]["linux"].startswith("570.") and doc["driver_native"]["windows"] == "570"  # driver-branches: 12.8
    code, doc = what(cuvet, "--what-driver 'torch>=2.4' --gpu rtx5090")
    assert code == 0 and doc["driver"] == {"linux": "570", "windows": "570", "first_branch": "570"}  # gpu-arch 12.0
    code, doc = what(cuvet, "--what-driver torch==1.4.0+cu92 --os windows")
    assert doc["driver"] == {"linux": None, "windows": "397.44"}  # cuda-releases 9.2.88: CUDA 9.2 has no minor-version compatibility
    code, doc = what(cuvet, "--what-driver torch==2.8.0+cpu")
    assert code == 0 and doc["driver"] is None


def test_the_gpus_of_a_build(cuvet):
    code, doc = what(cuvet, "--what-gpu torch==2.14.1+cu130 --os linux --arch x86_64")
    assert code == 0 and doc["gpus"] == ["7.5", "8.0", "8.6", "8.9", "9.0", "10.0", "10.3", "12.0", "12.1"] and doc["gpus_jit"] == []
    assert doc["gpus_unknown"] == ["8.8", "10.7"]  # no driver is known to drive them
    code, doc = what(cuvet, "--what-gpu torch==2.14.1+cu130 --driver 580.65.06 --os linux --arch x86_64")
    assert doc["gpus"] == ["7.5", "8.0", "8.6", "8.9", "9.0", "10.0", "10.3", "12.0", "12.1"]
    code, doc = what(cuvet, "--what-gpu torch==2.7.1+cu118 --driver 470.256.02 --os linux --arch x86_64")
    assert "3.7" in doc["gpus"] and "3.7" in doc["gpus_warned"] and "8.9" not in doc["gpus"]  # 470 does not drive Ada; cuDNN 9 dropped Kepler
    code, doc = what(cuvet, "--what-gpu torch==1.13.1")
    assert code == 0 and {"3.7", "8.6"} <= set(doc["gpus"]) and "3.5" not in doc["gpus"]


def test_the_pythons_of_a_build(cuvet):
    code, doc = what(cuvet, "--what-python torch==1.13.1")
    assert code == 0 and doc["pythons"] == ["3.7", "3.8", "3.9", "3.10", "3.11"]  # torch-releases 1.13.1
    code, doc = what(cuvet, "--what-python torch==2.15.0 --os linux")
    assert doc["pythons"] == ["3.11", "3.12", "3.13", "3.14", "3.14t", "3.15", "3.15t"]


def test_the_torch_of_a_driver_and_of_a_gpu(cuvet):
    code, doc = what(cuvet, "--what-torch --driver 470")
    assert code == 0 and (doc["torch"]["first"], doc["torch"]["last"], doc["torch"]["best"], doc["torch"]["variant"]) == ("0.4.1", "2.7.1", "2.7.1", "cu118")
    code, doc = what(cuvet, "--what-torch --gpu k80 --os linux --arch x86_64")
    assert code == 0 and doc["torch"]["last"] == "2.7.1" and doc["torch"]["best"] == "2.3.1"  # the last sm_37 build; the last whose cuDNN runs there
    assert doc["driver"]["last_branch"] == "470" and "first_branch" not in doc["driver"]
    code, doc = what(cuvet, "--what-torch --gpu orin")
    assert {p for b in doc["builds"] for p in b["platforms"]} == {"linux/aarch64"}  # a Jetson is no PC
    code, doc = what(cuvet, "--what-torch --what-driver --gpu 'GTX 1080' cuda==12.6")
    assert doc["asked"] == ["torch", "driver"] and doc["driver"]["first_branch"] == "367" and doc["driver"]["last_branch"] == "580"


@pytest.mark.parametrize("line,code", [("--what-driver 'torch>2.15.0'", 3), ("--what-driver --gpu 10.7", 3), ("--what-torch --driver 999 --gpu a100", 3),
                                       ("--what-driver torch==2.8.5", 1), ("--what-torch --driver 390.157 --gpu rtx5090", 1), ("--what-gpu torch==2.8.0+cu118", 1)])
def test_no_answer_says_why(cuvet, line, code):
    got, doc = what(cuvet, line)
    assert got == code and doc["builds"] == [] and doc["torch"] is None and doc["driver"] is None and doc["reason"], doc


@pytest.mark.parametrize("line", ["--what-driver --driver 470", "--what-gpu --gpu t4", "--what-python --python 3.11", "--what-python python==3.11", "--what-torch --all",
                                  "--what-torch --machine none", "--what-driver torch==abc", "--what-torch --tool npm"])
def test_wrong_use(cuvet, run, line):
    r = run([cuvet, "resolve", "--machine", "none", *shlex.split(line)])
    assert r.returncode == 2 and r.stdout == "" and r.stderr.count("\n") == 1, r.stdout + r.stderr
    r = run([cuvet, "why", "torch", "--what-driver"])
    assert r.returncode == 2 and "resolve" in r.stderr


@pytest.mark.parametrize("line", ["--what-driver 'torch>=2.4' --gpu rtx5090", "--what-gpu torch==1.13.1", "--what-gpu", "--what-python", "--what-torch --gpu k80", "--what-driver", "--what-torch --driver 470",
                                  "--what-driver --what-gpu --what-python --what-torch torch==2.8.0+cu128", "--what-driver torch==2.8.5", "--what-driver --gpu 10.7", "--what-torch --gpu orin"])
@pytest.mark.parametrize("width", [80, 60])
def test_screens_fit_the_terminal(cuvet, run, line, width):
    """This machine is not asked: without --machine the answer is the same as with --machine none."""
    r = run([cuvet, "resolve", *shlex.split(line)], env={"COLUMNS": str(width), "LANG": "C.UTF-8"})
    assert r.stderr == "" and r.stdout == run([cuvet, "resolve", "--machine", "none", *shlex.split(line)], env={"COLUMNS": str(width), "LANG": "C.UTF-8"}).stdout
    for text in r.stdout.splitlines():
        assert len(text) <= width or "pip install" in text, text
