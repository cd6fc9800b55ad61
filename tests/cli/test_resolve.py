"""`cuvet resolve` and `cuvet why`: the answers that other tools got wrong (W1 to W23 of the survey of peers), requests, bad input, and the JSON against its schema."""
import functools
import json
import shlex

import pytest

from conftest import ROOT
from cli.test_cli import call  # noqa: F401  (fixture)

MACHINES = ROOT / "tests/machines"
HOST = ["--machine", "none", "--os", "linux", "--arch", "x86_64", "--glibc", "2.36"]
P311 = [*HOST, "--python", "3.11"]


@functools.cache
def schema(name):
    jsonschema = pytest.importorskip("jsonschema")
    return jsonschema.Draft202012Validator(json.loads((ROOT / f"schemas/{name}.json").read_text()))


@pytest.fixture
def ask(call):  # noqa: F811
    """ask("torch==2.8.0 --driver 580", base) -> (exit code, checked document)."""
    def run(line, base=P311, command="resolve"):
        r = call(command, *shlex.split(line), *base, "--json")
        assert r.stderr == "", r.stderr
        doc = json.loads(r.stdout)
        schema(command).validate(doc)
        return r.returncode, doc
    return run


def build(c):
    return None if c is None else f"{c['torch']}+{c['variant']}"


# what is asked, the pick, verdict, driver's mode
PICKS = [
    # W1: uv took cu132 for all of these
    ("--driver 580.65.06 --gpu 'GTX 1080'", "2.14.1+cu126", "works", "native"),
    ("--driver 580.65.06 --gpu V100", "2.14.1+cu126", "works", "native"),
    ("--driver 595.45.04 --gpu V100", None, None, None),
    ("--driver 580.65.06 --gpu 'RTX 3090' --gpu 'GTX 1080'", "2.14.1+cu126", "works", "native"),
    ("torch==2.6.0 --driver 570.26 --gpu 'RTX 5090'", None, None, None),
    ("--driver 525.60.13 --gpu 'GTX 1080'", "2.14.1+cu126", "works", "minor"),
    ("torch==2.13.0 --driver 580.65.06 --gpu 'GTX 1080'", "2.13.0+cu126", "works", "native"),
    # W2: the newest torch comes before the newest CUDA
    ("--driver 525.60.13 --gpu 'RTX 3090'", "2.14.1+cu126", "works", "minor"),
    ("'torch<=2.13' --driver 525.60.13 --gpu 'RTX 3090'", "2.13.0+cu129", "works", "minor"),
    # W3, W20: never silently a CPU build
    ("--driver 440.33.01 --gpu V100", None, None, None),
    ("--driver 440.33.01 --gpu 'RTX 3090'", None, None, None),
    ("--driver 465.19.01 --gpu 'RTX 3090'", "2.7.1+cu118", "works", "minor"),
    # W4: versions are no texts
    ("'torch>=2.9,<2.12' --driver 580.65.06 --gpu 'RTX 3090'", "2.11.0+cu130", "works", "native"),
    ("--gpu none", "2.15.0+cpu", "cpu-only", None),
    # W6: driver floor of the GPU, mixed extremes, Arm, new drivers
    ("--driver 550.54.14 --gpu 'RTX 5090'", None, None, None),
    ("--driver 580.65.06 --gpu 'RTX 5090' --gpu 'GTX 1080'", None, None, None),
    ("--driver 595.45.04 --gpu 'RTX 3090'", "2.15.0+cu132", "works", "native"),
    ("--driver 610.43.02 --gpu 'RTX 3090'", "2.15.0+cu132", "works", "native"),
    ("--driver 580.95.05 --gpu B300", "2.15.0+cu132", "works", "minor"),
    # W8: Ada has no code of its own and needs none
    ("torch==2.13.0 --driver 580.65.06 --gpu L4", "2.13.0+cu130", "works", "native"),
    # W10: minor-version compatibility is no conflict
    ("torch==2.6.0+cu124 --driver 525.60.13 --gpu 'RTX 3090'", "2.6.0+cu124", "works", "minor"),
    # W12, W17, W18: no builds that do not exist, drivers count
    ("--driver 470.82.01 --gpu 'RTX 3090'", "2.7.1+cu118", "works", "minor"),
    ("torch==1.12.1 --driver 465.19.01 --gpu 'RTX 3090'", None, None, None),
    ("--driver 390.157 --gpu 'GTX 1080'", None, None, None),
    # W21: every GPU counts; --any: one is enough
    ("--any --driver 580.65.06 --gpu 'RTX 5090' --gpu 'GTX 1080'", "2.15.0+cu132", "works", "minor"),
    # asked-for probes that others had right
    ("torch==2.9.1 --driver 470.82.01 --gpu K80", None, None, None),
    ("torch==2.6.0 --driver 570.86.16 --gpu 'RTX 5090'", None, None, None),
    # requests
    ("torch==2.1.0+cu121 --driver 535 --gpu a100", "2.1.0+cu121", "works", "native"),
    ("cuda==12.4 --driver 550.54.14 --gpu a100", "2.6.0+cu124", "works", "native"),
    ("'cuda<12.5' 'torch>=2.4' --driver 550.54.14 --gpu a100", "2.7.1+cu118", "works", "native"),
    ("torchvision==0.20.1 --driver 550.54.14 --gpu a100", "2.5.1+cu124", "works", "native"),
    ("torchvision==0.20.1+cu121 --driver 550.54.14 --gpu a100", "2.5.1+cu121", "works", "native"),
    ("vllm --driver 580.65.06 --gpu a100", "2.14.0+cu130", "works", "native"),
    ("xformers==0.0.30 --driver 580.65.06 --gpu a100", "2.7.0+cu126", "works", "native"),
    ("torch==2.8.0+cpu --driver 580.65.06 --gpu a100", "2.8.0+cpu", "cpu-only", None),
    ("torch==2.8 --driver 580.65.06 --gpu a100", "2.8.0+cu128", "works", "native"),
    ("'torch~=2.7.0' --driver 580.65.06 --gpu a100", "2.7.1+cu126", "works", "native"),
    ("torch==2.8.0 cuda==12.4 --driver 580 --gpu a100", None, None, None),
    ("Flash_Attn==2.8.3 --driver 550.54.14 --gpu a100", "2.8.0+cu128", "works", "minor"),
]


