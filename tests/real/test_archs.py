"""cuvet archs against the vendor's own tool on real libraries. archs.tsv keeps what cuobjdump lists in the libraries of 165 wheels (taken once, with the version of the
tool that could read them) and when all of them were last compared; here small wheels are downloaded again and compared. CUVET_ARCHS=all takes every wheel of the table (some 40 GB)."""
import os

import pytest

from real import archs_table, torch_code
from real import environments as real

SAMPLE = ["bitsandbytes-0.50.2-py3-none-manylinux_2_24_x86_64.whl", "bitsandbytes-0.50.2-py3-none-win_amd64.whl", "torchvision-0.28.0-cp311-cp311-manylinux_2_28_x86_64.whl"]
TABLE = archs_table.table()


def test_the_table():
    rows = [r for of in TABLE.values() for r in of]
    assert len(rows) >= 600 and len(TABLE) >= 160
    assert all(r["second_reading_equal"] in ("yes", "-") for r in rows)
    assert sum(r["checked"] != "-" for r in rows) >= 650 and not [r["checked"] for r in rows if "differs" in r["checked"]]


@pytest.mark.parametrize("wheel", sorted(TABLE) if os.environ.get("CUVET_ARCHS") == "all" else SAMPLE)
def test_like_the_vendors_tool(cuvet, tmp_path, wheel):
    path = archs_table.download(wheel, tmp_path)
    differs, _ = archs_table.compare(cuvet, path, TABLE[wheel])
    assert differs and not any(differs.values())
    path.unlink()


@pytest.mark.parametrize("name", list(real.ENVIRONMENTS))
def test_an_installed_torch_holds_what_the_facts_say(cuvet, name):
    try:
        torch = real.site_packages(real.make(name)) / "torch"
    except real.NoPython as e:
        pytest.skip(f"{name}: {e}")
    version = name.rsplit("-", 1)[1]
    rows = list(torch_code.rows(f"torch-{version}", torch_code.answers(cuvet, torch)))
    assert rows and not [d for r in rows for d in torch_code.disagreements(r, torch_code.facts())]
