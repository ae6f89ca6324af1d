#!/usr/bin/env python3
"""Puts together what scripts/bench.sh has measured: the table, the JSON, the chart, the page.

  report.py <folder> [--json] [--docs <docs folder>]

The folder has cpp.json (Google Benchmark), counts.json (callgrind), node.json and machine.json.
"""

import argparse
import collections
import json
import pathlib
import re
import statistics

from tables import number, table, write_figures

CORPORA = {
    "a": "OpenAI chat, obfuscation",
    "a2": "vLLM chat",
    "b": "Anthropic",
    "c": "OpenAI Responses",
    "g": "Google",
    "d": "tiny events",
    "e": "1 MiB events",
    "f": "chat, escapes and Unicode",
    "s": "chat, every event another shape",
    "t": "chat, all differ behind the text",
    "x": "chat, near misses and odd framing",
}

CONTENDERS = {
    "copy": "receive copy alone",
    "memchr": "memchr for LF",
    "memchr_in_place": "memchr for LF, nothing received",
    "presplit": "simdjson, pre-split and padded",
    "presplit_avx2": "simdjson held to AVX2, pre-split",
    "handbuilt": "memchr + copy + simdjson",
    "in_place": "our framing + simdjson in place",
    "nlohmann": "getline + nlohmann/json",
    "framing": "**conclave**: framing alone",
    "general": "**conclave**: general reader",
    "delta": "**conclave**: with templates",
    "eventsource_parser": "eventsource-parser + JSON.parse (Node)",
    "openai_node": "openai's decoder (Node)",
    "anthropic_node": "@anthropic-ai/sdk's decoder (Node)",
}

# What each ratio should reach; "most" for those that should stay below.
GOALS = {
    "framing_vs_memchr": 0.9,
    **{f"delta_vs_presplit_{c}": g for c, g in
       {"a": 5, "a2": 5, "b": 5, "c": 4, "f": 3, "g": None}.items()},
    **{f"general_vs_presplit_{c}": g for c, g in
       {"a": 0.9, "a2": 0.9, "b": 1.2, "c": 1.2, "f": 0.9, "g": 0.9}.items()},
    **{f"delta_vs_memchr_{c}": g for c, g in
       {"a": 0.75, "a2": 0.8, "b": 1.2, "c": None}.items()},
    **{f"delta_vs_handbuilt_{c}": g for c, g in {"a": 7, "b": 7, "c": 6, "f": 4}.items()},
    **{f"delta_vs_nlohmann_{c}": 100 for c in "abc"},
    **{f"delta_vs_eventsource_parser_{c}": 75 for c in "abc"},
    "delta_vs_openai_node_a": 400,
}
MOST = {
    "hot_p50_ns_a": 45,
    "hot_p999_ns_a": 500,
    "allocs_per_event": 0,
    "linearity_1byte": 2.2,
    "large_event_1400B_ms": 0.3,
}
TINY_GOAL = 1.5 * 13.5 / 7.6  # the prototype took 7.6 ns where memchr took 13.5


def read(folder, name):
    path = folder / name
    return json.loads(path.read_text()) if path.exists() else {}