@pytest.mark.parametrize("line,pick,verdict,mode", PICKS, ids=lambda v: v if isinstance(v, str) and "-" in v else None)
def test_pick(ask, line, pick, verdict, mode):
    code, doc = ask(line)
    assert build(doc["best"]) == pick
    if pick is None:
        assert code == 1 and doc["candidates"] == [] and doc["rejected"], doc
    else:
        assert code == 0 and doc["best"]["verdict"] == verdict and (doc["best"]["driver"] or {}).get("mode") == mode
        assert doc["candidates"][0] == doc["best"] and doc["best"]["commands"]["pip"]


def test_old_projects(ask):
    base = [*HOST, "--python", "3.9"]
    for driver in ("465.19.01", "550.54.14"):
        code, doc = ask(f"torch==1.8.1 --driver {driver} --gpu 'RTX 3090'", base)
        assert code == 0 and build(doc["best"]) == "1.8.1+cu111"
        assert doc["best"]["commands"]["pip"] == "python -m pip install torch==1.8.1+cu111 -f https://download.pytorch.org/whl/torch_stable.html"
    code, doc = ask("torch==1.8.1 --driver 465.19.01 --gpu 'RTX 3090'", base, "why")
    assert code == 1 and build(doc) == "1.8.1+cu102" and doc["verdict"] == "gpu-too-new"
    code, doc = ask("--driver 470.82.01 --gpu K80", base)
    assert code == 0 and [g["via"] for g in doc["best"]["gpus"]] == ["sm_37"] and not [r for r in doc["best"]["reasons"] if r["rule"] == "G2"]


