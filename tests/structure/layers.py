"""Checks that every header includes only its own layer and those below it.

Usage: layers.py <include folder> <compiler>

A header's layer is its folder under conclave/, or its name when it stands directly there
(conclave/client.hpp belongs to client). The sans-I/O layers, moreover, must not reach a header of
Asio or OpenSSL by any path; the compiler itself is asked for that.
"""

import pathlib
import re
import subprocess
import sys

# From the bottom up.
LAYERS = ["base", "json", "sse", "http", "wire", "net", "client", "testing", "opper", "roundtable",
          "umbrella"]
SANS_IO = ["base", "json", "sse", "http", "wire"]
# The scripted provider stands on the layers; nothing stands on it.
ONLY_FOR_ITSELF = "testing"
BASE = ["config", "error", "rate_limit", "version"]
INPUT_OUTPUT = re.compile(r"(^|/)(asio|openssl|boost/asio)(\.hpp$|/)")
INCLUDE = re.compile(r"^\s*#\s*include\s*[<\"]([^>\"]+)[>\"]", re.MULTILINE)


def layer_of(header):
    parts = pathlib.PurePosixPath(header).parts[1:]
    name = parts[0].removesuffix(".hpp")
    if len(parts) == 1 and name in BASE:
        return "base"
    if len(parts) == 1 and name == "conclave":
        return "umbrella"
    if name in LAYERS:
        return name
    raise SystemExit(f"{header}: belongs to no layer; name its layer in {__file__}")


def upward_includes(root, header):
    own = layer_of(header)
    for included in INCLUDE.findall((root / header).read_text()):
        if not included.startswith("conclave/"):
            if own in SANS_IO and INPUT_OUTPUT.search(included):
                yield f"{header}: {own} is sans-I/O, but includes <{included}>"
            continue
        if not (root / included).exists():
            yield f"{header}: includes <{included}>, which does not exist"
            continue
        other = layer_of(included)
        if LAYERS.index(other) > LAYERS.index(own):
            yield f"{header}: {own} includes upwards, <{included}> of {other}"
        elif other == ONLY_FOR_ITSELF and own != ONLY_FOR_ITSELF:
            yield f"{header}: {own} includes <{included}>, which is for tests"


def reached_input_output(root, compiler, headers):
    """Headers of Asio and OpenSSL that the compiler reads for these."""
    command = [compiler, "-std=c++20", f"-I{root}", "-M", "-x", "c++", "-"]
    text = "".join(f"#include <{header}>\n" for header in headers)
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    files = done.stdout.replace("\\\n", " ").split()[1:]
    return [file for file in files
            if INPUT_OUTPUT.search(file) and not file.startswith(str(root))]


def main():
    root, compiler = pathlib.Path(sys.argv[1]), sys.argv[2]
    headers = sorted(str(path.relative_to(root)) for path in root.rglob("*.hpp"))
    if not headers:
        raise SystemExit(f"no headers under {root}")
    faults = [fault for header in headers for fault in upward_includes(root, header)]
    sans_io = [header for header in headers if layer_of(header) in SANS_IO]
    # All at once, and one by one only to say which it is.
    if reached_input_output(root, compiler, sans_io):
        faults += [f"{header}: reaches {file}" for header in sans_io
                   for file in reached_input_output(root, compiler, [header])]
    if faults:
        raise SystemExit("\n".join(faults))
    print(f"{len(headers)} headers, {len(sans_io)} of them sans-I/O: each includes only what is "
          "below it")


main()
