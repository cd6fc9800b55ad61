"""The command line as a contract: exit codes, one line for bad input, pipes, colours, overrides, snapshots. Recorded machines stand in for real ones."""
import json
import os
import pty
import signal
import subprocess
import time

import pytest

from conftest import ROOT

MACHINES = ROOT / "tests/machines"
LAPTOP = str(MACHINES / "laptop-healthy/tree")


@pytest.fixture
def call(cuvet, tmp_path):
    def run(*args, stdin=None, env=None, **kw):
        full = {"PATH": "/nonexistent", "HOME": str(tmp_path), "LANG": "C.UTF-8", **(env or {})}
        full.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
        return subprocess.run([cuvet, *args], capture_output=True, env=full, cwd=tmp_path, timeout=60, input=stdin, check=False, text=True, **kw)

    return run


BAD = [
    ["--nonsense"],
    ["-Z"],
    ["nonsense"],
    ["doctor", "extra"],
    ["--driver"],
    ["--driver", "abc"],
    ["--driver", ""],
    ["--driver", "12.4"],
    ["--gpu", "rtx"],
    ["--driver", "580", "--driver", "535"],
    ["--gpu", "no such card"],
    ["--gpu", "gt730"],
    ["--gpu", "none", "--gpu", "a100"],
    ["--gpu", "a100", "--gpu", "none"],
    ["--python", "three"],
    ["--os", "beos"],
    ["--arch", "z80"],
    ["--glibc", "x"],
    ["--toolkit", "new"],
    ["--compat", "x"],
    ["--os", "macos", "--driver", "580"],
    ["--os", "windows", "--wsl"],
    ["--driver", "none", "--compat", "570.86.10"],
    ["--color", "pink"],
    ["--machine", "none", "--root", "/"],
    ["--machine", "/nonexistent/file.json"],
    ["--machine", "/"],
    ["--root", "/nonexistent"],
    ["--facts", "/nonexistent"],
    ["--tree", "x"],
    ["snapshot", "--tree", "x", "--driver", "580"],
    ["facts"],
    ["facts", "list", "no-such-table"],
    ["facts", "show", "torch-builds"],
    ["facts", "show", "torch-builds", "77.7"],
]


@pytest.mark.parametrize("args", BAD, ids=" ".join)
@pytest.mark.parametrize("json_too", [False, True])
def test_wrong_use_is_one_line_and_exit_2(call, args, json_too):
    base = [] if args[0] in ("facts", "snapshot", "nonsense", "doctor") or "--root" in args or "--machine" in args else ["--root", LAPTOP]
    if json_too and args[0] == "snapshot":
        pytest.skip("snapshot is JSON already")
    r = call(*args, *base, *(["--json"] if json_too else []))
    assert r.returncode == 2, r.stdout + r.stderr
    assert r.stdout == ""
    assert r.stderr.startswith("cuvet: ") and r.stderr.count("\n") == 1 and r.stderr.endswith("\n"), r.stderr


@pytest.mark.parametrize("text,said", [
    ("{", "no valid JSON"), ("", "no valid JSON"), ("[]", "object"), ('{"gpus": 5}', "gpus"), ('{"gpus": [{"cc": "x"}]}', "cc"), ('{"driver": 580}', "driver"),
    ('{"driver": "abc"}', "driver"), ('{"environments": [{"torch": {"version": "x"}}]}', "version"), ('{"schema": "other/1"}', "schema"), ("\x00\x01", "JSON"),
    ('{"environments": [{"packages": {"a": 1}}]}', "packages"),
])
def test_bad_snapshots(call, tmp_path, text, said):
    (tmp_path / "m.json").write_text(text)
    r = call("--machine", "m.json")
    assert r.returncode == 2 and r.stdout == ""
    assert r.stderr.startswith("cuvet: m.json") and said in r.stderr and r.stderr.count("\n") == 1, r.stderr