def test_other_platforms(ask):
    arm = ["--machine", "none", "--os", "linux", "--arch", "aarch64", "--glibc", "2.39", "--python", "3.12"]
    code, doc = ask("torch==2.13.0 --driver 580.119.02 --gpu GB10", arm)
    assert code == 0 and build(doc["best"]) == "2.13.0+cu130" and doc["best"]["gpus"][0]["via"] == "sm_120"
    windows = ["--machine", "none", "--os", "windows", "--arch", "amd64", "--python", "3.12"]
    code, doc = ask("torch==2.8.0 --driver 581.57 --gpu 'RTX 4090'", windows)
    assert code == 0 and build(doc["best"]) == "2.8.0+cu129" and doc["best"]["channel"] == "pytorch"
    code, doc = ask("torch==2.8.0", windows, "why")
    assert code == 0 and build(doc) == "2.8.0+cpu" and doc["channel"] == "pypi"
    code, doc = ask("", ["--machine", "none", "--os", "macos", "--arch", "arm64", "--python", "3.12"])
    assert code == 0 and build(doc["best"]) == "2.15.0+cpu" and doc["best"]["os"] == "macos"
    code, doc = ask("--gpu a100 --driver 580", ["--machine", "none", "--os", "windows", "--arch", "aarch64"])
    assert code == 1 and doc["best"] is None
    code, doc = ask("--gpu a100 --driver 550.54.14", ["--machine", "none", "--os", "linux", "--arch", "x86_64", "--glibc", "2.17", "--python", "3.11"])
    assert build(doc["best"]) == "2.6.0+cu124"  # W6: no manylinux_2_28 wheel on glibc 2.17


def test_open_axes_are_named(ask):
    code, doc = ask("", ["--machine", "none"])
    assert code == 3 and doc["best"]["verdict"] == "works-if"
    assert set(doc["best"]["needs"]) == {"driver", "gpu", "python", "os", "arch", "glibc"}
    assert doc["best"]["needs"]["driver"] == ">=580.65.06" and doc["best"]["needs"]["glibc"] == ">=2.28"
    code, doc = ask("--gpu 'GTX 1080'")
    assert code == 3 and doc["best"]["needs"] == {"driver": ">=525.60.13"} and doc["best"]["driver"]["last_branch"] == "580"
    code, doc = ask("'python>=3.13' --driver 580 --gpu a100", HOST)
    assert code == 3 and doc["best"]["needs"] == {"python": "3.13,3.14,3.14t,3.15,3.15t"}


def test_unknown_is_said(ask):
    """A fact is missing: exit 3, and the reason names it."""
    for line in ("torch==77.1 --driver 580 --gpu a100", "'torch>=3' --driver 580 --gpu a100", "torch==2.8.0+rocm6.4", "torch==2.15.0+cu130 --driver 595.45.04 --gpu a100",
                 "--driver 999.1 --gpu a100", "torchcodec==0.17.0 --driver 580 --gpu a100", "--driver 580 --gpu a100 --tool conda"):
        code, doc = ask(line)
        assert code == 3 and doc["best"] is None, line
        assert any(r["result"] == "unknown" for c in doc["rejected"] for r in c["reasons"]), line
    code, doc = ask("torch==2.16.0 --driver 580 --gpu a100", command="why")
    assert code == 3 and doc["verdict"] == "unknown" and doc["torch"] == "2.16.0"


def test_what_was_never_published(ask):
    for line in ("torch==1.13.1+cu118", "torch==1.8.1+cu128", "torch==2.8.5", "torch==0.4.0", "torch==2.15.0+cu126"):
        code, doc = ask(line + " --driver 580 --gpu a100", command="why")
        assert code == 1 and doc["verdict"] == "no-build" and doc["commands"] == {}, line
        torch, _, variant = line.split("==")[1].partition("+")
        assert doc["torch"] == torch and doc["variant"] == (variant or None)


