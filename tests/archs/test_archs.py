"""cuvet archs on files written byte by byte: every form, every trap of the format, damage, folders, GPUs; all answers against the schema."""
import json
import os
import subprocess

import jsonschema
import pytest

from archs import make
from conftest import ROOT

SCHEMA = json.loads((ROOT / "schemas/archs.json").read_text(encoding="utf-8"))
C = make.container
THREE = [C("sm_80", "compute_80"), C("sm_80", "sm_90a"), C("sm_86")]


@pytest.fixture
def call(cuvet, tmp_path):
    def run(*args):
        env = {"PATH": "/nonexistent", "HOME": str(tmp_path), "LANG": "C.UTF-8"}
        env.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
        return subprocess.run([cuvet, "archs", *map(str, args)], capture_output=True, text=True, env=env, cwd=tmp_path, timeout=60, check=False)
    return run


@pytest.fixture
def archs(call):
    def run(*args):
        r = call("--json", *args)
        assert r.stderr == "", r.stderr
        doc = json.loads(r.stdout)
        jsonschema.validate(doc, SCHEMA)
        for f in doc["files"]:
            assert f["images"] == sum(t["images"] for t in f["targets"].values()) or f["partial"]
            assert sorted(f["targets"]) == sorted(f["sass"] + f["ptx"])
        return r.returncode, doc["files"]
    return run


@pytest.fixture
def one(archs, tmp_path):
    """The answer for one file with these bytes."""
    def run(data, *args, name="f"):
        (tmp_path / name).write_bytes(data)
        rc, files = archs(*args, name)
        assert len(files) == 1 and files[0]["file"].split("!")[0] == name
        return rc, files[0]
    return run


FULL = {"sm_80": {"images": 2, "containers": 2}, "sm_86": {"images": 1, "containers": 1}, "sm_90a": {"images": 1, "containers": 1},
        "compute_80": {"images": 1, "containers": 1}}

SAME = {
    "wrappers": lambda: make.shared(THREE),
    "lld: zero addresses": lambda: make.shared(THREE, wrappers="zero"),
    "no wrappers": lambda: make.shared(THREE, wrappers="none"),
    "an orphan": lambda: make.shared(THREE, wrappers=[(0, 1), (2, 1)]),
    "several wrappers to one, a null one, version 2": lambda: make.shared(THREE, wrappers=[(2, 1), (0, 1), (0, 2), (None, 2), (1, 1)]),
    "wrappers out of order": lambda: make.shared(THREE, wrappers=[(2, 1), (1, 1), (0, 1)]),
    "relocatable containers": lambda: make.shared(THREE[:2], relocatable=THREE[2]),
    "object file": lambda: make.shared(THREE, wrappers="zero", etype=1, segments="none"),
    "program": lambda: make.shared(THREE, etype=2),
    "section headers first": lambda: make.shared(THREE, headers="middle"),
    "stripped section headers": lambda: make.shared(THREE, headers="none"),
    "stripped, lld": lambda: make.shared(THREE, headers="none", wrappers="zero"),
    "extended numbering": lambda: make.shared(THREE, extended=True),
    "another machine": lambda: make.shared(THREE, machine=183),
    "Windows DLL": lambda: make.pe([(".nv_fatb", b"".join(THREE))]),
    "Windows DLL with gaps": lambda: make.pe([(".nv_fatb", b"".join(c + bytes(40) for c in THREE))]),
    "fatbin": lambda: b"".join(THREE),
    "fatbin with padding": lambda: b"".join(c + bytes(8) for c in THREE),
}


@pytest.mark.parametrize("form", SAME)
def test_one_content_in_every_form(one, form):
    rc, f = one(SAME[form]())
    assert rc == 0 and f["error"] is None and f["partial"] is False
    assert f["targets"] == FULL and f["containers"] == 3 and f["images"] == 5
    assert f["sass"] == ["sm_80", "sm_86", "sm_90a"] and f["ptx"] == ["compute_80"]


@pytest.mark.parametrize("header", [64, 72, 80, 88, 96, 104, 112, 120, 128, 136, 144, 152, 160, 176, 184, 192, 288, 1024])
def test_header_sizes(one, header):
    rc, f = one(make.shared([C(make.entry("sm_120f", header=header), make.entry("sm_100a", header=header))]))
    assert rc == 0 and f["sass"] == ["sm_100a", "sm_120f"]


