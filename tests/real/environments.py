"""Makes the real environments: wheels of the Python package index, by uv and by pip, kept in a cache folder (CUVET_REAL_CACHE, default .deps/real).

Nothing outside that folder is written; uv's own cache lies in it too, so that its hard links save the disk (about 19 GB in all).
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CACHE = pathlib.Path(os.environ.get("CUVET_REAL_CACHE") or ROOT / ".deps/real").resolve()

# name: tool, Pythons that the wheels are made for (first choice first), what is installed
ENVIRONMENTS = {
    "uv-torch-2.15.0": ("uv", ["3.12", "3.13", "3.11", "3.10"], ["torch==2.15.0", "torchvision", "torchaudio"]),
    "pip-torch-2.13.0": ("pip", ["3.11", "3.12", "3.13", "3.10"], ["torch==2.13.0", "torchvision"]),
    "uv-torch-2.6.0": ("uv", ["3.13", "3.12", "3.11", "3.10", "3.9"], ["torch==2.6.0", "torchvision==0.21.0"]),
    "pip-torch-1.13.1": ("pip", ["3.10", "3.11", "3.9", "3.8"], ["torch==1.13.1"]),
}
# A build without CUDA: the index has it for another architecture, so it is unpacked and never imported.
CPU_ONLY = ("files-torch-2.8.0-cpu", "3.11", "torch==2.8.0", "manylinux_2_28_aarch64")


class NoPython(Exception):
    pass


def find_python(versions):
    """The first installed Python of these versions: on PATH, under pyenv, or where uv keeps its own."""
    homes = [os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv")) + "/versions", os.path.expanduser("~/.local/share/uv/python")]
    for v in versions:
        found = [shutil.which(f"python{v}")]
        for home in homes:
            found += sorted(str(p) for p in pathlib.Path(home).glob(f"*{v}.*/bin/python{v}"))
        for p in filter(None, found):
            r = subprocess.run([p, "-c", "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"], capture_output=True, text=True, check=False)
            if r.returncode == 0 and r.stdout.strip() == v:
                return p
    raise NoPython(f"no Python of {', '.join(versions)} is installed")


def call(*args, **env):
    r = subprocess.run([str(a) for a in args], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
                       env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", **env}, timeout=1800)
    if r.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, args))} ended with {r.returncode}\n{r.stdout[-2000:]}{r.stderr[-2000:]}")
    return r.stdout


def tools():
    """What tests and benchmarks compare with, in an environment of its own: made anew when its list of packages changes."""
    tool, wanted = CACHE / "tools", pathlib.Path(__file__).with_name("requirements.txt")
    made = tool / "made-from.txt"
    if not made.exists() or made.read_bytes() != wanted.read_bytes():
        call(sys.executable, "-m", "venv", "--clear", tool)
        call(tool / "bin/python", "-m", "pip", "install", "-q", "-r", wanted)
        made.write_bytes(wanted.read_bytes())
    return tool


def uv():
    return tools() / "bin/uv"


def cuobjdump():
    """The vendor's own reader of GPU code."""
    return next(p for p in tools().rglob("cuobjdump") if p.is_file())


def fresh(name):
    """(folder, ready): an environment counts only when it was finished."""
    folder = CACHE / name
    if (folder / "finished").exists():
        return folder, True
    if folder.exists():
        shutil.rmtree(folder)
    CACHE.mkdir(parents=True, exist_ok=True)
    return folder, False


def make(name):
    """The folder of one of ENVIRONMENTS, made now if it is not there."""
    tool, pythons, packages = ENVIRONMENTS[name]
    folder, ready = fresh(name)
    if ready:
        return folder
    python = find_python(pythons)
    if tool == "uv":
        env = {"UV_CACHE_DIR": str(CACHE / "uv-cache"), "UV_LINK_MODE": "hardlink", "UV_PYTHON_DOWNLOADS": "never", "UV_NO_CONFIG": "1"}
        call(uv(), "venv", "-q", "--python", python, folder, **env)
        call(uv(), "pip", "install", "-q", "--python", folder, *packages, **env)
    else:
        call(python, "-m", "venv", folder)
        call(folder / "bin/python", "-m", "pip", "install", "-q", "--no-cache-dir", *packages)
    (folder / "finished").write_text("")
    return folder


def site_packages(folder):
    return next(folder.glob("lib/python3*/site-packages"))


def make_cpu_only():
    name, version, package, platform = CPU_ONLY
    folder, ready = fresh(name)
    if ready:
        return folder
    python = find_python([version, "3.12", "3.10", "3.13"])
    call(python, "-m", "venv", folder)
    own = call(folder / "bin/python", "-c", "import sys; print('%d.%d' % sys.version_info[:2])").strip()
    call(folder / "bin/python", "-m", "pip", "install", "-q", "--no-cache-dir", "--no-deps", "--only-binary=:all:", "--platform", platform,
         "--python-version", own, "--implementation", "cp", "--target", site_packages(folder), package)
    (folder / "finished").write_text("")
    return folder


TRUTH = """
import json, warnings
warnings.filterwarnings("ignore")
import torch
from importlib import metadata
nccl = torch.cuda.nccl.version()
print(json.dumps({
    "version": torch.__version__, "cuda": torch.version.cuda, "cudnn": torch.backends.cudnn.version(), "path": torch.__path__[0],
    "nccl": ".".join(map(str, nccl)) if isinstance(nccl, tuple) else nccl,
    "archs": torch.cuda.get_arch_list() or torch._C._cuda_getArchFlags().split(),
    "packages": {d.metadata["Name"]: d.version for d in metadata.distributions()}}))
"""


def truth(folder):
    """What Python says there. get_arch_list is empty where CUDA is not available: then the flags it is made from are asked."""
    said = json.loads(call(folder / "bin/python", "-W", "ignore", "-c", TRUTH).splitlines()[-1])
    n = said["cudnn"]
    if n is not None:
        base = 10000 if n >= 90000 else 1000
        said["cudnn"] = f"{n // base}.{n % base // 100}.{n % 100}"
    return said


if __name__ == "__main__":
    for env_name in ENVIRONMENTS:
        print(env_name, json.dumps({k: v for k, v in truth(make(env_name)).items() if k != "packages"}), flush=True)
    print(make_cpu_only())
