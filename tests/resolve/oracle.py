"""A naive evaluation of the design's rules (D1, D2, G1, G2, B1, the order of verdicts, the choice) over facts/*.tsv: an oracle for `cuvet resolve`.

It shares nothing with the C code: it reads the tables as text, looks every row up by walking the table, and asks every build every question. It is slow and
meant to be read beside the rules. What it leaves out: several machines, conda's channels, words for people, prices of a choice (it only finds the best build).

Where the OS or CPU is left open several builds are equally good (see `Answer.best`).
"""
import functools
import pathlib
from dataclasses import dataclass, field

from packaging.specifiers import SpecifierSet
from packaging.version import Version

FACTS = pathlib.Path(__file__).resolve().parent.parent.parent / "facts"

# What no change to the machine can mend comes first: the first of these that any rule says is the verdict.
PRECEDENCE = ["no-build", "gpu-too-old", "gpu-too-new", "gpu-unsupported-by-driver", "driver-too-old", "unknown", "works-if", "cpu-only", "works-jit", "works"]
RUNS = ["works", "works-jit", "works-if", "cpu-only"]
EXIT = {"works": 0, "works-jit": 0, "cpu-only": 0, "works-if": 3, "unknown": 3}


@functools.lru_cache(None)
def table(name):
    lines = [line.split("\t") for line in (FACTS / f"{name}.tsv").read_text(encoding="utf-8").split("\n") if line and not line.startswith("#")]
    return [dict(zip(lines[0], row)) for row in lines[1:]]


def numbers(text):
    """"580.65.06" -> (580, 65, 6)"""
    return tuple(int(n) for n in text.split("."))


def listed(text):
    return [w for w in text.split(",") if w]


@dataclass(frozen=True)
class Gpu:
    cc: str
    segment: str = "?"  # as in gpu-pci: data-centre, workstation, geforce; ? = not known


@dataclass
class Machine:
    """None = the description leaves it open; driver "none" and gpus [] = known to be absent."""
    os: str = None
    arch: str = None
    driver: str = None
    gpus: list = None
    python: str = None
    glibc: str = None
    compat: str = None
    wsl: bool = False

    def no_gpu(self):
        return self.gpus == [] or self.os == "macos"


@dataclass(frozen=True)
class Build:
    torch: str
    variant: str
    os: str
    arch: str
    status: str = "stable"
    on_pypi: bool = True
    cudnn: str = "none"
    cuda: tuple = None  # None: a cpu build


@dataclass
class Judged:
    build: Build
    verdict: str = None
    modes: set = field(default_factory=set)  # empty: D1 is not asked
    gpus: list = field(default_factory=list)  # (cc, via, verdict)
    needs: set = field(default_factory=set)
    warned: bool = False  # G2
    channel: str = "pypi"


def cuda_of(variant):
    """cu128 -> (12, 8), cu80 -> (8, 0)"""
    return (int(variant[2:-1]), int(variant[-1])) if variant.startswith("cu") else None


@functools.lru_cache(None)
def builds():
    found = [Build(r["torch"], r["variant"], r["os"], r["arch"], r["status"], r["on_pypi"] == "yes", r["cudnn"], cuda_of(r["variant"])) for r in table("torch-builds")]
    for r in table("torch-releases"):  # macOS: one build a release, cpu
        for key, arch in (("macos_x86_64", "x86_64"), ("macos_arm64", "aarch64")):
            if key + ":" in r["pythons_on_pypi"]:
                found.append(Build(r["torch"], "cpu", "macos", arch))
    return found


# --- B1: a build exists

def by_platform(cell, key):
    for part in cell.split(";"):
        if part.startswith(key + ":"):
            return part[len(key) + 1:]
    return None


PLATFORM = {("linux", "x86_64"): "linux_x86_64", ("linux", "aarch64"): "linux_aarch64", ("windows", "x86_64"): "win_amd64",
            ("macos", "x86_64"): "macos_x86_64", ("macos", "aarch64"): "macos_arm64"}


def glibc_of_tag(tag):
    if tag.startswith("manylinux_2_"):
        return (2, int(tag.split("_")[2]))
    return (2, 17)  # manylinux1, manylinux2014, linux


@functools.lru_cache(None)
def registry(build):
    """(pythons, glibc) of the default registry's wheels of that torch, OS and CPU; None where it has none."""
    row = [r for r in table("torch-releases") if r["torch"] == build.torch][0]
    key = PLATFORM[build.os, build.arch]
    pythons = by_platform(row["pythons_on_pypi"], key)
    if pythons is None:
        return None, None
    if build.os != "linux":
        return listed(pythons), None
    glibc = max(glibc_of_tag(t) for t in by_platform(row["pypi_platform_tags"], key).split("|"))
    measured = by_platform(row["glibc_needed"], build.arch)
    if measured not in (None, "", "?"):
        glibc = max(glibc, numbers(measured))
    return listed(pythons), glibc


