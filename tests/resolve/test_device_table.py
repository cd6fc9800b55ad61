"""PyTorch's own table of which device runs which code, as oracle for G1, through the command line.

An overlay (`--facts`) gives one build a single target; every capability is asked at once, `via` says whether it runs. The driver is left open, so only G1 speaks.
The table is torch 2.13's (torch/cuda/__init__.py, DEVICE_REQUIREMENT), written down here; facts/torch-device-rules.tsv holds 2.15's, which adds the column for
CUDA 13.2 and later.
"""
import json
import re

import pytest

from resolve import oracle
from resolve.test_oracle import ask

DEVICES = [r["cc"] for r in oracle.table("gpu-arch") if oracle.numbers(r["cc"]) >= (3, 5) and r["cc"] != "8.8"] + ["10.1"]
DEVICES = sorted(set(DEVICES), key=oracle.numbers)

# code -> the devices that torch 2.13 names for it
TORCH_213 = {
    "50": "5.0 5.2", "52": "5.2", "53": "5.3", "60": "6.0 6.1", "61": "6.1", "62": "6.2", "70": "7.0 7.5", "72": "7.2", "75": "7.5", "80": "8.0 8.6 8.9", "86": "8.6 8.9", "87": "8.7", "89": "8.9",
    "90": "9.0", "100": "10.0 10.3 10.7", "101": "10.1 11.0", "103": "10.3 10.7", "110": "10.1 11.0", "120": "12.0 12.1", "121": "12.1",
}
# builds whose target is replaced: one below CUDA 13.2, one from there on
BUILDS = {"special": ("2.8.0", "cu128"), "special_132": ("2.15.0", "cu132")}

# torch 2.13's list of the code that its published builds have
PUBLISHED_213 = {
    ("cu126", "x86_64"): "50 60 70 75 80 86 90", ("cu126", "aarch64"): "80 90", ("cu129", "x86_64"): "75 80 86 90 100 120", ("cu129", "aarch64"): "80 90 100 120",
    ("cu130", "x86_64"): "75 80 86 90 100 120", ("cu130", "aarch64"): "80 90 100 110 120", ("cu132", "x86_64"): "75 80 86 90 100 120", ("cu132", "aarch64"): "80 90 100 110 120",
}


def by_rule(row, cc, column):
    """Does torch-device-rules let this capability run the row's code?"""
    number = cc.replace(".", "")
    if row["min_cc"] == "-":
        return number in row[column].split()
    return int(row["min_cc"]) <= int(number) < int(row["below_cc"]) and "!" + number != row[column]


def runs(cuvet, facts, torch, variant, arch="x86_64"):
    """The capabilities that a GPU of this machine may have for that build, by G1 alone."""
    gpus = [w for cc in DEVICES for w in ("--gpu", cc)]
    r = ask(cuvet, "why", ["--os", "linux", "--arch", arch, *gpus, f"torch=={torch}+{variant}", *(["--facts", str(facts)] if facts else [])])
    assert r.returncode in (0, 1, 3) and not r.stderr, r.stderr
    entry = json.loads(r.stdout)
    assert [g["cc"] for g in entry["gpus"]] == DEVICES
    for g in entry["gpus"]:
        assert (g["via"] is None) == (g["verdict"] in ("gpu-too-old", "gpu-too-new")), g
    return {g["cc"] for g in entry["gpus"] if g["via"]}


@pytest.fixture
def overlay(tmp_path):
    """Tables in which that build has just this code."""
    def write(torch, variant, sass, ptx="none"):
        lines = [line for line in (oracle.FACTS / "torch-archs.tsv").read_text(encoding="utf-8").split("\n") if line and not line.startswith("#")]
        columns = lines[0].split("\t")
        row = next(line.split("\t") for line in lines[1:] if line.split("\t")[:4] == [torch, variant, "linux", "x86_64"])
        row[columns.index("sass")], row[columns.index("ptx")] = sass, ptx
        (tmp_path / "torch-archs.tsv").write_text("\t".join(columns) + "\n" + "\t".join(row) + "\n", encoding="utf-8")
        return tmp_path
    return write


@pytest.mark.parametrize("column", BUILDS)
@pytest.mark.parametrize("row", oracle.table("torch-device-rules"), ids=lambda r: "sm_" + r["code_sm"])
def test_code_runs_where_pytorch_says(cuvet, overlay, row, column):
    facts = overlay(*BUILDS[column], "sm_" + row["code_sm"])
    assert runs(cuvet, facts, *BUILDS[column]) == {cc for cc in DEVICES if by_rule(row, cc, column)}


