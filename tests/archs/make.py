"""Files with GPU code, written byte by byte: fat binary containers and entries, wrappers, ELF, PE, cubins, PTX, static archives. Every field can be set, also
wrongly. Written from the format notes alone and not from the reader, so that the two can disagree.

    python tests/archs/make.py FOLDER    writes the corpora of the fuzz targets into FOLDER/{ar,codefile,elf,fatbin,pe}
"""
import pathlib
import struct
import sys

MAGIC, WRAPPER = 0xBA55ED50, 0x466243B1
PTX, CUBIN, LTO = 1, 2, 8
FLAG_A, FLAG_F, FLAG_LZ4, FLAG_ZSTD, FLAG_LTO = 0x100000, 0x200000, 0x2000, 0x8000, 0x10000
PROGBITS, STRTAB, RELA, NOBITS = 1, 3, 4, 8


def pad(data, to, fill=b"\0"):
    return data + fill * (-len(data) % to)


# ---- containers ----

def entry(target, kind=None, payload=b"\0" * 16, header=64, compressed=None, name=None, options=None, flags=0, version=0x0101, size=None, arch=None, header_says=None):
    """`target`: "sm_90a", "compute_80", "lto_90"; kind, arch, size and header_says overrule what follows from it."""
    word, number = target.split("_")
    suffix = number[-1] if number[-1] in "af" else ""
    flags |= {"a": FLAG_A, "f": FLAG_F, "": 0}[suffix] | 0x11
    kind = {"compute": PTX, "sm": CUBIN, "lto": LTO}[word] if kind is None else kind
    arch = int(number.rstrip("af")) if arch is None else arch
    extra, name_at, ext_at = b"", 0, 0
    if name:
        extra += name.encode()
        name_at = 64
        extra = pad(extra, 8)
    if options:
        ext_at = 64 + len(extra)
        extra += struct.pack("<II", ext_at + 8, len(options)) + options.encode()
    header = max(header, (64 + len(extra) + 7) // 8 * 8)
    if compressed is not None:
        payload, flags = b"\xa5" * compressed, flags | FLAG_LZ4
    stored = pad(payload, 8)
    h = struct.pack("<HHIQIIHHIIIQQQ", kind, version, header if header_says is None else header_says, len(stored) if size is None else size, compressed or 0,
                    ext_at, 7, 1, arch, name_at, len(name or ""), flags, 0, 4 * len(payload) if compressed else 0)
    assert len(h) == 64
    return (h + extra).ljust(header, b"\0") + stored


def container(*entries, size=None, version=1, header=16, magic=MAGIC):
    """Entries are bytes or target names."""
    body = b"".join(entry(e) if isinstance(e, str) else e for e in entries)
    return struct.pack("<IHHQ", magic, version, header, len(body) if size is None else size) + body


def wrapper(address, version=1, linked=0, magic=WRAPPER):
    return struct.pack("<IIQQ", magic, version, address, linked)


# ---- ELF ----

BASE = 0x400000


class Section:
    def __init__(self, name, data=b"", kind=PROGBITS, address=True, align=16, size=None, offset=None):
        self.name, self.data, self.kind, self.loaded, self.align = name, data, kind, address, align
        self.size, self.offset = size, offset


def elf(sections, etype=3, machine=62, headers="end", segments="one", extended=False, flags=0, osabi=0, abiversion=0, before=b"", names=True, many_segments=0, gap=0):
    """`sections`: Section list, or a function of place(name) -> address that gives it (called twice: first with zeros).
    headers: "end", "middle" (as patchelf leaves them: before the contents), "none". segments: "one" PT_LOAD of all, "none". gap: bytes between the names of
    the sections and what follows."""
    where = {}

    def build(place):
        made = sections(place) if callable(sections) else sections
        n = len(made) + 2
        phnum = 0 if segments == "none" else 1 + many_segments
        out = bytearray(64 + 56 * phnum)
        out += before
        shoff = 0
        if headers == "middle":
            out = bytearray(pad(bytes(out), 8))
            shoff = len(out)
            out += bytes(64 * n)
        strings, name_at = b"\0", []
        for s in made:
            name_at.append(len(strings))
            strings += s.name.encode() + b"\0"
        own_name = len(strings)
        strings += b".shstrtab\0"
        rows = [bytes(64)]
        for s, at in zip(made, name_at):
            out = bytearray(pad(bytes(out), s.align))
            offset = len(out) if s.offset is None else s.offset
            where[s.name] = where.get(s.name, BASE + offset)
            if s.kind != NOBITS:
                out += s.data
            rows.append(struct.pack("<IIQQQQIIQQ", at, s.kind, 2 if s.loaded else 0, BASE + offset if s.loaded and etype != 1 else 0, offset,
                                    len(s.data) if s.size is None else s.size, 0, 0, s.align, 0))
        loaded_end = len(out)
        strings_at = len(out)
        out += strings + bytes(gap)
        rows.append(struct.pack("<IIQQQQIIQQ", own_name, STRTAB, 0, 0, strings_at, len(strings), 0, 0, 1, 0))
        if headers == "end":
            out = bytearray(pad(bytes(out), 8))
            shoff = len(out)
            out += bytes(64 * n)
        shnum, shstrndx = (n, n - 1) if headers != "none" else (0, 0)
        if not names:
            shstrndx = 0
        if extended:
            rows[0] = struct.pack("<IIQQQQIIQQ", 0, 0, 0, 0, 0, n, n - 1, 0, 0, 0)
            shnum, shstrndx = 0, 0xFFFF
        if headers != "none":
            out[shoff:shoff + 64 * n] = b"".join(rows)
        out[:64] = struct.pack("<4sBBBBB7xHHIQQQIHHHHHH", b"\x7fELF", 2, 1, 1, osabi, abiversion, etype, machine, 1, 0, 64 if phnum else 0, shoff, flags, 64,
                               56 if phnum else 0, phnum, 64 if headers != "none" else 0, shnum, shstrndx)
        for i in range(phnum):
            load = i == phnum - 1  # the loaded part last, behind those that nobody needs
            out[64 + 56 * i:120 + 56 * i] = struct.pack("<IIQQQQQQ", 1 if load else 0x6474E551, 5, 0, BASE if load else 0, 0, loaded_end if load else 0,
                                                        loaded_end if load else 0, 4096)
        return bytes(out)

    build(lambda name: 0)
    return build(lambda name: where[name])


def shared(containers, wrappers="all", section=".nv_fatbin", relocatable=b"", **kw):
    """A shared object with containers and their wrappers. wrappers: "all", "zero" (lld), "none", or a list of (index or None, version)."""
    offsets, at = [], 0
    for c in containers:
        offsets.append(at)
        at += len(pad(c, 8))
    data = b"".join(pad(c, 8) for c in containers)
    if wrappers == "all":
        wrappers = [(i, 1) for i in range(len(containers))]

    def sections(place):
        made = [Section(".text", b"\xc3" * 40), Section(section, data)]
        if relocatable:
            made.append(Section("__nv_relfatbin", relocatable))
        if wrappers == "zero":
            made.append(Section(".nvFatBinSegment", b"".join(wrapper(0) for _ in containers), align=8))
        elif wrappers != "none":
            rows = [wrapper(0 if i is None else place(section) + offsets[i], v, 0x1234 if v == 2 else 0) for i, v in wrappers]
            made.append(Section(".nvFatBinSegment", b"".join(rows), align=8))
        return made

    return elf(sections, **kw)


def elf32(data=b""):
    h = struct.pack("<4sBBB9xHHIIIIIHHHHHH", b"\x7fELF", 1, 1, 1, 3, 3, 1, 0, 0, 0, 0, 52, 0, 0, 0, 0, 0)
    return h + data


def big_endian():
    return b"\x7fELF\x02\x02\x01" + bytes(9) + struct.pack(">HHI", 3, 21, 1) + bytes(64)


def cubin(target, abi="new", compat=None, info=None, flags=None, osabi=None, **kw):
    """A bare cubin. Old ABI: suffix a in e_flags. New ABI: suffix a in .nv.compat ("new": CUDA 13) or in e_flags ("12.9"), f only in the note with the command line."""
    number = target.split("_")[1]
    arch, suffix = int(number.rstrip("af")), number[-1] if number[-1] in "af" else ""
    if abi == "old":
        f = arch | arch << 16 | (0x800 if suffix == "a" else 0)
        ids = (0x33, 7)
    else:
        f = 0x6000002 | arch << 8 | (8 if suffix == "a" and abi == "12.9" else 0)
        ids = (0x41, 8)
        records = b"\x02\x02\x00\x00" + b"\x04\x0b\x08\x00\x02\x09\x01\x00\0\0\0\0"  # the second only looks like record 9
        records += b"" if abi == "12.9" else b"\x02\x09\x01\x00" if suffix == "a" else b"\x02\x09\x00\x00"
        records += b"\x02\x06\x01\x00"
        compat = records if compat is None else compat
        info = b"\0ptxas\0 -arch sm_" + number.encode() + b" -m 64 \0" if info is None else info
    sections = [Section(".text.k", bytes(128), address=False)]
    if compat:
        sections.append(Section(".nv.compat", compat, kind=0x70000086, address=False, align=4))
    if info:
        sections.append(Section(".note.nv.tkinfo", info, kind=7, address=False, align=4))
    return elf(sections, etype=2, machine=190, flags=f if flags is None else flags, osabi=ids[0] if osabi is None else osabi, abiversion=ids[1], **kw)


def ptx(target="sm_90", version="9.0", head="//\n// Generated by NVIDIA NVVM Compiler\n//\n// Based on NVVM 20.0.0\n//\n\n", between="\n", behind="\n.address_size 64\n\n"):
    return f"{head}.version {version}{between}.target {target}{behind}.visible .entry k() {{ ret; }}\n".encode()


# ---- PE ----

def pe(sections, machine=0x8664, lfanew=0x80, optional=240, n=None, magic=b"PE\0\0"):
    """`sections`: (name, data[, virtual size]) list; raw data is padded to 512 as linkers do."""
    head = b"MZ" + bytes(58) + struct.pack("<I", lfanew)
    head = head.ljust(lfanew, b"\0") + magic + struct.pack("<HHIIIHH", machine, len(sections) if n is None else n, 0, 0, 0, optional, 0x2022)
    head += struct.pack("<H", 0x20B).ljust(optional, b"\0")
    raw = (len(head) + 40 * len(sections) + 511) // 512 * 512
    table, body, address = b"", b"", 0x1000
    for s in sections:
        name, data = s[0], s[1]
        size = (len(data) + 511) // 512 * 512
        table += struct.pack("<8sIIIIIIHHI", name.encode()[:8], s[2] if len(s) > 2 else len(data), address, size, raw + len(body) if size else 0, 0, 0, 0, 0, 0x40000040)
        body += pad(data, 512)
        address += (size + 4095) // 4096 * 4096
    return (head + table).ljust(raw, b"\0") + body


# ---- static archives ----

def ar_header(name, size, end=b"`\n"):
    name = name if isinstance(name, bytes) else name.encode()
    return name.ljust(16) + b"1700000000  0     0     100644  " + str(size).encode().ljust(10) + end


def ar_member(name, data, size=None):
    return ar_header(name, len(data) if size is None else size) + data + (b"\n" if len(data) % 2 else b"")


def ar(members, form="gnu", symbols="/", thin=False):
    """`members`: (name, data) list. form: "gnu" (long names in "//"), "bsd" ("#1/N"). symbols: "/", "/SYM64/", "" or, for bsd, "__.SYMDEF"."""
    out = b"!<thin>\n" if thin else b"!<arch>\n"
    if symbols:
        out += ar_member(symbols, struct.pack(">I", 0) + b"\0\0")
    table, places = b"", {}
    if form == "gnu":
        for name, _ in members:
            if len(name.encode()) > 15 or "/" in name or thin:
                places[name] = len(table)
                table += name.encode() + b"/\n"
        if table:
            out += ar_member("//", table)
    for name, data in members:
        if form == "bsd":
            raw = pad(name.encode(), 4)
            out += ar_member(f"#1/{len(raw)}", raw + data)
        elif thin:
            out += ar_header(f"/{places[name]}", len(data))
        elif name in places:
            out += ar_member(f"/{places[name]}", data)
        else:
            out += ar_member(name + "/", data)
    return out


# ---- what the fuzz targets start from ----

def corpora():
    two = [container("sm_75", "sm_80", "compute_80"), container(entry("sm_90a", compressed=21), entry("compute_90", name="k.cu", options="-maxrregcount=32"))]
    fat = b"".join(two)
    seeds = bytes(4) + struct.pack("<6H", 0, len(two[0]), len(two[0]) + 8, 16, 0, len(fat))
    files = {
        "so": shared(two), "so-lld": shared(two, "zero"), "so-bare": shared(two, headers="none"), "so-twice": shared(two, [(0, 1), (0, 1), (None, 2), (1, 2)]),
        "so-middle": shared(two, headers="middle"), "so-extended": shared(two, extended=True), "so-rel": shared(two, relocatable=container("lto_80")),
        "o": shared(two, "zero", etype=1, segments="none"), "elf32": elf32(), "big-endian": big_endian(),
        "cubin-old": cubin("sm_90a", "old"), "cubin-new": cubin("sm_100a"), "cubin-family": cubin("sm_100f"),
        "ptx": ptx("sm_90a, debug"), "ptx-odd": ptx(head="/* a */ // b\n\t", between=" /* c */ "), "fatbin": fat, "fatbin-gap": two[0] + bytes(64) + two[1],
        "fatbin-lto": container("lto_80", "sm_80", entry("sm_80", kind=16)), "dll": pe([(".text", b"x"), (".nv_fatb", fat), ("__nv_rel", two[0])]),
    }
    dll = {"two": files["dll"], "padding": pe([(".nv_fatb", two[0] + bytes(512) + two[1])]), "virtual": pe([(".nv_fatb", fat, len(two[0]))]),
           "none": pe([(".text", b"x")]), "many": pe([(".nv_fatb", two[0])] * 4), "dos": b"MZ" + bytes(62)}
    members = [("a.o", files["o"]), ("a_member_with_a_long_name.o", two[0]), ("k.ptx", files["ptx"]), ("n.txt", b"odd")]
    archives = {"gnu": ar(members), "bsd": ar(members, "bsd", "__.SYMDEF"), "sym64": ar(members, symbols="/SYM64/"), "thin": ar(members, thin=True),
                "nested": ar([("in.a", ar(members[:1]))]), "empty": ar([]), "cut": ar(members)[:-40]}
    fatbins = {"two": seeds + fat, "gap": seeds + files["fatbin-gap"], "lto": seeds + files["fatbin-lto"], "empty": seeds + container() * 3,
               "overlap": seeds + container(container("sm_80"), size=16) + container("sm_90"), "huge": seeds + container("sm_80", size=1 << 60)}
    return {"codefile": files, "pe": dll, "ar": archives, "fatbin": fatbins,
            "elf": {k: files[k] for k in ("so", "so-bare", "so-middle", "so-extended", "o", "cubin-new")}}


if __name__ == "__main__":
    for target, made in corpora().items():
        folder = pathlib.Path(sys.argv[1]) / target
        folder.mkdir(parents=True, exist_ok=True)
        for file, content in made.items():
            (folder / file).write_bytes(content)
