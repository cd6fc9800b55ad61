"""The catalogue of `cuvet explain` as the tests read it: the tables, POSIX expressions by libc's own regcomp, and the grammar of probes and placeholders."""
import ctypes
import locale
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FACTS = ROOT / "facts"
SAMPLES = ROOT / "tests" / "explain" / "samples.tsv"
QUIET = ROOT / "tests" / "explain" / "quiet"
SPAN = 4096  # a match spans at most this much of the collapsed text


def table(path):
    """Rows of a fact table as dictionaries, in file order."""
    rows, head = [], None
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line:
            continue
        cells = line.split("\t")
        if head is None:
            head = cells
            continue
        assert len(cells) == len(head), f"{path.name}: {len(cells)} cells where the header has {len(head)}: {line[:80]}"
        rows.append(dict(zip(head, cells)))
    return rows


class Expression:
    """One regular expression of the catalogue: POSIX extended, bytes, the C locale."""
    libc = ctypes.CDLL(None)

    def __init__(self, text):
        flags = 1  # REG_EXTENDED
        if text.startswith("(?i)"):
            text, flags = text[4:], flags | 2  # REG_ICASE
        self.buffer = ctypes.create_string_buffer(512)
        before = locale.setlocale(locale.LC_CTYPE)
        locale.setlocale(locale.LC_CTYPE, "C")  # bytes; the compiled expression keeps it
        rc = self.libc.regcomp(self.buffer, text.encode(), flags)
        locale.setlocale(locale.LC_CTYPE, before)
        if rc:
            message = ctypes.create_string_buffer(200)
            self.libc.regerror(rc, self.buffer, message, 200)
            raise ValueError(f"{text}: {message.value.decode()}")
        self.groups = sum(1 for _ in re.finditer(r"\((?!\?)", re.sub(r"\\.|\[\^?\]?(?:\[:\w+:\]|[^]])*\]", "", text)))
        self.text = text

    def search(self, text):
        """The groups of the first match (None = took no part), or None."""
        spans = (ctypes.c_int * (2 * (self.groups + 1)))()
        data = text if isinstance(text, bytes) else text.encode()
        if self.libc.regexec(self.buffer, data.replace(b"\0", b" "), self.groups + 1, spans, 0):
            return None
        return [data[spans[2 * i]:spans[2 * i + 1]].decode("utf-8", "replace") if spans[2 * i] >= 0 else None for i in range(self.groups + 1)]


def collapse(text):
    """Every run of white space is one blank."""
    return re.sub(rb"[ \t\r\n\v\f]+", b" ", text if isinstance(text, bytes) else text.encode())


def fields(cell):
    """"2=nvml_lib 1,3=lib" -> {"nvml_lib": [2], "lib": [1, 3]}."""
    if cell == "-":
        return {}
    out = {}
    for part in cell.split():
        numbers, name = part.split("=")
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name), part
        out[name] = [int(n) for n in numbers.split(",")]
    return out


MACHINE = {"driver", "driver_cuda", "torch", "torch_cuda", "python", "glibc", "toolkit", "gpu", "cc"}
COMPARED = {"driver", "driver_cuda", "torch", "torch_cuda", "python", "glibc", "toolkit", "cc"}
VERDICTS = {"no-build", "gpu-too-old", "gpu-too-new", "gpu-unsupported-by-driver", "driver-too-old", "unknown", "works-if", "cpu-only", "works-jit", "works"}
WORDS = {"driver": {"none", "compat"}, "torch": {"none", "cpu"}, "gpu": {"none"}, "toolkit": {"none"},
         "os": {"linux", "windows", "macos"}, "place": {"wsl", "container", "jetson"}}
VERSION = r"[0-9]+(?:\.[0-9]+)*|\$[a-z0-9_]+(?:\.\$[a-z0-9_]+)*|cuda\(\$[a-z0-9_]+\)"


def operand_fields(text):
    return set(re.findall(r"\$([a-z][a-z0-9_]*)", text))


