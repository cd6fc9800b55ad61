"""cuvet archs against the vendor's own tool on real libraries. archs.tsv keeps what cuobjdump lists in the libraries of 165 wheels (taken once, with the version of the
tool that could read them); here small wheels are downloaded again and compared. CUVET_ARCHS=all takes every wheel of the table (some 40 GB)."""
import collections
import csv
import json
import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).parent
SAMPLE = ["bitsandbytes-0.50.2-py3-none-manylinux_2_24_x86_64.whl", "bitsandbytes-0.50.2-py3-none-win_amd64.whl", "torchvision-0.28.0-cp311-cp311-manylinux_2_28_x86_64.whl"]


def table():
    rows = collections.defaultdict(list)
    with open(HERE / "archs.tsv", encoding="utf-8") as f:
        for row in csv.DictReader((line for line in f if not line.startswith("#")), delimiter="\t"):
            rows[row["wheel"]].append(row)
    return rows


TABLE = table()


def counts(cell):
    return {} if cell == "-" else {k: int(v) for k, v in (x.split(":") for x in cell.split(","))}


def folded(targets):
    """The tool prints an f cubin without its f."""
    out = collections.Counter()
    for name, n in targets.items():
        out[name.rstrip("f") if name.startswith("sm_") else name] += n
    return dict(out)


def test_the_table():
    rows = [r for of in TABLE.values() for r in of]
    assert len(rows) >= 600 and len(TABLE) >= 160
    assert all(r["second_reading_equal"] in ("yes", "-") for r in rows)


def download(wheel, to):
    name, version, python, _, platform = wheel[:-4].rsplit("-", 4)
    platforms = [x for p in platform.split(".") for x in ("--platform", p)]
    abi = python if python.startswith("cp") else "none"
    subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:", "-d", str(to), *platforms,
                    *(["--python-version", python[2:], "--implementation", "cp", "--abi", abi] if python.startswith("cp") else []), f"{name}=={version}"],
                   check=True, stdin=subprocess.DEVNULL, timeout=1800)
    return to / wheel


@pytest.mark.parametrize("wheel", sorted(TABLE) if os.environ.get("CUVET_ARCHS") == "all" else SAMPLE)
def test_like_the_vendors_tool(cuvet, tmp_path, wheel):
    path = download(wheel, tmp_path)
    r = subprocess.run([cuvet, "archs", "--json", str(path)], capture_output=True, text=True, check=False, timeout=600)
    assert r.returncode == 0, r.stderr
    there = {f["file"].partition("!")[2]: f for f in json.loads(r.stdout)["files"]}
    compared = 0
    for row in TABLE[wheel]:
        elf, ptx = counts(row["elf"]), counts(row["ptx"])
        if row["tool"].startswith("cuobjdump"):
            found = [f for name, f in there.items() if name == row["member"] or name.startswith(row["member"] + "!")]
            got = collections.Counter()
            for f in found:
                got.update({k: v["images"] for k, v in f["targets"].items()})
            assert folded({k: v for k, v in got.items() if k.startswith("sm_")}) == folded(elf), row["member"]
            assert {k: v for k, v in got.items() if k.startswith("compute_")} == ptx, row["member"]
            compared += 1
    assert compared > 0
    path.unlink()
