#!/usr/bin/env python3
"""Puts together what scripts/bench.sh schema has measured: the tables, the JSON, the page.

  report.py <folder> [--json] [--docs <docs folder>]

The folder has cpp.json (Google Benchmark) and machine.json.
"""

import argparse
import collections
import json
import pathlib
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from tables import number, table, write_figures  # noqa: E402

CONTENDERS = {
    "conclave": "**conclave**: text to verdict",
    "valijson": "nlohmann/json + valijson: text to verdict",
    "nlohmann": "nlohmann/json: parsing alone",
    "simdjson": "simdjson DOM: copying and parsing alone",
}
CASES = ["flat", "nested", "patterns", "large"]
GOAL = 20


def figures_of(cpp):
    """Of each contender, case and text: the best and the median time, allocations, bytes."""
    samples = collections.defaultdict(list)
    failed = 0
    for run in cpp["benchmarks"]:
        if run["run_type"] != "iteration":
            continue
        if run.get("error_occurred") or not run["accepted"]:
            failed += 1
            continue
        name = "/".join(run["run_name"].split("/")[1:4])
        samples[name].append(run)
    found = {}
    for name, runs in samples.items():
        times = [run["ns"] for run in runs]
        best = min(times)
        found[name] = {
            "ns": round(best, 1),
            "median_ns": round(statistics.median(times), 1),
            "bytes": round(runs[0]["bytes"]),
            "gb_per_s": round(runs[0]["bytes"] / best, 4),
            "allocations": round(max(run["allocations"] for run in runs), 2),
        }
    rejected = sum(run["rejected"] for runs in samples.values() for run in runs)
    ghz = max((run["ghz"] for runs in samples.values() for run in runs), default=0)
    counted = sum(len(runs) for runs in samples.values())
    return found, {"accepted": counted, "rejected": round(rejected), "given_up": failed,
                   "ghz": ghz}


def ratios_of(found):
    """How many times valijson's time is ours."""
    ratios = {}
    for case in CASES:
        for text in ("valid", "invalid"):
            ours = found.get(f"conclave/{case}/{text}")
            theirs = found.get(f"valijson/{case}/{text}")
            known = ours and theirs
            ratios[f"{case}_{text}"] = round(theirs["ns"] / ours["ns"], 1) if known else None
    return ratios


def rows_of(found, key, names):
    rows = []
    for who, label in CONTENDERS.items():
        cells = [found.get(f"{who}/{name}", {}).get(key) for name in names]
        if any(cell is not None for cell in cells):
            rows.append([label] + [number(cell) for cell in cells])
    return rows


def report(found, ratios, machine, samples):
    sizes = ", ".join(f"{case} {found[f'conclave/{case}/valid']['bytes']:,}" for case in CASES
                      if f"conclave/{case}/valid" in found)
    total = samples["accepted"] + samples["rejected"]
    lines = "\n".join([
        f"- {machine.get('processor')}, {machine.get('processors')} cores, "
        f"{samples['ghz']:.2f} GHz measured; {machine.get('system')}",
        f"- GCC {machine.get('compiler')}, `{machine.get('flags')}`; simdjson "
        f"{machine.get('simdjson')}, which chose `{machine.get('simdjson_implementation')}`",
        f"- bytes of the valid texts: {sizes}",
        f"- {samples['accepted']:,} samples counted, {samples['rejected']:,} "
        f"({100 * samples['rejected'] / max(total, 1):.0f} %) rejected because the clock was not "
        f"steady, {samples['given_up']} measurements given up for that",
    ])
    ratio_rows = [[f"`{name}`", number(value), f"≥ {GOAL}",
                   "yes" if value is not None and value >= GOAL else "no"]
                  for name, value in ratios.items()]
    valid = [f"{case}/valid" for case in CASES]
    both = [f"{case}/{text}" for case in CASES for text in ("valid", "invalid")]
    parts = [
        ("Machine, validators", lines),
        ("Times valijson's speed", table(["ratio", "measured", "goal", "reached"], ratio_rows)),
        ("Nanoseconds from text to verdict", table(["", *both], rows_of(found, "ns", both))),
        ("GB/s of valid texts", table(["", *CASES], rows_of(found, "gb_per_s", valid))),
        ("Allocations for each text, warm", table(["", *CASES],
                                                  rows_of(found, "allocations", valid))),
    ]
    return "\n\n".join(f"### {title}\n\n{body}" for title, body in parts)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("folder", type=pathlib.Path)
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--docs", type=pathlib.Path)
    chosen = arguments.parse_args()

    cpp = json.loads((chosen.folder / "cpp.json").read_text())
    machine = json.loads((chosen.folder / "machine.json").read_text())
    for key in ("compiler", "simdjson", "simdjson_implementation"):
        machine[key] = cpp["context"].get(key)
    found, samples = figures_of(cpp)
    ratios = ratios_of(found)
    allocations = max((figures["allocations"] for name, figures in found.items()
                       if name.startswith("conclave/")), default=None)
    figures = report(found, ratios, machine, samples)
    (chosen.folder / "report.md").write_text(figures + "\n")
    whole = {
        "benchmark": "schema",
        "quick": machine.get("quick"),
        "machine": machine,
        "samples": samples,
        "ratios": {"vs_valijson_" + name: value for name, value in ratios.items()}
                  | {"allocs_per_validation": allocations},
        "figures": found,
    }
    text = json.dumps(whole, indent=2)
    (chosen.folder / "report.json").write_text(text + "\n")
    print(text if chosen.json else figures)
    if chosen.docs:
        write_figures(chosen.docs / "performance.md", "schema", figures)


main()