def test_help_and_version(call):
    r = call("--help")
    assert r.returncode == 0 and r.stderr == ""
    assert all(len(line) <= 90 for line in r.stdout.splitlines()) and len(r.stdout.splitlines()) <= 45
    for word in ("prove", "fleet"):
        assert f"cuvet {word}" not in r.stdout  # not built yet: not named
    for command in ("doctor", "resolve", "why", "explain", "run", "snapshot", "facts"):
        assert call(command, "--help").stdout == call("help", command).stdout != ""
    assert call("--version").stdout == "cuvet 0.1.0\n"


def test_near_command(call):
    assert "did you mean doctor" in call("docter").stderr


def test_machine_none(call):
    r = call("--machine", "none", "--json")
    doc = json.loads(r.stdout)
    assert r.returncode == 0 and doc["verdict"] is None
    assert doc["machine"]["driver"] is None and doc["machine"]["gpus"] is None and doc["machine"]["environments"] is None
    assert not [f for f in doc["findings"] if f["id"] in ("no-gpu", "no-torch", "driver-missing")]


def test_overrides_describe_another_machine(call):
    r = call("--root", LAPTOP, "--driver", "470", "--gpu", "GTX 1080", "--json")
    doc = json.loads(r.stdout)
    assert doc["machine"]["driver"] == "470" and [g["cc"] for g in doc["machine"]["gpus"]] == ["6.1"]
    assert doc["machine"]["sources"]["driver"] == "--driver"
    assert doc["verdict"] == "gpu-too-old" and r.returncode == 1
    doc = json.loads(call("--machine", "none", "--gpu", "g5.12xlarge", "--driver", "535", "--json").stdout)
    assert len(doc["machine"]["gpus"]) == 4 and doc["machine"]["driver_cuda"] == "12.2"
    doc = json.loads(call("--machine", "none", "--gpu", "8.6", "--gpu", "sm_90", "--json").stdout)
    assert [g["cc"] for g in doc["machine"]["gpus"]] == ["8.6", "9.0"]
    doc = json.loads(call("--root", LAPTOP, "--driver", "none", "--json").stdout)
    assert doc["machine"]["driver"] == "none" and doc["verdict"] == "driver-too-old"
    doc = json.loads(call("--root", LAPTOP, "--gpu", "none", "--json").stdout)
    assert doc["machine"]["gpus"] == [] and doc["verdict"] == "cpu-only"
    doc = json.loads(call("--root", LAPTOP, "--wsl", "--driver", "581.57", "--json").stdout)
    assert doc["machine"]["driver_cuda"] == "13.0" and "wsl" in doc["machine"]["place"]


def test_snapshot_is_one_line_and_reads_back_the_same(call, tmp_path):
    for machine in sorted(p.parent for p in MACHINES.glob("*/tree"))[::7]:
        first = call("snapshot", "--root", str(machine / "tree"))
        assert first.returncode == 0 and first.stdout.count("\n") == 1, machine
        (tmp_path / "s.json").write_text(first.stdout)
        again = call("snapshot", "--machine", "s.json")
        assert again.stdout == first.stdout, machine
        assert call("snapshot", "--machine", "-", stdin=first.stdout).stdout == first.stdout


def test_old_snapshot_stays_readable(call):
    """What the first version wrote, and keys of a future one."""
    for path in sorted((ROOT / "tests/data/snapshots").glob("*.json")):
        want = json.loads(path.with_suffix(".expect").read_text())
        doc = json.loads(call("--machine", str(path), "--json").stdout)
        assert {k: doc[k] for k in ("verdict",)} == want, path


def test_strict(call):
    tree = str(MACHINES / "nodes-missing/tree")
    assert call("--root", tree).returncode == 0
    assert call("--root", tree, "--strict").returncode == 1


def test_colour_only_on_a_terminal(call, cuvet):
    plain = call("--root", LAPTOP).stdout
    assert "\033" not in plain
    assert "\033[" in call("--root", LAPTOP, "--color=always").stdout

    def in_terminal(**env):
        pid, fd = pty.fork()
        if pid == 0:
            os.execve(cuvet, [cuvet, "--root", LAPTOP], {"TERM": "xterm", "LANG": "C.UTF-8", **env})
        out = b""
        try:
            while chunk := os.read(fd, 65536):
                out += chunk
        except OSError:
            pass
        os.waitpid(pid, 0)
        os.close(fd)
        return out

    assert b"\033[" in in_terminal()
    assert b"\033[" not in in_terminal(NO_COLOR="1")
    assert b"\033[" not in in_terminal(TERM="dumb")


