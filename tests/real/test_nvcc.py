"""cuvet archs against what was asked of a real nvcc, and against the vendor's cuobjdump: every target this nvcc has, every compression, and every form that its output is linked,
archived or stripped into. Compiled on the spot, many targets in one go; skipped where there is no nvcc."""
import collections
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from real import archs_table
from real import environments as real

KERNEL = "__device__ float f{n}(float x) {{ return x * {n}; }}\n__global__ void k{n}(float *x) {{ x[threadIdx.x] = f{n}(x[threadIdx.x]); }}\n"
MAIN = "int main(void) { return 0; }\n"
MODES = ["none", "speed", "size", "balance", "default"]


def find_nvcc():
    for folder in [os.environ.get("CUDA_HOME"), os.environ.get("CUDA_PATH"), "/usr/local/cuda"]:
        if folder and os.access(f"{folder}/bin/nvcc", os.X_OK):
            return f"{folder}/bin/nvcc"
    return shutil.which("nvcc")


NVCC = find_nvcc()
pytestmark = pytest.mark.skipif(not NVCC, reason="no nvcc on this machine: nothing can be compiled for a GPU")


def call(*args, cwd=None):
    r = subprocess.run([str(a) for a in args], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, cwd=cwd, timeout=300)
    if r.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, args))} ended with {r.returncode}\n{r.stdout}{r.stderr}")
    return r.stdout


def numbers():
    """75, ..., 90a, ..., 121f: all that this nvcc makes machine code for; the plain ones are in its own list too."""
    listed = set(re.findall(r"\bsm_(\d+)\b", call(NVCC, "--list-gpu-code")))
    named = set(re.findall(r"'sm_(\d+[af]?)'", call(NVCC, "--help")))
    assert listed and listed <= named
    return sorted(named | listed, key=lambda t: (int(t.rstrip("af")), t))


def gencode(targets, *code):
    """One -gencode for each, for `code` ("sm", "compute", "lto") of it."""
    return [x for t in targets for x in ("-gencode", f"arch=compute_{t},code=[{','.join(f'{c}_{t}' for c in code)}]")]


def asked(targets, *code):
    return {f"{c}_{t}": 1 for t in targets for c in code}


def added(*parts):
    out = collections.Counter()
    for p in parts:
        out.update(p)
    return dict(out)


class Bench:
    """What is compiled once for all tests: {name: (file, images that were asked for, LTO images that were asked for)}."""

    def __init__(self, folder):
        self.folder, self.files = folder, {}
        self.targets = numbers()
        self.family = [t for t in self.targets if t.endswith("f")]
        self.few = [self.targets[0], "90a", self.targets[-1].rstrip("f")]
        self.others = [t for t in self.targets if not t.endswith("f")]  # nvcc refuses sm_100 and sm_100f in one compilation
        for n in (1, 2, 3):
            (folder / f"k{n}.cu").write_text(KERNEL.format(n=n))
        (folder / "main.c").write_text(MAIN)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda job: job(), self.compilations()))
        self.link()

    def nvcc(self, name, source, images, lto, *args):
        call(NVCC, *args, "-o", name, source, cwd=self.folder)
        self.files[name] = (self.folder / name, images, lto)

    def compilations(self):
        pic = ["-c", "-Xcompiler", "-fPIC"]
        yield lambda: self.nvcc("others.o", "k1.cu", asked(self.others, "sm", "compute"), {}, *pic, *gencode(self.others, "sm", "compute"))
        if self.family:
            yield lambda: self.nvcc("family.o", "k2.cu", asked(self.family, "sm", "compute"), {}, *pic, *gencode(self.family, "sm", "compute"))
        yield lambda: self.nvcc("all.fatbin", "k3.cu", asked(self.others, "sm"), {}, "-fatbin", *gencode(self.others, "sm"))
        yield lambda: self.nvcc("lto.o", "k1.cu", asked(["86"], "sm"), asked(["80", "90a"], "lto"), "-dc", *gencode(["80", "90a"], "lto"), *gencode(["86"], "sm"))
        yield lambda: self.nvcc("dlto.o", "k2.cu", asked(["90"], "compute"), asked(["90"], "lto"), "-dc", "-dlto", "-arch=sm_90")
        yield lambda: self.nvcc("debug.o", "k1.cu", asked(["80"], "sm", "compute"), {}, "-c", "-G", "-maxrregcount=32", *gencode(["80"], "sm", "compute"))
        yield lambda: self.nvcc("lines.o", "k1.cu", asked(["90"], "sm", "compute"), {}, "-c", "-lineinfo", *gencode(["90"], "sm", "compute"))
        for n in (1, 2):
            yield lambda n=n: self.nvcc(f"rdc{n}.o", f"k{n}.cu", asked(["80", "90"], "sm"), {}, "-dc", *gencode(["80", "90"], "sm"))
        for mode in MODES if "--compress-mode" in call(NVCC, "--help") else []:  # from CUDA 12.8 on
            yield lambda mode=mode: self.nvcc(f"{mode}.o", "k1.cu", asked(self.few, "sm", "compute"), {}, "-c", f"--compress-mode={mode}", *gencode(self.few, "sm", "compute"))
        for t in (self.targets[0], self.others[-1]):
            yield lambda t=t: self.nvcc(f"{t}.ptx", "k1.cu", asked([t], "compute"), {}, "-ptx", f"-arch=compute_{t}")
        yield self.cubins

    def cubins(self):
        """Bare cubins, by the assembler that nvcc itself calls."""
        first = self.targets[0]
        call(NVCC, "-ptx", f"-arch=compute_{first}", "-o", "k.ptx", "k1.cu", cwd=self.folder)
        text = (self.folder / "k.ptx").read_text()
        ptxas = pathlib.Path(NVCC).resolve().parent / "ptxas"
        for t in self.targets:
            (self.folder / f"in{t}.ptx").write_text(text.replace(f"sm_{first}", f"sm_{t}"))
            call(ptxas, "-arch", f"sm_{t}", "-o", f"{t}.cubin", f"in{t}.ptx", cwd=self.folder)
            self.files[f"{t}.cubin"] = (self.folder / f"{t}.cubin", asked([t], "sm"), {})

    def put(self, name, images, *command):
        call(*command, cwd=self.folder)
        self.files[name] = (self.folder / name, images, {})

    def link(self):
        objects = [n for n in ("others.o", "family.o") if n in self.files]
        both = added(*(self.files[n][1] for n in objects))
        runtime = ["-L" + str(pathlib.Path(NVCC).resolve().parent.parent / "lib64"), "-lcudart", "-lstdc++"]
        for linker in ("bfd", "gold", "lld"):
            if shutil.which(f"ld.{linker}"):
                self.put(f"{linker}.so", both, "gcc", "-shared", f"-fuse-ld={linker}", "-o", f"{linker}.so", *objects, *runtime)
                self.put(f"{linker}.exe", both, "gcc", f"-fuse-ld={linker}", "-o", f"{linker}.exe", "main.c", *objects, *runtime)
        self.put("stripped.so", both, "strip", "-s", "-o", "stripped.so", "bfd.so")
        headless = bytearray((self.folder / "bfd.so").read_bytes())
        headless[40:48], headless[58:64] = bytes(8), bytes(6)  # e_shoff; the numbers of the section headers
        (self.folder / "headless.so").write_bytes(headless)
        self.files["headless.so"] = (self.folder / "headless.so", both, {})
        self.put("static.a", both, "ar", "rcs", "static.a", *objects)
        # nvcc links an image of its own into what it links, for the architecture that it is told
        self.put("nvcc.so", added(self.files["others.o"][1], asked(["80"], "sm")), NVCC, "-shared", "-arch=sm_80", "-o", "nvcc.so", "others.o")
        whole = added(*(self.files[n][1] for n in ("rdc1.o", "rdc2.o")))
        self.put("rdc.a", whole, NVCC, "-lib", "-o", "rdc.a", "rdc1.o", "rdc2.o")
        # the device linker adds one linked image for each target; the relocatable ones stay beside it
        self.put("rdc.exe", added(whole, asked(["80", "90"], "sm")), NVCC, *gencode(["80", "90"], "sm"), "-cudart=shared", "-o", "rdc.exe", "main.c", "rdc1.o", "rdc2.o")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return Bench(tmp_path_factory.mktemp("nvcc"))


