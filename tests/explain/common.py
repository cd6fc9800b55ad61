"""What the tests of `cuvet explain` share: the program in a bare environment, its JSON held against the schema."""
import json
import os
import subprocess

import jsonschema

from conftest import BUILD, ROOT

MACHINES = ROOT / "tests/machines"
SCHEMA = jsonschema.Draft202012Validator(json.loads((ROOT / "schemas/explain.json").read_text(encoding="utf-8")))


def environment(extra=None):
    env = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LANG": "C.UTF-8", **(extra or {})}
    env.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
    return env


def cuvet(*args, data=b"", env=None, **kw):
    data = data.encode() if isinstance(data, str) else data
    return subprocess.run([str(BUILD / "cuvet"), *map(str, args)], input=data, capture_output=True, check=False, timeout=120, env=environment(env), **kw)


def explain(text, *args, machine="none", env=None):
    """The JSON of a log on a recorded machine (or none); the exit code must say the same."""
    given = ("--machine", "none") if machine == "none" else () if machine is None else ("--root", MACHINES / machine / "tree")
    r = cuvet("explain", "--json", *given, *args, "-", data=text, env=env)
    assert r.returncode in (0, 3), r.stderr.decode()[-2000:]
    doc = json.loads(r.stdout)
    SCHEMA.validate(doc)
    assert (r.returncode == 0) == bool(doc["matches"])
    return doc


def ids(doc):
    return [m["id"] for m in doc["matches"]]