class Results:
    def __init__(self, folder):
        self.machine = read(folder, "machine.json")
        self.counts = read(folder, "counts.json")
        self.node = read(folder, "node.json")
        cpp = read(folder, "cpp.json")
        context = cpp["context"]
        for key in ("compiler", "simdjson", "simdjson_implementation"):
            self.machine[key] = context.get(key)
        self.samples = collections.defaultdict(list)
        self.latency = {}
        self.linearity = {}
        self.accepted = self.rejected = self.failed = 0
        for run in cpp["benchmarks"]:
            if run["run_type"] == "iteration":
                self._take(run)
        for run in self.node.get("results", {}).values():
            self.accepted += run["accepted"]
            self.rejected += run["rejected"]

    def _take(self, run):
        kind, *place = run["run_name"].split("/")
        place = [part for part in place if ":" not in part and part != "manual_time"]
        if run.get("error_occurred"):
            self.failed += 1
            return
        self.rejected += run.get("rejected", 0)
        if kind == "throughput":
            self.accepted += 1
            self.samples["/".join(place)].append(run)
            self.machine["ghz"] = max(self.machine.get("ghz", 0), run["ghz"])
        elif kind == "latency":
            self.accepted += run["samples"]
            keys = ("p50_ns", "p99_ns", "p999_ns")
            self.latency["/".join(place)] = {key: round(run[key], 1) for key in keys}
        else:
            self.linearity["/".join(place)] = round(run["ratio"], 3)

    def throughput(self):
        """Of each contender, corpus, split and temperature."""
        found = {}
        to_ns = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}
        for name, runs in self.samples.items():
            events, size = runs[0]["events"], runs[0]["bytes"]
            times = [run["real_time"] * to_ns[run["time_unit"]] / events for run in runs]
            found[name] = self._figures(min(times), statistics.median(times), events, size)
            found[name]["allocations_per_event"] = max(r["allocations"] for r in runs) / events
        for name, run in self.node.get("results", {}).items():
            if run["best"] is not None:
                found[f"{name}/16KiB/hot"] = self._figures(
                    run["best"], run["median"], run["events"], run["bytes"])
        return found

    @staticmethod
    def _figures(best, median, events, size):
        return {
            "ns_per_event": round(best, 3),
            "median_ns_per_event": None if median is None else round(median, 3),
            "gb_per_s": round(size / events / best, 4),
            "events_per_s": round(1e9 / best),
        }


def ratios(results, throughput):
    def ns(who, corpus, how="16KiB/hot"):
        return throughput.get(f"{who}/{corpus}/{how}", {}).get("ns_per_event")

    def ratio(who, other, corpus):
        ours, theirs = ns(who, corpus), ns(other, corpus)
        return round(theirs / ours, 3) if ours and theirs else None

    found = {"framing_vs_memchr": ratio("framing", "memchr", "a")}
    for name in GOALS:
        who, _, rest = name.partition("_vs_")
        other, _, corpus = rest.rpartition("_")
        if other:
            found[name] = ratio(who, other, corpus)
    hot = results.latency.get("delta/a/event/hot", {})
    found["hot_p50_ns_a"] = hot.get("p50_ns")
    found["hot_p999_ns_a"] = hot.get("p999_ns")
    allocations = [figures["allocations_per_event"] for name, figures in throughput.items()
                   if re.fullmatch(r"delta/(a|a2|b|c|f|g)/16KiB/hot", name)]
    found["allocs_per_event"] = max(allocations, default=None)
    linear = [ratio for name, ratio in results.linearity.items()
              if name.startswith(("delta/", "framing/"))]
    found["linearity_1byte"] = max(linear, default=None)
    # beyond those the goals name
    large = ns("delta", "e", "1400B/hot")
    found["large_event_1400B_ms"] = round(large / 1e6, 4) if large else None
    found["tiny_vs_memchr"] = ratio("framing", "memchr", "d")
    found["framing_vs_memchr_in_place"] = ratio("framing", "memchr_in_place", "a")
    for corpus in ("a", "a2", "b", "c"):
        found[f"delta_vs_memchr_in_place_{corpus}"] = ratio("delta", "memchr_in_place", corpus)
    for corpus in ("a", "a2", "b", "c", "f", "g"):
        found[f"delta_vs_presplit_avx2_{corpus}"] = ratio("delta", "presplit_avx2", corpus)
    found["hot_p50_ns_of_the_clock"] = results.latency.get("copy/a/event/hot", {}).get("p50_ns")
    return found


def verdict(name, value):
    goal = {**GOALS, "tiny_vs_memchr": round(TINY_GOAL, 2)}.get(name)
    if name in MOST:
        return f"≤ {MOST[name]}", value is not None and value <= MOST[name]
    if goal is None:
        return "", None
    return f"≥ {goal}", value is not None and value >= goal


def throughput_table(throughput, how, unit="ns_per_event", names=CONTENDERS):
    corpora = [c for c in CORPORA if any(f"{who}/{c}/{how}" in throughput for who in names)]
    rows = []
    for who, label in names.items():
        cells = [throughput.get(f"{who}/{c}/{how}", {}).get(unit) for c in corpora]
        if any(cell is not None for cell in cells):
            rows.append([label] + [number(cell) for cell in cells])
    return table(["", *corpora], rows)


