"""The expressions against Python's own, the collapsing of logs, and the stream: the same matches however the bytes are cut."""
import random
import re
import subprocess

import pytest

from conftest import BUILD

TOOL = BUILD / "tests/tool/match_tool"


def tool(*args, data=b""):
    r = subprocess.run([str(TOOL), *map(str, args)], input=data, capture_output=True, check=False, timeout=120)
    assert r.returncode == 0, r.stderr[-2000:]
    return r.stdout


def norm(text):
    return tool("norm", data=text if isinstance(text, bytes) else text.encode()).decode("utf-8", "surrogateescape")


# ---- expressions ----

def expression(rng, depth=0):
    """A random expression whose loops never pass over nothing (there the two engines are free to differ)."""
    kind = rng.randrange(9 if depth < 3 else 5)
    if kind < 3:
        return rng.choice(["a", "b", "c", "ab", "bca", "\\."])
    if kind == 3:
        return rng.choice(["[ab]", "[^a]", "[a-c]", "[^ab]"])
    if kind == 4:
        return "."
    if kind == 5:
        return "(" + expression(rng, depth + 1) + "|" + expression(rng, depth + 1) + ")"
    if kind == 6:
        inner = expression(rng, depth + 1)
        while re.fullmatch(inner, ""):
            inner = expression(rng, depth + 1)
        return "(" + inner + ")" + rng.choice(["*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}"])
    return expression(rng, depth + 1) + expression(rng, depth + 1)


def test_random_expressions_like_python():
    rng = random.Random(7)
    lines, expected = [], []
    while len(lines) < 20000:
        e = expression(rng)
        if e.count("(") > 9:
            continue
        text = "".join(rng.choice("aabbc.x") for _ in range(rng.randrange(12)))
        m = re.search(e, text, re.S)
        lines.append(f"{e}\t{text}")
        expected.append("-" if m is None else " ".join("." if x < 0 else str(x) for g in range(len(m.regs)) for x in m.regs[g]))
    got = [x.strip() for x in tool("re", data="\n".join(lines).encode()).decode().splitlines()]
    wrong = [(i, g, x) for i, g, x in zip(lines, got, expected) if g != x]
    assert len(got) == len(lines) and not wrong, (len(wrong), wrong[:5])


@pytest.mark.parametrize("bad", ["(", ")", "a)", "[a", "[z-a]", "*a", "a{2", "a{3,2}", "a{1001}", "a\\", "\\d", "[[:nosuch:]]", "(" * 101, "((a{1000}){1000}){1000}", "a{2}{2000}"])
def test_bad_expressions(bad):
    assert tool("re", data=f"{bad}\ta".encode()) == b"error\n"


@pytest.mark.parametrize("expr, text, answer", [
    ("(?i)cuda ERROR", "CUDA error", "0 10"),
    ("[[:space:]]x", "a x", "1 3"),
    ("^a", "ba", "-"), ("^a", "ab", "0 1"), ("a$", "ab", "-"), ("b$", "ab", "1 2"), ("a( |$|:)", "ba", "1 2 2 2"),
    ("[]a]+", "x]a]", "1 4"), ("[^]a]", "]ab", "2 3"), ("a|ab", "ab", "0 1"), ("(a*)+", "b", "0 0 0 0"),
    (".{0,3}x", "aaaaax", "2 6"),
])
def test_forms(expr, text, answer):
    assert tool("re", data=f"{expr}\t{text}".encode()).decode().strip() == answer


def test_no_expression_is_catastrophic():
    """Each of these takes a backtracking engine longer than the age of the universe."""
    text = "a" * 30000
    for e in ("(a*)*b", "(a|aa)+b", "(a+)+b", "(a?){200}a{200}b", "(.*)(.*)(.*)(.*)b"):
        assert tool("re", data=f"{e}\t{text}".encode()) == b"-\n"


# ---- collapsing ----