def test_conflicts_are_small_and_the_nearest_works(ask):
    code, doc = ask("'torch>=2' torch==2.8.0 cuda==12.4 --driver 580 --gpu a100")
    assert code == 1 and doc["conflict"]["request"] == ["torch==2.8.0", "cuda==12.4"]
    assert build(doc["nearest"]["best"]) == "2.8.0+cu128"
    code, doc = ask("torch==2.6.0 --driver 570.86.16 --gpu 'RTX 5090'")
    assert "conflict" not in doc and doc["nearest"]["request"] == f"torch=={doc['nearest']['best']['torch']}"
    code, doc = ask("torch==2.8.0 torchvision==0.20.1 --driver 580 --gpu a100")
    assert code == 1 and len(doc["conflict"]["request"]) == 2


def test_unlocks(ask):
    code, doc = ask("--driver 525.60.13 --gpu 'RTX 3090'")
    assert [(u["torch"], u["axis"], u["must"]) for u in doc["unlock"]] == [("2.15.0", "driver", ">=580.65.06")]
    code, doc = ask("--driver 580.65.06 --gpu 'RTX 3090'", [*HOST, "--python", "3.10"])
    assert ("2.15.0", "python") in [(u["torch"], u["axis"]) for u in doc["unlock"]]
    code, doc = ask("--driver none --gpu 'RTX 5090'")
    assert code == 1 and doc["unlock"][0]["axis"] == "driver" and doc["unlock"][0]["command"]


def test_all_is_complete_and_ordered(ask):
    code, doc = ask("--all --driver 525.60.13 --gpu 'RTX 3090'")
    keys = [(c["torch"], c["variant"], c["os"], c["arch"]) for c in doc["candidates"] + doc["rejected"]]
    assert len(keys) == len(set(keys)) == 208  # every row of torch-builds for Linux on x86_64
    assert {c["verdict"] for c in doc["candidates"]} == {"works"}
    assert not {c["verdict"] for c in doc["rejected"]} & {"works", "works-jit", "works-if"}
    _, short = ask("--driver 525.60.13 --gpu 'RTX 3090'")
    assert short["best"] == doc["best"]


def test_an_environment_is_not_broken_silently(ask):
    _, doc = ask("", ["--root", str(MACHINES / "torchvision-mismatch/tree")])
    assert {b["package"] for b in doc["breaks"]} == {"torchvision", "torchaudio"}
    assert "torchvision==0.29.2" in doc["best"]["commands"]["pip"]


def test_several_machines(ask, tmp_path, call):  # noqa: F811
    for name, args in (("v100", ["--gpu", "V100", "--driver", "580.65.06"]), ("h100", ["--gpu", "H100", "--driver", "580.65.06"]), ("b200", ["--gpu", "B200", "--driver", "580.65.06"])):
        (tmp_path / name).write_text(call("snapshot", *P311, *args).stdout)
    pair = ["--machine", str(tmp_path / "v100"), "--machine", str(tmp_path / "h100")]
    code, doc = ask("", pair)
    assert code == 0 and build(doc["best"]) == "2.14.1+cu126" and len(doc["machines"]) == 2
    assert [g["machine"] for g in doc["best"]["gpus"]] == [0, 1]
    code, doc = ask("'torch>=2.11'", [*pair, "--machine", str(tmp_path / "b200")])
    assert code == 1 and doc["best"] is None
    assert sorted(m for p in doc["plan"] for m in p["machines"]) == [0, 1, 2] and len(doc["plan"]) == 2


BAD = ["torch=2.8", "torch==", "torch==abc", "torch==2.8.0,", "torch[opt]", "torch;python_version<'3'", "torch @ https://x", "", "==2", "numpy==1.26", "torch==2.9.0rc1", "pytorch==2.8",
       "torch>=2.1+cu121", "python==three", "python", "cuda==cu124", "torch 2.8", "--tool npm", "--mirror nowhere", "python==3.11 python==3.12", "python==3.11 --python 3.12"]