def test_the_table_is_that_of_2_13():
    rows = {r["code_sm"]: r for r in oracle.table("torch-device-rules")}
    assert set(rows) == set(TORCH_213)
    for code, devices in TORCH_213.items():
        assert [cc for cc in DEVICES if by_rule(rows[code], cc, "special")] == devices.split(), f"sm_{code}"
    # what CUDA 13.2 changes: desktop code on Xavier and Orin, nothing else
    changed = {(code, cc) for code, r in rows.items() for cc in DEVICES if by_rule(r, cc, "special") != by_rule(r, cc, "special_132")}
    assert changed == {("70", "7.2"), ("80", "8.7"), ("86", "8.7")}


@pytest.mark.parametrize("variant,arch", PUBLISHED_213, ids=[" ".join(p) for p in PUBLISHED_213])
def test_every_published_build_of_2_13(cuvet, variant, arch):
    """Its list is torch's, and it runs on the devices that torch's table gives for that list."""
    codes = PUBLISHED_213[variant, arch].split()
    row = next(r for r in oracle.table("torch-archs") if (r["torch"], r["variant"], r["os"], r["arch"]) == ("2.13.0", variant, "linux", arch))
    assert row["sass"] == ",".join("sm_" + c for c in codes) and row["ptx"] == "none"
    column = "special_132" if variant == "cu132" else "special"
    rules = {r["code_sm"]: r for r in oracle.table("torch-device-rules")}
    assert runs(cuvet, None, "2.13.0", variant, arch) == {cc for cc in DEVICES if any(by_rule(rules[c], cc, column) for c in codes)}


SUFFIXED = [("sm_90a", {"9.0"}), ("sm_100a", {"10.0"}), ("sm_103a", {"10.3"}), ("sm_120a", {"12.0"}), ("sm_100f", {"10.0", "10.3", "10.7"}), ("sm_103f", {"10.3", "10.7"}),
            ("sm_120f", {"12.0", "12.1"}), ("sm_121f", {"12.1"})]


@pytest.mark.parametrize("code,devices", SUFFIXED, ids=[s[0] for s in SUFFIXED])
def test_suffixes(cuvet, overlay, code, devices):
    """compat-rules bin-a and bin-f; torch's table has no suffixes."""
    torch, variant = BUILDS["special"]
    assert runs(cuvet, overlay(torch, variant, code), torch, variant) == devices


PTX = [("compute_37", "3.7"), ("compute_50", "5.0"), ("compute_75", "7.5"), ("compute_90", "9.0"), ("compute_120", "12.0")]


@pytest.mark.parametrize("ptx,least", PTX, ids=[p[0] for p in PTX])
def test_ptx_reaches_every_newer_device(cuvet, overlay, ptx, least):
    """bin-ptx: Tegra ones too (compat-rules bin-tegra: compute_80 PTX runs on 8.7). The code itself, sm_53, runs on 5.3 only."""
    torch, variant = BUILDS["special"]
    got = runs(cuvet, overlay(torch, variant, "sm_53", ptx), torch, variant)
    assert got == {cc for cc in DEVICES if oracle.numbers(cc) >= oracle.numbers(least)} | {"5.3"}


@pytest.mark.parametrize("ptx", ["compute_90a", "compute_100f"])
def test_ptx_with_a_suffix_is_no_fallback(cuvet, overlay, ptx):
    torch, variant = BUILDS["special"]
    assert "12.0" not in runs(cuvet, overlay(torch, variant, "sm_90", ptx), torch, variant)


def test_w23_what_the_registry_wheels_were_measured_to_hold_is_what_is_used():
    """peers' W23: PTX 12.0 was recorded for a wheel that has none. torch-archs must say what measured-wheels found."""
    archs = {(r["torch"], r["arch"]): r for r in oracle.table("torch-archs") if r["os"] == "linux" and r["channel"] == "pypi"}
    for w in oracle.table("measured-wheels"):
        m = re.search(r"-cp\d+-\w+-manylinux\w*_(x86_64|aarch64)\.whl$", w["wheel"])
        row = archs[w["torch"], m[1]]
        assert (row["sass"], row["ptx"]) == (w["torch_archs"], w["ptx"]), w["wheel"]