NAMES = ["others.o", "family.o", "all.fatbin", "lto.o", "dlto.o", "debug.o", "lines.o", "rdc1.o", *[f"{m}.o" for m in MODES], "ptx", "cubins",
         *[f"{n}.{e}" for n in ("bfd", "gold", "lld") for e in ("so", "exe")], "stripped.so", "headless.so", "static.a", "nvcc.so", "rdc.a", "rdc.exe"]


def answers(made, name):
    if name == "cubins":
        return [made.files[f"{t}.cubin"] for t in made.targets]
    if name == "ptx":
        return [v for k, v in made.files.items() if k.endswith(".ptx")]
    if name not in made.files:
        pytest.skip(f"nothing here makes {name}")
    return [made.files[name]]


def read(cuvet, path):
    images, lto = collections.Counter(), set()
    for f in archs_table.read(cuvet, path):
        assert not f["partial"] and f["error"] is None, f
        images.update({k: v["images"] for k, v in f["targets"].items()})
        lto |= set(f["lto"])
    return dict(images), lto


@pytest.mark.parametrize("name", NAMES)
def test_what_was_asked_of_nvcc(cuvet, made, name):
    for path, images, lto in answers(made, name):
        assert read(cuvet, path) == (images, set(lto)), path.name


@pytest.fixture(scope="module")
def cuobjdump():
    try:
        return real.cuobjdump()
    except StopIteration:
        pytest.skip("cuobjdump is not offered for this CPU")


def listed(tool, path):
    """What cuobjdump lists: counts by target."""
    r = subprocess.run([tool, "-all", "-lelf", "-lptx", path], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=120)
    assert r.returncode == 0, r.stdout + r.stderr
    out = collections.Counter()
    for kind, target in re.findall(r"^(ELF|PTX) file\s+\d+: .*\.(?:sm|compute)_(\w+)\.(?:cubin|ptx)\s*$", r.stdout, re.M):
        out[("sm_" if kind == "ELF" else "compute_") + target] += 1
    assert out, r.stdout
    return dict(out)


@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("ptx", "headless.so")])  # it reads no PTX text, and needs section headers
def test_like_the_vendors_tool(cuvet, cuobjdump, made, name):
    for path, _, _ in answers(made, name):
        got, _ = read(cuvet, path)
        assert archs_table.folded(got) == listed(cuobjdump, path), path.name
