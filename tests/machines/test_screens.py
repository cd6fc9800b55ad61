"""Whole screens, as people see them: tests/screens/NAME.txt is what `cuvet --root tests/machines/NAME/tree` prints. `make golden` rewrites them: review the diff."""
import pytest

from conftest import ROOT
from machines.test_machines import call

SCREENS = ROOT / "tests/screens"
NAMES = ["beginner-5090", "laptop-healthy", "mixed-gpus", "server-8xh100", "two-environments-cpu", "rtx3090-465-cu111", "rtx3090-465-cu102", "driver-535-cu132", "gtx1080-driver-595",
         "driver-mismatch", "gpu-no-driver", "no-gpu-no-torch", "wsl2", "jetson-orin-sbsa-wheel", "docker-no-gpu", "unknown-pci-id"]


@pytest.mark.parametrize("name", NAMES)
def test_screen(name, cuvet, golden):
    out = call(cuvet, ["doctor", "--root", str(ROOT / "tests/machines" / name / "tree")]).stdout.decode()
    path = SCREENS / f"{name}.txt"
    if golden:
        path.write_text(out, encoding="utf-8")
    assert out == path.read_text(encoding="utf-8")


def test_a_normal_machine_fits_one_screen():
    for name in ("beginner-5090", "laptop-healthy", "server-8xh100", "rtx3090-465-cu111"):
        assert len((SCREENS / f"{name}.txt").read_text(encoding="utf-8").splitlines()) <= 40