@functools.lru_cache(None)
def wheels(build):
    """(pythons, glibc) of this build: the registry's, unless the index has a row for the variant."""
    pythons, glibc = registry(build)
    for r in table("torch-index-wheels"):
        if r["torch"] == build.torch and build.variant in listed(r["variants"]) and r["os"] == build.os and r["arch"] == build.arch:
            pythons = listed(r["pythons"]) or pythons
            glibc = numbers(r["glibc"]) if r["glibc"] else glibc
    return pythons, glibc


def b1(machine, build, judged):
    pythons, glibc = wheels(build)
    said = []
    if build.status == "removed":
        said.append("no-build")
    if build.status == "?":
        said.append("unknown")
    for axis, have, want in (("os", machine.os, build.os), ("arch", machine.arch, build.arch)):
        if have is None:
            judged.needs.add(axis)
        elif have != want:
            said.append("no-build")
    if pythons is None:
        said.append("unknown")
    elif machine.python is None:
        judged.needs.add("python")
    elif machine.python not in pythons:
        said.append("no-build")
    if build.os == "linux":
        if machine.glibc is None:
            judged.needs.add("glibc")
        elif glibc is None:
            said.append("unknown")
        elif numbers(machine.glibc) < glibc:
            said.append("no-build")
    if build.on_pypi and pythons is not None:
        ours, _ = registry(build)
        judged.channel = "pypi" if machine.python is None or machine.python in (ours or []) else "pytorch"
    else:
        judged.channel = "pytorch"
    return said


# --- D1: driver and the build's CUDA

def branches():
    return table("driver-branches")


def windows_numbers(machine, build):
    """The driver's number is a Windows one: Windows, WSL, and a build for Windows where the description leaves the OS open."""
    return machine.wsl or (machine.os or build.os) == "windows"


def branch_of(driver, windows):
    """(branch, its row); the row is None where the table lacks the branch or the Windows number is above all known ones."""
    first = numbers(driver)[0]
    if not windows:
        return first, next((b for b in branches() if int(b["branch"]) == first), None)
    known = [b for b in branches() if int(b["branch"]) <= first]
    highest = max(int(b["windows_max"]) for b in branches() if b["windows_max"] != "?")
    if not known or first > highest:
        return first, None
    return int(known[-1]["branch"]), known[-1]


def full_version(driver, windows):
    """A bare branch means its newest known version."""
    if "." in driver:
        return numbers(driver)
    row = next((b for b in branches() if b["branch"] == driver), None)
    if row is None:
        return numbers(driver)
    if not windows:
        return numbers(row["last_version"])
    return (int(row["windows_max"]), 10**6) if row["windows_max"] != "?" else numbers(driver) + (10**6,)


@functools.lru_cache(None)
def minimum(cuda, windows):
    """The lowest driver that may run it: of the major from CUDA 11 on, of the very X.Y before."""
    if cuda[0] >= 11:
        row = [r for r in table("compat-rules") if r["id"] == f"minor-{cuda[0]}"][0]
        return numbers(row["windows_min" if windows else "linux_min"])
    column = "windows_driver_doc" if windows else "linux_driver_doc"
    return min(numbers(r[column]) for r in table("cuda-releases") if numbers(r["version"])[:2] == cuda and r[column] not in ("?", "N/A"))


@functools.lru_cache(None)
def by_driver_alone(driver, cuda, windows, tegra):
    """native, minor, too-old or unknown."""
    version, low = full_version(driver, windows), minimum(cuda, windows)
    if tegra:  # L4T's numbers count by branch
        version, low = version[:1], low[:1]
    if cuda <= (10, 2):
        return "native" if version >= low else "too-old"
    _, row = branch_of(driver, windows)
    if row is None:
        return "too-old" if version < low else "unknown"
    api = numbers(row["max_cuda_low"])
    if api >= cuda:
        return "native"
    return "minor" if api[0] == cuda[0] and version >= low else "too-old"


