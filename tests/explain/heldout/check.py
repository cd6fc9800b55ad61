#!/usr/bin/env python3
"""Checks the form of the held-out messages and of the quiet logs. It runs nothing of cuvet.

Usage: check.py [IDS]
IDS is a table whose first column holds the ids of the catalogue (errors.tsv); without it the ids are only checked for their form.
"""
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
QUIET = HERE.parent / "quiet" / "logs"
ENCODINGS = {"064.txt": "gb18030", "134.txt": "gb18030", "159.txt": "utf-16-le", "176.txt": "cp1252", "180.txt": "gb18030"}  # the others are UTF-8; README.md says why
ID = re.compile(r"[a-z][a-z0-9_]*\Z")
NEW = re.compile(r"new:[a-z0-9]+(-[a-z0-9]+)*\Z")
PRIVATE = [re.compile(p) for p in (r"[\w.+-]+@[\w-]+\.(?:com|org|net|edu|de|cn|io)\b", r"/home/(?!user\b|xx\b|docker\b|work\b|test\b|runner\b)[\w.-]+",
                                   r"[A-Z]:\\+Users\\+(?!user\b|username\b|Administrator\b)[\w.-]+")]


def rows(path, want):
    """The lines of a table as lists; a wrong header or a wrong number of columns is a complaint."""
    lines = [x for x in path.read_text(encoding="utf-8").split("\n") if x and not x.startswith("#")]
    bad = [] if lines and lines[0].split("\t") == want else [f"{path.name}: the header is not {' '.join(want)}"]
    table = [x.split("\t") for x in lines[1:]]
    bad += [f"{path.name}: {r[0]}: {len(r)} columns instead of {len(want)}" for r in table if len(r) != len(want)]
    return [r for r in table if len(r) == len(want)], bad


def text_of(path):
    """The text of a paste, or None where its bytes are not of the encoding that is written down for it."""
    try:
        return path.read_bytes().decode(ENCODINGS.get(path.name, "utf-8") if path.parent.name == "messages" else "utf-8")
    except UnicodeDecodeError:
        return None


def check_text(path, limit):
    text = text_of(path)
    if text is None:
        return [f"{path.name}: not of its encoding"]
    count = len(text.rstrip("\r\n").split("\n"))
    bad = [f"{path.name}: {count} lines"] if not text.strip() or count > limit else []
    return bad + [f"{path.name}: looks private: {m.group(0)}" for p in PRIVATE for m in p.finditer(text)]


def check_folder(folder, table, limit):
    there, named = {p.name for p in folder.glob("*.txt")}, [r[0] for r in table]
    bad = [f"{folder.name}/{x}: no line in the table" for x in sorted(there - set(named))]
    bad += [f"{folder.name}/{x}: no such file" for x in sorted(set(named) - there)]
    bad += [f"{folder.name}/{x}: named twice" for x in sorted({x for x in named if named.count(x) > 1})]
    return bad + [b for x in sorted(there) for b in check_text(folder / x, limit)]


def check_expected(table, known):
    bad = []
    for name, expected, wrong, source in table:
        for one in expected.split("|"):
            if not (NEW.match(one) or ID.match(one)):
                bad.append(f"{name}: {one}: neither an id nor new:…")
            elif known and not one.startswith("new:") and one not in known:
                bad.append(f"{name}: {one}: no such id")
        bad += [f"{name}: an empty column"] if not wrong.strip() or not source.strip() else []
    return bad


def main(argv):
    known = {x.split("\t")[0] for x in pathlib.Path(argv[1]).read_text(encoding="utf-8").split("\n") if x and x[0] != "#"} if argv[1:] else set()
    expected, bad = rows(HERE / "expected.tsv", ["file", "expected", "wrong_causes", "source"])
    none, more = rows(HERE / "none" / "sources.tsv", ["file", "what", "source"])
    bad += more + check_expected(expected, known)
    bad += check_folder(HERE / "messages", expected, 80) + check_folder(HERE / "none", none, 80)
    logs = sorted(QUIET.glob("*.log"))
    readme = (QUIET / "README.md").read_text(encoding="utf-8")
    lines = sum(p.read_bytes().count(b"\n") for p in logs)
    bad += [f"quiet/logs/{p.name}: not in README.md" for p in logs if f"`{p.name}`" not in readme]
    bad += [b for p in logs for b in check_text(p, 10**6)]
    bad += [f"too few: {len(expected)} messages"] if len(expected) < 120 else []
    bad += [f"too few: {len(none)} of other fields"] if len(none) < 15 else []
    bad += [f"too few: {lines} quiet lines"] if lines < 2500 else []
    for line in bad:
        print(line, file=sys.stderr)
    print(f"{len(expected)} messages, {len(none)} errors of other fields, {lines} quiet lines in {len(logs)} logs: {len(bad)} complaints")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
