"""The catalogue of `cuvet explain` (facts/errors.tsv, error-causes.tsv, cuda-errors.tsv, xid.tsv) is whole, and its expressions do what the samples say."""
import functools
import re

import catalogue as c

ERRORS = c.table(c.FACTS / "errors.tsv")
CAUSES = c.table(c.FACTS / "error-causes.tsv")
# Samples in which another message stands as well, and stands before theirs in the file.
BOTH = {}


@functools.cache
def expressions():
    return {r["id"]: c.Expression(r["regex"]) for r in ERRORS}


def of(id):
    return [r for r in CAUSES if r["id"] == id]


def test_ids_and_topics():
    ids = [r["id"] for r in ERRORS]
    assert len(ids) == len(set(ids)) and len(ids) >= 230
    for r in ERRORS:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", r["id"]) and re.fullmatch(r"[a-z]+", r["topic"]), r["id"]
        assert r["meaning"][0].isupper() or r["meaning"][0] == "{" or re.match(r"[a-zA-Z]", r["meaning"]), r["id"]
        assert r["meaning"].endswith(".") or r["meaning"].endswith("}"), r["id"]


def test_every_message_has_causes_in_order():
    assert {r["id"] for r in CAUSES} == {r["id"] for r in ERRORS}
    for r in ERRORS:
        rows = of(r["id"])
        assert [x["n"] for x in rows] == [str(n) for n in range(1, len(rows) + 1)], r["id"]
        assert len({x["cause"] for x in rows}) == len(rows), r["id"]


def test_every_cause_says_what_to_do():
    for r in CAUSES:
        where = f"{r['id']} {r['n']}"
        assert r["cause"].endswith("."), where
        assert r["fix"] != "-" or r["root_fix"] != "-", where
        for words, command in (("fix", "command"), ("root_fix", "root_command")):
            assert r[command] == "-" or r[words] != "-", f"{where}: a command without words"
            assert r[words] in ("-", "@doctor") or r[words][0].isalpha() or r[words][0] in "{`", where
            assert not (r[words] == "@doctor") or r[command] == "@doctor", where
        assert "sudo" not in r["command"], f"{where}: root in the command for the user"


def test_fields_are_groups_and_placeholders_are_fields():
    findings, variables = c.known_findings(), c.probed_variables()
    for r in ERRORS:
        expression, names = expressions()[r["id"]], c.fields(r["fields"])
        for numbers in names.values():
            assert all(1 <= n <= expression.groups for n in numbers), r["id"]
        assert c.placeholders(r["meaning"]) <= set(names) | c.MACHINE, r["id"]
        for x in of(r["id"]):
            where = f"{x['id']} {x['n']}"
            for column in ("cause", "fix", "command", "root_fix", "root_command"):
                extra = c.placeholders(x[column]) - set(names) - c.MACHINE
                assert not extra, f"{where}: {column} names {extra}"
            try:
                assert c.check_probe(x["probe"], findings, variables) <= set(names), where
            except ValueError as e:
                raise AssertionError(f"{where}: {e}") from e


def test_doctor_is_asked_only_where_a_finding_confirms():
    for r in CAUSES:
        uses = "@doctor" in (r["fix"], r["command"], r["root_fix"], r["root_command"])
        if uses:
            for alternative in r["probe"].split(" | "):
                assert re.search(r"(^| )\??finding:", alternative), f"{r['id']} {r['n']}: @doctor without a finding"


def test_no_version_is_written_by_hand_where_resolve_can_say_it():
    for r in CAUSES:
        for column in ("command", "root_command"):
            assert not re.search(r"(^|[ \"'])torch(vision|audio)?[=<>]=?[0-9]", r[column]), f"{r['id']} {r['n']}"
            assert not re.search(r"https?://", r[column]), f"{r['id']} {r['n']}: an address in a command"


def test_expressions_are_no_catch_alls():
    for r in ERRORS:
        expression = expressions()[r["id"]]
        for text in ("", "a", "error", "Error", "CUDA error", "RuntimeError: ", "warning: ", "libfoo.so.1: cannot open shared object file: No such file or directory",
                     "ERROR: No matching distribution found for frobnicate==1.0", "undefined symbol: foo", "CUDA is available: True", "torch 2.8.0+cu128"):
            assert not expression.search(text), f"{r['id']} matches {text!r}"
        for number in re.findall(r"\{[0-9]+,([0-9]+)\}", expression.text):
            assert int(number) <= 1000, r["id"]


def test_samples():
    seen, wrong = set(), []
    for s in c.samples():
        seen.add(s["id"])
        text = c.collapse(s["sample"])
        assert s["id"] in expressions(), f"samples.tsv: no message {s['id']}"
        assert s["source"] not in ("", "-"), s["id"]
        if not expressions()[s["id"]].search(text):
            wrong.append(f"{s['id']} does not match its sample: {s['sample'][:150]!r}")
            continue
        first = next(r["id"] for r in ERRORS if expressions()[r["id"]].search(text))
        if first != s["id"] and first not in BOTH.get(s["id"], ()):
            wrong.append(f"{s['id']}: {first} matches first: {s['sample'][:150]!r}")
    assert not wrong, "\n".join(wrong)
    missing = set(expressions()) - seen
    assert not missing, f"no sample of {sorted(missing)}"


def test_a_meaning_says_only_what_every_sample_holds():
    """A field that only one alternative of an expression captures has no place in the sentence."""
    rows = {r["id"]: r for r in ERRORS}
    for s in c.samples():
        row, groups = rows[s["id"]], expressions()[s["id"]].search(c.collapse(s["sample"]))
        for name in c.placeholders(row["meaning"]) & set(c.fields(row["fields"])):
            assert any(groups[n] for n in c.fields(row["fields"])[name]), f"{s['id']}: no {name} in {s['sample'][:120]!r}"


def test_numbers_are_decoded_once():
    numbers = c.table(c.FACTS / "cuda-errors.tsv")
    assert {r["numbering"] for r in numbers} == {"now", "before-10.1"}
    assert len({(r["number"], r["numbering"]) for r in numbers}) == len(numbers)
    by = {(r["number"], r["numbering"]): r for r in numbers}
    for number, numbering, name in (("100", "now", "cudaErrorNoDevice"), ("38", "before-10.1", "cudaErrorNoDevice"), ("30", "before-10.1", "cudaErrorUnknown"),
                                    ("999", "now", "cudaErrorUnknown"), ("804", "now", "cudaErrorCompatNotSupportedOnDevice"), ("48", "before-10.1", "cudaErrorNoKernelImageForDevice")):
        assert by[number, numbering]["runtime"] == name
    for r in c.table(c.FACTS / "xid.tsv"):
        assert r["class"] in ("app", "memory", "link", "bus", "gsp", "driver", "info"), r["number"]
        assert r["meaning"][0].islower() and not r["meaning"].endswith(".") and r["do"].endswith("."), r["number"]


def test_quiet_texts_match_nothing():
    wrong = []
    for name, line, text in c.quiet_texts():
        for r in ERRORS:
            found = expressions()[r["id"]].search(text)
            if found:
                wrong.append(f"{name}:{line}: {r['id']}: {found[0][:120]!r}")
    assert not wrong, "\n".join(wrong[:40])
