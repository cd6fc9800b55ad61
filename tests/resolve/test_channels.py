"""From which index a build comes, held to what pip's finder found on the default registry (tests/real/pip-names.tsv); and the tables to the same."""
import json

import pytest

from resolve import oracle
from resolve.test_oracle import ask

TABLE = oracle.FACTS.parent / "tests/real/pip-names.tsv"
PLATFORMS = list(oracle.PLATFORM)
# pip takes cp313-none for a free-threaded Python, but the extension inside is for the other ABI: no build
NOT_REALLY = {("2.6.0", "macos", "aarch64", "3.13t")}


def found():
    lines = [line.split("\t") for line in TABLE.read_text(encoding="utf-8").split("\n") if line and not line.startswith("#")]
    return [dict(zip(lines[0], row)) for row in lines[1:]]


def pythons_of_the_registry(system, arch):
    """torch -> Pythons"""
    pythons = {}
    for r in found():
        if (r["os"], r["arch"]) == (system, arch):
            pythons.setdefault(r["torch"], set()).update(p for p in r["pythons"].split(",") if (r["torch"], system, arch, p) not in NOT_REALLY)
    return pythons


@pytest.mark.parametrize("system,arch", PLATFORMS, ids=["-".join(p) for p in PLATFORMS])
def test_the_tables_list_what_pip_finds(system, arch):
    ours = {}
    for r in oracle.table("torch-releases"):
        listed = oracle.by_platform(r["pythons_on_pypi"], oracle.PLATFORM[system, arch])
        if listed:
            ours[r["torch"]] = set(oracle.listed(listed))
    assert ours == pythons_of_the_registry(system, arch)
    if system != "macos":
        marked = {r["torch"] for r in oracle.table("torch-builds") if (r["os"], r["arch"]) == (system, arch) and r["on_pypi"] == "yes"}
        assert marked == set(ours)


@pytest.mark.parametrize("system,arch", PLATFORMS, ids=["-".join(p) for p in PLATFORMS])
def test_a_command_without_an_index_is_printed_where_the_registry_has_the_wheel(cuvet, system, arch):
    registry = pythons_of_the_registry(system, arch)
    glibc = ["--glibc", "2.28"] if system == "linux" else []
    for python in sorted({p for ps in registry.values() for p in ps}):
        r = ask(cuvet, "resolve", ["--os", system, "--arch", arch, "--python", python, *glibc], "--all")
        doc = json.loads(r.stdout)
        there = [e for e in doc["candidates"] + doc["rejected"] if e["verdict"] not in ("no-build", "unknown")]
        assert {e["torch"] for e in there if e["channel"] == "pypi"} == {t for t, ps in registry.items() if python in ps}, f"Python {python}"
        assert len({e["torch"] for e in there if e["channel"] == "pypi"}) == len([e for e in there if e["channel"] == "pypi"]), "one build of a release is on the registry"
        for e in doc["candidates"]:
            pip = e["commands"]["pip"]
            assert ("index-url" not in pip and " -f " not in pip) == (e["channel"] == "pypi"), pip
