"""Situations with their hand-derived answers (cases.txt), asked of the program and, where it can answer, of the naive oracle; and what must be refused."""
import json
import pathlib
import re
import shlex

import pytest

from resolve import oracle
from resolve.test_oracle import ask, printed
from resolve.words import machine_of

FILE = pathlib.Path(__file__).with_name("cases.txt")


def options(word):
    """L3.12@2.17 -> its options."""
    m = re.fullmatch(r"([LAW])(\d\.\d+t?)(?:@([\d.]+))?", word)
    if not m:
        return [word]
    place = {"L": ["--os", "linux", "--arch", "x86_64"], "A": ["--os", "linux", "--arch", "aarch64"], "W": ["--os", "windows", "--arch", "x86_64"]}[m[1]]
    return [*place, "--python", m[2]] + (["--glibc", m[3] or "2.35"] if m[1] != "W" else [])


def cases():
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        ident, rest = line.split(" | ", 1)
        asked, rest = re.split(r"(?:^|\s)->\s", rest, maxsplit=1)
        answer, reason = rest.split("  # ", 1)
        words = shlex.split(asked)
        command = "why" if words[:1] == ["why"] else "resolve"
        if command == "why":
            words = words[1:]
        yield ident, command, [o for w in words for o in options(w)], answer.split(), reason


CASES = list(cases())


def build_of(entry):
    return f"{entry['torch']}+{entry['variant']}"


def wanted(answer):
    best, rest = answer[0], answer[1:]
    verdict = rest.pop(0) if best != "none" else None
    named = dict(w.split("=", 1) for w in rest if re.match(r"[a-z.]+=", w))
    lost = dict(w.rsplit(":", 1) for w in rest if not re.match(r"[a-z.]+=", w))
    return best, verdict, named, lost


def check_entry(entry, verdict, named):
    got = {"mode": entry["driver"] and entry["driver"]["mode"], "need": entry["driver"] and entry["driver"]["need"], "channel": entry["channel"],
           "via": ",".join(g["via"] or "-" for g in entry["gpus"]), "needs": ",".join(sorted(entry.get("needs") or {}))}
    got.update({f"needs.{k}": v for k, v in (entry.get("needs") or {}).items()})
    wrong = [f"verdict {entry['verdict']}, wanted {verdict}"] if entry["verdict"] != verdict else []
    for key, value in named.items():
        if key == "cmd":
            if value not in entry["commands"]["pip"]:
                wrong.append(f"the command {entry['commands']['pip']!r} has no {value}")
        elif key != "exit" and got.get(key) != value:
            wrong.append(f"{key} is {got.get(key)}, wanted {value}")
    return wrong


@pytest.mark.parametrize("ident,command,args,answer,reason", CASES, ids=[c[0] for c in CASES])
def test_case(cuvet, ident, command, args, answer, reason):
    best, verdict, named, lost = wanted(answer)
    more = ["--all"] if command == "resolve" else []
    r = ask(cuvet, command, args, *more)
    assert r.returncode in (0, 1, 3) and not r.stderr, r.stderr
    doc = json.loads(r.stdout)
    entry = doc if command == "why" else doc["best"]
    wrong = [] if str(r.returncode) == named["exit"] else [f"exit code {r.returncode}, wanted {named['exit']}"]
    if (build_of(entry) if entry else "none") != best:
        wrong.append(f"best is {entry and build_of(entry)} ({entry and entry['verdict']}), wanted {best}")
    elif entry:
        wrong += check_entry(entry, verdict, named)
    machine, _ = machine_of(args)
    there = [] if command == "why" else [e for e in doc["rejected"] + doc["candidates"] if machine.os in (None, e["os"]) and machine.arch in (None, e["arch"])]
    every = {build_of(e): e["verdict"] for e in there}
    wrong += [f"{b} is {every.get(b)}, wanted {v}" for b, v in lost.items() if every.get(b) != v]
    assert not wrong, f"\n{printed(command, args, *more)}\n{reason}\n" + "\n".join(wrong)


