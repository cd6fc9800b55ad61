"""Which cause is confirmed on which recorded machine, with what evidence and which fix; and when nothing may be confirmed: another machine's log, --elsewhere."""
import json

import pytest

from conftest import ROOT
from data import catalogue
from explain.common import MACHINES, cuvet, explain, ids

OLD = "RuntimeError: The NVIDIA driver on your system is too old (found version {}). Please update your GPU driver"
NO_DRIVER = "RuntimeError: Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU"
SM = "NVIDIA GeForce RTX 5090 with CUDA capability sm_120 is not compatible with the current PyTorch installation.\nThe current PyTorch install supports CUDA capabilities sm_50 sm_60 sm_70."
SMI = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running."
NVML = "Failed to initialize NVML: Driver/library version mismatch"
NO_CUDA = "AssertionError: Torch not compiled with CUDA enabled"
NO_GPUS = "RuntimeError: No CUDA GPUs are available"
KERNEL = "RuntimeError: CUDA error: no kernel image is available for execution on the device"

# machine, log, entry, a text of the evidence, a text of the fix's command ("" = none asked)
CONFIRMED = [
    ("driver-535-cu132", OLD.format(12020), "torch_driver_too_old", "535.261.03", "torch=="),
    ("beginner-5090", SM, "sm_not_compatible", "compute capability 12.0", "torch==2.15.0"),
    ("beginner-5090", KERNEL, "cuda_209_no_kernel", "compute capability 12.0", "torch==2.15.0"),
    ("driver-mismatch", NVML, "nvml_mismatch", "580.173.02", "sudo reboot"),
    ("docker-no-gpu", NO_DRIVER, "torch_no_driver", "/.dockerenv", "--gpus all"),
    ("gpu-no-driver-torch", NO_DRIVER, "torch_no_driver", "", ""),
    ("module-not-loaded", SMI, "smi_comm_failed", "", ""),
    ("nouveau", SMI, "smi_comm_failed", "nouveau", ""),
    ("hidden-empty", NO_GPUS, "torch_no_gpus", "CUDA_VISIBLE_DEVICES", ""),
]


@pytest.mark.parametrize("machine, log, entry, evidence, command", CONFIRMED, ids=[f"{c[0]}-{c[2]}" for c in CONFIRMED])
def test_confirmed(machine, log, entry, evidence, command):
    m = explain(log, machine=machine)["matches"][0]
    assert m["id"] == entry and m["confirmed"] is True, m
    assert any(evidence in e["source"] + e["text"] for e in m["evidence"]), m["evidence"]
    assert m["fixes"] and any(command in (f["command"] or "") for f in m["fixes"]), m["fixes"]
    roots = [f["root"] for f in m["fixes"]]
    assert roots == sorted(roots) and m["fix"] == m["fixes"][0]


@pytest.mark.parametrize("log", [OLD.format(13000), NVML, SMI, NO_DRIVER, KERNEL, NO_GPUS], ids=lambda t: t[:30].replace(" ", "-"))
def test_a_healthy_machine_confirms_no_fault_of_its_own(log):
    """What is in order is not to blame; only a sentence such as "another Python ran it" may stand."""
    for machine in ("laptop-healthy", "server-8xh100"):
        for m in explain(log, machine=machine)["matches"]:
            if m["confirmed"]:
                assert not any(word in m["cause"].lower() for word in ("too old", "not loaded", "mismatch", "nouveau is", "no driver is installed")), m


@pytest.mark.parametrize("machine", ["laptop-healthy", "server-8xh100", "no-gpu-no-torch", "driver-mismatch", "docker-no-gpu", "beginner-5090", "wsl2", "jetson-orin-jp6"])
def test_every_sample_on_a_machine(machine):
    """The schema asks evidence for each confirmed cause; commands hold nothing unfilled and nothing of the log that a shell would take apart."""
    log = "\n\n".join(s["sample"] + "\n" * 70 for s in catalogue.samples())
    doc = explain(log, machine=machine)
    assert len(doc["matches"]) >= 140
    for m in doc["matches"]:
        for f in m["fixes"]:
            assert "{" not in (f["command"] or "") or "docker" in f["command"], f
            assert f["text"] or f["command"]
        for text in (m["meaning"], m["cause"] or ""):
            assert "{" not in text and "}" not in text, text


# ---- the log contradicts the machine ----

