"""Random machines and requests: `cuvet resolve` against the naive evaluation of oracle.py, and properties that need no oracle.

500 by default; CUVET_ORACLE_CASES=10000 for the full run, CUVET_ORACLE_SEED for others. Every fifth is asked with --all and compared build by build. A
disagreement is cut down to the fewest options that still show it and printed as a command.
"""
import json
import os
import random
import shlex
import subprocess

import pytest
from packaging.version import Version

from machines.test_machines import schema_errors
from resolve import oracle
from resolve.words import machine_of

CASES = int(os.environ.get("CUVET_ORACLE_CASES", "500"))
SEED = os.environ.get("CUVET_ORACLE_SEED", "2026")
CHUNK = 50 if CASES <= 1000 else 500

LINUX_DRIVERS = sorted({r["version"] for r in oracle.table("driver-versions")}, key=oracle.numbers)
BRANCHES = [r["branch"] for r in oracle.table("driver-branches")]
CAPABILITIES = [r["cc"] for r in oracle.table("gpu-arch")]
PYTHONS = ["2.7", "3.5", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.13t", "3.14", "3.14t", "3.15", "3.15t", "3.16"]
GLIBCS = ["2.12", "2.17", "2.26", "2.27", "2.28", "2.31", "2.34", "2.35", "2.36", "2.39", "2.41"]
TEGRA = ["5.3", "6.2", "7.2", "8.7", "11.0", "jetson orin", "jetson thor", "jetson nano", "jetson xavier", "tx2"]
NAMES = ["RTX 5090", "rtx4090", "RTX 3090", "GeForce RTX 2080 Ti", "gtx1080", "GTX 1080 Ti", "gtx970", "Tesla K80", "V100", "Tesla V100-SXM2-32GB", "T4", "A100-SXM4-80GB", "a100", "H100",
         "GH200", "B200", "GB200", "L4", "L40S", "A10", "P100", "P40", "dgx spark", "g5.12xlarge", "g4dn.xlarge", "RTX A6000", "sm_86", "sm_120", "sm_61"]
DATA_CENTRE = ["Tesla V100-SXM2-32GB", "T4", "A100-SXM4-80GB", "Tesla K80", "H100", "P100"]
ODD_DRIVERS = ["523.10", "700.10", "600.05", "999", "300.12", "450.80.01", "450.80.02", "525.60.12", "525.60.13", "580.65.05", "580.65.06", "580.00", "440.32", "440.33", "418.39", "384.81"]
WINDOWS_DRIVERS = ["452.38", "452.39", "528.32", "528.33", "580.87", "580.88", "581.57", "552.22", "546.33", "537.13", "576.02", "572.16", "596.21", "610.47", "617.14", "618.01", "700.10", "471.11",
                   "441.22", "441.21", "426.00", "411.31", "398.26", "391.35", "474.44", "512.15", "531.14", "560.94", "566.36", "591.44"]


def weighted(rng, **choices):
    return rng.choices(list(choices), weights=list(choices.values()))[0]


def random_args(rng):
    """Options and request words of one call."""
    how = weighted(rng, plain=70, compat=5, build=25)
    if how != "plain":
        return random_compat(rng) if how == "compat" else around_a_build(rng)
    args = []
    place = weighted(rng, linux=56, windows=14, open=16, wsl=8, macos=6)
    args += {"open": [], "wsl": ["--wsl"]}.get(place, ["--os", place])
    jetson = place in ("linux", "open") and rng.random() < 0.06
    arch = "aarch64" if jetson else weighted(rng, x86_64=68, aarch64=16, open=16)
    if place == "windows" and arch == "aarch64":
        arch = "x86_64"
    if arch != "open":
        args += ["--arch", arch]
    driver = random_driver(rng, place) if place != "macos" else None
    if driver:
        args += ["--driver", driver]
    if place != "macos":
        for gpu in random_gpus(rng, jetson):
            args += ["--gpu", gpu]
    if rng.random() < 0.85:
        args += ["--python", rng.choice(PYTHONS[4:]) if rng.random() < 0.85 else rng.choice(PYTHONS)]
    if place != "windows" and place != "macos" and rng.random() < 0.8:
        args += ["--glibc", rng.choice(GLIBCS[4:]) if rng.random() < 0.8 else rng.choice(GLIBCS)]
    return args + [w for w in random_request(rng) if not (w.startswith("python") and "--python" in args)]


def around_a_build(rng):
    """A machine of that build's time: most random machines have no wheel of an old release."""
    b = rng.choice([b for b in oracle.builds() if b.os != "macos" and b.cuda])
    pythons = oracle.wheels(b)[0] or PYTHONS
    args = ["--os", b.os, "--arch", b.arch, "--python", rng.choice(pythons)] + ["--glibc", "2.31"] * (b.os == "linux")
    driver = random_driver(rng, b.os)
    args += ["--driver", driver] if driver else []
    for gpu in random_gpus(rng, False):
        args += ["--gpu", gpu]
    minor = ".".join(b.torch.split(".")[:2])
    return args + rng.choice([[f"torch=={b.torch}"], [f"torch=={b.torch}+{b.variant}"], [f"torch=={minor}.*", "cuda==%d.%d" % b.cuda], [f"torch<={b.torch}"]])


def random_compat(rng):
    """A machine with a cuda-compat package, mostly one where it may be used."""
    row = rng.choice([r for r in oracle.table("forward-compat") if r["base_branches"] != "?"])
    branch = rng.choice(row["base_branches"].split() if rng.random() < 0.8 else BRANCHES[14:])
    driver = rng.choice([v for v in LINUX_DRIVERS if v.startswith(branch + ".")])
    compat = rng.choice([v for v in LINUX_DRIVERS if v.startswith(row["built_from"] + ".")])
    gpu = rng.choice(DATA_CENTRE if rng.random() < 0.8 else NAMES)
    return ["--os", "linux", "--arch", "x86_64", "--driver", driver, "--compat", compat, "--gpu", gpu, "--python", rng.choice(PYTHONS[6:]), "--glibc", "2.35",
            *[w for w in random_request(rng) if not w.startswith("python")]]


def random_driver(rng, place):
    how = weighted(rng, known=58, branch=14, odd=8, none=4, open=16)
    if how == "open":
        return None
    if how == "none":
        return "none"
    if how == "branch":
        return rng.choice(BRANCHES[8:])
    if place in ("windows", "wsl"):
        return rng.choice(WINDOWS_DRIVERS)
    if how == "odd":
        return rng.choice(ODD_DRIVERS)
    return rng.choice([v for v in LINUX_DRIVERS if oracle.numbers(v) >= (384,)])


def random_gpus(rng, jetson):
    if jetson:
        return [rng.choice(TEGRA)]
    how = weighted(rng, open=12, none=6, one=60, more=22)
    if how in ("open", "none"):
        return ["none"] if how == "none" else []
    common = [c for c in CAPABILITIES if not oracle.is_tegra(c) and oracle.numbers(c) >= (3, 5)]
    return [rng.choice(NAMES) if rng.random() < 0.5 else rng.choice(common if rng.random() < 0.95 else CAPABILITIES) for _ in range(1 if how == "one" else rng.choice([2, 2, 3]))]


def random_request(rng):
    builds = oracle.builds()
    b = rng.choice(builds)
    c = rng.choice(builds)
    low, high = sorted([b.torch, c.torch], key=Version)
    minor = ".".join(b.torch.split(".")[:2])
    cuda = "%d.%d" % (b.cuda or (12, 6))
    kinds = {
        "torch": 30, f"torch=={b.torch}": 14, f"torch=={b.torch}+{b.variant}": 10, f"torch>={low},<{high}": 8, f"torch=={minor}.*": 6, f"torch<={b.torch}": 4, f"torch~={minor}.0": 3,
        f"torch!={b.torch}": 2, f"torch>{b.torch}": 2, f"cuda=={cuda}": 5, f"cuda<{cuda}": 2, f"cuda>={cuda} torch<{high}": 2, "cudnn==9.*": 2, f"cudnn<9 torch>={low}": 1, "": 4,
        "torchvision==0.20.1": 1, "torchaudio==2.1.0": 1, "torchvision>=0.15,<0.19": 1, f"torch>={low} python==3.11": 1, "torch==1.13.1+cpu": 1,
    }
    return weighted(rng, **kinds).split()


# --- asking the program

def ask(cuvet, command, args, *more):
    env = {"PATH": "/nonexistent", "HOME": "/nonexistent", "LANG": "C.UTF-8"}
    env.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
    return subprocess.run([cuvet, command, "--machine", "none", *args, "--json", *more], capture_output=True, text=True, env=env, stdin=subprocess.DEVNULL, timeout=60, check=False)


def printed(command, args, *more):
    return "cuvet " + shlex.join([command, "--machine", "none", *args, "--json", *more])


def name(entry):
    return entry["torch"], entry["variant"], entry["os"], entry["arch"]


def name_of(build):
    return build.torch, build.variant, build.os, build.arch


def answer(cuvet, args, *more):
    r = ask(cuvet, "resolve", args, *more)
    assert r.returncode in (0, 1, 3) and not r.stderr, f"{printed('resolve', args, *more)}\nended with {r.returncode}: {r.stderr[:500]}"
    return r.returncode, json.loads(r.stdout)


# --- comparing

def differences(cuvet, args, every):
    """What the program says otherwise than the oracle; [] where they agree."""
    machine, words = machine_of([a for a in args])
    want = oracle.resolve(machine, words)
    r = ask(cuvet, "resolve", args, *(["--all"] if every else []))
    if r.returncode not in (0, 1, 3) or r.stderr:
        return [f"ended with {r.returncode}: {r.stderr.strip()[:300]}"]
    doc = json.loads(r.stdout)
    wrong = []
    if r.returncode != want.exit:
        wrong.append(f"exit code {r.returncode}, the oracle {want.exit}")
    best = doc["best"] and (*name(doc["best"]), doc["best"]["verdict"], doc["best"]["channel"])
    accepted = [(*name_of(j.build), j.verdict, j.channel) for j in want.best] or [None]
    if best not in accepted:
        wrong.append(f"best is {best}, the oracle: {' or '.join(map(str, accepted))}")
    if doc["best"] and doc["candidates"][:1] != [doc["best"]]:
        wrong.append("best is not the first candidate")
    if every:
        python = next((w[8:] for w in words if w.startswith("python==")), None)
        if python:
            machine = oracle.Machine(**{**machine.__dict__, "python": python})
        wrong += each_build(machine, want, doc)
    return wrong


def each_build(machine, want, doc):
    listed = {name(e): e for e in doc["candidates"] + doc["rejected"]}
    wrong = []
    if len(listed) != len(doc["candidates"]) + len(doc["rejected"]):
        wrong.append("a build is listed twice")
    for j in want.judged:
        entry = listed.pop(name_of(j.build), None)
        what = "+".join(name_of(j.build)[:2]) + " " + "/".join(name_of(j.build)[2:])
        if entry is None:
            wrong.append(f"{what} is not listed, the oracle: {j.verdict}")
        else:
            wrong += [f"{what}: {w}" for w in one_build(machine, j, entry)]
    wrong += [f"{n} is listed as {e['verdict']}, the oracle does not know it" for n, e in listed.items() if e["verdict"] not in ("no-build", "unknown")]
    may = {name_of(j.build): j for j in want.candidates}
    got = [name(e) for e in doc["candidates"]]
    if set(got) != set(may):
        wrong.append(f"candidates that the oracle has not: {sorted(set(got) - set(may))[:5]}, lacking: {sorted(set(may) - set(got))[:5]}")
    else:
        keys = [oracle.order(may[n]) for n in got]
        wrong += [f"{got[i]} stands before {got[i + 1]}" for i in range(len(keys) - 1) if keys[i] > keys[i + 1]][:3]
    return wrong


def one_build(machine, j, entry):
    if entry["verdict"] != j.verdict:
        return [f"{entry['verdict']}, the oracle: {j.verdict} (D1 {'/'.join(sorted(j.modes)) or 'not asked'}, GPUs {j.gpus})"]
    wrong = []
    if j.verdict == "no-build":
        return wrong  # whether the other rules were asked too is left open
    if entry["channel"] != j.channel and j.verdict != "unknown":
        wrong.append(f"channel {entry['channel']}, the oracle: {j.channel}")
    mode = entry["driver"] and entry["driver"]["mode"]
    modes = {"unknown" if m == "open" else m for m in j.modes} or {None}
    if mode not in modes:
        wrong.append(f"driver.mode {mode}, the oracle: {'/'.join(map(str, modes))}")
    elif mode and not oracle.need_is_right(machine, j.build, entry["driver"]["need"]):
        wrong.append(f"driver.need {entry['driver']['need']} is not the oldest driver that does")
    got, known = [(g["cc"], g["via"]) for g in entry["gpus"]], [g[:2] for g in j.gpus]
    if j.verdict not in oracle.RUNS:  # PTX that the driver cannot compile: named or not
        got, known = ([(cc, None if (via or "").startswith("compute") else via) for cc, via in gpus] for gpus in (got, known))
    if j.modes and got != known:
        wrong.append(f"gpus {[(g['cc'], g['via']) for g in entry['gpus']]}, the oracle: {[g[:2] for g in j.gpus]}")
    if j.modes and j.verdict in ("works", "works-jit") and [g["verdict"] for g in entry["gpus"]] != [g[2] for g in j.gpus]:
        wrong.append(f"verdicts of the GPUs {[g['verdict'] for g in entry['gpus']]}, the oracle: {[g[2] for g in j.gpus]}")
    needs = set(entry.get("needs") or {}) - {"driver_branch"}  # the newest branch that drives these GPUs, beside "driver"
    if needs != (j.needs if j.verdict == "works-if" else set()):
        wrong.append(f"needs {sorted(needs)}, the oracle: {sorted(j.needs)}")
    return wrong


def shorter(args):
    """The same call with one option or word less."""
    i = 0
    while i < len(args):
        width = 2 if args[i].startswith("--") and args[i] not in ("--wsl", "--container") else 1
        yield args[:i] + args[i + width:]
        i += width


def cut_down(cuvet, args, every):
    """The fewest options that still disagree in the same kind of way."""
    wrong = differences(cuvet, args, every)
    again = True
    while again:
        again = False
        for less in shorter(args):
            try:
                now = differences(cuvet, less, every)
            except (AssertionError, ValueError, KeyError):
                continue
            if now and not now[0].startswith("ended with"):
                args, wrong, again = less, now, True
                break
    return args, wrong


@pytest.mark.parametrize("chunk", range((CASES + CHUNK - 1) // CHUNK))
def test_as_the_oracle(cuvet, chunk):
    bad = {}
    for i in range(chunk * CHUNK, min(CASES, (chunk + 1) * CHUNK)):
        args = random_args(random.Random(f"{SEED}/{i}"))
        if differences(cuvet, args, i % 5 == 0):
            less, wrong = cut_down(cuvet, args, i % 5 == 0)
            bad.setdefault(printed("resolve", less, *(["--all"] if i % 5 == 0 else [])), f"case {i}:\n    " + "\n    ".join(wrong[:6]))
        if len(bad) >= 5:
            break
    assert not bad, f"\n{len(bad)} disagree (seed {SEED}):\n" + "\n".join(f"{command}\n  {what}" for command, what in bad.items())


def test_the_generator_reaches_everything():
    """No test that cannot fail: the oracle's own answers over the random cases must hold every verdict and every mode."""
    verdicts, modes, exits = set(), set(), set()
    for i in range(300):
        machine, words = machine_of(random_args(random.Random(f"{SEED}/{i}")))
        got = oracle.resolve(machine, words)
        verdicts |= {j.verdict for j in got.judged}
        modes |= {m for j in got.judged for m in j.modes}
        exits.add(got.exit)
    assert verdicts == set(oracle.PRECEDENCE)
    assert modes == {"native", "minor", "forward", "too-old", "unknown", "open"}
    assert exits == {0, 1, 3}


# --- properties

RUNNING = ("works", "works-jit")


def running(doc):
    return {name(e) for e in doc["candidates"] + doc["rejected"] if e["verdict"] in RUNNING}


def described(rng):
    """A Linux machine with nothing left open: (options without driver and GPUs, driver, GPUs)."""
    base = ["--os", "linux", "--arch", rng.choice(["x86_64", "x86_64", "aarch64"]), "--python", rng.choice(PYTHONS[6:]), "--glibc", rng.choice(GLIBCS[4:])]
    common = [c for c in CAPABILITIES if not oracle.is_tegra(c) and (3, 5) <= oracle.numbers(c) and c not in ("8.8", "10.7")]
    return base, rng.choice([v for v in LINUX_DRIVERS if oracle.numbers(v) >= (410,)]), rng.sample(common, rng.choice([1, 1, 2]))


def gpu_options(gpus):
    return [w for g in gpus for w in ("--gpu", g)]


@pytest.mark.parametrize("n", range(12))
def test_a_newer_driver_loses_no_build_unless_it_drops_the_gpu(cuvet, n):
    base, driver, gpus = described(random.Random(f"driver/{SEED}/{n}"))
    newer = random.Random(f"newer/{SEED}/{n}").choice([v for v in LINUX_DRIVERS if oracle.numbers(v) >= oracle.numbers(driver)])
    _, old = answer(cuvet, [*base, "--driver", driver, *gpu_options(gpus)], "--all")
    _, new = answer(cuvet, [*base, "--driver", newer, *gpu_options(gpus)], "--all")
    dropped = {name(e) for e in new["rejected"] if e["verdict"] == "gpu-unsupported-by-driver"}
    lost = running(old) - running(new) - dropped
    assert not lost, f"{driver} -> {newer}, {gpus}: {sorted(lost)[:5]}\n{printed('resolve', [*base, '--driver', newer, *gpu_options(gpus)], '--all')}"


@pytest.mark.parametrize("n", range(12))
def test_another_gpu_adds_no_build(cuvet, n):
    rng = random.Random(f"gpu/{SEED}/{n}")
    base, driver, gpus = described(rng)
    more = [*gpus, rng.choice(CAPABILITIES)]
    _, one = answer(cuvet, [*base, "--driver", driver, *gpu_options(gpus)], "--all")
    _, two = answer(cuvet, [*base, "--driver", driver, *gpu_options(more)], "--all")
    added = running(two) - running(one)
    assert not added, f"{gpus} -> {more}: {sorted(added)[:5]}"


@pytest.mark.parametrize("n", range(6))
def test_a_newer_glibc_loses_no_build(cuvet, n):
    base, driver, gpus = described(random.Random(f"glibc/{SEED}/{n}"))
    before = set()
    for glibc in GLIBCS:
        base[-1] = glibc
        _, doc = answer(cuvet, [*base, "--driver", driver, *gpu_options(gpus)], "--all")
        assert before <= running(doc), f"glibc {glibc}: {sorted(before - running(doc))[:5]}"
        before = running(doc)


@pytest.mark.parametrize("python", ["2.6", "3.4", "3.12t", "3.16", "4.0"])
def test_a_python_that_no_build_has_gives_nothing(cuvet, python):
    code, doc = answer(cuvet, ["--os", "linux", "--arch", "x86_64", "--driver", "580.65.06", "--gpu", "8.6", "--glibc", "2.39", "--python", python], "--all")
    assert code == 1 and doc["best"] is None and not doc["candidates"]
    assert {e["verdict"] for e in doc["rejected"]} == {"no-build"}


@pytest.mark.parametrize("n", range(20))
def test_why_says_the_same_of_a_build_as_resolve(cuvet, n):
    rng = random.Random(f"why/{SEED}/{n}")
    base, driver, gpus = described(rng)
    args = [*base, "--driver", driver, *gpu_options(gpus)]
    if rng.random() < 0.4:
        del args[rng.choice([0, 2, 4, 6, 8]):][:2]
    _, doc = answer(cuvet, args, "--all")
    entry = rng.choice([e for e in doc["candidates"] + doc["rejected"] if ("--os" not in args or e["os"] == "linux") and ("--arch" not in args or e["arch"] in args)])
    r = ask(cuvet, "why", [*args, f"torch=={entry['torch']}+{entry['variant']}"])
    why = json.loads(r.stdout)
    assert not schema_errors("why", why)
    assert {k: why[k] for k in entry if k != "commands"} == {k: v for k, v in entry.items() if k != "commands"}, printed("why", [*args, f"torch=={entry['torch']}+{entry['variant']}"])
    assert r.returncode == oracle.EXIT.get(entry["verdict"], 1)


@pytest.mark.parametrize("n", range(10))
def test_all_changes_neither_best_nor_exit_code(cuvet, n):
    args = random_args(random.Random(f"all/{SEED}/{n}"))
    code, short = answer(cuvet, args)
    code_all, full = answer(cuvet, args, "--all")
    assert (code, short["best"]) == (code_all, full["best"])
    assert not schema_errors("resolve", short) + schema_errors("resolve", full)
    every = {name(e): e for e in full["candidates"] + full["rejected"]}
    for e in short["candidates"] + short["rejected"]:
        assert every[name(e)] == {k: v for k, v in e.items() if k != "note"}  # a runner-up's: in what it differs from the pick


@pytest.mark.parametrize("n", range(10))
def test_the_order_of_options_does_not_matter(cuvet, n):
    rng = random.Random(f"order/{SEED}/{n}")
    base, driver, gpus = described(rng)
    pairs = [base[i:i + 2] for i in range(0, len(base), 2)] + [["--driver", driver]]
    shuffled = rng.sample(pairs, len(pairs))
    one = answer(cuvet, [w for p in pairs for w in p] + gpu_options(gpus))
    two = answer(cuvet, gpu_options(gpus) + ["torch"] + [w for p in shuffled for w in p])
    assert one[0] == two[0] and one[1]["best"] == two[1]["best"]


OPEN = [["--gpu", "8.6"], ["--driver", "535.161.08"], ["--os", "linux", "--driver", "580.65.06"], ["--arch", "aarch64", "--gpu", "GH200"], ["--python", "3.13t"], ["--glibc", "2.17"], ["--os", "windows"],
        ["--gpu", "V100", "torch==2.9.1"], ["--gpu", "RTX 5090", "--python", "3.10"], []]


@pytest.mark.parametrize("args", OPEN, ids=lambda a: " ".join(a) or "nothing known")
def test_what_works_if_names_is_enough(cuvet, args):
    """A machine with the first of everything that `needs` says runs that build."""
    code, doc = answer(cuvet, args)
    best = doc["best"]
    assert code == 3 and best["verdict"] == "works-if" and best["needs"]
    filled = [a for a in args if not a.startswith("torch")]
    for axis, text in best["needs"].items():
        if axis == "driver_branch":
            assert text == "<=580" and "V100" in args
            continue
        filled += [f"--{axis}", text.lstrip(">=").split(",")[0]]
    if "--gpu" in filled and "--driver" in args and "driver" not in best["needs"]:
        assert "gpu" in best["needs"]
    code, after = answer(cuvet, [*filled, f"torch=={best['torch']}+{best['variant']}"])
    assert code == 0 and after["best"]["verdict"] in RUNNING, printed("resolve", filled)


@pytest.mark.parametrize("driver,build", [("535.161.08", "2.14.1+cu126"), ("580.65.06", "2.9.1+cu128"), ("580.65.06", "2.15.0+cu132"), ("470.82.01", "1.13.1+cu117"), ("595.58.03", "2.7.1+cu118")])
def test_the_gpus_that_works_if_names_are_all_that_work(cuvet, driver, build):
    base = ["--os", "linux", "--arch", "x86_64", "--driver", driver, "--glibc", "2.39", f"torch=={build}"]
    python = "3.11"
    _, doc = answer(cuvet, [*base, "--python", python])
    named = doc["best"]["needs"]["gpu"].split(",")
    runs = [c for c in CAPABILITIES if (answer(cuvet, [*base, "--python", python, "--gpu", c])[1]["best"] or {}).get("verdict") in RUNNING]
    desktop = [c for c in runs if not oracle.is_tegra(c)]
    assert [c for c in named if not oracle.is_tegra(c)] == desktop


@pytest.mark.parametrize("n", range(20))
def test_driver_need_is_exact(cuvet, n):
    """At that driver the build runs; at the known version just before it does not."""
    rng = random.Random(f"need/{SEED}/{n}")
    base, _, gpus = described(rng)
    code, doc = answer(cuvet, [*base, *gpu_options(gpus)])
    if doc["best"] is None:
        code, doc = answer(cuvet, [*base, *gpu_options([rng.choice(["8.0", "9.0"])])])
        gpus = [doc["best"]["gpus"][0]["cc"]] if doc["best"] else []
    if not gpus:
        return
    best, need = doc["best"], doc["best"]["driver"]["need"]
    pinned = [*base, *gpu_options(gpus), f"torch=={best['torch']}+{best['variant']}"]
    code, at = answer(cuvet, [*pinned, "--driver", need])
    assert code == 0 and at["best"]["verdict"] in RUNNING, printed("resolve", [*pinned, "--driver", need])
    # D2 goes by branches: below the version at which a GPU was first seen, its branch does too
    first = {oracle.arch_row(g)["first_driver"] for g in gpus}
    older = [v for v in LINUX_DRIVERS if oracle.numbers(v) < oracle.numbers(need if "." in need else need + ".0") and not (need in first and v.split(".")[0] == need.split(".")[0])]
    code, below = answer(cuvet, [*pinned, "--driver", older[-1]], "--all")
    assert code == 1 and next(e for e in below["rejected"] if name(e) == name(best))["verdict"] in ("driver-too-old", "gpu-unsupported-by-driver"), printed("resolve", [*pinned, "--driver", older[-1]])


@pytest.mark.parametrize("n", range(15))
def test_the_command_installs_what_was_picked(cuvet, n):
    rng = random.Random(f"command/{SEED}/{n}")
    base, driver, gpus = described(rng)
    _, doc = answer(cuvet, [*base, "--driver", driver, *gpu_options(gpus)], "--all")
    for e in doc["candidates"]:
        pip = e["commands"]["pip"]
        assert f"torch=={e['torch']}" in pip
        assert (e["variant"] in pip) == (e["channel"] == "pytorch"), pip
        assert "\n" not in pip and ";" not in pip
