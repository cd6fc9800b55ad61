"""On this machine, whatever it is: any verdict is right, but nothing is run, written, connected to or left behind, and it is quick."""
import json
import os
import re
import subprocess
import time

import pytest

from machines.test_machines import schema_errors, text_promises


def call(cuvet, *args, **kw):
    return subprocess.run([cuvet, *args], capture_output=True, stdin=subprocess.DEVNULL, timeout=60, check=False, **kw)


def test_doctor_here(cuvet):
    start = time.monotonic()
    r = call(cuvet, "doctor")
    took = time.monotonic() - start
    assert r.returncode in (0, 1, 3), r.stderr
    assert r.stderr == b""
    assert not text_promises(r.stdout.decode("utf-8"))
    assert took < 5


def test_doctor_here_as_json(cuvet):
    r = call(cuvet, "doctor", "--json")
    assert r.returncode in (0, 1, 3), r.stderr
    assert not schema_errors("doctor", json.loads(r.stdout))


def test_the_same_twice(cuvet):
    assert call(cuvet, "doctor", "--json").stdout == call(cuvet, "doctor", "--json").stdout


def test_without_environment_and_home(cuvet):
    r = call(cuvet, "doctor", "--json", env={k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}, cwd="/")
    assert r.returncode in (0, 1, 3) and r.stderr == b""


def test_recorded_tree_reads_back(cuvet, tmp_path):
    """snapshot --tree of this machine, read with --root, tells the same driver, GPUs and torches."""
    r = call(cuvet, "snapshot", "--tree", str(tmp_path / "tree"))
    assert r.returncode == 0, r.stderr
    live = json.loads(call(cuvet, "doctor", "--json").stdout)
    tree = json.loads(call(cuvet, "doctor", "--json", "--root", str(tmp_path / "tree")).stdout)
    assert tree["verdict"] == live["verdict"]
    for key in ("os", "arch", "driver", "gpus", "toolkits"):
        assert tree["machine"][key] == live["machine"][key], key
    assert [(e["path"], e["torch"]) for e in tree["machine"]["environments"]] == [(e["path"], e["torch"]) for e in live["machine"]["environments"]]


def test_files_of_the_kernel_are_read(cuvet):
    """Every file of /sys says that it is 4096 bytes long, and of /proc that it is empty: neither may be taken for too large or malformed."""
    r = call(cuvet, "doctor", "-v")
    lines = r.stderr.decode().splitlines()
    assert any("looked at /proc/" in line or "looked at /sys/" in line for line in lines), lines[:5]
    wrong = [line for line in lines if re.search(r"looked at /(sys|proc)/.*: malformed", line)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("args", [["doctor"], ["doctor", "--json", "-v"], ["snapshot"], ["facts", "list"]], ids=" ".join)
def test_nothing_is_run_written_or_connected_to(cuvet, need, tmp_path, args):
    need("strace")
    log = tmp_path / "log"
    r = subprocess.run(["strace", "-f", "-qq", "-o", str(log), "-e", "trace=execve,execveat,socket,connect,openat,open,creat,openat2,mknod,mknodat,unlink,unlinkat,rename,mkdir,mkdirat",
                        cuvet, *args], capture_output=True, stdin=subprocess.DEVNULL, timeout=120, check=False,
                       env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
    if b"ptrace" in r.stderr or not log.exists():
        pytest.skip("strace may not trace here")
    lines = log.read_text(errors="replace").splitlines()
    assert len([line for line in lines if "execve(" in line]) == 1
    wrong = [line for line in lines if re.search(r"\b(socket|connect|creat|mknod|mknodat|unlink|unlinkat|rename|mkdir|mkdirat)\(", line)]
    wrong += [line for line in lines if re.search(r"O_(WRONLY|RDWR|CREAT|TRUNC|APPEND)", line) and '"/dev/null"' not in line]
    # Can the user open /dev/nvidiactl: that is asked with access(), never by opening it.
    wrong += [line for line in lines if re.search(r'"/dev/nvidia', line)]
    assert not wrong, "\n".join(wrong[:20])
