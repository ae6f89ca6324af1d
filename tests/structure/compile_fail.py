"""Checks that a source file compiles as it is, and is refused with SHOULD_FAIL defined.

Usage: compile_fail.py <source> <compiler> <argument>...

The first line of the source says what the compiler's message must contain:

    // expect: the text

and a second line `// compiler: gcc12` keeps it to the compilers where the refusal exists; CMake
reads that one. A second line `// one error` says that there is no other error but that.
"""

import pathlib
import subprocess
import sys

PREFIX = "// expect: "


def main():
    source, command = sys.argv[1], sys.argv[2:]
    first, second = pathlib.Path(source).read_text().splitlines()[:2]
    if not first.startswith(PREFIX) or not first.removeprefix(PREFIX).strip():
        raise SystemExit(f"{source}: the first line must be `{PREFIX}<text>`")
    expected = first.removeprefix(PREFIX).strip()

    good = subprocess.run([*command, source], capture_output=True, text=True)
    if good.returncode != 0:
        raise SystemExit(f"does not compile without SHOULD_FAIL:\n{good.stderr}")
    bad = subprocess.run([*command, "-DSHOULD_FAIL", source], capture_output=True, text=True)
    if bad.returncode == 0:
        raise SystemExit("compiles with SHOULD_FAIL, but must not")
    if expected not in bad.stderr:
        raise SystemExit(f"refused, but without saying \"{expected}\":\n{bad.stderr}")
    errors = [line for line in bad.stderr.splitlines() if " error: " in line]
    if second == "// one error" and len(errors) != 1:
        raise SystemExit("more than one error:\n" + "\n".join(errors))


main()
