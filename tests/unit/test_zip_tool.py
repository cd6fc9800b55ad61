"""The zip reader on archives that Python's zipfile made, and on a sparse wheel of more than 4 GiB; through tests/tool/zip_tool.c."""
import os
import random
import struct
import zipfile
import zlib

import pytest

from conftest import BUILD

TOOL = BUILD / "tests/tool/zip_tool"


def listed(run, path):
    r = run([TOOL, path, "list"])
    assert r.returncode == 0, r.stderr
    return [line.split(" ", 3) for line in r.stdout.splitlines()]


def agrees(run, path):
    """Same members, sizes and methods as Python reads; every member's CRC holds."""
    with zipfile.ZipFile(path) as z:
        want = [[str(i.file_size), str(i.compress_size), str(i.compress_type), i.orig_filename] for i in z.infolist()]
    assert listed(run, path) == want
    r = run([TOOL, path, "check"])
    assert r.returncode == 0, r.stderr


def test_members(run, tmp_path):
    path = tmp_path / "a.whl"
    rnd = random.Random(1)
    data = {"torch/version.py": b"__version__ = '2.8.0+cu128'\n", "torch/lib/": b"", "empty": b"", "torch/lib/big.so": rnd.randbytes(300_000) + b"\0" * 3_000_000,
            "torch/lib/stored.so": rnd.randbytes(700_001), "ä/ü": b"x" * 100_000}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for name, value in data.items():
            z.writestr(name, value, compress_type=zipfile.ZIP_STORED if "stored" in name else None)
        z.comment = b"made by a test"
    agrees(run, path)
    for name, value in data.items():
        out = tmp_path / "out"
        with open(out, "wb") as f:
            assert run_binary([TOOL, path, "cat", name], f) == 0
        assert out.read_bytes() == value
    with open(tmp_path / "out", "wb") as f:
        assert run_binary([TOOL, path, "cat", "torch/lib/big.so", "1000"], f) == 0
    assert (tmp_path / "out").read_bytes() == data["torch/lib/big.so"][:1000]


def run_binary(args, out):
    import subprocess
    return subprocess.run([str(a) for a in args], stdout=out, stdin=subprocess.DEVNULL, check=False, timeout=60).returncode


def test_streamed_with_descriptors(run, tmp_path):
    """Written to a pipe: sizes stand behind the data; and zip64 fields in the local headers."""
    class Pipe:
        def __init__(self, f):
            self.f = f

        def write(self, b):
            return self.f.write(b)

        def flush(self):
            self.f.flush()

    path = tmp_path / "a.zip"
    with open(path, "wb") as f, zipfile.ZipFile(Pipe(f), "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("a", b"a" * 5000)
        with z.open("b", "w", force_zip64=True) as m:
            m.write(b"b" * 5000)
    agrees(run, path)


def test_many_members(run, tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as z:
        for i in range(70_000):
            z.writestr(zipfile.ZipInfo(f"pkg/include/folder{i % 97}/header_{i}.h"), b"")
    agrees(run, path)


def test_other_methods_are_listed_and_not_read(run, tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as z:
        z.writestr("a", b"a" * 5000)
    assert listed(run, path)[0][2] == "14"
    r = run([TOOL, path, "check"])
    assert r.returncode == 1 and "method 14" in r.stderr


@pytest.mark.parametrize("what, said", [("no zip at all", "no zip archive"), ("", "no zip archive")])
def test_no_archive(run, tmp_path, what, said):
    path = tmp_path / "a.zip"
    path.write_text(what)
    r = run([TOOL, path, "list"])
    assert r.returncode == 1 and said in r.stderr


def test_encrypted(run, tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as z:
        z.writestr("a", b"a")
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\1\2") + 8] |= 1
    path.write_bytes(data)
    r = run([TOOL, path, "list"])
    assert r.returncode == 1 and '"a" is encrypted' in r.stderr


def local(name, crc, packed, size, method):
    return struct.pack("<4s5H3I2H", b"PK\3\4", 45, 0, method, 0, 33, crc, packed, size, len(name), 0) + name


def central(name, crc, packed, size, method, offset):
    """Sizes and offset always as zip64."""
    extra = struct.pack("<2H3Q", 1, 24, size, packed, offset)
    ones = 0xFFFFFFFF
    return struct.pack("<4s6H3I5H2I", b"PK\1\2", 45, 45, 0, method, 0, 33, crc, ones, ones, len(name), len(extra), 0, 0, 0, 0, ones) + name + extra


def test_wheel_over_4_gib(run, tmp_path):
    path = tmp_path / "big.whl"
    big, text = 5 << 30, b"__version__ = '9.0'\n" * 50
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(text) + packer.flush()
    with open(path, "wb") as f:
        f.write(local(b"torch/lib/huge.so", 0, 0xFFFFFFFF, 0xFFFFFFFF, 0))
        f.seek(big, os.SEEK_CUR)  # a hole
        second = f.tell()
        f.write(local(b"torch/version.py", zlib.crc32(text), len(packed), len(text), 8) + packed)
        start = f.tell()
        f.write(central(b"torch/lib/huge.so", 0, big, big, 0, 0) + central(b"torch/version.py", zlib.crc32(text), len(packed), len(text), 8, second))
        size = f.tell() - start
        f.write(struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, 2, 2, size, start))
        f.write(struct.pack("<4sIQI", b"PK\6\7", 0, start + size, 1))
        f.write(struct.pack("<4s4H2IH", b"PK\5\6", 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0))
    if path.stat().st_blocks * 512 > 64 << 20:
        pytest.skip("this file system has no holes")
    with zipfile.ZipFile(path) as z:
        assert z.read("torch/version.py") == text
    assert [m[0] for m in listed(run, path)] == [str(big), str(len(text))]
    r = run([TOOL, path, "cat", "torch/version.py"])
    assert r.returncode == 0 and r.stdout == text.decode(), r.stderr
    r = run([TOOL, path, "cat", "torch/lib/huge.so", "10"])
    assert r.returncode == 0 and r.stdout == "\0" * 10, r.stderr