@pytest.mark.parametrize("line", BAD)
@pytest.mark.parametrize("json_too", [False, True])
def test_bad_requests_are_one_line(call, line, json_too):  # noqa: F811
    args = shlex.split(line) if line.startswith(("--", "python==3.11 ")) else [line]
    r = call("resolve", *args, *HOST, *(["--json"] if json_too else []))
    assert r.returncode == 2 and r.stdout == "" and r.stderr.startswith("cuvet: ") and r.stderr.count("\n") == 1, r.stderr


def test_near_names(call):  # noqa: F811
    for typo, meant in (("RTX 3900", "RTX 3090"), ("H10O", "H100"), ("GTX1800", "GTX 1080"), ("gt730", "GT 730")):
        r = call("resolve", "--gpu", typo, *HOST)
        assert r.returncode == 2 and meant in r.stderr and r.stderr.count("\n") == 1, r.stderr


TOOLS = {
    "pip": "python -m pip install torch==2.14.1 --index-url https://download.pytorch.org/whl/cu126",
    "uv": "uv pip install torch==2.14.1 --index-url https://download.pytorch.org/whl/cu126",
    "poetry": "poetry source add --priority explicit pytorch-cu126 https://download.pytorch.org/whl/cu126 && poetry add --source pytorch-cu126 torch==2.14.1",
    "requirements": "--extra-index-url https://download.pytorch.org/whl/cu126\ntorch==2.14.1+cu126",
}


@pytest.mark.parametrize("tool", sorted(TOOLS))
def test_tools(ask, tool):
    _, doc = ask(f"--tool {tool} --driver 580.65.06 --gpu V100")
    assert doc["best"]["commands"][tool] == TOOLS[tool]


def test_conda_names_what_it_cannot_judge(ask):
    code, doc = ask("torch==2.5.1 --tool conda --driver 550.54.14 --gpu a100")
    assert code == 3 and {c["channel"] for c in doc["rejected"]} <= {"conda-pytorch", "conda-forge"}
    assert all(c["verdict"] == "unknown" for c in doc["rejected"])


def test_mirrors(ask):
    _, doc = ask("--mirror nju --driver 580.65.06 --gpu V100")
    assert "--index-url https://mirrors.nju.edu.cn/pytorch/whl/cu126" in doc["best"]["commands"]["pip"]
    _, doc = ask("--mirror aliyun --driver 580.65.06 --gpu V100")
    assert "torch==2.14.1+cu126 -f https://mirrors.aliyun.com/pytorch-wheels/cu126/" in doc["best"]["commands"]["pip"]
    _, doc = ask("--mirror https://my.host/whl --driver 580.65.06 --gpu V100")
    assert "--index-url https://my.host/whl/cu126" in doc["best"]["commands"]["pip"]


def test_why_needs_one(call):  # noqa: F811
    assert call("why", *HOST).returncode == 2
    assert call("why", "torch", "cuda==12.4", *HOST).returncode == 2
    assert call("doctor", "--all", *HOST).returncode == 2


def test_text_fits_80_columns_but_for_commands(call):  # noqa: F811
    r = call("resolve", *P311, "--driver", "525.60.13", "--gpu", "RTX 3090", env={"COLUMNS": "80"})
    lines = r.stdout.splitlines()
    assert lines[0].startswith("PICK") and "pip install torch==2.14.1" in lines[1]
    assert [x for x in lines if len(x) > 80 and "install" not in x] == []
    assert call("resolve", *P311, "--driver", "580", "--gpu", "a100", "-q").stdout.count("\n") <= 6