def test_locale_without_utf8(call):
    r = call("--root", LAPTOP, env={"LANG": "C"})
    assert r.stdout.isascii(), r.stdout


def test_narrow_terminal(call):
    for line in call("--root", LAPTOP, env={"COLUMNS": "50"}).stdout.splitlines():
        assert len(line) <= 50 or len(line.split()) <= 2, line


def test_closed_output_ends_quietly(cuvet):
    r, w = os.pipe()
    os.close(r)
    p = subprocess.run([cuvet, "facts", "list", "gpu-pci"], stdout=w, stderr=subprocess.PIPE, timeout=20, check=False)
    os.close(w)
    assert p.stderr == b"" and p.returncode == 141
    r = subprocess.run(f"{cuvet} facts list gpu-pci | head -n 1", shell=True, capture_output=True, timeout=20, check=False)
    assert r.stderr == b"" and r.stdout.count(b"\n") == 1


def test_full_disk(cuvet):
    with open("/dev/full", "wb") as full:
        r = subprocess.run([cuvet, "--root", LAPTOP], stdout=full, stderr=subprocess.PIPE, timeout=20, check=False)
    assert r.returncode == 2 and r.stderr == b"cuvet: standard output: No space left on device\n"


def test_interrupted(cuvet, tmp_path):
    """Ctrl-C while it waits for standard input: gone at once, nothing printed."""
    p = subprocess.Popen([cuvet, "--machine", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))  # a shell's background jobs ignore it
    time.sleep(0.2)
    p.send_signal(signal.SIGINT)
    assert p.wait(timeout=10) == -signal.SIGINT
    assert p.stdout.read() == b"" and p.stderr.read() == b""
    p.stdin.close()


def test_facts(call, tmp_path):
    tables = json.loads(call("facts", "list", "--json").stdout)["tables"]
    assert {"torch-builds", "gpu-pci", "driver-branches"} <= {t["table"] for t in tables} and all(t["rows"] > 0 for t in tables)
    row = json.loads(call("facts", "show", "driver-branches", "535", "--json").stdout)["rows"]
    assert len(row) == 1 and row[0]["max_cuda"] == "12.2" and row[0]["source"]
    assert "sm_86" in call("facts", "show", "torch-archs", "2.8.0/cu128/linux/x86_64").stdout
    assert len(json.loads(call("facts", "show", "torch-builds", "2.8.0", "--json").stdout)["rows"]) > 5


def test_facts_overlay_wins(call, tmp_path):
    lines = (ROOT / "facts/driver-branches.tsv").read_text().splitlines()
    head = next(line for line in lines if line.startswith("branch\t"))
    row = next(line for line in lines if line.startswith("535\t")).split("\t")
    row[head.split("\t").index("max_cuda_low")] = "12.9"
    new = list(row)
    new[0] = "777"
    (tmp_path / "f").mkdir()
    (tmp_path / "f/driver-branches.tsv").write_text("\n".join([head, "\t".join(row), "\t".join(new)]) + "\n")
    doc = json.loads(call("--machine", "none", "--driver", "535", "--facts", "f", "--json").stdout)
    assert doc["machine"]["driver_cuda"] == "12.9"
    doc = json.loads(call("--machine", "none", "--driver", "777.1", "--facts", "f", "--json").stdout)
    assert doc["machine"]["driver_cuda"] == "12.9"
    (tmp_path / "f/driver-branches.tsv").write_text(head + "\n535\tonly two\n")
    r = call("--machine", "none", "--facts", "f")
    assert r.returncode == 2 and r.stderr.startswith("cuvet: f/driver-branches.tsv:2: "), r.stderr
    (tmp_path / "f/driver-branches.tsv").unlink()
    (tmp_path / "f/unknown-table.tsv").write_text("a\tsource\n")
    assert call("--machine", "none", "--facts", "f").returncode == 2