def split_table(throughput, corpus):
    splits = ["16KiB", "1400B", "64B", "random", "1B"]
    rows = []
    for who, label in CONTENDERS.items():
        if f"{who}/{corpus}/1B/hot" not in throughput:
            continue
        rows.append([label] + [number(throughput.get(f"{who}/{corpus}/{s}/hot", {})
                                      .get("ns_per_event")) for s in splits])
    return table(["", *splits], rows)


def latency_table(latency):
    places = [(c, t) for c in ("a", "b") for t in ("hot", "cold")]
    rows = []
    for who, label in CONTENDERS.items():
        cells = []
        for corpus, temperature in places:
            found = latency.get(f"{who}/{corpus}/event/{temperature}")
            cells.append("–" if found is None else " / ".join(
                number(found[key]) for key in ("p50_ns", "p99_ns", "p999_ns")))
        if set(cells) != {"–"}:
            rows.append([label, *cells])
    return table(["", *(f"{c}, {'hot' if t == 'hot' else 'evicted'}" for c, t in places)], rows)


def instruction_table(counts):
    corpora = [c for c in CORPORA if any(name.endswith("/" + c) for name in counts)]
    rows = [[label] + [number(counts.get(f"{who}/{c}")) for c in corpora]
            for who, label in CONTENDERS.items() if any(n.startswith(who + "/") for n in counts)]
    return table(["", *corpora], rows)


def ratio_table(found):
    rows = []
    for name, value in found.items():
        goal, reached = verdict(name, value)
        rows.append([f"`{name}`", number(value), goal, {True: "yes", False: "no", None: ""}[reached]])
    return table(["ratio", "measured", "goal", "reached"], rows)


def allocation_table(throughput):
    names = [n for n in CONTENDERS if f"{n}/a/16KiB/hot" in throughput
             and "allocations_per_event" in throughput[f"{n}/a/16KiB/hot"]]
    return throughput_table(throughput, "16KiB/hot", "allocations_per_event",
                            {n: CONTENDERS[n] for n in names if n not in ("copy", "memchr",
                                                                         "memchr_in_place")})


def machine_lines(results):
    machine = results.machine
    total = results.accepted + results.rejected
    return "\n".join([
        f"- {machine.get('processor')}, {machine.get('processors')} cores, "
        f"{machine.get('ghz', 0):.2f} GHz measured; {machine.get('system')}",
        f"- GCC {machine.get('compiler')}, `{machine.get('flags')}`; simdjson "
        f"{machine.get('simdjson')}, which chose `{machine.get('simdjson_implementation')}`",
        f"- Node {results.node.get('node', '–')} with "
        f"{', '.join(f'{k} {v}' for k, v in machine.get('npm', {}).items())}",
        f"- {results.accepted:,.0f} samples counted, {results.rejected:,.0f} "
        f"({100 * results.rejected / max(total, 1):.0f} %) rejected because the clock was not "
        f"steady, {results.failed} measurements given up for that",
    ])


def report(results, throughput, found):
    parts = [
        ("Machine", machine_lines(results)),
        ("Ratios", ratio_table(found)),
        ("Nanoseconds per event, reads of 16 KiB, in cache",
         throughput_table(throughput, "16KiB/hot")),
        ("GB/s, the same", throughput_table(throughput, "16KiB/hot", "gb_per_s")),
        ("Events per second, the same", throughput_table(throughput, "16KiB/hot", "events_per_s")),
        ("Nanoseconds per event, caches evicted before", throughput_table(throughput, "16KiB/cold")),
        *((f"Nanoseconds per event by size of reads, corpus {c}", split_table(throughput, c))
          for c in ("a", "b", "c")),
        ("Nanoseconds for one event per read: p50 / p99 / p99.9", latency_table(results.latency)),
        ("Instructions per event", instruction_table(results.counts)),
        ("Allocations per event, warm", allocation_table(throughput)),
    ]
    return "\n\n".join(f"### {title}\n\n{body}" for title, body in parts)


