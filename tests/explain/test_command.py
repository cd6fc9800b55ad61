"""`cuvet explain` and `cuvet run` as commands: arguments, the catalogue, exit codes, signals, terminals, and that the command's own output passes unchanged."""
import json
import os
import pty
import signal
import subprocess
import sys
import time

import pytest

from conftest import BUILD
from explain.common import MACHINES, SCHEMA, cuvet, environment

OOM = "RuntimeError: CUDA error: out of memory"
PYTHON = sys.executable


def explain(*args, **kw):
    return cuvet("explain", "--machine", "none", *args, **kw)


# ---- what is read ----

def test_a_file_standard_input_or_the_message_itself(tmp_path):
    log = tmp_path / "train.log"
    log.write_text("\n" + OOM + "\n", encoding="utf-8")
    for r in (explain(log), explain("-", data=OOM), explain(data=OOM), explain(OOM), explain(*OOM.split())):
        assert r.returncode == 0 and b"cuda_oom" in r.stdout and r.stderr == b"", r
    assert b"train.log, line 2" in explain(log).stdout
    assert explain("cudaErrorMemoryAllocation").returncode == 0
    assert explain("some words without meaning").returncode == 3
    assert explain(data=b"").returncode == 3 and b"nothing to read" in explain(data=b"").stdout


@pytest.mark.parametrize("args", [
    ["explain", "/nonexistent/train.log"], ["explain", "train.log"], ["explain", "/"], ["explain", "--list", "x"], ["explain", "--elsewhere", "--machine", "x.json"],
    ["explain", "--elsewhere", "--root", "/"], ["explain", "--machine", "-"], ["--list"], ["doctor", "--elsewhere"], ["explain", "--tool", "pip", "x y"],
    ["run"], ["run", "--json", "--", "true"], ["run", "--root", "/", "--", "true"], ["run", "--nonsense", "--", "true"],
], ids=" ".join)
def test_wrong_use(args):
    r = cuvet(*args)
    assert r.returncode == 2 and r.stdout == b"" and r.stderr.startswith(b"cuvet: ") and r.stderr.count(b"\n") == 1, r


