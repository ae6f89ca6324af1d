"""Writes a program for every C++ block of the README and the pages under docs/.

Usage: snippets.py <repository> <output folder>

Prints one line a program, `<name> <kind>`, and writes <name>.cpp. The kinds: `run`, a program that
is run; `program`, one that is only built; `object`, one that is only compiled.

A ```cpp block is one of these:

- a whole program, with `int main`;
- one that defines `asio::awaitable<void> ask()`: a main that runs it is added, which fails when
  ask() throws;
- one after the comment `<!-- snippet: continues -->`: it is added to the program of the block before;
- one after `<!-- snippet: compile-only -->`, for what cannot run in a test: it need define nothing.

A program that includes nothing gets the whole library and the usual standard headers, so that a page
need not repeat them; one that includes something must include all it uses.
"""

import pathlib
import re
import sys

COMMENT = re.compile(r"<!--\s*snippet:\s*([a-z-]+)\s*-->")
MAIN = re.compile(r"\bint\s+main\s*\(")
ASK = re.compile(r"\basio::awaitable<void>\s+ask\s*\(\s*\)")

USUAL = """#include <conclave/conclave.hpp>

#include <chrono>
#include <exception>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
"""

RUN_ASK = """
#include <exception>
#include <iostream>

int main() {
    std::exception_ptr failure;
    auto keep = [&failure](std::exception_ptr thrown) { failure = thrown; };
    asio::io_context context;
    asio::co_spawn(context, ask(), keep);
    context.run();
    if (!failure) {
        return 0;
    }
    try {
        std::rethrow_exception(failure);
    } catch (const std::exception& thrown) {
        std::cerr << "ask() threw: " << thrown.what() << '\\n';
    }
    return 1;
}
"""


class Program:
    def __init__(self, page, line):
        self.where = f"{page}:{line}"
        self.code = ""
        self.compile_only = False


def programs_of(page, text):
    """The programs of one page, in order."""
    programs = []
    marks = []
    lines = iter(enumerate(text.splitlines(), start=1))
    for number, line in lines:
        stripped = line.strip()
        if COMMENT.fullmatch(stripped):
            mark = COMMENT.fullmatch(stripped).group(1)
            if mark not in ("continues", "compile-only"):
                raise SystemExit(f"{page}:{number}: no such mark: snippet: {mark}")
            marks.append(mark)
        elif stripped == "```cpp":
            indent = len(line) - len(line.lstrip())
            # Not #line: GCC then takes the code for a header's and warns of what is fine in a source.
            block = f"// {page}:{number + 1}\n"
            for _, inner in lines:
                if inner.strip() == "```":
                    break
                block += inner[indent:] + "\n"
            else:
                raise SystemExit(f"{page}:{number}: the block does not end")
            if "continues" in marks:
                if not programs:
                    raise SystemExit(f"{page}:{number}: there is no block before to continue")
            else:
                programs.append(Program(page, number))
            programs[-1].code += block
            programs[-1].compile_only |= "compile-only" in marks
            marks = []
        elif stripped.startswith("```"):
            for _, inner in lines:
                if inner.strip() == "```":
                    break
            marks = []
        elif stripped:
            marks = []
    return programs


def finish(program):
    """The program's whole text and its kind."""
    code, has_main, has_ask = (program.code, MAIN.search(program.code), ASK.search(program.code))
    if "#include" not in code:
        code = USUAL + code
    if not has_main and has_ask:
        code += RUN_ASK
    elif not has_main and not program.compile_only:
        raise SystemExit(f"{program.where}: a C++ block must have an int main() or an "
                         "asio::awaitable<void> ask(), continue the block before, or be marked "
                         "compile-only; see tests/structure/snippets.py")
    if not program.compile_only:
        return code, "run"
    return code, "program" if has_main or has_ask else "object"


def main():
    repository, output = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    output.mkdir(parents=True, exist_ok=True)
    pages = [repository / "README.md", *sorted((repository / "docs").rglob("*.md"))]
    for page in filter(pathlib.Path.exists, pages):
        relative = page.relative_to(repository).with_suffix("")
        name = re.sub(r"[^a-z0-9]+", "_", str(relative).lower())
        for number, program in enumerate(programs_of(page.relative_to(repository), page.read_text()), start=1):
            code, kind = finish(program)
            target = output / f"{name}_{number}.cpp"
            if not target.exists() or target.read_text() != code:
                target.write_text(code)
            print(f"{target.stem} {kind}")


main()