@pytest.mark.parametrize("machine, log, what", [
    ("driver-535-cu132", OLD.format(11070), "driver for CUDA 11.7"),
    ("laptop-healthy", SM, "12.0"),
    ("no-gpu-no-torch", "The detected CUDA version (12.4) mismatches the version that was used to compile\nPyTorch (11.8). Please make sure to use the same CUDA versions.", "torch for CUDA 11.8"),
])
def test_a_log_of_another_machine_confirms_nothing(machine, log, what):
    doc = explain(log, machine=machine)
    assert what in (doc["contradicts"] or "")
    assert all(m["confirmed"] is not True or all("log" in e["source"] for e in m["evidence"]) for m in doc["matches"])
    text = cuvet("explain", "--root", MACHINES / machine / "tree", "-", data=log).stdout.decode()
    assert "--elsewhere" in text and "onfirmed here" not in text


def test_elsewhere_uses_nothing_of_this_machine():
    env = {"CUDA_VISIBLE_DEVICES": "", "LD_LIBRARY_PATH": "/nowhere"}
    doc = explain(NO_GPUS, "--elsewhere", machine=None, env=env)
    assert doc["elsewhere"] and doc["matches"][0]["confirmed"] is None and not doc["doctor"]
    here = explain(NO_GPUS, machine=None, env=env)
    assert not here["elsewhere"]


def test_elsewhere_takes_the_logs_values():
    doc = explain(OLD.format(11070), "--elsewhere", machine=None)
    commands = [f["command"] for f in doc["matches"][0]["fixes"]]
    assert any(c and c.startswith("cuvet resolve --machine none --driver 515") for c in commands), commands
    r = cuvet("resolve", "--json", "--machine", "none", "--driver", "515")
    assert json.loads(r.stdout)["schema"] == "cuvet/resolve/1"


def test_elsewhere_with_overrides():
    doc = explain(OLD.format(12020), "--elsewhere", "--driver", "535.261.03", "--gpu", "RTX 3090", machine=None)
    assert doc["matches"][0]["confirmed"] is not False and doc["contradicts"] is None


# ---- facts of one's own ----

def test_an_entry_of_ones_own(tmp_path):
    head = {name: next(line for line in (ROOT / f"facts/{name}.tsv").read_text(encoding="utf-8").splitlines() if not line.startswith("#")) for name in ("errors", "error-causes")}
    (tmp_path / "errors.tsv").write_text(head["errors"] + "\nour_error\tour frobnicator ([0-9]+) broke\t1=n\ttorch\tFrobnicator {n} broke.\tours\n", encoding="utf-8")
    (tmp_path / "error-causes.tsv").write_text(head["error-causes"] + "\nour_error\t1\tIt was number {n}.\t$n>=7 log:seventh.frobnicator\tTurn it.\tturn {n}\t-\t-\tours\n", encoding="utf-8")
    doc = explain("our frobnicator 8 broke; rm -rf; the seventh frobnicator", "--facts", tmp_path)
    (m,) = doc["matches"]
    assert m["id"] == "our_error" and m["confirmed"] is True and m["cause"] == "It was number 8." and m["fix"]["command"] == "turn 8"
    assert explain("our frobnicator 6 broke", "--facts", tmp_path)["matches"][0]["confirmed"] is False
    assert ids(explain(OLD.format(11070), "--facts", tmp_path)) == ["torch_driver_too_old"]


@pytest.mark.parametrize("cell, wrong", [("(", "not closed"), ("x*y", "no text of 6 bytes"), ("\\dddddddd", "backslash")])
def test_an_expression_that_cannot_be_used(tmp_path, cell, wrong):
    head = next(line for line in (ROOT / "facts/errors.tsv").read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    (tmp_path / "errors.tsv").write_text(f"{head}\nours\t{cell}\t-\ttorch\tX.\tours\n", encoding="utf-8")
    r = cuvet("explain", "--machine", "none", "--facts", tmp_path, "-", data="x")
    assert r.returncode == 2 and r.stdout == b"" and wrong in r.stderr.decode() and r.stderr.count(b"\n") == 1


def test_a_command_never_holds_what_a_shell_takes_apart():
    log = "ERROR: Could not find a version that satisfies the requirement torch==2.1;rm${IFS}-rf (from versions: none)"
    for m in explain(log)["matches"]:
        assert not any("rm$" in (f["command"] or "") for f in m["fixes"]), m["fixes"]