def compat(machine, windows):
    """What a cuda-compat package on the loader's path does: none, breaks, used or unsure (its libcuda is what every CUDA program gets); whether it is for this driver's branch."""
    if machine.compat is None or windows or machine.driver in (None, "none") or any(is_tegra(g.cc) for g in machine.gpus or []):
        return "none", False
    branch, known = branch_of(machine.driver, False)
    _, package = branch_of(machine.compat, False)
    if known is None:
        return "none", False
    if package is None:
        return "unsure", False
    have, brings = numbers(known["max_cuda_low"]), numbers(package["max_cuda_low"])
    row = next((r for r in table("forward-compat") if numbers(r["cuda"]) == brings), None)
    listed = row is not None and str(branch) in row["base_branches"].split()
    segments = {g.segment for g in machine.gpus or []}
    if have == brings:
        return "none", listed
    if brings < have or "geforce" in segments:  # forward-old-on-new, forward-hw
        return "breaks", listed
    return "used" if segments == {"data-centre"} and listed else "unsure", listed


def d1(machine, build):
    """The mode; "open" where the description has no driver."""
    windows = windows_numbers(machine, build)
    if machine.driver is None:
        return {"open"}
    tegra = any(is_tegra(g.cc) for g in machine.gpus or [])
    does, listed = compat(machine, windows)
    if does == "breaks":  # for every build alike
        return {"too-old"}
    mode = "too-old" if machine.driver == "none" else by_driver_alone(machine.driver, build.cuda, windows, tegra)
    covers = does != "none" and listed and numbers(branch_of(machine.compat, False)[1]["max_cuda_low"]) >= build.cuda
    if does == "used" and covers and mode in ("minor", "too-old"):
        return {"forward"}  # that libcuda is the one in use, also where minor would do
    if does == "unsure" and (mode in ("native", "minor") or (mode == "too-old" and covers)):
        return {"unknown"}
    return {mode}


# --- D2: driver and GPU

@functools.lru_cache(None)
def arch_row(cc):
    return next((r for r in table("gpu-arch") if r["cc"] == cc), None)


def is_tegra(cc):
    row = arch_row(cc)
    return row is not None and row["tegra"] == "yes"


@functools.lru_cache(None)
def d2(driver, windows, gpu):
    """pass, fail or unknown for a driver that is there."""
    row = arch_row(gpu.cc)
    if row is None:
        return "unknown"
    if row["tegra"] == "yes":
        return "pass"
    branch, known = branch_of(driver, windows)
    if windows and known is None and branch > 340:
        return "unknown"  # above the highest Windows number: whatever the GPU's limits are
    if row["last_driver"] not in ("-", "?") and branch > int(row["last_driver"].split(".")[0]):
        return "fail"
    if row["first_driver"] == "?":
        if numbers(gpu.cc) >= (7, 0):
            return "unknown"
    elif branch < int(row["first_driver"].split(".")[0]):
        return "fail"
    return "pass" if known else "unknown"


# --- G1: GPU and the build's code

def target(name):
    """sm_103a -> ((10, 3), "a")"""
    word = name.split("_")[1]
    suffix = word[-1] if word[-1] in "af" else ""
    digits = word[: len(word) - len(suffix)]
    return (int(digits[:-1]), int(digits[-1])), suffix


def family(code, cc):
    """sm_XYf: the same or a higher minor of the same family; Thor (11.0, once 10.1) is a family of its own."""
    return code[0] == cc[0] and code[1] <= cc[1] and (10, 1) not in (code, cc)


def runs(name, cc, cuda):
    """Does this SASS run on that capability?"""
    code, suffix = target(name)
    thor = ((10, 1), (11, 0))
    if code in thor and cc in thor:
        return True
    if suffix == "a":
        return code == cc
    if suffix == "f":
        return family(code, cc)
    if code[0] != cc[0] or code[1] > cc[1]:
        return False
    jetson_code, jetson_gpu = is_tegra("%d.%d" % code), is_tegra("%d.%d" % cc)
    if jetson_code == jetson_gpu:
        return True
    return jetson_gpu and cuda >= (13, 2) and cc in ((7, 2), (8, 7))


def code_of(build):
    """(SASS list, PTX list); None where the table has no row."""
    key = (build.torch, build.variant, build.os, build.arch)
    row = next((r for r in table("torch-archs") if (r["torch"], r["variant"], r["os"], r["arch"]) == key), None)
    if row is None or row["sass"] == "?":
        return None
    return listed(row["sass"]), [] if row["ptx"] == "none" else listed(row["ptx"])


