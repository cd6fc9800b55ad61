"""What the built objects show: pure layers call no I/O, the shared library exports what cuvet.map lists, the facts need no relocations."""
import re
import shutil
import subprocess

import pytest

from arch.arch import PURE, ROOT
from conftest import BUILD

# Everything a pure object may take from outside: memory and text functions of the C library, and what compilers add.
LIBC = {
    "memcpy", "memmove", "memset", "memcmp", "memchr", "memrchr", "memmem", "strlen", "strcmp", "strncmp", "strchr", "strrchr", "strstr", "strnlen",
    "vsnprintf", "snprintf", "strtod",
    "__memcpy_chk", "__memmove_chk", "__memset_chk", "__vsnprintf_chk", "__snprintf_chk",
    "__stack_chk_fail", "__assert_fail", "_GLOBAL_OFFSET_TABLE_", "abort",
}
# zlib's inflating half and its checksum: over memory, with our allocator.
ALLOWED = re.compile(r"^(cv_|yyjson_|__ubsan|__asan|inflate(Init2_|Reset)?$|crc32$)")

pytestmark = pytest.mark.skipif(shutil.which("nm") is None or shutil.which("readelf") is None, reason="binutils are not installed")


def lines(*args):
    r = subprocess.run([str(a) for a in args], capture_output=True, text=True, check=False)
    assert r.returncode == 0, r.stderr
    return r.stdout.splitlines()


def sanitized():
    opts = subprocess.run(["meson", "introspect", "--buildoptions", str(BUILD)], capture_output=True, text=True, check=False).stdout
    return bool(re.search(r'"name": "b_sanitize", "value": "(?!none)', opts))


def objects():
    return sorted((BUILD / "src/libcuvet_core.a.p").glob("*.o"))


def layer(o):
    return re.split(r"[_.]", o.name.replace("meson-generated_.._", "facts_"))[0]


def test_pure_objects_call_no_io():
    if sanitized():
        pytest.skip("sanitizers add calls of their own")
    pure = [o for o in objects() if layer(o) in PURE]
    assert len(pure) > 10, "the core's objects were not found"
    wrong = []
    for o in pure:
        for line in lines("nm", "-u", o):
            name = line.split()[-1].split("@")[0]
            if name not in LIBC and not ALLOWED.match(name):
                wrong.append(f"{o.name}: {name}")
    assert not wrong, "\n".join(wrong)


def test_no_mutable_globals():
    """Data that can be written is a global in disguise; only tables of pointers (.data.rel.ro, shown as d or D) and caches marked so may exist."""
    if sanitized():
        pytest.skip("sanitizers add data of their own")
    wrong = []
    for o in objects():
        for line in lines("readelf", "-SW", o):
            m = re.match(r"\s*\[\s*\d+\]\s+(\.(?:data|bss)(?:\.\S+)?)\s+\S+\s+\S+\s+\S+\s+([0-9a-f]+)\s", line)
            if m and int(m.group(2), 16) > 0 and not m.group(1).startswith(".data.rel.ro"):
                wrong.append(f"{o.name}: {m.group(1)} {int(m.group(2), 16)} bytes")
    assert not wrong, "\n".join(wrong)


def map_symbols():
    text = re.sub(r"/\*.*?\*/|#[^\n]*", "", (ROOT / "src/api/cuvet.map").read_text(encoding="utf-8"), flags=re.S)
    return sorted(set(re.findall(r"\b(cuvet_\w+)\s*;", text)))


def test_exports_are_the_version_map():
    exported = sorted({line.split()[-1].split("@")[0] for line in lines("nm", "-D", "--defined-only", BUILD / "libcuvet.so") if line.split()[-2] in "TDBRVW"})
    assert exported == map_symbols()


def test_version_map_is_the_header():
    header = re.sub(r"/\*.*?\*/", "", (ROOT / "include/cuvet/cuvet.h").read_text(encoding="utf-8"), flags=re.S)
    declared = sorted(re.findall(r"CUVET_API\s[^;(]*?\b(cuvet_\w+)\s*\(", header))
    assert declared == map_symbols()


def test_program_needs_libc_only():
    allowed = {"libc.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1", "libdl.so.2"}
    if sanitized():
        pytest.skip("sanitizers bring libraries")
    for product in ("cuvet", "libcuvet.so"):
        needed = {m.group(1) for line in lines("readelf", "-dW", BUILD / product) for m in [re.search(r"\(NEEDED\).*\[(.+)\]", line)] if m}
        assert needed <= allowed or any("musl" in n for n in needed), (product, needed)


def test_hardening():
    if sanitized():
        pytest.skip("not in a sanitizer build")
    for product in ("cuvet", "libcuvet.so"):
        headers = "\n".join(lines("readelf", "-lW", BUILD / product))
        dynamic = "\n".join(lines("readelf", "-dW", BUILD / product))
        assert "GNU_RELRO" in headers
        assert not re.search(r"GNU_STACK.*RWE", headers)
        assert "BIND_NOW" in dynamic or "NOW" in dynamic
    assert "DYN" in "\n".join(lines("readelf", "-hW", BUILD / "cuvet"))


def test_facts_have_no_relocations():
    """Offsets into one pool: nothing for the loader to do at every start."""
    tables = [o for o in objects() if "facts_table" in o.name]
    assert len(tables) == 1
    size = 0
    for line in lines("readelf", "-SW", tables[0]):
        m = re.match(r"\s*\[\s*\d+\]\s+\.data\.rel\S*\s+\S+\s+\S+\s+\S+\s+([0-9a-f]+)\s", line)
        size += int(m.group(1), 16) if m else 0
    assert size <= 256, f"{size} bytes of pointers"