def test_entries_of_all_kinds(one):
    entries = [make.entry("sm_75", compressed=24), make.entry("sm_75", flags=make.FLAG_ZSTD, name="k.cu", options="-maxrregcount=32"), make.entry("compute_121f"),
               make.entry("lto_90"), make.entry("lto_100a"), make.entry("sm_90", kind=64)]
    rc, f = one(make.shared([C(*entries)]))
    assert rc == 0 and f["images"] == 3 and f["targets"]["sm_75"] == {"images": 2, "containers": 1}
    assert f["ptx"] == ["compute_121f"] and f["lto"] == ["lto_90", "lto_100a"] and f["lto_images"] == 2 and f["other_images"] == 1


def test_sorted_by_number_then_suffix(one):
    rc, f = one(make.shared([C("sm_120", "sm_90a", "sm_90", "sm_100f", "sm_100a", "sm_100", "sm_75")]))
    assert rc == 0 and f["sass"] == ["sm_75", "sm_90", "sm_90a", "sm_100", "sm_100a", "sm_100f", "sm_120"]


def test_an_empty_container_counts(one):
    rc, f = one(make.shared([C(), C("sm_80"), C()]), "--gpu", "8.0")
    assert f["containers"] == 3 and f["images"] == 1 and f["gpus"][0]["without"] == 2 and rc == 0


@pytest.mark.parametrize("target", ["sm_75", "sm_90a", "sm_100", "sm_103a", "sm_121"])
@pytest.mark.parametrize("abi", ["old", "12.9", "new"])
def test_cubin(one, target, abi):
    if abi == "old" and int(target[3:].rstrip("a")) > 255:
        pytest.fail("no such number")
    rc, f = one(make.cubin(target, abi=abi))
    assert rc == 0 and f["sass"] == [target] and f["images"] == 1


@pytest.mark.parametrize("target", ["sm_52", "sm_90a", "sm_100f"])
def test_ptx(one, target):
    for text in (make.ptx(target), make.ptx(target, head=""), make.ptx(target, between="\n/* a\ncomment */ // more\n\t"), make.ptx(target, behind=", debug\n.address_size 64\n")):
        rc, f = one(text if isinstance(text, bytes) else text.encode())
        assert rc == 0 and f["ptx"] == [target.replace("sm", "compute")] and f["sass"] == [] and f["images"] == 1


@pytest.mark.parametrize("form", ["gnu", "bsd"])
def test_static_archives(archs, tmp_path, form):
    members = [("a.o", make.shared([C("sm_80")], etype=1)), ("a_very_long_member_name_indeed.o", make.shared([C("sm_90")], etype=1)), ("none.o", make.shared([], etype=1)), ("t", b"x")]
    (tmp_path / "lib.a").write_bytes(make.ar(members, form=form))
    rc, files = archs("lib.a")
    assert rc == 0 and [(f["file"], f["sass"]) for f in files] == [("lib.a!a.o", ["sm_80"]), ("lib.a!a_very_long_member_name_indeed.o", ["sm_90"])]
    (tmp_path / "none.a").write_bytes(make.ar(members[2:], form=form))
    rc, files = archs("none.a")
    assert rc == 0 and [f["file"] for f in files] == ["none.a"] and files[0]["images"] == 0