@functools.lru_cache(None)
def g1(build, gpu):
    """(verdict, via): works, works-jit ("if the driver knows that PTX"), gpu-too-old, gpu-too-new, unknown."""
    code, cc = code_of(build), numbers(gpu.cc)
    if code is None:
        return "unknown", None
    sass, ptx = code
    fitting = [s for s in sass if runs(s, cc, build.cuda)]
    if fitting:
        return "works", max(fitting, key=target)
    ptx = [p for p in ptx if p[-1] not in "af" and target(p.rstrip("?"))[0] <= cc]
    if ptx:
        best = max(ptx, key=lambda p: target(p.rstrip("?")))
        return ("unknown", None) if best.endswith("?") else ("works-jit", best)
    row = arch_row(gpu.cc)
    if cc > max(target(s)[0] for s in sass) or (row and numbers(row["first_cuda"])[:2] > build.cuda):
        return "gpu-too-new", None
    return "gpu-too-old", None


# --- G2: cuDNN's own range

@functools.lru_cache(None)
def g2(build, gpu):
    if build.cudnn in ("?", "none", "", "-"):
        return False
    have = numbers(build.cudnn)
    for r in table("cudnn-floor"):
        if numbers(r["from_version"]) <= have and (r["below"] == "-" or have < numbers(r["below"])):
            return numbers(gpu.cc) < numbers(r["cc_min"])
    return False


# --- all together

def worst(said):
    return min(said, key=PRECEDENCE.index)


def judge(machine, build):
    j = Judged(build)
    said = b1(machine, build, j)
    if build.cuda is None or machine.no_gpu():
        j.verdict = worst(said + ["works-if"] * bool(j.needs) + ["cpu-only"])
        return j
    j.modes = d1(machine, build)
    if "open" in j.modes:
        j.needs.add("driver")
    if "too-old" in j.modes:
        said.append("driver-too-old")
    if "unknown" in j.modes:
        said.append("unknown")
    if machine.gpus is None:
        j.needs.add("gpu")
    for gpu in machine.gpus or []:
        one = judge_gpu(machine, build, gpu, j)
        said.append(one)
    j.verdict = worst(said + ["works-if"] * bool(j.needs) + ["works"])
    if j.verdict != "works-if":
        j.needs = set()
    return j


def judge_gpu(machine, build, gpu, j):
    verdict, via = g1(build, gpu)
    said = [verdict]
    windows = windows_numbers(machine, build)
    if verdict == "works-jit":
        if j.modes == {"minor"}:
            said.append("driver-too-old")
    if "too-old" in j.modes:
        said.append("driver-too-old")
    if "open" in j.modes:
        said.append("works-if")
        if d2("580", False, gpu) == "unknown":
            said.append("unknown")
    elif machine.driver != "none":
        said.append({"pass": "works", "fail": "gpu-unsupported-by-driver", "unknown": "unknown"}[d2(machine.driver, windows, gpu)])
    if "unknown" in j.modes:
        said.append("unknown")
    j.warned = j.warned or g2(build, gpu)
    j.gpus.append((gpu.cc, via, worst(said)))
    return worst(said)


def would_do(driver, cuda, windows, gpus, jit):
    """Would this driver do, by D1 (native where a GPU needs PTX) and D2?"""
    mode = by_driver_alone(driver, cuda, windows, any(is_tegra(g.cc) for g in gpus))
    return mode in (("native",) if jit else ("native", "minor")) and all(d2(driver, windows, g) == "pass" for g in gpus)


@functools.lru_cache(None)
def drivers(windows):
    """Every driver number worth a try, oldest first."""
    if not windows:
        return sorted({r["version"] for r in table("driver-versions")}, key=numbers)
    floors = {r["windows_min"] for r in table("compat-rules") if r["id"].startswith("minor-1") and r["windows_min"] != "-"}
    floors |= {r["windows_driver_doc"] for r in table("cuda-releases") if r["windows_driver_doc"] not in ("?", "N/A")}
    return sorted(floors | {f"{n}.{m:02}" for n in range(340, 618) for m in (99,)}, key=numbers)


@functools.lru_cache(None)
def good_drivers(cuda, windows, gpus, jit):
    return [v for v in drivers(windows) if would_do(v, cuda, windows, gpus, jit)]


def need_is_right(machine, build, need):
    """Is this the oldest driver that D1 and D2 ask for? It must do, and no older known one may.

    D2 compares branches; the version at which a GPU was first seen in a branch may be named instead of the branch (B300: 580.82.07).
    """
    windows, gpus = windows_numbers(machine, build), tuple(machine.gpus or [])
    if any(is_tegra(g.cc) or d2("580", False, g) == "unknown" for g in gpus):
        return True  # by branch only, or not known at all
    jit = any(g1(build, g)[0] == "works-jit" for g in gpus)
    good = good_drivers(build.cuda, windows, gpus, jit)
    if not good:
        return True  # no driver does
    if need is None or not would_do(need, build.cuda, windows, gpus, jit):
        return False
    at = numbers(need if "." in need else need + ".0")
    named = [numbers(arch_row(g.cc)["first_driver"]) for g in gpus if arch_row(g.cc)["first_driver"] != "?"]
    return not any(numbers(v) < at and not any(f[0] == at[0] == numbers(v)[0] and numbers(v) < f for f in named) for v in good)