@pytest.mark.parametrize("text, collapsed", [
    ("a  b\n\n\tc", "a b c"),
    ("\x1b[31mred\x1b[0m text\x1b]0;title\x07 end\x1b(B", "red text end"),
    ("10%|#  | 1/9\r20%|## | 2/9\rdone", "10%|# | 1/9 20%|## | 2/9 done"),
    ("[rank3]: Traceback\n[rank3]:   File", "Traceback File"),
    ("[rank0]:[W1125 12:00:00.1 x.cpp:1] warn", "[W1125 12:00:00.1 x.cpp:1] warn"),
    ("0: one\n1: two", "one two"),
    ("(EngineCore_0 pid=4711) Error\n(EngineCore_0 pid=4711) more", "Error more"),
    ("2025-01-02 12:33:44,123 oops\n2025-01-02T12:33:44.1Z next\n12:01:02 third", "oops next third"),
    ("[   52.396206] NVRM: API mismatch\n[   52.39] NVRM: more", "NVRM: API mismatch NVRM: more"),
    ("Jul 01 22:55:07 gpu kernel: NVRM: x", "NVRM: x"),
    ("trainer-1  | CUDA\ntrainer-1  | error", "CUDA error"),
    ("  │ exit code: 1\n  ╰─> [3 lines]", "exit code: 1 > [3 lines]"),
    ("> quoted\n# comment", "quoted comment"),
    ("E1125 12:33:44.123456  1234 ProcessGroupNCCL.cpp:12] Watchdog", "Watchdog"),
    ("[1,3]<stderr>:Segmentation fault", "Segmentation fault"),
    ("couldn’t “find” it – really", "couldn't \"find\" it - really"),
    ("错误：ＣＵＤＡ　ｅｒｒｏｒ（８０３）", "错误:CUDA error(803)"),
    ("x\u200by\ufeffz\u00a0w", "xyz w"),
    ("A\0B\0C\0", "ABC"),
    ("[802] Call to cuInit", "[802] Call to cuInit"),
    ("12 apples\n3.5: x", "12 apples 3.5: x"),
])
def test_collapsing(text, collapsed):
    assert norm(text) == collapsed


def test_bytes_that_are_no_text_pass():
    assert tool("norm", data=b"\xff\xfe\x80 \xe2\x94 \xc3(") == b"\xff\xfe\x80 \xe2\x94 \xc3("


# ---- the stream ----

EXPRS = ["needle in (hay|the) ?stack", "found version ([0-9]+)", "lib[a-z]+\\.so\\.[0-9]+: cannot open", "end of text$"]


def hay(rng, n):
    words = ["epoch", "loss", "needle in hay", "needle in hay stack", "found version 11040", "found version x", "libfoo.so.12: cannot open", "\n", "\n", "GPU", "end of text", "é", "\t", "[rank1]: "]
    return " ".join(rng.choice(words) for _ in range(n)).encode()


def test_the_same_however_it_is_cut():
    rng = random.Random(3)
    for _ in range(6):
        data = hay(rng, 60000)
        whole = tool("scan", len(data), *EXPRS, data=data)
        text = norm(data).encode("utf-8", "surrogateescape")
        expected = {i: [m.span() for m in re.finditer(e.encode(), text)] for i, e in enumerate(EXPRS)}
        got = {i: [] for i in range(len(EXPRS))}
        for row in whole.decode().splitlines()[:-1]:
            p, _line, at, n = map(int, row.split())
            got[p].append((at, at + n))
        assert got == expected
        assert tool("scan", 4099, *EXPRS, data=data) == whole and tool("scan", 131072, *EXPRS, data=data) == whole


def test_lines_are_counted():
    data = b"one\n\ntwo\r\nneedle in\nhay stack\n  x\nfound   version 7\nend of text"
    assert tool("scan", 1, *EXPRS, data=data).decode().splitlines() == ["0 4 8 19", "1 7 30 15", "3 8 46 11", f"{len(data)} bytes 8 lines"]


def test_across_the_edges_of_blocks():
    for edge in (131072, 262144):
        for shift in range(-40, 3):
            data = b"x" * 70 + b"\n" * (edge + shift - 70) + b"\nfound version 42 "
            assert b"\n".join(tool("scan", 65536, *EXPRS, data=data).split(b"\n")[:1]).startswith(b"1 "), (edge, shift)
            data = b"ab " * ((edge + shift) // 3) + b"found version 42"
            assert tool("scan", 65536, *EXPRS, data=data).startswith(b"1 1 "), (edge, shift)


def test_a_match_spans_four_kilobytes_at_most():
    near = b"needle" + b"." * 4000 + b"thread"
    far = b"needle" + b"." * 5000 + b"thread"
    assert tool("scan", 1000, "needle.*thread", data=near).startswith(b"0 1 0 4012")
    assert b" bytes " in tool("scan", 1000, "needle.*thread", data=far).splitlines()[0]