@pytest.mark.parametrize("ident,command,args,answer,reason", CASES, ids=[c[0] for c in CASES])
def test_the_oracle_says_so_too(ident, command, args, answer, reason):
    """The oracle is held to what was derived by hand: it is wrong or the derivation is."""
    best, verdict, named, lost = wanted(answer)
    machine, words = machine_of(args)
    got = oracle.resolve(machine, words)
    every = {f"{j.build.torch}+{j.build.variant}": j for j in got.judged if not (j.verdict == "no-build" and machine.os is None)}
    wrong = [f"{b}: {every[b].verdict if b in every else 'not there'}" for b, v in lost.items() if b not in every or every[b].verdict != v]
    if command == "why":
        one = every.get(best)
        if one is None:
            assert verdict == "no-build"
            return
        if one.verdict != verdict:
            wrong.append(f"{one.verdict} {one.modes} {one.gpus}")
    elif best == "none":
        newer = ident in ("unknown.newer-torch", "unknown.rocm")  # builds that no table has are not the oracle's business
        if got.best or (str(got.exit) != named["exit"] and not newer):
            wrong.append(f"{[f'{j.build.torch}+{j.build.variant} {j.verdict}' for j in got.best]} exit {got.exit}")
    else:
        one = got.best[0] if got.best else None
        if one is None or f"{one.build.torch}+{one.build.variant}" != best or one.verdict != verdict or str(got.exit) != named["exit"]:
            wrong.append(f"{one and one.build} {one and one.verdict} exit {got.exit}")
    if not wrong and best != "none":
        via = ",".join(g[1] or "-" for g in one.gpus)
        wrong += [f"{k} is {v}" for k, v in (("via", via), ("channel", one.channel), ("needs", ",".join(sorted(one.needs)))) if named.get(k, v) != v]
        wrong += [f"modes {one.modes}"] if named.get("mode", "native") not in one.modes | {"native"} or ("mode" in named and named["mode"] not in one.modes) else []
    assert not wrong, f"{reason}\n" + "\n".join(wrong)


def test_every_wrong_answer_of_others_is_there():
    """W15 is about the text that a driver prints: tests/machines/form-610."""
    have = {int(re.match(r"W(\d+)", c[0])[1]) for c in CASES if re.match(r"W\d", c[0])}
    assert have == set(range(1, 24)) - {15}
    assert (FILE.parent.parent / "machines/form-610").is_dir()
    assert len({c[0] for c in CASES}) == len(CASES)
    assert len([c for c in CASES if not c[0].startswith("W")]) >= 60


BAD = [
    ["--gpu", "no such card"], ["--gpu", "rtx"], ["--gpu", "gt730"], ["--gpu", "rtx 9090"], ["--gpu", ""], ["--gpu", "sm_"], ["--gpu", "10de:ffff"],
    ["--driver", "abc"], ["--driver", "12.4"], ["--driver", ""], ["--driver", "580..1"], ["--driver", "-5"], ["--driver", "580", "--driver", "535"],
    ["--python", "three"], ["--python", "3"], ["--python", "3.12x"], ["--glibc", "x"], ["--os", "beos"], ["--arch", "z80"], ["--compat", "x"],
    ["--gpu", "none", "--gpu", "a100"], ["--gpu", "a100", "--gpu", "none"], ["--os", "macos", "--driver", "580"], ["--os", "windows", "--wsl"], ["--driver", "none", "--compat", "570.86.10"],
    ["torch=>2.0"], ["torch=="], ["torch==2.x"], ["torch==abc"], ["torch", "2.0"], ["==2.0"], ["torch=2.0"], ["torch[cuda]==2.8.0"], ["torch @ file:///x.whl"], ["torch==2.8.0; python_version<'3.12'"],
    ["torch>=2.4,,<2.9"], ["torch==2.8.0+"], ["no-such-package"], ["no-such-package==1"], ["cuda==x"], ["cuda==12..4"], ["cudnn==nine"], ["torchvision==none"], [""],
    ["python==3.11", "--python", "3.12"], ["python==three"], ["--tool", "npm"], ["--nonsense"],
]


@pytest.mark.parametrize("args", BAD, ids=lambda a: " ".join(a) or "empty")
@pytest.mark.parametrize("json_too", [False, True], ids=["text", "json"])
def test_wrong_use_is_one_line_and_exit_2(cuvet, run, args, json_too):
    r = run([cuvet, "resolve", "--machine", "none", *args, *(["--json"] if json_too else [])])
    assert r.returncode == 2, r.stdout[:300] + r.stderr
    assert r.stdout == ""
    assert r.stderr.startswith("cuvet: ") and r.stderr.count("\n") == 1 and r.stderr.endswith("\n"), r.stderr


@pytest.mark.parametrize("args", [[], ["torch", "torchvision"], ["torch==abc"], ["numpy"]], ids=lambda a: " ".join(a) or "nothing")
def test_why_takes_one_request(cuvet, run, args):
    r = run([cuvet, "why", "--machine", "none", *args])
    assert r.returncode == 2 and r.stdout == "" and r.stderr.count("\n") == 1, r.stderr


@pytest.mark.parametrize("name,near", [("rtx 50900", "5090"), ("gt730", "730"), ("titanx", "titan")])
def test_an_unknown_or_ambiguous_gpu_names_near_matches(cuvet, run, name, near):
    r = run([cuvet, "resolve", "--machine", "none", "--gpu", name])
    assert r.returncode == 2 and near in r.stderr.lower(), r.stderr


def test_an_unknown_package_says_which_are_known(cuvet, run):
    r = run([cuvet, "resolve", "--machine", "none", "no-such-package"])
    assert r.returncode == 2 and "no-such-package" in r.stderr and "torch" in r.stderr
