"""Files for the benchmark of `cuvet archs`: cold ones, and a real wheel with one large member."""
import ctypes
import mmap
import os
import pathlib
import struct
import subprocess
import sys
import zipfile

WHEEL = "torch-2.15.0-cp312-cp312-manylinux_2_28_x86_64.whl"
MEMBER = "torch/lib/libtorch_cuda.so"


def resident(path):
    """How many of a file's pages lie in the page cache, as a share (mincore)."""
    size = os.path.getsize(path)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    libc.mincore.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p]
    libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    pages = (size + mmap.PAGESIZE - 1) // mmap.PAGESIZE
    state = ctypes.create_string_buffer(pages)
    with open(path, "rb") as f:
        at = libc.mmap(None, size, mmap.PROT_READ, mmap.MAP_SHARED, f.fileno(), 0)
    if libc.mincore(at, size, state) != 0:
        raise OSError(ctypes.get_errno(), "mincore")
    libc.munmap(at, size)
    return sum(c & 1 for c in state.raw) / pages


def drop(paths):
    """Throws the files' pages out of the page cache, as design/fatbin.md defines cold: POSIX_FADV_DONTNEED for each file; what the disk or the host below keeps is theirs."""
    for path in paths:
        with open(path, "rb") as f:
            os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def sync(paths):
    """Pages that are not written yet cannot be dropped."""
    for path in paths:
        with open(path, "rb") as f:
            os.fsync(f.fileno())


def wheel(cache):
    """The real wheel, kept."""
    path = pathlib.Path(cache, "wheels", WHEEL)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:", "-d", str(path.parent), "--platform",
                        "manylinux_2_28_x86_64", "--python-version", "312", "--implementation", "cp", "--abi", "cp312", "torch==2.15.0"], check=True, stdin=subprocess.DEVNULL)
    return path


def packed(path, name):
    """(offset of the packed bytes, their number, unpacked size, check sum) of a member."""
    with zipfile.ZipFile(path) as z, open(path, "rb") as f:
        m = z.getinfo(name)
        f.seek(m.header_offset + 26)
        n, extra = struct.unpack("<HH", f.read(4))
        return m.header_offset + 30 + n + extra, m.compress_size, m.file_size, m.CRC


def one_member(path, name, to):
    """A wheel with this one member of `path`, its packed bytes as they are."""
    at, size, unpacked, crc = packed(path, name)
    raw = name.encode()
    common = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0x21, crc, size, unpacked, len(raw), 0)
    with open(path, "rb") as f, open(to, "wb") as g:
        f.seek(at)
        g.write(b"PK\3\4" + common + raw)
        while size > 0 and (b := f.read(min(size, 1 << 22))):
            g.write(b)
            size -= len(b)
        directory = g.tell()
        g.write(b"PK\1\2" + struct.pack("<H", 20) + common + struct.pack("<HHHII", 0, 0, 0, 0, 0) + raw)
        g.write(b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, g.tell() - directory, directory, 0))
    return to
