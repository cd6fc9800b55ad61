"""The public header: C99 without extensions, C++17, alone and linked against the shared library."""
import os
import subprocess

import pytest

from arch.arch import ROOT
from conftest import BUILD

PROGRAM = """#include <cuvet/cuvet.h>
#include <stdio.h>
int main(void)
{
    struct cuvet_options o;
    cuvet_ctx *c;
    cuvet_options_init(&o);
    c = cuvet_new(&o);
    if (!c || o.size != sizeof o || cuvet_machine_none(c) != 0)
        return 1;
    printf("%s %d\\n", cuvet_version(), cuvet_doctor(c, 0));
    cuvet_free(c);
    cuvet_free(NULL);
    return 0;
}
"""


@pytest.mark.parametrize("compiler, flags, name", [
    ("gcc", ["-std=c99", "-pedantic-errors", "-Wall", "-Wextra", "-Werror"], "t.c"),
    ("clang", ["-std=c99", "-pedantic-errors", "-Weverything", "-Wno-declaration-after-statement", "-Wno-padded", "-Werror"], "t.c"),
    ("g++", ["-std=c++17", "-pedantic-errors", "-Wall", "-Wextra", "-Werror"], "t.cc"),
    ("clang++", ["-std=c++17", "-pedantic-errors", "-Wall", "-Wextra", "-Werror"], "t.cc"),
])
def test_header(tmp_path, need, run, compiler, flags, name):
    need(compiler)
    if compiler == "clang++" and run([compiler, "-x", "c++", "-fsyntax-only", "-include", "cstddef", "/dev/null"]).returncode != 0:
        pytest.skip("clang++ has no C++ library here")
    (tmp_path / name).write_text(PROGRAM)
    r = run([compiler, *flags, "-I", ROOT / "include", "-c", name, "-o", "t.o"], cwd=tmp_path)
    assert r.returncode == 0, r.stderr


def test_a_program_links_with_the_library(tmp_path, need, run):
    if "asan" in BUILD.name:
        pytest.skip("a sanitizer build needs its own link line")
    need("cc")
    (tmp_path / "t.c").write_text(PROGRAM)
    r = run(["cc", "-std=c99", "-I", ROOT / "include", "t.c", "-L", BUILD, "-lcuvet", "-o", "t"], cwd=tmp_path)
    assert r.returncode == 0, r.stderr
    r = run([tmp_path / "t"], env={**os.environ, "LD_LIBRARY_PATH": str(BUILD)})
    assert r.returncode == 0, r.stdout + r.stderr
    version = subprocess.run([str(BUILD / "cuvet"), "--version"], capture_output=True, text=True, check=False).stdout
    assert r.stdout.split()[0] in version


def test_pkg_config_file(tmp_path, need, run):
    need("pkg-config")
    r = run(["pkg-config", "--cflags", "--libs", "libcuvet"], env={**os.environ, "PKG_CONFIG_PATH": str(BUILD / "meson-private")})
    assert r.returncode == 0 and "-lcuvet" in r.stdout, r.stderr
