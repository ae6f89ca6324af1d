"""Checks that a source file compiles as it is, and is refused with SHOULD_FAIL defined.

Usage: compile_fail.py <source> <compiler> <argument>...

The first line of the source says what the compiler's message must contain:

    // expect: the text

A second line `// errors: 2` says that there are so many errors, each with that text. A line
`// compiler: gcc12` keeps the file to the compilers where the refusal exists; CMake reads that one.
"""

import pathlib
import subprocess
import sys

PREFIX = "// expect: "
COUNT = "// errors: "


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
    if second.startswith(COUNT):
        meant = [line for line in errors if expected in line]
        if len(errors) != int(second.removeprefix(COUNT)) or meant != errors:
            raise SystemExit("not the errors that were announced:\n" + "\n".join(errors))


main()
