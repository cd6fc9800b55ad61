"""What all Python tests share: where things are, the --golden switch, and the counts for tests/run."""
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("CUVET_BUILD", ROOT / "build"))
sys.path.insert(0, str(ROOT / "tests"))


def pytest_addoption(parser):
    parser.addoption("--golden", action="store_true", help="rewrite expected outputs instead of comparing")


@pytest.fixture(scope="session")
def golden(request):
    return request.config.getoption("--golden")


@pytest.fixture(scope="session")
def cuvet():
    """The program under test."""
    path = BUILD / "cuvet"
    if not path.exists():
        pytest.fail(f"{path} is not there: run make first")
    return str(path)


@pytest.fixture
def need():
    """need("clang") skips the test, and says so, where a tool is missing."""
    def ask(tool):
        path = shutil.which(tool)
        if not path:
            pytest.skip(f"{tool} is not installed")
        return path
    return ask


@pytest.fixture
def run():
    """run(args, **kw): a finished process with text output; never waits for stdin and ends after 60 seconds."""
    def call(args, **kw):
        kw.setdefault("stdin", subprocess.DEVNULL)
        kw.setdefault("timeout", 60)
        return subprocess.run([str(a) for a in args], capture_output=True, text=True, errors="replace", check=False, **kw)
    return call


def pytest_terminal_summary(terminalreporter):
    out = os.environ.get("CUVET_COUNTS_OUT")
    if out:
        n = {k: len(terminalreporter.stats.get(k, [])) for k in ("passed", "failed", "error", "skipped", "xfailed", "xpassed")}
        with open(out, "w", encoding="ascii") as f:
            f.write(f"{n['passed'] + n['xpassed'] + n['xfailed']} {n['failed'] + n['error']} {n['skipped']}\n")