def test_a_package_that_breaks_cuda_breaks_it_for_every_build(ask, call):  # noqa: F811
    """Error 804 comes from cuInit, before a build matters: all builds fail alike, and the way out is to take the package off, not another driver."""
    code, doc = ask("--all --driver 535.183.01 --compat 555.58.02 --gpu rtx4090")
    assert code == 1 and doc["best"] is None and doc["candidates"] == []
    fails = [c for c in doc["rejected"] if c["driver"] and c["verdict"] not in ("no-build", "gpu-too-new", "gpu-too-old")]
    assert len(fails) > 50 and {c["driver"]["mode"] for c in fails} == {"too-old"} and {c["verdict"] for c in fails} == {"driver-too-old"}
    assert all(any("error 804" in r["text"] for r in c["reasons"]) for c in fails)
    assert [(u["axis"], u["must"], u["how_command"]) for u in doc["unlock"]] == [("compat", "none", "unset LD_LIBRARY_PATH")]
    text = call("resolve", *P311, "--driver", "535.183.01", "--compat", "555.58.02", "--gpu", "rtx4090").stdout
    assert "take it off first" in text and "would run without the cuda-compat package" in text and "NVIDIA driver" not in text.split("Unlock")[1]
    _, doc = ask("torch==2.5.1+cu121 --driver 535.183.01 --gpu rtx4090")  # and it does run without
    assert doc["best"]["verdict"] == "works"


PYTHONS = [("3.16", "", "new", "2.15.0", "3.13"), ("3.14", "torch==2.4.1", "new", "2.4.1", "3.10"), ("3.8", "'torch>=2.8'", "old", "2.15.0", "3.13"), ("3.13t", "torch==2.4.1", "new", "2.4.1", "3.10")]


@pytest.mark.parametrize("python,line,too,torch,instead", PYTHONS)
def test_a_python_that_no_build_has_a_wheel_for(ask, call, python, line, too, torch, instead):  # noqa: F811
    """The Pythons that would do, and one of them without root: in what uv makes, where there is no pip."""
    here = [*HOST, "--python", python, "--driver", "580.65.06", "--gpu", "RTX 3090"]
    code, doc = ask(line, here)
    refused = doc["python_refused"]
    assert code == 1 and doc["best"] is None and refused["have"] == python and refused["too"] == too
    assert python not in refused["instead"] and instead in refused["instead"] and refused["how_command"] == f"uv venv --python {instead}"
    assert refused["best"]["torch"] == torch and refused["best"]["verdict"] == "works" and refused["best"]["commands"]["uv"].startswith(f"uv pip install torch=={torch}")
    code, again = ask(line, [*HOST, "--python", instead, "--driver", "580.65.06", "--gpu", "RTX 3090"])
    assert code == 0 and build(again["best"]) == build(refused["best"])  # it is the pick there
    lines = call("resolve", *shlex.split(line), *here).stdout.splitlines()
    assert lines[0].startswith(f"NONE    Python {python} is too {too} for every known build of") and not lines[-1] == ""
    assert f"        uv venv --python {instead}" in lines and all(len(text) <= 80 or "pip install" in text for text in lines)


def test_a_python_is_not_blamed_for_what_else_is_wrong(ask):
    _, doc = ask("--driver 390.157 --gpu 'RTX 3090'", [*HOST, "--python", "3.16"])
    assert doc["python_refused"]["best"] is None  # no Python helps there
    _, doc = ask("--driver 390.157 --gpu 'RTX 3090'", [*HOST, "--python", "3.11"])
    assert "python_refused" not in doc
    _, doc = ask("--driver 580 --gpu 'RTX 3090'", [*HOST, "--python", "3.9"])
    assert doc["best"] and "python_refused" not in doc
    assert next(u for u in doc["unlock"] if u["axis"] == "python")["how_command"].startswith("uv venv --python 3.")
    _, doc = ask("torch==2.4.1 --driver 580 --gpu 'RTX 3090' --tool conda", [*HOST, "--python", "3.14"])
    assert not doc.get("python_refused", {}).get("how_command")  # conda brings its own
