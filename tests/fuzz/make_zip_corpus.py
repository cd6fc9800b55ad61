#!/usr/bin/env python3
"""Writes tests/fuzz/corpus/zip: small archives of every kind that the zip reader knows, and broken ones. The same bytes at each run."""
import io
import pathlib
import struct
import zipfile

TO = pathlib.Path(__file__).resolve().parent / "corpus/zip"
SOME = b"__version__ = '2.8.0+cu128'\n" * 40
WHEN = (2025, 1, 1, 0, 0, 0)


class Pipe:
    """Not seekable: sizes go behind the data."""

    def __init__(self):
        self.b = io.BytesIO()

    def write(self, data):
        return self.b.write(data)

    def flush(self):
        pass


def member(name, method=zipfile.ZIP_DEFLATED):
    i = zipfile.ZipInfo(name, WHEN)
    i.compress_type = method
    return i


def archive(to=None, comment=b"", names=("torch/version.py", "torch/lib/a.so", "torch/")):
    f = to or io.BytesIO()
    with zipfile.ZipFile(f, "w") as z:
        for n, name in enumerate(names):
            z.writestr(member(name, zipfile.ZIP_STORED if n % 3 == 1 else zipfile.ZIP_DEFLATED), b"" if name.endswith("/") else SOME[n:])
        z.comment = comment
    return (f.b if to else f).getvalue()


def zip64():
    f = Pipe()
    with zipfile.ZipFile(f, "w") as z, z.open(member("big"), "w", force_zip64=True) as m:
        m.write(SOME)
    data = bytearray(f.b.getvalue())
    c = data.index(b"PK\1\2")
    size, packed = struct.unpack_from("<I", data, c + 24)[0], struct.unpack_from("<I", data, c + 20)[0]
    entry = data[c:c + 46] + b"big" + struct.pack("<2H3Q", 1, 24, size, packed, 0)
    struct.pack_into("<II", entry, 20, 0xFFFFFFFF, 0xFFFFFFFF)
    struct.pack_into("<H", entry, 30, 28)
    struct.pack_into("<I", entry, 42, 0xFFFFFFFF)
    end = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, len(entry), c)
    return bytes(data[:c] + entry + end + struct.pack("<4sIQI", b"PK\6\7", 0, c + len(entry), 1) +
                 struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0))


def patched(data, where, offset, value, fmt="<I"):
    data = bytearray(data)
    struct.pack_into(fmt, data, data.index(where) + offset, value)
    return bytes(data)


def blocks():
    """One member made of a stored, a fixed and a dynamic deflate block."""
    import zlib
    c = zlib.compressobj(0, zlib.DEFLATED, -15)
    raw = c.compress(b"stored") + c.flush(zlib.Z_FULL_FLUSH)
    c = zlib.compressobj(9, zlib.DEFLATED, -15, strategy=zlib.Z_FIXED)
    raw += c.compress(b"fixed fixed fixed") + c.flush(zlib.Z_FULL_FLUSH)
    c = zlib.compressobj(9, zlib.DEFLATED, -15)
    rest = bytes(i * i % 251 for i in range(3000))
    raw += c.compress(rest) + c.flush()
    text = b"stored" + b"fixed fixed fixed" + rest
    head = struct.pack("<5H3I2H", 20, 0, 8, 0, 33, zlib.crc32(text), len(raw), len(text), 1, 0)
    local = b"PK\3\4" + head + b"m" + raw
    entry = b"PK\1\2" + struct.pack("<H", 20) + head + struct.pack("<3H2I", 0, 0, 0, 0, 0) + b"m"
    return local + entry + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, len(entry), len(local), 0)


def main():
    TO.mkdir(parents=True, exist_ok=True)
    good = archive()
    central, end = b"PK\1\2", b"PK\5\6"
    second = good[good.index(central) + 46 + len("torch/version.py"):][:46]  # the second entry
    inputs = {
        "good": good, "comment": archive(comment=b"PK\5\6 is not the end"), "descriptors": archive(Pipe()), "zip64": zip64(), "blocks": blocks(),
        "many": archive(names=[f"a/b{i}" for i in range(40)]), "empty": archive(names=[]), "cut": good[:-30], "nothing": b"",
        "encrypted": patched(good, central, 8, 1, "<H"), "bomb": patched(good, central, 24, 0x7FFFFFFF), "overlap": patched(good, second, 42, 1),
        "offset": patched(good, central, 42, 20), "longer": patched(good, central, 24, 100), "crc": patched(good, central, 16, 1),
        "disks": patched(good, end, 4, 1, "<H"), "count": patched(good, end, 8, 0x00070007), "dots": good.replace(b"torch/lib/a.so", b"torch/../aa.so"),
        "twice": archive(names=["a/bc", "a/bd"]).replace(b"a/bd", b"a/bc"),
        "zip64-locator": patched(zip64(), b"PK\6\7", 8, 5), "method": patched(good, central, 10, 12, "<H"), "damaged": patched(good, b"torch/version.py", 16, 0xFFFFFFFF),
    }
    for name, data in inputs.items():
        (TO / name).write_bytes(data)


if __name__ == "__main__":
    main()
