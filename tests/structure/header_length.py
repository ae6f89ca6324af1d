"""Checks that no header is longer than 450 lines: one idea each.

Usage: header_length.py <include folder>
"""

import pathlib
import sys

LIMIT = 450

long = []
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.hpp")):
    lines = len(path.read_text().splitlines())
    if lines > LIMIT:
        long.append(f"{path}: {lines} lines, at most {LIMIT} are allowed")
if long:
    raise SystemExit("\n".join(long))
