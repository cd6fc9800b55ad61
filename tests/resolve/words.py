"""What overrides on the command line say, for the oracle: GPU names that the tables hold whole, and the machine that options describe."""
import functools

from resolve.oracle import Gpu, Machine, is_tegra, table


def squeeze(name):
    text = "".join(c for c in name.lower() if c.isascii() and c.isalnum())
    return text[6:] if text.startswith("nvidia") else text


@functools.lru_cache(None)
def gpus_named(name):
    """The GPUs that a name stands for, only for names that the tables hold whole: a capability, a PCI name, an alias."""
    if name.startswith("sm_"):
        name = name[3:-1] + "." + name[-1]
    if name.replace(".", "").isdigit() and "." in name:
        return (Gpu(name),)
    pci = [r for r in table("gpu-pci") if squeeze(r["name"]) == squeeze(name) and r["compute_capability"] != "none"]
    pci = [r for r in pci if r["readme_first"] != "-"] or pci
    if pci:
        assert len({(r["compute_capability"], r["segment"]) for r in pci}) == 1, name
        return (Gpu(pci[0]["compute_capability"], pci[0]["segment"]),)
    row = [r for r in table("gpu-aliases") if r["alias"] == squeeze(name)][0]
    assert " " not in row["compute_capability"], name
    ids = row["device_ids"].split()
    segments = {r["segment"] for r in table("gpu-pci") if r["device_id"] in ids}
    return (Gpu(row["compute_capability"], segments.pop() if len(segments) == 1 else "?"),) * int(row["count"])


def machine_of(args):
    """The machine that command-line overrides over `--machine none` describe, and the request words."""
    m, words, args = Machine(), [], list(args)
    while args:
        a = args.pop(0)
        if a == "--wsl":
            m.wsl, m.os = True, "linux"
        elif a == "--container":
            pass
        elif a == "--gpu":
            name = args.pop(0)
            m.gpus = [] if name == "none" else (m.gpus or []) + list(gpus_named(name))
        elif a.startswith("--"):
            value = args.pop(0)
            setattr(m, a[2:], {"amd64": "x86_64", "arm64": "aarch64"}.get(value, value))
        else:
            words.append(a)
    if any(is_tegra(g.cc) for g in m.gpus or []):  # part of an Arm processor that runs Linux
        m.os, m.arch = m.os or "linux", m.arch or "aarch64"
    return m, words
