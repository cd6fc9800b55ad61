"""The layers, read off the #include lines: base <- core <- facts <- {rules, resolve} <- report <- api <- cli, with io, format and probe beside them."""
import re
import subprocess
import sys

from arch.arch import LAYERS, PURE, PURE_HEADERS, ROOT, SRC, includes, layer_of, sources

LIMIT = 600


def rel(p):
    return p.relative_to(ROOT).as_posix()


def test_every_folder_is_a_layer():
    assert sorted(p.name for p in SRC.iterdir() if p.is_dir()) == sorted(LAYERS)


def test_includes_follow_the_layers():
    wrong = []
    for p in sources():
        layer = layer_of(p)
        for n, quote, name in includes(p):
            if quote == "<" and name.startswith("cuvet/") or name == "cuvet/cuvet.h":
                ok = layer in ("api", "cli")
            elif quote == '"':
                # By layer and name ("base/str.h"), or a private header in the same folder.
                target = name.split("/")[0] if "/" in name else layer
                ok = target == layer or target in LAYERS[layer]
            else:
                ok = True
            if not ok:
                wrong.append(f"{rel(p)}:{n}: {layer} must not include {name}")
    assert not wrong, "\n".join(wrong)


def test_includes_of_the_pure_layers():
    wrong = [f"{rel(p)}:{n}: <{name}>" for p in sources() if layer_of(p) in PURE for n, quote, name in includes(p)
             if quote == "<" and name not in PURE_HEADERS]
    assert not wrong, "\n".join(wrong)


def test_file_length():
    """Files people read: at most 600 lines. Generated files are not in the tree."""
    places = ["src", "include", "tools", "tests", "scripts", "bench", ".ci"]
    suffixes = {".c", ".h", ".py", ".sh", ".build", ""}
    long = []
    for place in places:
        for p in (ROOT / place).rglob("*"):
            parts = p.relative_to(ROOT).parts
            if p.is_file() and not p.is_symlink() and p.suffix in suffixes and "corpus" not in parts and "tree" not in parts and parts[:2] != ("tests", "machines"):
                n = p.read_bytes().count(b"\n")
                if n > LIMIT:
                    long.append(f"{rel(p)}: {n} lines")
    assert not long, "\n".join(long)


FORBIDDEN = r"\b(strcpy|strcat|strncpy|sprintf|vsprintf|atoi|atol|atof|strtok|fgets|gets|alloca|scanf|sscanf|system|popen|mktemp|tmpnam)\s*\("


def code_only(text):
    """Without comments and string contents, line numbers kept."""
    def blank(m):
        return re.sub(r"[^\n]", " ", m.group(0))
    return re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", blank, text, flags=re.S)


def test_forbidden_calls():
    wrong = []
    for p in sources():
        for n, line in enumerate(code_only(p.read_text(encoding="utf-8")).splitlines(), 1):
            if re.search(FORBIDDEN, line):
                wrong.append(f"{rel(p)}:{n}: {line.strip()}")
    assert not wrong, "\n".join(wrong)


def test_no_struct_typedefs():
    """cv_str, passed by value, is the one exception; callback types and the public opaque handle are not structs of ours."""
    found = [f"{rel(p)}:{n}" for p in sources() for n, line in enumerate(code_only(p.read_text(encoding="utf-8")).splitlines(), 1)
             if re.match(r"\s*typedef\s+(struct|enum|union)\b", line)]
    found = [f for f in found if not f.startswith("src/base/str.h")]
    assert not found, "\n".join(found)


def test_files_open_with_a_paragraph():
    missing = [rel(p) for p in sources() if not p.read_text(encoding="utf-8").startswith("/* ")]
    assert not missing, "\n".join(missing)


def test_public_words_have_no_machine_paths():
    """Nothing of one developer's machine in tracked sources."""
    wrong = []
    for place in ("src", "include", "tools", "scripts", "bench", "facts"):
        for p in (ROOT / place).rglob("*"):
            if p.is_file() and p.suffix in (".c", ".h", ".py", ".sh", ".tsv", ".build", ""):
                for n, line in enumerate(p.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
                    if re.search(r"/work/(main|shared|brief)|/root/\.|/home/[a-z]+/|/tmp/h/", line) and "/home/user/" not in line:
                        wrong.append(f"{rel(p)}:{n}: {line.strip()[:100]}")
    assert not wrong, "\n".join(wrong)


def test_lists_are_complete():
    r = subprocess.run([sys.executable, str(ROOT / "scripts/lists"), "--check"], capture_output=True, text=True, check=False)
    assert r.returncode == 0, r.stdout + r.stderr


def test_each_header_compiles_alone(tmp_path, need):
    cc = need("cc")
    wrong = []
    for p in sorted(SRC.rglob("*.h")):
        r = subprocess.run([cc, "-std=gnu17", "-D_GNU_SOURCE", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function", "-I", str(SRC), "-I", str(ROOT / "include"),
                            "-I", str(p.parent), "-include", str(p), "-x", "c", "/dev/null"], capture_output=True, text=True, check=False)
        if r.returncode != 0:
            wrong.append(rel(p) + "\n" + r.stderr[:600])
    assert not wrong, "\n".join(wrong)
