"""Partial expectations, as the machine cases write them.

Objects by subset; lists element by element; {"$has": [...]}: each matches some element; {"$len": n}; {"$absent": true}: no such key;
{"$re": "..."} for texts; {"$not": x}: does not match x.
"""
import re


def differences(want, got, where="$", missing=False):
    """Sentences that say where `got` is not what `want` asks."""
    if isinstance(want, dict) and any(k.startswith("$") for k in want):
        return operators(want, got, where, missing)
    if missing:
        return [f"{where}: not there, wanted {want!r}"]
    if isinstance(want, dict):
        if not isinstance(got, dict):
            return [f"{where}: {got!r} is no object"]
        out = []
        for k, v in want.items():
            out += differences(v, got.get(k), f"{where}.{k}", k not in got)
        return out
    if isinstance(want, list):
        if not isinstance(got, list) or len(got) != len(want):
            return [f"{where}: {got!r}, wanted a list of {len(want)}: {want!r}"]
        return [d for i, (w, g) in enumerate(zip(want, got)) for d in differences(w, g, f"{where}[{i}]")]
    return [] if type(want) is type(got) and want == got else [f"{where}: {got!r}, wanted {want!r}"]


def operators(want, got, where, missing):
    out = []
    for op, arg in want.items():
        if op == "$absent":
            if missing != bool(arg):
                out.append(f"{where}: {'not there' if missing else 'is there'}")
        elif missing:
            out.append(f"{where}: not there")
        elif op == "$has":
            for w in arg:
                if not isinstance(got, list) or not any(not differences(w, g) for g in got):
                    out.append(f"{where}: nothing matches {w!r} in {got!r}")
        elif op == "$hasnot":
            for w in arg:
                if isinstance(got, list) and any(not differences(w, g) for g in got):
                    out.append(f"{where}: something matches {w!r}")
        elif op == "$len":
            if not isinstance(got, (list, str, dict)) or len(got) != arg:
                out.append(f"{where}: {got!r} has not the length {arg}")
        elif op == "$re":
            if not isinstance(got, str) or not re.search(arg, got):
                out.append(f"{where}: {got!r} does not match /{arg}/")
        elif op == "$not":
            if not differences(arg, got):
                out.append(f"{where}: {got!r} matches {arg!r}")
        else:
            out.append(f"{where}: the case has an unknown operator {op}")
    return out