def check_term(term, finding_ids, variables):
    """The captured fields that one term speaks of; ValueError where it is not in the vocabulary."""
    bare = term.lstrip("!?") if len(term) - len(term.lstrip("!?")) <= 1 else term
    kind, colon, value = bare.partition(":")
    if colon and kind == "log":
        Expression(value)
        return set()
    if colon and kind == "finding":
        if value not in finding_ids:
            raise ValueError(f"no finding {value}")
        return set()
    if colon and kind == "verdict" and value in VERDICTS:
        return set()
    if colon and kind == "variant" and re.fullmatch(r"[a-z0-9.$_]+", value):
        return operand_fields(value)
    if colon and kind == "env" and value in variables:
        return set()
    if colon and kind == "package":
        m = re.fullmatch(rf"([a-z0-9-]+)(?:(<|>=)({VERSION}))?", value)
        if m:
            return operand_fields(m.group(3) or "")
    if colon and value in WORDS.get(kind, ()):
        return set()
    m = re.fullmatch(r"\$([a-z][a-z0-9_]*)=([^ ]+)", bare)
    if m:
        return {m.group(1)}
    left = rf"\$[a-z][a-z0-9_]*|cuda\(\$[a-z][a-z0-9_]*\)|{'|'.join(sorted(COMPARED, key=len, reverse=True))}"
    m = re.fullmatch(rf"({left})(<|>=)({VERSION}|{'|'.join(sorted(COMPARED, key=len, reverse=True))})", bare)
    if m:
        return operand_fields(m.group(1) + " " + m.group(3))
    raise ValueError(f"not in the vocabulary: {term}")


def check_probe(probe, finding_ids, variables):
    """Alternatives of terms; the fields and the finding ids that they name."""
    named = set()
    if probe == "-":
        return named
    for alternative in probe.split(" | "):
        terms = alternative.split(" ")
        if not all(terms) or "|" in terms:
            raise ValueError(f"blanks or bars out of place: {probe}")
        for term in terms:
            named |= check_term(term, finding_ids, variables)
    return named


def placeholders(text):
    """The names in braces; a bar before cuda, xid or error asks for a look-up."""
    out = set()
    for name, how in re.findall(r"\{([a-z][a-z0-9_]*)(\|[a-z]+)?\}", text):
        if how not in ("", "|cuda", "|xid", "|error"):
            raise ValueError(f"{{{name}{how}}}")
        out.add(name)
    return out


def known_findings():
    text = "".join(p.read_text(encoding="utf-8") for p in sorted((ROOT / "src").rglob("*.c")))
    return set(re.findall(r'"([a-z0-9]+(?:-[a-z0-9]+)+)"', text))


def probed_variables():
    text = (ROOT / "src" / "probe" / "os.c").read_text(encoding="utf-8")
    names = re.search(r"names\[\] = \{(.*?)\};", text[text.index("cv_probe_env_vars"):], re.S).group(1)
    return set(re.findall(r'"([A-Z_]+)"', names))


def unescape(text):
    return re.sub(r"\\([nt\\])", lambda m: {"n": "\n", "t": "\t", "\\": "\\"}[m.group(1)], text)


def samples():
    return [dict(r, sample=unescape(r["sample"])) for r in table(SAMPLES)]


def quiet_texts():
    """(file name, line number, text): each line alone, and windows of SPAN bytes of the whole, collapsed text."""
    for path in sorted(p for p in QUIET.rglob("*") if p.is_file() and p.suffix in (".txt", ".log")):
        data = path.read_bytes()
        for n, line in enumerate(data.splitlines(), 1):
            if not line.startswith(b"#:"):
                yield path.name, n, collapse(line)
        whole = collapse(b"\n".join(line for line in data.splitlines() if not line.startswith(b"#:")))
        for at in range(0, len(whole), SPAN // 2):
            yield path.name, 0, whole[at:at + SPAN]
