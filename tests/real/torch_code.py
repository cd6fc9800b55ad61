"""torch-code.tsv: the GPU code that `cuvet archs` reads in the torch wheels of the default registry, and what each wheel declares; tests/data/test_torch_code.py holds
facts/torch-archs.tsv against it.

    python tests/real/torch_code.py [--json FOLDER] [TORCH...]

downloads the wheel for the newest Python of each release (those named, or all), Linux, x86_64 and, where it has CUDA, aarch64, reads and deletes it, and writes the table anew.
--json: answers of `cuvet archs --declared --json` that are there already (WHEEL.json), not read again.
"""
import argparse
import csv
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
TSV = HERE / "torch-code.tsv"
# From 1.13 on torch's own kernels are nearly all of the library; before, the linked-in cuBLAS and cuDNN are half of it, for architectures of their own.
OWN = (1, 13)
COLUMNS = ["wheel", "torch", "variant", "arch", "library", "containers", "targets", "declared", "declared_python"]
# torch's own kernels; before 1.5 they were in libtorch.so, before 1.2 in libcaffe2_gpu.so
LIBRARIES = re.compile(r"torch/lib/lib(torch_cuda|torch_cuda_cu|torch_cuda_cpp|torch|caffe2_gpu)\.so$")


def read_tsv(path):
    with open(path, encoding="utf-8") as f:
        return list(csv.DictReader((line for line in f if not line.startswith("#")), delimiter="\t"))


def table():
    return read_tsv(TSV)


def counts(cell):
    return {k: int(v) for k, v in (x.split(":") for x in cell.split(","))}


def joined(names):
    return ",".join(names) if names else "-"


def rows(wheel, files):
    """Rows of the table from the answers for one wheel, or for an installed torch."""
    cuda = next(f["cuda"] for f in files if f.get("cuda"))
    version = wheel.split("-")[1]
    for f in files:
        if f["images"] and LIBRARIES.search(f["file"]):
            assert not f["partial"], f
            yield {"wheel": wheel, "torch": version, "variant": "cu" + "".join(cuda.split(".")[:2]), "arch": "aarch64" if "aarch64" in wheel else "x86_64",
                   "library": pathlib.PurePosixPath(f["file"]).name, "containers": f["containers"],
                   "targets": joined([f"{k}:{v['containers']}" for k, v in f["targets"].items()]), "declared": joined(f.get("declared")), "declared_python": joined(f.get("declared_python"))}


def disagreements(row, facts):
    """What a row of the table and the row of facts/torch-archs.tsv for that build say differently."""
    fact = facts[(row["torch"], row["variant"], "linux", row["arch"])]
    said = set(fact["sass"].split(",")) | (set() if fact["ptx"] == "none" else {fact["ptx"]})
    found, n = counts(row["targets"]), int(row["containers"])
    out = [f"{c}: {row[c]}" for c in ("declared", "declared_python") if row[c] != "-" and set(row[c].split(",")) != said]
    if not said <= set(found):
        out.append(f"{row['library']} has no {sorted(said - set(found))}")
    if tuple(map(int, row["torch"].split(".")[:2])) >= OWN and {t for t, k in found.items() if 2 * k >= n} != said:
        out.append(f"in most containers of {row['library']}: {row['targets']}")
    return out


def facts():
    return {(r["torch"], r["variant"], r["os"], r["arch"]): r for r in read_tsv(ROOT / "facts/torch-archs.tsv")}


def wanted(only):
    """(torch, platform tags, Python) of each release with CUDA on the default registry."""
    for r in read_tsv(ROOT / "facts/torch-releases.tsv"):
        cells = {c: dict(x.split(":") for x in r[c].split(";") if ":" in x) for c in ("pythons_on_pypi", "pypi_platform_tags")}
        for arch in ("x86_64", "aarch64"):
            key = f"linux_{arch}"
            if re.match(r"\d", r[f"pypi_{key}_cuda"]) and key in cells["pythons_on_pypi"] and (not only or r["torch"] in only):
                pythons = [p for p in cells["pythons_on_pypi"][key].split(",") if not p.endswith("t")]
                yield r["torch"], cells["pypi_platform_tags"][key].split("|"), pythons[-1]


def download(version, tags, python, to):
    n = python.replace(".", "")
    subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:", "-d", to, *(x for t in tags for x in ("--platform", t)),
                    "--python-version", n, "--implementation", "cp", "--abi", f"cp{n}{'m' if n in ('36', '37') else ''}", f"torch=={version}"],
                   check=True, stdin=subprocess.DEVNULL, timeout=1800)
    return next(pathlib.Path(to).glob("*.whl"))


def answers(cuvet, path):
    out = subprocess.run([cuvet, "archs", "--declared", "--json", str(path)], capture_output=True, text=True, check=True, timeout=1800, stdin=subprocess.DEVNULL).stdout
    return json.loads(out)["files"]


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--json", help="a folder of answers that are there already")
    args.add_argument("torch", nargs="*")
    given = args.parse_args()
    cuvet = str(pathlib.Path(os.environ.get("CUVET_BUILD", ROOT / "build")) / "cuvet")
    found = {}
    if TSV.exists():
        for r in table():
            found.setdefault(r["wheel"], []).append(r)
    for p in pathlib.Path(given.json).glob("torch-*.json") if given.json else []:
        found[p.stem] = list(rows(p.stem, json.loads(p.read_text(encoding="utf-8"))["files"]))
    have = {(r["torch"], r["arch"]) for of in found.values() for r in of}
    for version, tags, python in wanted(given.torch):
        if (version, "aarch64" if "aarch64" in tags[0] else "x86_64") not in have:
            with tempfile.TemporaryDirectory() as to:
                path = download(version, tags, python, to)
                found[path.name] = list(rows(path.name, answers(cuvet, path)))
                print(path.name, flush=True)
    head = [line for line in TSV.read_text(encoding="utf-8").splitlines() if line.startswith("#")] if TSV.exists() else []
    order = sorted(found.values(), key=lambda of: ([int(x) for x in of[0]["torch"].split(".")], of[0]["arch"], of[0]["wheel"]))
    TSV.write_text("\n".join([*head, "\t".join(COLUMNS), *("\t".join(str(r[c]) for c in COLUMNS) for of in order for r in of)]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