@dataclass
class Request:
    """PEP 440 specifiers, all of which must hold."""
    torch: SpecifierSet = field(default_factory=SpecifierSet)
    cuda: SpecifierSet = None
    cudnn: SpecifierSet = None
    releases: set = None  # that a companion allows

    def allows(self, build):
        name = Version(f"{build.torch}+{build.variant}")
        if not self.torch.contains(name) or (self.releases is not None and build.torch not in self.releases):
            return False
        if self.cuda is not None and (build.cuda is None or not self.cuda.contains(Version("%d.%d" % build.cuda))):
            return False
        if self.cudnn is not None and (build.cudnn in ("?", "none", "") or not self.cudnn.contains(Version(build.cudnn))):
            return False
        return True

    def beyond_the_table(self):
        """Only releases newer than the table would do."""
        known = [Version(r["torch"]) for r in table("torch-releases")]
        named = [Version(s.version) for s in self.torch if s.operator == "==" and "*" not in s.version]
        return not any(self.torch.contains(v) for v in known) and any(self.torch.contains(v) for v in [Version("9999"), *(v for v in named if v.release > max(known).release)])

    def wants_cpu(self):
        return "+cpu" in str(self.torch)


@functools.lru_cache(None)
def companions(package, specifiers):
    """The torch releases that the allowed versions of a companion are tied to."""
    found = set()
    for r in table("torch-companions"):
        if r["package"] == package and SpecifierSet(specifiers).contains(Version(r["version"])):
            for exact in listed(r["torch_exact"]):
                pattern = SpecifierSet("==" + exact)
                found |= {t["torch"] for t in table("torch-releases") if pattern.contains(Version(t["torch"]))}
            if not r["torch_exact"]:
                try:
                    wanted = SpecifierSet("" if r["torch_requirement"] in ("any", "none stated") else r["torch_requirement"])
                except ValueError:
                    continue
                found |= {t["torch"] for t in table("torch-releases") if wanted.contains(Version(t["torch"]))}
    return found


def parse(words):
    request, python = Request(), None
    for word in words or ["torch"]:
        name = word[: len(word) - len(word.lstrip("abcdefghijklmnopqrstuvwxyz0123456789-"))]
        spec = word[len(name):]
        if name == "torch":
            request.torch = request.torch & SpecifierSet(spec)
        elif name == "cuda":
            request.cuda = SpecifierSet(spec)
        elif name == "cudnn":
            request.cudnn = SpecifierSet(spec)
        elif name == "python":
            python = spec[2:]
        else:
            allowed = companions(name, spec)
            request.releases = allowed if request.releases is None else request.releases & allowed
    return request, python


def known_mode(judged):
    modes = [m for m in ("native", "minor", "forward") if m in judged.modes]
    return ("native", "minor", "forward").index(modes[0]) if modes else 0


def order(judged):
    """Smaller is better."""
    b = judged.build
    return (RUNS.index(judged.verdict), judged.warned, tuple(-n for n in numbers(b.torch)), known_mode(judged), judged.channel != "pypi",
            tuple(-n for n in b.cuda or (0, 0)))


def may_be_best(machine, request, judged):
    if judged.verdict not in RUNS:
        return False
    if machine.no_gpu():
        return judged.build.variant == "cpu"
    return judged.build.variant != "cpu" or request.wants_cpu()


@dataclass
class Answer:
    judged: list
    best: list  # equally good ones: the rules do not order builds for other systems where the OS or CPU is left open
    exit: int
    candidates: list


def resolve(machine, words=()):
    request, python = parse(words)
    if python is not None:
        machine = Machine(**{**machine.__dict__, "python": python})
    asked = [b for b in builds() if request.allows(b) and machine.os in (None, b.os) and machine.arch in (None, b.arch)]
    judged = [judge(machine, b) for b in asked]
    candidates = sorted((j for j in judged if may_be_best(machine, request, j)), key=order)
    if candidates:
        best = [j for j in candidates if order(j) == order(candidates[0])]
        return Answer(judged, best, EXIT[best[0].verdict], candidates)
    return Answer(judged, [], 3 if request.beyond_the_table() or any(j.verdict == "unknown" for j in judged) else 1, [])
