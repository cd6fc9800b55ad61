"""Whole logs: every sample first, nothing in logs of runs that went well, root cause first, what stands around a message, hostile bytes in bounded memory."""
import json
import os
import random
import subprocess

import pytest

from conftest import BUILD
from data import catalogue
from explain.common import cuvet, environment, explain, ids

SAMPLES = catalogue.samples()
OLD = "RuntimeError: The NVIDIA driver on your system is too old (found version 11070). Please update your GPU driver"
TRACE = "Traceback (most recent call last):\n  File \"train.py\", line 7, in <module>\n    import torch\n"


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: s["id"])
def test_every_sample_is_its_entry_first(sample):
    assert ids(explain(sample["sample"]))[:1] == [sample["id"]]


@pytest.mark.parametrize("path", sorted(catalogue.QUIET.glob("*.txt")), ids=lambda p: p.name)
def test_nothing_in_logs_of_runs_that_went_well(path):
    text = b"\n".join(line for line in path.read_bytes().splitlines() if not line.startswith(b"#:"))
    doc = explain(text)
    wrong = [m["id"] for m in doc["matches"] if m["topic"] != "noise"]
    assert not wrong, wrong


# ---- what stands around a message ----

def ranks(text):
    return "\n".join(f"[rank{r}]: {line}" for line in text.splitlines() for r in range(4))


WRAPS = {
    "as it is": lambda t: t,
    "colours": lambda t: "\x1b[31m" + t.replace("driver", "\x1b[1mdriver\x1b[0m") + "\x1b[0m",
    "broken lines": lambda t: t.replace(" ", "\n", 6),
    "indented": lambda t: "\n".join("        " + w for w in t.split(" ", 8)),
    "CR LF": lambda t: t.replace(" ", "\r\n"),
    "progress bar": lambda t: "Epoch 1:  10%|█         | 1/10\rEpoch 1:  20%|██        | 2/10\r" + t,
    "box of pip": lambda t: "  × error\n" + "\n".join("  │ " + w for w in t.split(" ", 5)),
    "rank in front of each line": lambda t: "\n".join("[rank5]: " + w for w in t.split(" ", 5)),
    "srun labels": lambda t: "\n".join("12: " + w for w in t.split(" ", 5)),
    "ray": lambda t: "\n".join("(Worker pid=12, ip=10.0.0.1) " + w for w in t.split(" ", 5)),
    "times": lambda t: "\n".join("2025-01-02 12:33:44,123 " + w for w in t.split(" ", 5)),
    "kernel times": lambda t: "\n".join("[   52.396206] " + w for w in t.split(" ", 5)),
    "docker compose": lambda t: "\n".join("trainer-1  | " + w for w in t.split(" ", 5)),
    "quoted": lambda t: "\n".join("> " + w for w in t.split(" ", 5)),
    "Chinese around": lambda t: "我运行的时候报错了，请问怎么办？" + t + "。谢谢大家",
    "full width": lambda t: t.replace("(", "（").replace(")", "）").replace(":", "："),
    "no-break spaces": lambda t: t.replace(" ", "\u00a0"),
    "NULs between": lambda t: "\0".join(t),
}


@pytest.mark.parametrize("wrap", WRAPS, ids=lambda w: w.replace(" ", "-"))
def test_around(wrap):
    doc = explain("start\n" + TRACE + WRAPS[wrap](OLD) + "\nend\n")
    assert ids(doc) == ["torch_driver_too_old"] and doc["matches"][0]["fields"] == {"driver_cuda": "11070"}
    assert "11.7" in doc["matches"][0]["meaning"]


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "gbk", "latin-1"])
def test_encodings(codec):
    text = "运行失败\n" if codec != "latin-1" else "échec\n"
    mark = "\ufeff" if codec in ("utf-16-le", "utf-16-be") else ""
    doc = explain((mark + text + "“" * (codec.startswith("utf")) + OLD.replace("\n", "\r\n")).encode(codec))
    assert ids(doc) == ["torch_driver_too_old"] and doc["matches"][0]["line"] == 2


def test_utf16_appended_to_a_file():
    assert ids(explain(b"plain text\r\n" + OLD.encode("utf-16-le"))) == ["torch_driver_too_old"]


# ---- several messages ----

def test_ranks_are_merged():
    doc = explain(ranks(TRACE + OLD))
    (m,) = doc["matches"]
    assert m["count"] == 4 and m["line"] == 13 and doc["read"]["lines"] == 16


def test_the_loader_before_the_import():
    log = (TRACE + "ImportError: cannot import name 'foo'\nRuntimeError: CUDA Setup failed despite GPU being available.\n" +
           "OSError: libcudart.so.11.0: cannot open shared object file: No such file or directory\n")
    assert ids(explain(log))[0] == "lib_cudart_missing"


