"""The pure layers compile for Windows, macOS and wasm32 too (pinned ziglang, compile only): nothing Linux-only creeps in. Slow: part of .ci/run."""
import concurrent.futures
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DEPS = pathlib.Path(os.environ.get("CUVET_DEPS", ROOT / ".deps"))
PURE = ["base", "core", "facts", "match", "format", "rules", "resolve", "explain", "report"]
TARGETS = ["x86_64-windows-gnu", "aarch64-macos", "wasm32-wasi", "aarch64-linux-musl"]
FILES = sorted(p for layer in PURE for p in (ROOT / "src" / layer).glob("*.c"))


@pytest.fixture(scope="session")
def zig(tmp_path_factory):
    tool = DEPS / "zig"
    python = tool / "bin/python"
    if not (tool / "finished").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(tool)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", "--no-cache-dir", "--disable-pip-version-check", "-r", str(ROOT / "tests/portable/requirements.txt")],
                       check=True, stdin=subprocess.DEVNULL)
        (tool / "finished").write_text("")
    return [str(next(tool.glob("lib/python3*/site-packages/ziglang/zig"))), "cc"]


@pytest.fixture(scope="session")
def yyjson():
    found = sorted((ROOT / "subprojects").glob("yyjson-*/yyjson"))
    return ["-isystem", str(found[0])] if found else []


@pytest.fixture(scope="session")
def zlib(tmp_path_factory):
    """zlib-ng's headers under zlib's names, as its meson.build makes them."""
    to = tmp_path_factory.mktemp("zlib")
    for source in sorted((ROOT / "subprojects").glob("zlib_ng-*/src/zlib_ng/zlib-ng"))[:1]:
        (to / "zlib.h").write_text((source / "zlib.h.in").read_text(encoding="utf-8").replace("@ZLIB_SYMBOL_PREFIX@", ""), encoding="utf-8")
        (to / "zconf.h").write_text((source / "zconf.h.in").read_text(encoding="utf-8"), encoding="utf-8")
        (to / "zlib_name_mangling.h").write_text((source / "zlib_name_mangling.h.empty").read_text(encoding="utf-8"), encoding="utf-8")
    return ["-isystem", str(to)]


@pytest.mark.parametrize("target", TARGETS)
def test_pure_layers(zig, yyjson, zlib, target, tmp_path):
    """-Werror as on Linux. One file a call: given several with -c, zig compiles the first only."""
    env = {**os.environ, "ZIG_GLOBAL_CACHE_DIR": str(DEPS / "zig-cache"), "ZIG_LOCAL_CACHE_DIR": str(DEPS / "zig-cache")}

    def compile_one(path):
        out = tmp_path / f"{path.parent.name}_{path.stem}.o"
        r = subprocess.run([*zig, "-target", target, "-std=gnu17", "-Os", "-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Wvla", "-Werror", "-I", str(ROOT / "src"),
                            *yyjson, *zlib, "-c", str(path), "-o", str(out)], capture_output=True, text=True, cwd=tmp_path, env=env, check=False, timeout=600)
        return "" if r.returncode == 0 and out.stat().st_size > 0 else f"{path.relative_to(ROOT)}\n{r.stderr[-1500:]}"

    first = compile_one(FILES[0])  # fills the cache for this target
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        wrong = [w for w in [first, *pool.map(compile_one, FILES[1:])] if w]
    assert not wrong, "\n".join(wrong)
