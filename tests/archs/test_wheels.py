"""Wheels: the same answer as for the unpacked file, whichever way a member is packed and read; what a package declares; wheels on a web server."""
import ctypes
import http.server
import json
import os
import random
import re
import subprocess
import threading
import zipfile

import pytest

from archs import make

CONFIG = '#pragma once\n\n// Test these using #if AT_CUDNN_ENABLED()\n#define AT_CUDNN_ENABLED() 1\n#define NVCC_FLAGS_EXTRA "%s"\n'
VERSION = "from typing import Optional\n\n__all__ = ['__version__', 'debug', 'cuda']\n__version__ = '%s'\ndebug = False\ncuda: Optional[str] = '%s'\nhip: Optional[str] = None\n"
BIG = 33 << 20  # larger members pass by and are not unpacked whole


@pytest.fixture
def archs(cuvet, tmp_path):
    def run(*args, env=None):
        full = {"PATH": "/nonexistent", "HOME": str(tmp_path), "LANG": "C.UTF-8", **(env or {})}
        full.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
        r = subprocess.run([cuvet, "archs", "--json", *map(str, args)], capture_output=True, text=True, env=full, cwd=tmp_path, timeout=120, check=False)
        return r.returncode, json.loads(r.stdout)["files"] if r.stdout else None, r.stderr
    return run


def gencode(*numbers):
    return ";".join(f"-gencode;arch=compute_{n},code=sm_{n}" for n in numbers)