def chart(throughput):
    """GB/s of those worth comparing on each provider's corpus."""
    series = {
        "delta": ("conclave, templates", "#1f6feb"),
        "general": ("conclave, general", "#79b8ff"),
        "memchr": ("memchr for LF", "#8b949e"),
        "presplit": ("simdjson, pre-split", "#d29922"),
        "handbuilt": ("memchr + copy + simdjson", "#bf5b16"),
        "nlohmann": ("getline + nlohmann", "#a40e26"),
        "eventsource_parser": ("eventsource-parser (Node)", "#6e40c9"),
    }
    corpora = ["a", "a2", "b", "c", "g", "f"]
    value = {(w, c): throughput.get(f"{w}/{c}/16KiB/hot", {}).get("gb_per_s", 0)
             for w in series for c in corpora}
    most = max(value.values()) or 1
    bar, gap, height, top, left = 16, 26, 260, 86, 46
    group = bar * len(series) + gap
    width = left + group * len(corpora) + 10
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {top + height + 56}" '
           'font-family="sans-serif" font-size="12">',
           f'<rect width="{width}" height="{top + height + 56}" fill="#ffffff"/>',
           '<text x="10" y="20" font-size="15" font-weight="bold">Text out of event streams, '
           'GB/s (reads of 16 KiB, receive copy included)</text>']
    for i, (label, colour) in enumerate(series.values()):
        x, y = 10 + i % 4 * 205, 34 + i // 4 * 20
        out.append(f'<rect x="{x}" y="{y}" width="12" height="12" fill="{colour}"/>'
                   f'<text x="{x + 17}" y="{y + 10}">{label}</text>')
    step = next(s for s in (0.5, 1, 2, 5, 10, 20) if most / s <= 8)
    for i in range(int(most / step) + 1):
        y = top + height - height * i * step / most
        out.append(f'<line x1="{left}" x2="{width - 10}" y1="{y:.1f}" y2="{y:.1f}" '
                   f'stroke="#d0d7de"/><text x="{left - 6}" y="{y + 4:.1f}" '
                   f'text-anchor="end">{i * step:g}</text>')
    for g, corpus in enumerate(corpora):
        x = left + gap / 2 + g * group
        for i, (who, (_, colour)) in enumerate(series.items()):
            size = height * value[who, corpus] / most
            out.append(f'<rect x="{x + i * bar:.1f}" y="{top + height - size:.1f}" '
                       f'width="{bar - 2}" height="{size:.1f}" fill="{colour}">'
                       f'<title>{value[who, corpus]:g} GB/s</title></rect>')
            if value[who, corpus]:
                out.append(f'<text x="{x + i * bar + bar / 2 - 1:.1f}" '
                           f'y="{top + height - size - 3:.1f}" font-size="8" '
                           f'text-anchor="middle">{value[who, corpus]:.2g}</text>')
        middle = x + bar * len(series) / 2
        out.append(f'<text x="{middle:.1f}" y="{top + height + 18}" text-anchor="middle" '
                   f'font-weight="bold">{corpus}</text>'
                   f'<text x="{middle:.1f}" y="{top + height + 34}" text-anchor="middle" '
                   f'font-size="9">{CORPORA[corpus]}</text>')
    return "\n".join(out + ["</svg>"]) + "\n"


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("folder", type=pathlib.Path)
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--docs", type=pathlib.Path)
    chosen = arguments.parse_args()

    results = Results(chosen.folder)
    throughput = results.throughput()
    found = ratios(results, throughput)
    figures = report(results, throughput, found)
    svg = chart(throughput)
    (chosen.folder / "report.md").write_text(figures + "\n")
    (chosen.folder / "chart.svg").write_text(svg)
    whole = {
        "benchmark": "sse",
        "quick": results.machine.get("quick"),
        "machine": results.machine,
        "samples": {"accepted": results.accepted, "rejected": results.rejected,
                    "given_up": results.failed},
        "ratios": found,
        "throughput": throughput,
        "latency": results.latency,
        "instructions_per_event": results.counts,
        "linearity": results.linearity,
    }
    text = json.dumps(whole, indent=2)
    (chosen.folder / "report.json").write_text(text + "\n")
    print(text if chosen.json else figures)
    if chosen.docs:
        (chosen.docs / "performance.svg").write_text(svg)
        write_figures(chosen.docs / "performance.md", "sse", figures)


main()
