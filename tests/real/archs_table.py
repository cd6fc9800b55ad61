"""archs.tsv: what the vendor's own tool lists in the libraries of real wheels, and how `cuvet archs` is compared with it.

    python tests/real/archs_table.py [--wheels FILE] [--keep-json FOLDER] [--work FOLDER]

downloads wheel after wheel (small ones first), reads each as it is and each library of it unpacked, compares both with the table, deletes the wheel, and writes the date and the
version into the column `checked`: "2026-11-25 cuvet 0.1.0" where both readings are equal to the row, "2026-11-25 cuvet 0.1.0 differs: ..." where not. Rows that have it are left
alone: empty them to check again.
"""
import argparse
import collections
import concurrent.futures
import csv
import datetime
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
TSV = HERE / "archs.tsv"


def table():
    """{wheel: rows}, in the order of the file."""
    rows = collections.defaultdict(list)
    with open(TSV, encoding="utf-8") as f:
        for row in csv.DictReader((line for line in f if not line.startswith("#")), delimiter="\t"):
            rows[row["wheel"]].append(row)
    return rows


def counts(cell):
    return {} if cell == "-" else {k: int(v) for k, v in (x.split(":") for x in cell.split(","))}


def folded(targets):
    """The tool prints an f cubin without its f."""
    out = collections.Counter()
    for name, n in targets.items():
        out[name.rstrip("f") if name.startswith("sm_") else name] += n
    return dict(out)


def download(wheel, to):
    name, version, python, _, platform = wheel[:-4].rsplit("-", 4)
    if version.isdigit():  # a build number
        name, version = name.rsplit("-", 1)
    platforms = [x for p in platform.split(".") for x in ("--platform", p)]
    abi = {"cp": python, "py": "none"}[python[:2]]
    if "-abi3-" in wheel:
        python, abi = f"cp{sys.version_info[0]}{sys.version_info[1]}", "abi3"
    subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:", "-d", str(to), *platforms,
                    *(["--python-version", python[2:], "--implementation", "cp", "--abi", abi] if python.startswith("cp") else []), f"{name}=={version}"],
                   check=True, stdin=subprocess.DEVNULL, timeout=1800)
    return pathlib.Path(to, wheel)


def read(cuvet, *args):
    r = subprocess.run([cuvet, "archs", "--json", *map(str, args)], capture_output=True, text=True, check=False, timeout=1800, stdin=subprocess.DEVNULL)
    if r.returncode != 0:
        raise RuntimeError(f"cuvet archs ended with {r.returncode}: {r.stderr}{[f['file'] + ': ' + f['error'] for f in json.loads(r.stdout or '{}').get('files', []) if f['error']]}")
    return json.loads(r.stdout)["files"]


def difference(row, files):
    """What `files` (the answers for one library or the members of one archive) say that the row does not; "" if they are equal."""
    got = collections.Counter()
    for f in files:
        got.update({k: v["images"] for k, v in f["targets"].items()})
    said = {**folded(counts(row["elf"])), **counts(row["ptx"])}
    found = folded(got)
    return ", ".join(f"{k} {row['tool']} {said.get(k, 0)} cuvet {found.get(k, 0)}" for k in sorted(said.keys() | found.keys()) if said.get(k, 0) != found.get(k, 0))


def of_wheel(files, member):
    """The answers for a member of a wheel."""
    inside = [(f["file"].partition("!")[2], f) for f in files]
    return [f for name, f in inside if name == member or name.startswith(member + "!")]


def compare(cuvet, path, rows, unpack=None):
    """{member: difference} of one downloaded wheel, read as a wheel and, in the folder `unpack`, member by member; and what was read. Rows without a tool's answer (PTX text: no tool
    reads it) are left out."""
    files = read(cuvet, path)
    rows = [row for row in rows if row["tool"].startswith("cuobjdump")]
    out = {row["member"]: difference(row, of_wheel(files, row["member"])) for row in rows}
    if unpack:
        with zipfile.ZipFile(path) as z:
            for row in rows:
                to = pathlib.Path(unpack, pathlib.PurePosixPath(row["member"]).name)
                with z.open(row["member"]) as f, open(to, "wb") as g:
                    shutil.copyfileobj(f, g, 1 << 22)
                out[row["member"]] = out[row["member"]] or difference(row, read(cuvet, to))
                to.unlink()
    return out, files


def write(rows):
    lines = TSV.read_text(encoding="utf-8").splitlines()
    head = [line for line in lines if line.startswith("#")]
    columns = next(line for line in lines if not line.startswith("#")).split("\t")
    columns += [] if "checked" in columns else ["checked"]
    body = ["\t".join(row.get(c) or "-" for c in columns) for of in rows.values() for row in of]
    new = TSV.with_suffix(".new")
    new.write_text("\n".join([*head, "\t".join(columns), *body]) + "\n", encoding="utf-8")
    new.replace(TSV)


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--wheels", help="a file with the names of the wheels to take, one a line")
    args.add_argument("--keep-json", help="a folder for what was read, one file a wheel")
    args.add_argument("--work", help="a folder for wheels (default: a temporary one)")
    given = args.parse_args()
    cuvet = str(pathlib.Path(os.environ.get("CUVET_BUILD", ROOT / "build")) / "cuvet")
    version = subprocess.run([cuvet, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    rows = table()
    size = {w: sum(int(r["member_size"]) for r in of) for w, of in rows.items()}
    wanted = [w for w in sorted(rows, key=size.get) if any(not r.get("checked") or r["checked"] == "-" for r in rows[w] if r["tool"].startswith("cuobjdump"))]
    if given.wheels:
        names = set(pathlib.Path(given.wheels).read_text(encoding="utf-8").split())
        wanted = [w for w in wanted if w in names]
    with tempfile.TemporaryDirectory(dir=given.work) as tmp, concurrent.futures.ThreadPoolExecutor(1) as pool:
        ahead = pool.submit(download, wanted[0], tmp) if wanted else None
        for i, wheel in enumerate(wanted):
            following = None
            try:
                path = ahead.result()
                following = pool.submit(download, wanted[i + 1], tmp) if i + 1 < len(wanted) else None
                found, files = compare(cuvet, path, rows[wheel], tmp)
                path.unlink()
            except (subprocess.SubprocessError, RuntimeError, OSError, KeyError) as e:
                print(f"{wheel}: {e}", flush=True)
                ahead = following or (pool.submit(download, wanted[i + 1], tmp) if i + 1 < len(wanted) else None)
                continue
            ahead = following
            if given.keep_json:
                pathlib.Path(given.keep_json, wheel + ".json").write_text(json.dumps(files), encoding="utf-8")
            for row in rows[wheel]:
                if row["member"] not in found:
                    continue
                differs = found[row["member"]]
                row["checked"] = f"{datetime.date.today()} {version}" + (f" differs: {differs}" if differs else "")
            write(rows)
            print(wheel, len(rows[wheel]), sum(f["images"] for f in files), "; ".join(f"{k}: {v}" for k, v in found.items() if v) or "equal", flush=True)


if __name__ == "__main__":
    main()
