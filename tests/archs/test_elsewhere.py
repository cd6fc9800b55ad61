"""GPU code outside the sections that are meant for it: what is searched without being asked, what --everywhere finds, and that nothing is counted twice."""
import json
import os
import subprocess
import zipfile

import jsonschema
import pytest

from archs import make
from conftest import ROOT

SCHEMA = json.loads((ROOT / "schemas/archs.json").read_text(encoding="utf-8"))
C = make.container
USUAL = C("sm_80") + C("sm_90")
JUNK = bytes(range(1, 256)) * 3
JUNK = JUNK[:len(JUNK) // 8 * 8]


def mixed(*parts):
    """Containers between data that is none, each 8-aligned as in real files."""
    return b"".join(make.pad(p, 8) for p in parts)


CASK = mixed(JUNK, C("sm_100a"), bytes(24), C("sm_100a", "sm_120a"), JUNK)
DATA = mixed(JUNK, C("sm_75", "compute_75"), JUNK, JUNK, C("sm_75"))


def library(cask=None, data=None, align=8, **kw):
    sections = [make.Section(".nv_fatbin", USUAL, align=8)]
    if cask:
        sections.append(make.Section(".cask_resource", cask, align=align))
    if data:
        sections.append(make.Section(".data", data, align=align))
    return make.elf(sections, **kw)


@pytest.fixture
def archs(cuvet, tmp_path):
    def run(*args):
        env = {"PATH": "/nonexistent", "HOME": str(tmp_path), "LANG": "C.UTF-8"}
        env.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
        r = subprocess.run([cuvet, "archs", "--json", *map(str, args)], capture_output=True, text=True, env=env, cwd=tmp_path, timeout=60, check=False)
        assert r.stderr == "", r.stderr
        doc = json.loads(r.stdout)
        jsonschema.validate(doc, SCHEMA)
        return r.returncode, doc["files"]
    return run


@pytest.fixture
def one(archs, tmp_path):
    def run(data, *args):
        (tmp_path / "f.so").write_bytes(data)
        rc, files = archs(*args, "f.so")
        assert len(files) == 1
        return rc, files[0]
    return run


def counts(elsewhere):
    return {k: v["images"] for k, v in elsewhere["targets"].items()}, {s["name"]: (s["containers"], s["cubins"]) for s in elsewhere["sections"]}


def test_named_sections_are_searched_unasked(one):
    rc, f = one(library(CASK, DATA))
    assert rc == 0 and f["searched"] == "usual" and f["partial"] is False
    assert f["sass"] == ["sm_80", "sm_90"] and f["containers"] == 2 and f["images"] == 2
    assert counts(f["elsewhere"]) == ({"sm_100a": 2, "sm_120a": 1}, {".cask_resource": (2, 0)})


def test_everywhere(one):
    rc, f = one(library(CASK, mixed(DATA, make.cubin("sm_86"), JUNK, make.cubin("sm_70", abi="old"), JUNK)), "--everywhere")
    assert rc == 0 and f["searched"] == "everywhere" and f["containers"] == 2
    assert counts(f["elsewhere"]) == ({"sm_70": 1, "sm_75": 2, "sm_86": 1, "sm_100a": 2, "sm_120a": 1, "compute_75": 1},
                                      {".cask_resource": (2, 0), ".data": (2, 2)})


def test_nothing_there(one):
    for args in ([], ["--everywhere"]):
        rc, f = one(library(None, JUNK * 20), *args)
        assert rc == 0 and f["elsewhere"] is None and f["containers"] == 2


def test_a_registered_container_in_the_data_is_counted_once(one):
    def sections(place):
        return [make.Section(".rodata", mixed(JUNK, C("sm_86"), JUNK), align=8),
                make.Section(".nvFatBinSegment", make.wrapper(place(".rodata") + len(JUNK)), align=8)]
    rc, f = one(make.elf(sections), "--everywhere")
    assert rc == 0 and f["sass"] == ["sm_86"] and f["containers"] == 1 and f["elsewhere"] is None


def test_overlapping_sections_are_searched_once(one):
    def sections(_):
        return [make.Section(".data", DATA, align=8)]
    plain = make.elf(sections)
    at = plain.index(DATA)
    twice = make.elf([make.Section(".data", DATA, align=8), make.Section(".again", b"", offset=at, size=len(DATA), align=8)])
    assert twice.index(DATA) == at
    rc, f = one(twice, "--everywhere")
    assert rc == 0 and counts(f["elsewhere"])[0] == {"sm_75": 2, "compute_75": 1}


@pytest.mark.parametrize("gpu,via,elsewhere,code", [("12.0", "sm_120a", True, 0), ("9.0", "sm_90", False, 0), ("7.0", None, False, 1)])
def test_a_gpu(one, gpu, via, elsewhere, code):
    rc, f = one(library(CASK), "--gpu", gpu)
    assert rc == code and [(g["via"], g["elsewhere"]) for g in f["gpus"]] == [(via, elsewhere)]


@pytest.mark.parametrize("section", [".cask_re", ".cask_resource"])
def test_windows(one, section):
    rc, f = one(make.pe([(".nv_fatb", USUAL), (section, CASK)]))
    assert rc == 0 and counts(f["elsewhere"]) == ({"sm_100a": 2, "sm_120a": 1}, {".cask_re": (2, 0)})


@pytest.mark.parametrize("args", [(), ("--everywhere",)])
@pytest.mark.parametrize("big", [False, True])
def test_a_packed_member_is_answered_like_the_file(archs, tmp_path, big, args):
    """Large members pass by once: what was seen of them must be enough for the same answer."""
    data = library(CASK, mixed(DATA, bytes(40 << 20) if big else b"", JUNK))
    (tmp_path / "lib.so").write_bytes(data)
    with zipfile.ZipFile(tmp_path / "p-1-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as z:
        z.write(tmp_path / "lib.so", "p/lib.so")
    rc, (file,) = archs(*args, "lib.so")
    rc2, (member,) = archs(*args, "p-1-py3-none-any.whl")
    assert rc == rc2 == 0 and member.pop("file").endswith("!p/lib.so")
    file.pop("file")
    assert member == file and (file["elsewhere"]["images"] == 6) == bool(args)


def test_damage_in_the_data_is_partial(one):
    rc, f = one(library(mixed(JUNK, C("sm_100a", "sm_120a", size=1 << 40))))
    assert rc == 2 and f["partial"] is True and "cut short" in f["error"]


def test_many_false_cubins_end_soon(one):
    """Headers of cubins with many sections each: the work is bounded, and said so."""
    head = bytearray(make.cubin("sm_90")[:64])
    head[60:62] = (60000).to_bytes(2, "little")
    head[40:48] = (64).to_bytes(8, "little")
    rc, f = one(library(None, bytes(head) * 60000), "--everywhere")
    assert rc in (0, 2) and (rc == 0 or f["partial"])


def test_text_says_where_and_how_to_search_on(cuvet, tmp_path):
    def text(*args):
        return subprocess.run([cuvet, "archs", *args, "f.so"], capture_output=True, text=True, cwd=tmp_path, timeout=60, check=False).stdout
    (tmp_path / "f.so").write_bytes(library(CASK, DATA))
    out = text("--gpu", "7.5")
    assert "also     sm_100a (2) sm_120a (1) outside the usual sections, in" in out and ".cask_resource" in out and "--everywhere" in out
    assert "yes: sm_75 runs on" in text("--gpu", "7.5", "--everywhere")
    (tmp_path / "f.so").write_bytes(make.elf([make.Section(".data", DATA, align=8)]))
    assert "--everywhere searches the rest" in text() and "--everywhere" not in text("--everywhere")