def test_a_terminal_gets_a_hint():
    master, slave = pty.openpty()
    p = subprocess.Popen([str(BUILD / "cuvet"), "explain", "--machine", "none"], stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
    os.close(slave)
    line = p.stderr.readline()
    os.write(master, (OOM + "\n").encode() + b"\x04")
    out = p.stdout.read()
    assert p.wait() == 0 and b"Ctrl-D" in line and b"cuda_oom" in out
    p.stdout.close(), p.stderr.close(), os.close(master)


def test_the_text_for_people():
    r = cuvet("explain", "--root", MACHINES / "driver-mismatch/tree", "Failed to initialize NVML: Driver/library version mismatch", env={"COLUMNS": "80"})
    lines = r.stdout.decode().splitlines()
    assert lines[0] == "Failed to initialize NVML: Driver/library version mismatch"
    labels = [x.split("  ")[0] for x in lines[2:] if not x.startswith(" ")]
    assert labels == ["Means", "Cause", "Seen", "Fix", "or"] and "(Confirmed here.)" in r.stdout.decode()
    assert 8 <= len(lines) <= 22 and all(len(x) <= 80 for x in lines)
    quiet = cuvet("explain", "--machine", "none", "-q", "-", data=OOM + "\nNVRM: Xid (PCI:0000:44:00): 79, GPU has fallen off the bus")
    assert b"Also" not in quiet.stdout


# ---- the catalogue ----

def test_list_and_entries():
    doc = json.loads(cuvet("explain", "--list", "--json").stdout)
    SCHEMA.validate(doc)
    listed = [e["id"] for e in doc["entries"]]
    text = cuvet("explain", "--list").stdout.decode()
    assert all(f"{i} " in text for i in listed) and len(listed) == len(set(listed)) >= 142
    for i in ("cuda_oom", "torch_driver_too_old"):
        entry = json.loads(cuvet("explain", i, "--json").stdout)
        SCHEMA.validate(entry)
        assert entry["entry"]["id"] == i and entry["entry"]["causes"]
        shown = cuvet("explain", i).stdout.decode()
        assert "Cause 1" in shown and "Source" in shown


# ---- cuvet run ----

def run(*args, **kw):
    return cuvet("run", *args, **kw)


@pytest.mark.parametrize("code", [0, 1, 2, 3, 77, 255])
def test_run_has_the_exit_code_of_the_command(code):
    r = run("--", "sh", "-c", f"echo out; echo err >&2; exit {code}")
    assert r.returncode == code and r.stdout == b"out\n" and r.stderr.startswith(b"err\n")


@pytest.mark.parametrize("name", ["TERM", "KILL", "INT", "SEGV", "HUP", "USR1", "PIPE"])
def test_run_after_a_signal(name):
    assert run("-q", "--", "sh", "-c", f"ulimit -c 0; kill -{name} $$; sleep 5").returncode == 128 + getattr(signal, "SIG" + name)


def test_run_what_is_not_there(tmp_path):
    r = run("--", "/nonexistent/command")
    assert r.returncode == 127 and b"No such file" in r.stderr
    (tmp_path / "data").write_text("x", encoding="utf-8")
    assert run("--", tmp_path / "data").returncode == 126


def test_run_explains_only_failures():
    say = f"echo '{OOM}' >&2; exit "
    failed, well = run("--", "sh", "-c", say + "1"), run("--", "sh", "-c", say + "0")
    assert b"cuda_oom" in failed.stderr and b"exit code 1" in failed.stderr and failed.stdout == b""
    assert well.stderr == (OOM + "\n").encode()
    assert run("--", "sh", "-c", "exit 1").stderr == b""


def test_run_takes_the_words_as_they_are():
    r = run(PYTHON, "-c", "import sys; print(sys.argv[1:])", "--json", "-v", "--", "a b")
    assert r.returncode == 0 and r.stdout.decode().strip() == "['--json', '-v', '--', 'a b']"


def test_run_passes_bytes_unchanged():
    data = bytes(range(256)) * 5000
    r = run("--", PYTHON, "-c", "import sys; d = sys.stdin.buffer.read(); sys.stdout.buffer.write(d); sys.stderr.buffer.write(d[::-1])", data=data)
    assert r.returncode == 0 and r.stdout == data and r.stderr == data[::-1]


def test_run_passes_signals_on(tmp_path):
    ready = tmp_path / "ready"
    code = f"import signal, sys, time, pathlib; signal.signal(signal.SIGTERM, lambda *a: sys.exit(9)); pathlib.Path({str(ready)!r}).touch(); time.sleep(30)"
    p = subprocess.Popen([str(BUILD / "cuvet"), "run", "-q", "--", PYTHON, "-c", code], env=environment())
    for _ in range(300):
        if ready.exists():
            break
        time.sleep(0.05)
    p.send_signal(signal.SIGTERM)
    assert p.wait(timeout=20) == 9


def test_run_does_not_wait_for_what_stays_behind():
    started = time.monotonic()
    r = run("--", "sh", "-c", "sleep 20 >/dev/null & exit 4")
    assert r.returncode == 4 and time.monotonic() - started < 15


def test_run_on_a_terminal():
    """The command still has a terminal on standard error, and its bytes come out as without cuvet."""
    code = "import os, sys; print(sys.stderr.isatty(), os.get_terminal_size(2).columns, file=sys.stderr); sys.stderr.write('a\\rb\\n'); sys.exit(5)"

    def through(args):
        master, slave = pty.openpty()
        import fcntl
        import struct
        import termios
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 91, 0, 0))
        p = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=slave, env=environment())
        os.close(slave)
        out = b""
        while True:
            try:
                got = os.read(master, 65536)
            except OSError:
                break
            if not got:
                break
            out += got
        os.close(master)
        return p.wait(), out

    plain = through([PYTHON, "-c", code])
    assert through([str(BUILD / "cuvet"), "run", "-q", "--", PYTHON, "-c", code]) == plain
    assert plain == (5, b"True 91\r\na\rb\r\n")
