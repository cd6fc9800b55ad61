"""Files that were made to cost much or to be answered wrongly: each must end soon, in little memory, with the right answer, one marked partial, or one line that says what
is wrong. The limit of processor time is a guard against work without end; what it costs is measured in bench/."""
import io
import json
import os
import pathlib
import resource
import shutil
import struct
import subprocess
import zipfile
import zlib

import pytest

from archs import make

CPU_S = 10           # without the mends most of these took minutes
ADDRESSES = 192 << 20  # bytes of a program without sanitizers, its libraries and all
ONE = make.container(make.entry("sm_80", payload=b""))


@pytest.fixture
def archs(cuvet, tmp_path):
    def limits():
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
        if "asan" not in pathlib.Path(cuvet).parent.name:
            resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))

    def run(*args, env=None):
        full = {"PATH": "/nonexistent", "HOME": str(tmp_path), "LANG": "C.UTF-8", **(env or {})}
        full.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
        with open(tmp_path / "stdout", "wb") as out, open(tmp_path / "stderr", "wb") as err, subprocess.Popen(
                [cuvet, "archs", "--json", *map(str, args)], stdout=out, stderr=err, stdin=subprocess.DEVNULL, env=full, cwd=tmp_path,
                preexec_fn=limits) as p:
            p.wait()
        text, trouble = (tmp_path / "stdout").read_bytes(), (tmp_path / "stderr").read_text()
        assert p.returncode in (0, 1, 2), trouble
        assert "out of memory" not in trouble
        return p.returncode, json.loads(text)["files"] if text else None, trouble
    return run


def header(shoff=0, shnum=0, names=0, etype=3, machine=62, osabi=0, flags=0, phoff=0, phnum=0):
    return struct.pack("<4sBBBB8xHHIQQQIHHHHHH", b"\x7fELF", 2, 1, 1, osabi, etype, machine, 1, 0, phoff, shoff, flags, 64, 56, phnum, 64, shnum, names)


def row(name, kind, offset, size):
    return struct.pack("<IIQQQQIIQQ", name, kind, 2, 0, offset, size, 0, 0, 1, 0)


def many_sections(n, of, strings, tail=b"", **kw):
    """More sections than a header can count: the number stands in section 0."""
    at = 64 + len(strings) + len(tail)
    at += -at % 8
    rows = [struct.pack("<IIQQQQIIQQ", 0, 0, 0, 0, 0, n + 2, 1, 0, 0, 0), row(0, 3, 64, len(strings))] + [of(i) for i in range(n)]
    return (header(at, 0, 0xFFFF, **kw) + strings + tail).ljust(at, b"\0") + b"".join(rows)


def segment_only(body, before=0):
    n = before + 1
    start = 64 + 56 * n
    table = struct.pack("<IIQQQQQQ", 0x6474E551, 4, 0, 0, 0, 0, 0, 8) * before + struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, start + len(body), start + len(body), 4096)
    return header(phoff=64, phnum=n) + table + body


# ---- containers and sections ----

def test_one_long_container_among_many_short_ones(archs, tmp_path):
    """On file systems without RWF_NOWAIT (tmpfs, overlayfs) each round took one header and looked at every container."""
    folder = pathlib.Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else tmp_path
    path = folder / f"cuvet-test-{os.getpid()}.fatbin"
    try:
        path.write_bytes(make.container(make.entry("sm_80", payload=b"") * 100_000) + ONE * 100_000)
        rc, (f,), _ = archs(path)
    finally:
        path.unlink(missing_ok=True)
    assert rc == 0 and f["containers"] == 100_001 and f["images"] == 200_000


