"""Speed and memory of `cuvet doctor`, as ratios of medians: everything is run side by side, in turns, in one go on one machine.

What is compared runs in the same environment with the same variables. Exit status 1 if a limit is broken; the closing line counts the limits.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
import files  # noqa: E402
from real import environments as real  # noqa: E402

BUILD = pathlib.Path(os.environ.get("CUVET_BUILD", ROOT / "build"))


class Contender:
    def __init__(self, name, command, env, rounds, cold=()):
        """`cold`: files that are thrown out of the page cache before each run."""
        self.name, self.command, self.env, self.rounds, self.cold = name, [str(c) for c in command], env, rounds, cold
        self.cpu, self.wall, self.peak = [], [], []

    def run(self, measure, cwd):
        files.drop(self.cold)
        out = subprocess.run([measure, "1", *self.command], capture_output=True, text=True, check=True, env=self.env, cwd=cwd).stdout
        cpu, wall, peak, status = out.split()
        if int(status) not in (0, 1, 3):
            raise SystemExit(f"bench: {' '.join(self.command)} ended with {status}")
        self.cpu.append(float(cpu) / 1000)
        self.wall.append(float(wall) / 1000)
        self.peak.append(int(peak))

    def row(self):
        return f"{self.name:38} {statistics.median(self.cpu):10.2f} {statistics.median(self.wall):10.2f} {max(self.peak) / 1024:9.1f} {len(self.cpu):5}"


def compile_c(to, name):
    cc = os.environ.get("CC", "cc").split()
    out = pathlib.Path(to, name)
    subprocess.run([*cc, "-O2", "-o", str(out), str(ROOT / "bench" / f"{name}.c")], check=True)
    return out


def library(folder):
    return real.site_packages(folder) / files.MEMBER


def of_code(folder, base, work, rounds):
    """GPU code: a library, warm and cold; all of an environment; a wheel. Side by side with cuobjdump, and with the library that inflates, alone."""
    cuvet, whole = BUILD / "cuvet", real.site_packages(folder)
    so, wheel = library(folder), files.wheel(real.CACHE)
    one = files.one_member(wheel, files.MEMBER, work / "torch_one-1-py3-none-any.whl")
    found = subprocess.run([cuvet, "archs", "--json", whole], capture_output=True, text=True, check=True, env=base).stdout
    with_code = sorted({f["file"].split("!")[0] for f in json.loads(found)["files"]})
    files.sync([so, *with_code])
    files.drop([so])
    left = files.resident(so)
    if left > 0.01:
        raise SystemExit(f"bench: {left:.0%} of {so} stays in the page cache: nothing here can be read cold")
    size = sum(os.path.getsize(f) for f in with_code) / 1e9
    return {
        "archs": Contender("cuvet archs libtorch_cuda.so, 2.15.0", [cuvet, "archs", so], base, rounds),
        "cold": Contender("the same, cold", [cuvet, "archs", so], base, max(5, rounds // 5), [so]),
        "env": Contender(f"cuvet archs site-packages, {size:.1f} GB", [cuvet, "archs", whole], base, rounds),
        "env_cold": Contender(f"the same, cold ({len(with_code)} libraries)", [cuvet, "archs", whole], base, max(5, rounds // 10), with_code),
        "declared": Contender("cuvet archs --declared-only WHEEL", [cuvet, "archs", "--declared-only", wheel], base, rounds),
        "exact": Contender("cuvet archs WHEEL of libtorch_cuda.so", [cuvet, "archs", one], base, max(3, rounds // 20)),
        "inflate": Contender("inflating that member, nothing else", [BUILD / "tests/unit/inflate", one, *files.packed(one, files.MEMBER)], base, max(3, rounds // 20)),
        "cuobjdump": Contender("cuobjdump --list-elf, same library", [real.cuobjdump(), "--list-elf", so], base, 3),
    }


ASKED = {"gpu": "RTX 3090", "driver": "580.65.06", "python": "3.11", "os": "linux", "glibc": "2.36"}


def contenders(folder, home, work, rounds):
    base = {"HOME": str(home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    active = {**base, "VIRTUAL_ENV": str(folder), "PATH": f"{folder}/bin:/usr/bin:/bin"}
    cuvet = BUILD / "cuvet"
    return {
        "nothing": Contender("C program that does nothing", [work / "nothing"], base, rounds),
        "bare": Contender("cuvet doctor, no torch here", [cuvet, "doctor"], base, rounds),
        "doctor": Contender("cuvet doctor, torch 2.15.0", [cuvet, "doctor"], active, rounds),
        "json": Contender("cuvet doctor --json, torch 2.15.0", [cuvet, "doctor", "--json"], active, rounds),
        "resolve": Contender("cuvet resolve, this machine", [cuvet, "resolve"], active, rounds),
        "resolve_all": Contender("cuvet resolve --all", [cuvet, "resolve", "--all"], active, rounds),
        "asked": Contender("cuvet resolve, a described machine", [cuvet, "resolve", "--machine", "none", "--arch", "x86_64", *(x for k, v in ASKED.items() for x in ("--" + k, v))], base, rounds),
        "rigsolve": Contender("rigsolve solve, same machine", [real.tools() / "bin/rigsolve", "solve", "--want", "torch", "--output", "pip", "--target",
                                                               ",".join([ASKED["gpu"], ASKED["os"], *(f"{k}={ASKED[k]}" for k in ("driver", "python", "glibc"))])], base, max(3, rounds // 20)),
        **of_code(folder, base, work, rounds),
        "explain": Contender("cuvet explain, 10 KB traceback", [cuvet, "explain", traceback(work)], active, rounds),
        "uv": Contender("uv pip list, same environment", [real.uv(), "pip", "list", "--python", folder / "bin/python"],
                        {**active, "UV_CACHE_DIR": str(real.CACHE / "uv-cache"), "UV_NO_CONFIG": "1"}, rounds),
        "collect_env": Contender("python -m torch.utils.collect_env", [folder / "bin/python", "-m", "torch.utils.collect_env"], active, max(3, rounds // 20)),
    }


def traceback(work):
    """10 KB of frames, and the error at their end."""
    path = work / "traceback.log"
    frames = "".join(f'  File "/opt/app/module_{i}.py", line {i}, in step_{i}\n    return self.model.layers[{i}](hidden, mask=mask)\n' for i in range(100))
    path.write_text("Traceback (most recent call last):\n" + frames[:10000] + "\nRuntimeError: CUDA error: no kernel image is available for execution on the device\n", encoding="utf-8")
    return path


def log_speeds():
    """MB/s of the ways to read a log (bench/explain.c)."""
    out = subprocess.run([BUILD / "tests/unit/bench_explain"], capture_output=True, text=True, check=True).stdout
    print(out)
    return {line[:28].strip(): float(line[28:].split()[0]) for line in out.splitlines()}


def in_turns(all_of_them, measure, cwd):
    for c in all_of_them:
        c.run(measure, cwd)  # warm: not counted
        c.cpu.clear(), c.wall.clear(), c.peak.clear()
    most = max(c.rounds for c in all_of_them)
    for i in range(most):
        for c in all_of_them:
            if i * c.rounds // most != (i + 1) * c.rounds // most:
                c.run(measure, cwd)


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--rounds", type=int, default=101)
    args.add_argument("--report", action="store_true", help="end well also where a limit is broken: a busy machine is no verdict")
    given = args.parse_args()
    rounds = given.rounds
    try:
        folder = real.make("uv-torch-2.15.0")
    except real.NoPython as e:
        raise SystemExit(f"bench: {e}") from e
    with tempfile.TemporaryDirectory() as tmp:
        work, home = pathlib.Path(tmp, "work"), pathlib.Path(tmp, "home")
        work.mkdir()
        home.mkdir()
        measure = compile_c(work, "measure")
        compile_c(work, "nothing")
        c = contenders(folder, home, work, rounds)
        in_turns(list(c.values()), str(measure), str(home))
    return report(c, given.report)


def million():
    """Seconds that a million evaluations would take, from a tenth of them."""
    out = subprocess.run([BUILD / "tests/unit/million", "100000"], capture_output=True, text=True, check=False).stdout
    return float(out.split("a million: ")[1].split(" s")[0])


def report(c, only_report):
    print(f"{'medians':38} {'CPU ms':>10} {'wall ms':>10} {'peak MiB':>9} {'runs':>5}")
    for x in c.values():
        print(x.row())
    cpu = {k: statistics.median(v.cpu) for k, v in c.items()}
    wall = {k: statistics.median(v.wall) for k, v in c.items()}
    peak = max(max(c[k].peak) for k in ("bare", "doctor", "json")) / 1024
    logs = log_speeds()
    limits = [
        ("explain, MB of log a second", logs["stream"], ">=", 500),
        ("explain / a loop of regexec", logs["stream"] / logs["a loop of regexec, by line"], ">=", 50),
        ("search / Aho-Corasick", logs["search, four bytes sampled"] / logs["search, Aho-Corasick"], ">=", 1),
        ("explain of a traceback, CPU ms", cpu["explain"], "<=", 5),
        ("collect_env / doctor, CPU", cpu["collect_env"] / cpu["doctor"], ">=", 400),
        ("uv pip list / doctor, CPU", cpu["uv"] / cpu["doctor"], ">=", 1),
        ("uv pip list / doctor, wall", wall["uv"] / wall["doctor"], ">=", 1),
        ("doctor without torch / nothing, CPU", cpu["bare"] / cpu["nothing"], "<=", 3),
        ("doctor, CPU ms", max(cpu["doctor"], cpu["json"]), "<=", 5),
        ("doctor, peak MiB", peak, "<=", 16),
        ("cuobjdump / archs, CPU", cpu["cuobjdump"] / cpu["archs"], ">=", 1000),
        ("archs, CPU ms", cpu["archs"], "<=", 3),
        ("archs, peak MiB", max(c["archs"].peak) / 1024, "<=", 16),
        ("archs cold, wall ms", wall["cold"], "<=", 30),
        ("archs of an environment, wall ms", wall["env"], "<=", 50),
        ("archs --declared-only WHEEL, wall ms", wall["declared"], "<=", 5),
        ("archs WHEEL / inflating it, CPU", cpu["exact"] / cpu["inflate"], "<=", 1.2),
        ("rigsolve solve / resolve, CPU", cpu["rigsolve"] / cpu["asked"], ">=", 40),
        ("resolve, CPU ms", cpu["resolve"], "<=", 3),
        ("resolve --all, CPU ms", cpu["resolve_all"], "<=", 10),
        ("a million evaluations, s", million(), "<=", 20),
    ]
    print()
    failed = 0
    for name, value, op, limit in limits:
        good = value >= limit if op == ">=" else value <= limit
        failed += not good
        print(f"{name:38} {value:10.2f} {op} {limit:<5} {'ok' if good else 'BROKEN'}")
    if only_report:
        print(f"{failed} of {len(limits)} limits broken in this run")
        return 0
    print(f"{len(limits) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    if not shutil.which(os.environ.get("CC", "cc").split()[0]):
        raise SystemExit("bench: no C compiler")
    sys.exit(main())