def test_verbose_says_what_was_looked_at(call):
    r = call("--root", LAPTOP, "-v")
    assert "/proc/driver/nvidia/version: known" in r.stderr
    assert "ms  python environments" in r.stdout
    assert json.loads(call("--root", LAPTOP, "-v", "--json").stdout)


def test_quiet_is_shorter(call):
    assert len(call("--root", LAPTOP, "-q").stdout.splitlines()) < len(call("--root", LAPTOP).stdout.splitlines())


def test_recording_refuses_a_full_folder(call, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").write_text("mine")
    r = call("snapshot", "--tree", "full")
    assert r.returncode == 2 and "must be empty" in r.stderr
    assert (tmp_path / "full/file").read_text() == "mine"


def test_json_validates(call):
    jsonschema = pytest.importorskip("jsonschema")
    for args, name in ((["snapshot", "--root", LAPTOP], "snapshot"), (["--machine", "none", "--json"], "doctor"), (["facts", "list", "--json"], "facts"),
                       (["facts", "show", "gpu-arch", "8.6", "--json"], "facts"), (["facts", "list", "gpu-arch", "--json"], "facts")):
        jsonschema.validate(json.loads(call(*args).stdout), json.loads((ROOT / f"schemas/{name}.json").read_text()))


def test_terminal_escapes_in_files_are_harmless(call, tmp_path):
    tree = tmp_path / "t"
    site = tree / "home/u/.venvs/a\033[31mb/lib/python3.11/site-packages/torch"
    site.mkdir(parents=True)
    (site / "version.py").write_text("__version__ = '2.6.0+cu124'\ncuda = '12.4'\n")
    (tree / "etc").mkdir()
    (tree / "etc/os-release").write_text('ID=debian\nPRETTY_NAME="bad\033]0;title\007"\n')
    r = call("--root", str(tree))
    assert "\033" not in r.stdout and "\007" not in r.stdout and "2.6.0+cu124" in r.stdout
    json.loads(call("--root", str(tree), "--json").stdout)


def test_a_described_machine_is_not_this_container(call):
    """In a container without GPU, --gpu and --driver describe another machine."""
    tree = str(MACHINES / "docker-no-gpu/tree")
    assert "container-no-gpu" in call("--root", tree, "--json").stdout
    r = call("--root", tree, "--driver", "580", "--gpu", "RTX 3090", "--json")
    assert "container-no-gpu" not in r.stdout and json.loads(r.stdout)["verdict"] == "works" and r.returncode == 0


def fixes(call, machine, finding):
    doc = json.loads(call("--root", str(MACHINES / machine / "tree"), "--json").stdout)
    return [x for f in doc["findings"] if f["id"] == finding for x in f["fixes"]]


def test_a_fix_never_installs_what_is_there(call):
    """A newcomer's finding: cuDNN drops the K80 in torch 2.4.1; the fix is an older torch, not the same one again."""
    assert "torch==2.3.1" in fixes(call, "form-470-k80", "cudnn-drops-gpu")[0]["command"]


def test_a_misplaced_compat_package_is_taken_off_the_path(call):
    assert fixes(call, "forward-geforce", "driver-too-old")[0]["command"] == "unset LD_LIBRARY_PATH"


def test_the_systems_python_is_left_alone(call):
    for path in sorted(p.parent.name for p in MACHINES.glob("*/tree")):
        doc = json.loads(call("--root", str(MACHINES / path / "tree"), "--json").stdout)
        for f in doc["findings"]:
            assert not [x for x in f["fixes"] if (x["command"] or "").startswith("/usr/bin/python")], path


def test_normalised_local_versions_are_one_version(call):
    doc = json.loads(call("--root", str(MACHINES / "jetson-orin-nx-jp5/tree"), "--json").stdout)
    assert "two-torches" not in [f["id"] for f in doc["findings"]]


def test_driver_and_gpu_are_compared_without_a_torch(call):
    r = call("--machine", "none", "--driver", "390", "--gpu", "5090", "--json")
    assert r.returncode == 1 and "gpu-unsupported-by-driver" in r.stdout


def test_two_snapshots_in_one_file_are_refused(call, tmp_path):
    (tmp_path / "two.json").write_text("{}\n{}\n")
    assert call("--machine", "two.json").returncode == 2