def test_thin_archives(archs, tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/a.o").write_bytes(make.shared([C("sm_80")], etype=1))
    os.mkfifo(tmp_path / "sub/pipe.o")
    members = [("a.o", (tmp_path / "sub/a.o").read_bytes()), ("gone.o", b"x" * 10), ("pipe.o", b""), ("/dev/zero", b"")]
    (tmp_path / "sub/thin.a").write_bytes(make.ar(members, thin=True))
    rc, files = archs("sub/thin.a")
    assert rc == 2 and files[0]["file"] == "sub/thin.a!a.o" and files[0]["sass"] == ["sm_80"]
    assert all(f["partial"] and f["error"] for f in files[1:]) and len(files) == 4


BAD = {
    "empty": b"", "text": b"hello\n", "elf32": make.elf32(), "big-endian": make.big_endian(), "short elf": b"\x7fELF\2\1\1", "dos": b"MZ" + bytes(70), "archive header": b"!<arch>\nxxx",
    "zip": b"PK\3\4", "ptx without target": b".version 9.0\nhello", "container": C("sm_80")[:10],
}


@pytest.mark.parametrize("what", BAD)
def test_what_cannot_be_read_says_so(one, what):
    rc, f = one(BAD[what])
    assert rc == 2 and f["error"] and f["sass"] == [] and f["images"] == 0


@pytest.mark.parametrize("size", [1, 63, 65, 2**31, 2**63 - 1, 2**64 - 8])
def test_damaged_entries_are_partial(one, size):
    rc, f = one(make.shared([C("sm_80"), C("sm_90", make.entry("sm_86", size=size)), C("sm_75")]))
    assert rc == 2 and f["partial"] is True and "0x" in f["error"]
    assert {"sm_75", "sm_80", "sm_90"} <= set(f["sass"]) and f["containers"] == 3


@pytest.mark.parametrize("size", [2**20, 2**63, 2**64 - 1])
def test_containers_that_reach_too_far(one, size):
    rc, f = one(make.shared([C("sm_80"), C("sm_90", size=size)], wrappers="none"))
    assert rc == 2 and f["partial"] is True and f["sass"][0] == "sm_80"


def test_overlapping_wrappers_cost_nothing(one):
    rc, f = one(make.shared(THREE, wrappers=[(i % 3, 1) for i in range(20000)]))
    assert rc == 0 and f["targets"] == FULL


@pytest.mark.parametrize("form", ["wrappers", "stripped section headers", "Windows DLL", "fatbin", "section headers first"])
def test_a_file_that_is_cut_never_looks_whole(one, form):
    data = SAME[form]()
    for n in range(0, len(data), 97):
        rc, f = one(data[:n])
        if f["images"] < 5:
            assert rc == 2 and f["error"], n
        else:
            assert f["targets"] == FULL, n


def test_a_sparse_terabyte(archs, tmp_path):
    path = tmp_path / "big"
    path.write_bytes(make.shared(THREE))
    with open(path, "r+b") as f:
        try:
            f.truncate(1 << 40)
        except OSError:
            pytest.skip("the file system has no files of that size")
    rc, (f,) = archs("big")
    assert rc == 0 and f["targets"] == FULL


def test_folders(archs, tmp_path):
    top = tmp_path / "site"
    (top / "a/lib").mkdir(parents=True)
    (top / "a/lib/libx.so.9").write_bytes(make.shared([C("sm_80")]))
    (top / "a/lib/libx.so").symlink_to("libx.so.9")
    (top / "a/lib/nothing.so").write_bytes(make.shared([]))
    (top / "a/lib/text.so").write_bytes(b"INPUT(libx.so.9)\n")
    (top / "a/loop").symlink_to("..")
    (top / "a/k.cubin").write_bytes(make.cubin("sm_90a"))
    (top / "a/lib/cut.so").write_bytes(make.shared(THREE)[:-900])
    os.mkfifo(top / "a/lib/pipe.so")
    rc, files = archs("site")
    assert rc == 2  # one is cut
    assert [f["file"] for f in files] == ["site/a/k.cubin", "site/a/lib/cut.so", "site/a/lib/libx.so.9"]
    (top / "a/lib/cut.so").unlink()
    rc, files = archs("site/")
    assert rc == 0 and [f["file"] for f in files] == ["site/a/k.cubin", "site/a/lib/libx.so.9"]
    # Two names of one file are two answers, with links beside them or without; a link out of the folder is one as well (uv's link mode).
    os.link(top / "a/lib/libx.so.9", top / "a/lib/same.so")
    (tmp_path / "store.so").write_bytes(make.shared([C("sm_75")]))
    (top / "a/lib/linked.so").symlink_to(tmp_path / "store.so")
    (top / "a/lib/linked.so.1").symlink_to("linked.so")  # the same file once more
    (top / "a/lib/nowhere.so").symlink_to("gone.so")
    rc, files = archs("site")
    assert rc == 0 and [f["file"][5:] for f in files] == ["a/k.cubin", "a/lib/libx.so.9", "a/lib/same.so", "a/lib/linked.so"]
    (tmp_path / "none").mkdir()
    rc, files = archs("none")
    assert rc == 0 and [f["file"] for f in files] == ["none"] and files[0]["images"] == 0


GPUS = [
    # containers, gpu, via, without, jit, exit
    (["sm_80 sm_90", "sm_80"], "8.6", "sm_80", 0, 0, 0),
    (["sm_80", "sm_86"], "8.0", "sm_80", 1, 0, 0),
    (["sm_80", "sm_90"], "7.5", None, 2, 0, 1),
    (["sm_80 compute_80", "sm_90 compute_90"], "9.0", "sm_90", 0, 1, 0),
    (["sm_80 compute_80", "sm_80 compute_80"], "12.0", "compute_80", 0, 2, 0),
    (["compute_90a", "sm_90a"], "10.0", None, 2, 0, 1),
    (["sm_90a", "sm_90"], "9.0", "sm_90a", 0, 0, 0),
    (["sm_100f", "sm_100a"], "10.3", "sm_100f", 1, 0, 0),
    (["sm_87", "sm_80"], "8.6", "sm_80", 1, 0, 0),   # Tegra's code is no desktop's
    (["sm_87", "sm_80"], "8.7", "sm_87", 1, 0, 0),
    (["sm_101", "sm_110"], "11.0", "sm_110", 0, 0, 0),  # one chip, two numbers
    (["lto_90"], "9.0", None, 1, 0, 0),              # nothing that could run as it is: no verdict
    ([], "9.0", None, 0, 0, 0),
]


@pytest.mark.parametrize("containers,gpu,via,without,jit,exit_code", GPUS)
def test_gpu(one, containers, gpu, via, without, jit, exit_code):
    rc, f = one(make.shared([C(*c.split()) for c in containers]), "--gpu", gpu)
    assert f["gpus"] == [{"name": None, "cc": gpu, "via": via, "without": without, "jit": jit, "elsewhere": False}] and rc == exit_code


def test_several_files_and_gpus(archs, tmp_path):
    (tmp_path / "a.so").write_bytes(make.shared([C("sm_80")]))
    (tmp_path / "b.so").write_bytes(make.shared([C("sm_75")]))
    rc, files = archs("--gpu", "t4", "--gpu", "a100", "a.so", "b.so", "missing.so")
    assert rc == 2 and [[g["via"] for g in f["gpus"]] for f in files] == [[None, "sm_80"], ["sm_75", None], [None, None]]
    assert files[2]["error"] == "no such file"
    rc, files = archs("--gpu", "t4", "--gpu", "a100", "a.so", "b.so")
    assert rc == 1


@pytest.mark.parametrize("args", [[], ["--gpu", "no such card", "f"], ["--driver", "580", "f"], ["--machine", "none", "f"], ["--declared-only", "--exact", "f"], ["--deep", "f"]], ids=" ".join)
def test_wrong_use(call, args):
    r = call("--json", *args)
    assert r.returncode == 2 and r.stdout == "" and r.stderr.startswith("cuvet: ") and r.stderr.count("\n") == 1


def test_text(call, tmp_path):
    (tmp_path / "a\x1b[31m.so").write_bytes(make.shared(THREE))
    r = call("--gpu", "9.0", "a\x1b[31m.so")
    assert r.returncode == 0 and "\x1b" not in r.stdout  # names are harmless on a terminal
    assert r.stdout == ("a?[31m.so\n"
                        "  SASS     in some of the 3 containers: sm_80 (2) sm_86 (1) sm_90a (1)\n"
                        "  PTX      in some of the 3 containers: compute_80 (1)\n"
                        "  GPU      yes: sm_90a runs on 9.0; 1 of 3 containers only by compiling PTX; 1\n"
                        "             of 3 containers have nothing for it\n")


def test_a_gpu_of_the_users_words(call, tmp_path):
    (tmp_path / "a.so").write_bytes(make.shared([C("sm_80"), C("sm_80")]))
    r = call("--gpu", "RTX 3090", "a.so")
    assert r.stdout.splitlines()[1:] == ["  SASS     sm_80 in all 2 containers", "  GPU      yes: sm_80 runs on GeForce RTX 3090 (8.6)"]