def test_the_earlier_incident_first():
    oom = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB.\n"
    bus = "NVRM: Xid (PCI:0000:44:00): 79, GPU has fallen off the bus\n"
    gap = "step\n" * 500
    assert ids(explain(oom + gap + bus))[0] == "cuda_oom"
    assert ids(explain(bus + gap + oom))[0] == "nvrm_fallen_off_bus"
    assert ids(explain(oom + bus))[0] == "nvrm_fallen_off_bus"


def test_noise_and_advice_come_last():
    noise = [r["id"] for r in catalogue.table(catalogue.FACTS / "errors.tsv") if r["topic"] == "noise"]
    assert noise
    text = next(s["sample"] for s in SAMPLES if s["id"] == noise[0])
    doc = explain(text + "\n" + "x\n" * 200 + OLD)
    assert ids(doc)[0] == "torch_driver_too_old" and noise[0] in ids(doc)


def test_line_numbers_in_a_long_log():
    doc = explain("ok\n" * 70000 + OLD + "\n" + "ok\n" * 70000 + OLD)
    (m,) = doc["matches"]
    assert (m["line"], m["count"]) == (70001, 2) and m["text"].startswith("RuntimeError: The NVIDIA driver")


def test_not_recognised():
    doc = explain("loss: 1\nstep error: 0.25\nfoo.py:3: ValueError: bad shape\nloss: 2\n", machine="driver-535-cu132")
    assert doc["matches"] == [] and doc["likely"] == {"line": 3, "text": "foo.py:3: ValueError: bad shape"}
    assert [f["id"] for f in doc["doctor"]] == ["driver-too-old"] and doc["read"] == {"bytes": 65, "lines": 4}
    r = cuvet("explain", "--machine", "none", data="nothing of note\n")
    assert r.returncode == 3 and b"1 line of standard input" in r.stdout


# ---- hostile bytes ----

def nuls(_rng):
    return b"\0" * 3_000_000


def noise(rng):
    return rng.randbytes(3_000_000)


def one_line(_rng):
    return b"x" * 20_000_000


def one_word_of_escapes(_rng):
    return b"\x1b[" * 1_000_000 + b"\x1b]" * 1_000_000 + b"\x1b" * 1000


def beginnings(_rng):
    return b"satisfies the requirement torch" * 100_000


def endings(_rng):
    return b".whl is not a supported wheel on this platform" * 60_000


def a_message_a_million_times(_rng):
    return b"CUDA out of memory " * 300_000


def blanks(_rng):
    return b" \t\r\n\v\f" * 1_000_000


def marks(_rng):
    return b"\xef\xbb\xbf\xe2\x94\x82\xe2\x80\x99\xc2\xa0\xff" * 300_000


def short_lines(_rng):
    return b"a\n" * 2_000_000


def utf16_without_end(_rng):
    return b"\xff\xfe" + b"\x3d\xd8" * 1_000_000 + b"\x00"


@pytest.mark.parametrize("make", [nuls, noise, one_line, one_word_of_escapes, beginnings, endings, a_message_a_million_times, blanks, marks, short_lines, utf16_without_end],
                         ids=lambda f: f.__name__)
def test_hostile(make, tmp_path):
    """All of its address space, libraries included, stays within 32 MiB."""
    log = tmp_path / "log"
    log.write_bytes(make(random.Random(5)))
    limit = "" if any(k.endswith("SAN_OPTIONS") for k in os.environ) else "ulimit -v 32768; "
    p = subprocess.run(["sh", "-c", limit + 'exec "$0" explain --json --machine none "$1"', str(BUILD / "cuvet"), str(log)], capture_output=True, env=environment(), check=False, timeout=120)
    assert p.returncode in (0, 3), p.stderr
    assert json.loads(p.stdout)["read"]["bytes"] == log.stat().st_size


def test_a_message_that_comes_very_often_is_counted_to_a_limit():
    (m,) = [m for m in explain(b"CUDA out of memory\n" * 30000)["matches"] if m["id"] == "cuda_oom"]
    assert m["count"] == 10000


def test_an_endless_stream_is_read_as_it_comes():
    """64 MB through a pipe; the last line is found."""
    p = subprocess.Popen([str(BUILD / "cuvet"), "explain", "--json", "--machine", "none"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment())
    for _ in range(64):
        p.stdin.write(b"epoch 3 loss 0.25\n" * 58000)
    p.stdin.write(OLD.encode())
    p.stdin.close()
    out = p.stdout.read()
    assert p.wait() == 0 and ids(json.loads(out)) == ["torch_driver_too_old"]
