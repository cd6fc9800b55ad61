"""Several machines that no build serves together: the plan has the fewest builds (brute force over the oracle's verdicts), also where the greedy way does not find them."""
import functools
import itertools
import json
import random

from machines.test_machines import schema_errors
from resolve import oracle
from resolve.words import machine_of

GPUS = ["K80", "GTX 1080", "V100", "T4", "RTX 3090", "A100", "H100", "B200", "rtx5090", "gtx970", "L4", "P100"]
DRIVERS = ["418.226.00", "440.33.01", "450.80.02", "470.256.02", "525.60.13", "535.183.01", "570.86.16", "580.65.06", "595.45.04", "390.157"]


def described(glibc, python, driver, gpu):
    return ["--os", "linux", "--arch", "x86_64", "--glibc", glibc, "--python", python, "--driver", driver, "--gpu", gpu]


# Greedy takes a build for three of them first and then needs two more.
TRAP = [described("2.17", "3.9", "470.256.02", "gtx970"), described("2.35", "3.8", "595.45.04", "rtx5090"), described("2.35", "3.8", "580.65.06", "V100"),
        described("2.35", "3.13", "570.86.16", "P100"), described("2.28", "3.8", "470.256.02", "K80")]


def sets_of(machines):
    """Which machines each build serves, as bits; the newest torch first."""
    masks = {}
    for i, args in enumerate(machines):
        for j in oracle.resolve(machine_of(args)[0], []).candidates:
            key = (oracle.numbers(j.build.torch), j.build.variant)
            masks[key] = masks.get(key, 0) | 1 << i
    return list(dict.fromkeys(masks[k] for k in sorted(masks, reverse=True)))


def union(sets):
    return functools.reduce(lambda a, b: a | b, sets, 0)


def fewest(sets):
    return next(k for k in range(len(sets) + 1) if any(union(c) == union(sets) for c in itertools.combinations(sets, k)))


def greedy(sets):
    left, n = union(sets), 0
    while left:
        left &= ~max(sets, key=lambda s: bin(s & left).count("1"))
        n += 1
    return n


def resolve(cuvet, run, tmp_path, machines):
    options = []
    for i, args in enumerate(machines):
        path = tmp_path / f"{i}.json"
        path.write_text(run([cuvet, "snapshot", "--machine", "none", *args]).stdout)
        options += ["--machine", str(path)]
    r = run([cuvet, "resolve", *options, "--json"])
    assert r.stderr == ""
    doc = json.loads(r.stdout)
    assert schema_errors("resolve", doc) == []
    return options, doc


def check_plan(doc, machines):
    sets = sets_of(machines)
    if doc["best"]:
        assert fewest(sets) == 1
        return 1
    plan = doc.get("plan", [])
    served = [i for step in plan for i in step["machines"]]
    assert len(served) == len(set(served)) and sorted(served + doc.get("plan_left", [])) == sorted(range(len(machines)) if plan else served)
    assert union(1 << i for i in served) == union(sets)
    for step in plan:
        build = step["best"]
        for i in step["machines"]:
            good = [j for j in oracle.resolve(machine_of(machines[i])[0], []).candidates if (j.build.torch, j.build.variant) == (build["torch"], build["variant"])]
            assert good, f"{build['torch']}+{build['variant']} does not run on machine {i}"
    assert len(plan) == fewest(sets)
    return len(plan)


def test_where_greedy_needs_one_more(cuvet, run, tmp_path):
    sets = sets_of(TRAP)
    assert (fewest(sets), greedy(sets)) == (2, 3)
    options, doc = resolve(cuvet, run, tmp_path, TRAP)
    assert check_plan(doc, TRAP) == 2 and doc["plan_fewest"] is True and doc["plan_left"] == []
    text = run([cuvet, "resolve", *options, "-q"]).stdout
    assert text.count("pip install") == 2 and "not all were tried" not in text


def test_the_fewest_builds_for_random_machines(cuvet, run, tmp_path):
    seen = set()
    for t in range(40):
        rng = random.Random(f"plan/{t}")
        machines = [described(rng.choice(["2.17", "2.28", "2.35"]), rng.choice(["3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13"]), rng.choice(DRIVERS), rng.choice(GPUS)) for _ in range(rng.randint(2, 7))]
        _, doc = resolve(cuvet, run, tmp_path, machines)
        seen.add(check_plan(doc, machines))
    assert {1, 2, 3} <= seen


def test_a_machine_that_nothing_serves_is_named(cuvet, run, tmp_path):
    machines = [described("2.35", "3.12", "580.65.06", "A100"), described("2.35", "3.12", "390.157", "rtx5090"), described("2.35", "3.8", "580.65.06", "T4")]
    options, doc = resolve(cuvet, run, tmp_path, machines)
    assert doc["best"] is None and doc["plan_left"] == [1] and sorted(i for s in doc["plan"] for i in s["machines"]) == [0, 2]
    text = run([cuvet, "resolve", *options]).stdout
    assert "machine 1: no known build runs there" in text
