"""facts/torch-archs.tsv against the GPU code that was read in the wheels themselves (tests/real/torch-code.tsv; tests/real/torch_code.py reads it again)."""
import pytest

from real import torch_code

FACTS = torch_code.facts()
ROWS = torch_code.table()


def test_the_table():
    assert len(ROWS) >= 60 and len({r["torch"] for r in ROWS}) >= 52 and {r["arch"] for r in ROWS} == {"x86_64", "aarch64"}


@pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{r['wheel'][:-4]}-{r['library']}")
def test_facts_are_what_the_wheel_holds(row):
    assert not torch_code.disagreements(row, FACTS)


def test_a_disagreement_is_seen():
    row = next(r for r in ROWS if r["torch"] == "2.13.0" and r["arch"] == "x86_64")
    assert torch_code.disagreements({**row, "declared": row["declared"] + ",sm_89"}, FACTS)
    assert torch_code.disagreements({**row, "targets": row["targets"].replace("sm_75:449", "sm_75:3")}, FACTS)