def test_sections_in_the_worst_order_for_a_sort(archs, tmp_path):
    n = 1 << 19
    data = many_sections(n, lambda i: row(1, 1, 64 + 16 * (i // 2 if i % 2 else n // 2 + i // 2), 8), b"\0.nv_fatbin\0")
    (tmp_path / "x.so").write_bytes(data)
    rc, (f,), _ = archs("x.so")
    assert f["sass"] == [] and (rc == 0 or f["partial"])


@pytest.mark.parametrize("name,kind", [(b".note.nv.tkinfo", 7), (b".nv.compat", 0x70000086)])
def test_a_cubin_with_a_section_half_a_million_times(archs, tmp_path, name, kind):
    data = many_sections(500_000, lambda i: row(1, kind, 64, 65536), b"\0" + name + b"\0", etype=2, machine=190, osabi=0x41, flags=80 << 8)
    (tmp_path / "x.cubin").write_bytes(data)
    rc, (f,), _ = archs("x.cubin")
    assert rc == 0 and f["sass"] == ["sm_80"]


@pytest.mark.parametrize("form", ["fatbin", "so"])
def test_sparse_files_of_zeros(archs, tmp_path, form, size=1 << 41):
    with open(tmp_path / "x", "wb") as f:
        if form == "fatbin":
            f.write(ONE)
        else:
            strings = b"\0.nv_fatbin\0"
            f.write((header(128, 3, 1) + strings).ljust(128, b"\0") + bytes(64) + row(0, 3, 64, len(strings)) + row(1, 1, 4096, size - 8192))
        f.truncate(size)
    rc, (f,), _ = archs("x")
    assert rc == 2 and f["partial"] and "too many zeros" in f["error"]
    assert f["sass"] == (["sm_80"] if form == "fatbin" else [])


def test_magic_numbers_everywhere(archs, tmp_path):
    body = struct.pack("<II", make.MAGIC, 0) * 32768
    (tmp_path / "x.a").write_bytes(b"!<arch>\n" + make.ar_member("m.o/", segment_only(body)) * 200)
    rc, (f,), _ = archs("x.a")
    assert rc == 0 and f["sass"] == []


@pytest.mark.parametrize("everywhere", [True, False])
def test_sections_and_containers_by_turns(archs, tmp_path, everywhere):
    """`--everywhere` looks at what lies between: neither a buffer for each section nor all containers for each of them."""
    n = 60_000
    strings = b"\0.nv_fatbin\0.data\0"
    at = 64 + len(strings)
    at += -at % 8
    tail = b"\0" * (at - 64 - len(strings)) + (ONE + bytes(16)) * n
    data = many_sections(2 * n, lambda i: row(12 if i % 2 else 1, 1, at + (len(ONE) + 16) * (i // 2) + (len(ONE) if i % 2 else 0), 16 if i % 2 else len(ONE)), strings, tail)
    (tmp_path / "x.so").write_bytes(data)
    rc, (f,), _ = archs(*(["--everywhere"] if everywhere else []), "x.so")
    assert rc == 0 and f["containers"] == n and f["sass"] == ["sm_80"]


def test_sections_without_names_are_no_answer(archs, tmp_path):
    """A stripped table of names: the containers are searched for, not said to be absent."""
    (tmp_path / "x.so").write_bytes(make.shared([ONE], names=False))
    rc, (f,), _ = archs("x.so")
    assert rc == 0 and f["sass"] == ["sm_80"]


def test_more_program_headers_than_are_read(archs, tmp_path):
    data = bytearray(segment_only(ONE, before=70))
    data[64:120] = struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, 64, 64, 4096)  # a loaded part that holds nothing, and 70 more
    (tmp_path / "x.so").write_bytes(data)
    rc, (f,), _ = archs("x.so")
    assert rc == 2 and f["partial"] and "program headers" in f["error"]


@pytest.mark.parametrize("name,data", [("x.so", b"\x7fELF\2\1\1"), ("x.so", header(phoff=1 << 40, phnum=3)), ("x.dll", make.pe([], n=97)), ("x.whl", b"PK\3\4" + bytes(50))])
def test_damage_in_a_folder_is_said(archs, tmp_path, name, data):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / name).write_bytes(data)
    (tmp_path / "d" / "good.so").write_bytes(make.shared([ONE]))
    rc, files, _ = archs("d")
    assert rc == 2 and sorted(f["file"] for f in files) == sorted(["d/good.so", "d/" + name])
    assert all(f["error"] or f["sass"] == ["sm_80"] for f in files)


def test_names_in_the_worst_order_for_a_sort(archs, tmp_path):
    if not os.access("/dev/shm", os.W_OK):
        pytest.skip("no tmpfs: the order of names cannot be chosen")
    n, folder = 1 << 16, pathlib.Path("/dev/shm") / f"cuvet-test-{os.getpid()}"
    folder.mkdir()
    try:
        for k in reversed([i // 2 if i % 2 else n // 2 + i // 2 for i in range(n)]):
            os.mknod(folder / f"{k:07d}.so")
        rc, _, _ = archs(folder)
    finally:
        shutil.rmtree(folder)
    assert rc == 0


# ---- static archives ----

def test_archives_of_very_many_members(archs, tmp_path):
    (tmp_path / "none.a").write_bytes(b"!<arch>\n" + make.ar_member("x.o/", b"no object!") * 150_000)
    rc, (f,), _ = archs("none.a")
    assert rc == 0 and f["sass"] == []
    (tmp_path / "fat.a").write_bytes(b"!<arch>\n" + make.ar_member("x.o/", ONE) * 150_000)
    rc, files, _ = archs("fat.a")
    assert rc == 2 and files[-1]["partial"] and "more members" in files[-1]["error"]
    (tmp_path / "ptx.a").write_bytes(b"!<arch>\n" + make.ar_member("x.ptx/", make.ptx().ljust(200_000)) * 1000)
    rc, files, _ = archs("ptx.a")
    assert rc == 0 and len(files) == 1000


def test_a_thin_archive_that_names_one_file_again_and_again(archs, tmp_path):
    (tmp_path / "big.so").write_bytes(segment_only(bytes(1 << 22) + ONE))
    names = [b"./" * (k % 1000) + b"big.so/\n" for k in range(2000)]
    table, places = b"".join(names), [0]
    for name in names:
        places.append(places[-1] + len(name))
    (tmp_path / "x.a").write_bytes(b"!<thin>\n" + make.ar_member("//", table) + b"".join(make.ar_header(f"/{places[k % 2000]}", 5) for k in range(20_000)))
    rc, files, _ = archs("x.a")
    assert rc == 0 and [f["sass"] for f in files] == [["sm_80"]]


def test_what_a_thin_archive_may_not_name(archs, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to("loop")
    names = ["/dev/zero", "fifo", "loop", "../../../../../../dev/zero", "x.a", "."]
    (tmp_path / "x.a").write_bytes(make.ar([(n, b"") for n in names], thin=True))
    rc, files, _ = archs("x.a")
    assert rc == 2 and all(f["sass"] == [] for f in files)
    assert sum(f["error"] == "the thin archive's member: not a regular file" for f in files) == 4
    assert any(f["error"] == "the thin archive's member: a loop of links" for f in files)


# ---- wheels ----

def bomb(path, name, size):
    """One deflated member of zeros: 16 MiB packed once, and said again and again."""
    z = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = z.compress(bytes(1 << 24)) + z.flush(zlib.Z_FULL_FLUSH)
    packed = len(block) * (size >> 24) + 2
    extra = struct.pack("<HHQQ", 1, 16, size, packed)
    local = struct.pack("<IHHHHHIIIHH", 0x04034B50, 45, 0, 8, 0, 0, 0, 0xFFFFFFFF, 0xFFFFFFFF, len(name), len(extra)) + name + extra
    central = struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 45, 45, 0, 8, 0, 0, 0, 0xFFFFFFFF, 0xFFFFFFFF, len(name), len(extra), 0, 0, 0, 0, 0) + name + extra
    with open(path, "wb") as f:
        f.write(local)
        for _ in range(size >> 24):
            f.write(block)
        f.write(b"\x03\x00" + central + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 1, 1, len(central), len(local) + packed, 0))


@pytest.mark.parametrize("name", [b"a/b.so", b"torch/lib/libtorch_python.so"])
def test_bombs(archs, tmp_path, name):
    bomb(tmp_path / "x.whl", name, 60 << 30)
    rc, (f,), _ = archs("--declared", "x.whl")
    assert rc == 2 and f["partial"] and "is not unpacked" in f["error"]


def test_a_large_archive_out_of_nothing(archs, tmp_path):
    with zipfile.ZipFile(tmp_path / "x.whl", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as z:
        z.writestr("x.a", b"!<arch>\n" + make.ar_header("x.o/", 300 << 20) + bytes(300 << 20))
    rc, (f,), _ = archs("x.whl")
    assert rc == 2 and f["partial"] and f["error"]


def test_a_member_that_is_all_headers(archs, tmp_path):
    with zipfile.ZipFile(tmp_path / "x.whl", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as z:
        z.writestr("x.fatbin", ONE * ((80 << 20) // len(ONE)))
    rc, (f,), _ = archs("x.whl")
    assert rc == 2 and f["partial"] and f["error"]


def zipped(items):
    b = io.BytesIO()
    with zipfile.ZipFile(b, "w") as z:
        for name, data in items:
            z.writestr(name, data)
    return b.getvalue()


def test_zips_inside_zips(archs, tmp_path):
    """60,000 levels: each would have taken its part of the stack, and a zip can hold itself."""
    inner = zipped([("a.so", make.shared([ONE]))])
    before, behind, size = [], [], len(inner)
    for _ in range(60_000):
        local = struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, 0, 0, 0, 0, 0, size, size, 4, 0) + b"a.so"
        central = struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 20, 20, 0, 0, 0, 0, 0, size, size, 4, 0, 0, 0, 0, 0, 0) + b"a.so"
        end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 1, 1, len(central), len(local) + size, 0)
        before.append(local)
        behind.append(central + end)
        size += len(local) + len(central) + len(end)
    (tmp_path / "x.whl").write_bytes(b"".join(reversed(before)) + inner + b"".join(behind))
    rc, (f,), _ = archs("x.whl")
    assert rc == 0 and f["sass"] == []


# ---- every boundary ----

def wholes():
    two = [make.container("sm_75", "sm_80", "compute_80"), make.container(make.entry("sm_90a", compressed=21))]
    return {"x.so": make.shared(two), "bare.so": make.shared(two, headers="none"), "x.dll": make.pe([(".nv_fatb", b"".join(two))]), "x.fatbin": b"".join(two),
            "x.a": make.ar([("a.o", two[0]), ("a_member_with_a_long_name.o", two[1])]), "x.cubin": make.cubin("sm_100a"), "x.whl": zipped([("a/b.so", make.shared(two))])}


@pytest.mark.parametrize("name", wholes())
def test_cut_anywhere(archs, tmp_path, name):
    """A cut file has less in its answer, and that is marked; only where a container or a member ends can nobody see that another one followed."""
    data = wholes()[name]
    ends = {"x.fatbin": [data.find(ONE[:8], 8)], "x.a": [data.rfind(b"/0   ")]}.get(name, [])
    (tmp_path / name).write_bytes(data)
    rc, whole, _ = archs(name)
    assert rc == 0
    targets = {t for f in whole for t in f["sass"] + f["ptx"]}
    folder = tmp_path / "d"
    folder.mkdir()
    step = max(1, len(data) // 400)
    for n in sorted(set(range(4, len(data), step)) - set(ends)):
        (folder / f"{n:06d}-{name}").write_bytes(data[:n])
    rc, files, _ = archs("d")
    assert rc == 2
    groups = {}
    for f in files:  # members of one archive together
        groups.setdefault(f["file"].split("!")[0], []).append(f)
    for group in groups.values():
        got = {t for f in group for t in f["sass"] + f["ptx"]}
        assert got <= targets
        assert got == targets or any(f["partial"] or f["error"] for f in group)
