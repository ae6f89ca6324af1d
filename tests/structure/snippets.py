"""Writes programs of the C++ blocks of the README and the pages under docs/.

Usage: snippets.py <repository> <output folder>

Prints one line a block, `<name> <kind>`. The kinds: `run`, a program <name>.cpp that is run; `program`,
one that is only built; `ask`, one that snippets.cpp runs when it is given the name; `part`, one that
is only compiled there.

A ```cpp block is one of these:

- a whole program, with `int main`;
- one that defines `asio::awaitable<void> ask()`, which is run, and fails when it throws;
- one after the comment `<!-- snippet: continues -->`: it is added to the program of the block before;
- one after `<!-- snippet: compile-only -->`, for what cannot run in a test: it need define nothing.

A whole program that includes nothing gets the whole library and the usual standard headers, so that
a page need not repeat them; one that includes something must include all it uses. The others are
parts of one program, each in a namespace of its own, since the library takes the compiler longer
than they do.
"""

import pathlib
import re
import sys

COMMENT = re.compile(r"<!--\s*snippet:\s*([a-z-]+)\s*-->")
MAIN = re.compile(r"\bint\s+main\s*\(")
ASK = re.compile(r"\basio::awaitable<void>\s+ask\s*\(\s*\)")

INCLUDE = re.compile(r"^#include .*\n", re.MULTILINE)

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

END = """
int main(int count, char** arguments) {
    const std::string_view name = count > 1 ? arguments[1] : "";
    asio::awaitable<void> (*ask)() = nullptr;
%s    if (ask == nullptr) {
        std::cerr << "there is no snippet " << name << '\\n';
        return 2;
    }
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


def kind_of(program):
    """What is done with the program."""
    if MAIN.search(program.code):
        return "program" if program.compile_only else "run"
    if program.compile_only:
        return "part"
    if ASK.search(program.code):
        return "ask"
    raise SystemExit(f"{program.where}: a C++ block must have an int main() or an "
                     "asio::awaitable<void> ask(), continue the block before, or be marked "
                     "compile-only; see tests/structure/snippets.py")


def write(target, code):
    if not target.exists() or target.read_text() != code:
        target.write_text(code)


def main():
    repository, output = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    output.mkdir(parents=True, exist_ok=True)
    includes, parts, choice = USUAL, "", ""
    pages = [repository / "README.md", *sorted((repository / "docs").rglob("*.md"))]
    for page in filter(pathlib.Path.exists, pages):
        relative = page.relative_to(repository)
        stem = re.sub(r"[^a-z0-9]+", "_", str(relative.with_suffix("")).lower())
        for number, program in enumerate(programs_of(relative, page.read_text()), start=1):
            name, kind = f"{stem}_{number}", kind_of(program)
            if kind in ("ask", "part"):
                includes += "".join(INCLUDE.findall(program.code))
                code = INCLUDE.sub("", program.code)
                parts += f"\nnamespace {name} {{\n{code}}}  // namespace {name}\n"
            elif INCLUDE.search(program.code):
                write(output / f"{name}.cpp", program.code)
            else:
                write(output / f"{name}.cpp", USUAL + program.code)
            if kind == "ask":
                choice += f'    if (name == "{name}") ask = {name}::ask;\n'
            print(f"{name} {kind}")
    write(output / "snippets.cpp", includes + parts + END % choice)


main()