def containers(big):
    """Three containers; the second holds a payload so large that its file is streamed, of bytes that would look like headers if they were searched."""
    rng = random.Random(4)
    decoy = make.container(make.entry("sm_50"))
    filler = decoy + rng.randbytes(1000) + make.container(make.entry("sm_35"), make.entry("compute_35")) + bytes(1 << 17)
    payload = filler * (big // len(filler) + 1) if big else filler
    return [make.container(make.entry("sm_80"), make.entry("sm_90a"), make.entry("compute_90")),
            make.container(make.entry("sm_80", payload=payload), make.entry("sm_103f"), make.entry("lto_90")),
            make.container(make.entry("sm_75"), make.entry("sm_80"))]


FORMS = {
    "shared": lambda big: make.shared(containers(big)),
    "lld": lambda big: make.shared(containers(big), wrappers="zero"),
    "headers-first": lambda big: make.shared(containers(big), headers="middle"),
    "names-far-from-headers": lambda big: make.shared(containers(big), gap=5 << 20),  # as patchelf leaves them
    "no-sections": lambda big: make.shared(containers(big), headers="none"),
    "relocatable": lambda big: make.shared(containers(big), relocatable=make.container(make.entry("sm_86"))),
    "dll": lambda big: make.pe([(".nv_fatb", b"".join(c + b"\0" * 24 for c in containers(big)))]),
    "fatbin": lambda big: b"".join(containers(big)),
    "cubin": lambda big: make.cubin("sm_100a"),
    "archive": lambda big: make.ar([("a.o", make.shared(containers(0))), ("b.o", b"no object")]),
}
ENDS = {"dll": ".dll", "fatbin": ".fatbin", "cubin": ".cubin", "archive": ".a"}


def cases():
    for form in FORMS:
        yield pytest.param(form, 0, "deflated", id=f"{form}-small")
        yield pytest.param(form, 0, "stored", id=f"{form}-small-stored")
        if form not in ("cubin", "archive"):  # never so large
            yield pytest.param(form, BIG, "deflated", id=f"{form}-big")


@pytest.mark.parametrize("form,big,packed", cases())
def test_a_member_is_answered_like_the_file(archs, tmp_path, form, big, packed):
    name = "pkg/lib/code" + ENDS.get(form, ".so")
    data = FORMS[form](big)
    (tmp_path / "file").write_bytes(data)
    with zipfile.ZipFile(tmp_path / "x-1-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED if packed == "deflated" else zipfile.ZIP_STORED, compresslevel=1) as z:
        z.writestr("pkg/__init__.py", "")
        z.writestr(name, data)
        z.writestr("pkg/nothing.so", make.shared([]))
        z.writestr("x-1.dist-info/RECORD", "")
    rc, alone, err = archs("file")
    assert rc == 0 and err == ""
    rc, inside, err = archs("x-1-py3-none-any.whl")
    assert rc == 0 and err == ""
    expected = [dict(f, file=f["file"].replace("file", "x-1-py3-none-any.whl!" + name, 1)) for f in alone]
    assert inside == expected
    if form not in ("cubin", "archive"):
        assert "sm_50" not in inside[0]["sass"] and inside[0]["targets"]["sm_80"] == {"images": 3, "containers": 3}
        assert inside[0]["lto"] == ["lto_90"]


def test_a_wheel_without_gpu_code(archs, tmp_path):
    with zipfile.ZipFile(tmp_path / "x.whl", "w") as z:
        z.writestr("x/__init__.py", "")
    rc, files, _ = archs("x.whl")
    assert rc == 0 and [f["file"] for f in files] == ["x.whl"] and files[0]["images"] == 0 and files[0]["error"] is None


@pytest.mark.parametrize("big", [0, BIG], ids=["small", "big"])
def test_damaged_members_are_partial(archs, tmp_path, big):
    """A byte of the packed data is turned over: the check sum or the inflater finds it, and the answer says that it is not complete."""
    path = tmp_path / "x.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as z:
        z.writestr("a/good.so", make.shared([make.container(make.entry("sm_90"))]))
        z.writestr("a/bad.so", make.shared(containers(big)))
    info = zipfile.ZipFile(path).getinfo("a/bad.so")
    data = bytearray(path.read_bytes())
    at = info.header_offset + 30 + len(info.filename) + info.compress_size // 2
    data[at] ^= 0xFF
    path.write_bytes(data)
    rc, files, _ = archs("x.whl")
    assert rc == 2
    good, bad = files
    assert good["sass"] == ["sm_90"] and good["partial"] is False
    assert bad["file"] == "x.whl!a/bad.so" and bad["partial"] is True and bad["error"]


@pytest.mark.parametrize("data", [b"PK\3\4", b"PK\3\4" + b"\0" * 100, b"PK\5\6" + b"\xff" * 18])
def test_what_is_no_wheel(archs, tmp_path, data):
    (tmp_path / "x.whl").write_bytes(data)
    rc, files, _ = archs("x.whl")
    assert rc == 2 and files[0]["error"] and files[0]["sass"] == []


# ---- what is declared ----

def torch_wheel(path, python=True, config=True):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("torch/version.py", VERSION % ("2.13.0+cu130", "13.0"))
        if config:
            z.writestr("torch/include/ATen/cuda/CUDAConfig.h", CONFIG % gencode("75", "80", "90"))
        z.writestr("torch/lib/libtorch_cuda.so", make.shared([make.container(make.entry("sm_80"), make.entry("sm_90"))] * 3))
        if python:
            z.writestr("torch/lib/libtorch_python.so", b"junk \xff\xfesm_75 sm_80 sm_90 compute_90\0 needs sm_90 or newer \0" + os.urandom(70000))


def test_declared(archs, tmp_path):
    torch_wheel(tmp_path / "torch.whl")
    rc, (f,), _ = archs("--declared", "torch.whl")
    assert rc == 0 and f["sass"] == ["sm_80", "sm_90"] and f["containers"] == 3
    assert f["declared"] == ["sm_75", "sm_80", "sm_90"] and f["declared_python"] == ["sm_75", "sm_80", "sm_90", "compute_90"]
    assert f["cuda"] == "13.0" and f["version"] == "2.13.0+cu130"


def test_declared_only_reads_no_code(archs, tmp_path):
    torch_wheel(tmp_path / "torch.whl")
    rc, (f,), _ = archs("--declared-only", "torch.whl")
    assert rc == 0 and f["file"] == "torch.whl" and f["declared"] == ["sm_75", "sm_80", "sm_90"]
    assert f["sass"] == [] and f["partial"] is True and f["error"] is None  # says that the list is not all


def test_without_headers_the_python_library_speaks(archs, tmp_path):
    torch_wheel(tmp_path / "torch.whl", config=False)
    _, (f,), _ = archs("--declared-only", "torch.whl")
    assert f["declared"] == ["sm_75", "sm_80", "sm_90", "compute_90"] and f["declared_in"].endswith("libtorch_python.so")


def test_declared_beside_an_installed_library(archs, tmp_path):
    torch_wheel(tmp_path / "torch.whl")
    zipfile.ZipFile(tmp_path / "torch.whl").extractall(tmp_path / "site")
    for what in ("site/torch/lib/libtorch_cuda.so", "site/torch", "site/torch/lib", "site"):
        rc, files, _ = archs("--declared", what)
        assert rc == 0 and files[0]["declared"] == ["sm_75", "sm_80", "sm_90"], what


def test_other_packages_declare_nothing(archs, tmp_path):
    (tmp_path / "x.so").write_bytes(make.shared([make.container(make.entry("sm_80"))]))
    rc, (f,), _ = archs("--declared", "x.so")
    assert rc == 0 and f["declared"] is None and f["sass"] == ["sm_80"]


# ---- on a web server ----

class Server(http.server.ThreadingHTTPServer):
    """Serves one folder by ranges and counts the bytes of bodies."""
    daemon_threads = True
    served = 0
    ranges = True


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        path = self.server.folder / self.path.lstrip("/")
        if not path.is_file():
            self.send_error(404)
            return
        data, m = path.read_bytes(), re.match(r"bytes=(\d*)-(\d*)$", self.headers.get("Range", ""))
        if not self.server.ranges or not m:
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            return
        first = max(0, len(data) - int(m[2])) if m[1] == "" else int(m[1])
        last = len(data) - 1 if m[1] == "" or m[2] == "" else min(len(data) - 1, int(m[2]))
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
        self.send_header("Content-Length", str(last - first + 1))
        self.end_headers()
        self.server.served += last - first + 1
        try:
            self.wfile.write(data[first:last + 1])
        except (BrokenPipeError, ConnectionResetError):
            pass


@pytest.fixture
def server(tmp_path):
    for name in ("libcurl.so.4", "libcurl-gnutls.so.4", "libcurl-nss.so.4"):
        try:
            ctypes.CDLL(name)
            break
        except OSError:
            continue
    else:
        pytest.skip("libcurl is not installed")
    s = Server(("127.0.0.1", 0), Handler)
    s.folder = tmp_path / "www"
    s.folder.mkdir()
    threading.Thread(target=s.serve_forever, daemon=True).start()
    s.url = f"http://127.0.0.1:{s.server_port}"
    yield s
    s.shutdown()
    s.server_close()


def test_declared_from_an_address_reads_little(archs, server):
    with zipfile.ZipFile(server.folder / "torch-2.13.0.whl", "w", zipfile.ZIP_STORED) as z:
        z.writestr("torch/version.py", VERSION % ("2.13.0+cu130", "13.0"))
        z.writestr("torch/include/ATen/cuda/CUDAConfig.h", CONFIG % gencode("75", "120"))
        z.writestr("torch/lib/libtorch_cuda.so", make.shared([make.container(make.entry("sm_120", payload=os.urandom(1 << 20)))] * 24))
        for i in range(9000):
            z.writestr(f"torch/include/deep/folder/of/headers/number_{i}.h", "")
    url = f"{server.url}/torch-2.13.0.whl"
    rc, (f,), err = archs("--declared", url)
    assert rc == 0 and err == "" and f["file"] == url
    assert f["declared"] == ["sm_75", "sm_120"] and f["sass"] == [] and f["partial"] is True
    assert server.served < 3_000_000
    rc, (f,), _ = archs("--declared", "--exact", url)
    assert rc == 0 and f["file"] == url + "!torch/lib/libtorch_cuda.so" and f["targets"] == {"sm_120": {"images": 24, "containers": 24}}


def test_exact_from_an_address(archs, server, tmp_path):
    torch_wheel(server.folder / "torch.whl")
    _, there, _ = archs(f"{server.url}/torch.whl")
    os.rename(server.folder / "torch.whl", tmp_path / "torch.whl")
    _, here, _ = archs("torch.whl")
    assert [dict(f, file="") for f in there] == [dict(f, file="") for f in here]


def test_addresses_that_fail(archs, server):
    rc, (f,), _ = archs(f"{server.url}/none.whl")
    assert rc == 2 and "404" in f["error"]
    (server.folder / "x.whl").write_bytes(b"x" * 100000)
    rc, (f,), _ = archs(f"{server.url}/x.whl")
    assert rc == 2 and f["error"]
    server.ranges = False
    torch_wheel(server.folder / "torch.whl")
    rc, (f,), _ = archs(f"{server.url}/torch.whl")
    assert rc == 2 and f["error"]
    rc, (f,), _ = archs("--offline", f"{server.url}/torch.whl")
    assert rc == 2 and "--offline" in f["error"]
