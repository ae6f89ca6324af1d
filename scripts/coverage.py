"""Prints the coverage of the library's headers, by layer and together; see scripts/coverage.sh.

    coverage.py <headers> <figures> [--missed]

In the folder <figures> is what `llvm-cov export` wrote for each program, as *.lcov and as *.text.

A line counts as reached when any instantiation of the template it is in runs it. A branch is an
outcome of a condition as it stands in the source, true or false: two for each condition, however
many instantiations there are, and reached when any of them takes it. So each figure speaks of what a
reader of the headers sees. Templates that no test instantiates are not in what Clang counts.
"""

import collections
import json
import pathlib
import sys


def read_lines(path, headers, counts):
    """Adds how often each line ran to {header: {line: count}}."""
    header = None
    for text in path.read_text().splitlines():
        kind, _, rest = text.partition(":")
        if kind == "SF":
            header = relative(rest, headers)
        elif kind == "DA" and header:
            line, count = rest.split(",")[:2]
            counts[header][int(line)] += int(count)


def read_branches(path, headers, counts):
    """Adds how often each outcome came to {header: {(place, outcome): count}}."""
    for file in json.loads(path.read_text())["data"][0]["files"]:
        header = relative(file["filename"], headers)
        if not header:
            continue
        for branch in file["branches"]:
            place, taken, not_taken = tuple(branch[:4]), branch[4], branch[5]
            counts[header][place, True] += taken
            counts[header][place, False] += not_taken


def relative(path, headers):
    path = pathlib.Path(path).resolve()
    return path.relative_to(headers) if path.is_relative_to(headers) else None


def layer_of(header):
    return header.parts[0] + "/" if len(header.parts) > 1 else "(itself)"


def share(counts):
    reached = sum(count > 0 for count in counts)
    return f"{100 * reached / len(counts):5.1f} % of {len(counts):5}" if counts else " " * 16


def print_table(lines, branches):
    print("| layer | lines | branches |\n|---|---|---|")
    layers = sorted({layer_of(header) for header in lines})
    for layer in [*layers, "together"]:
        columns = []
        for counts in (lines, branches):
            columns.append(share([count for header, places in counts.items()
                                  if layer in (layer_of(header), "together")
                                  for count in places.values()]))
        print(f"| {layer:11} | {columns[0]} | {columns[1]} |")


def print_missed(lines, branches):
    for header in sorted(lines):
        for line, count in sorted(lines[header].items()):
            if count == 0:
                print(f"{header}:{line}: never run")
        for ((line, column, *_), outcome), count in sorted(branches[header].items()):
            if count == 0 and lines[header].get(line, 0) > 0:
                print(f"{header}:{line}:{column}: never {str(outcome).lower()}")


def main(headers, figures, *options):
    headers = pathlib.Path(headers).resolve()
    lines = collections.defaultdict(collections.Counter)
    branches = collections.defaultdict(collections.Counter)
    for path in sorted(pathlib.Path(figures).glob("*.lcov")):
        read_lines(path, headers, lines)
        read_branches(path.with_suffix(".text"), headers, branches)
    if not lines or not branches:
        sys.exit("coverage.py: no counts of these headers")
    if "--missed" in options:
        print_missed(lines, branches)
    print_table(lines, branches)


main(*sys.argv[1:])
