"""Puts the examples, and the C++ blocks of the README and of docs/, into one program.

Usage: programs.py <repository> <source file to write>

The program runs the part it is given the name of; a line a part is printed, `<kind> <part>`. Each part is
in a namespace of its own. Compiled one by one they would take the compiler ten times as long, since the
library is more to it than all of them.

A ```cpp block is one of these:

- a whole program, with `int main`;
- one that defines `asio::awaitable<void> ask()`, which is run, and fails when it throws;
- one after the comment `<!-- snippet: continues -->`: it is added to the program of the block before;
- one after `<!-- snippet: compile-only -->`, for what cannot run in a test: it need define nothing.

A page need not repeat the includes of the whole library and of the usual standard headers. That the
first block is complete as it stands is what tests/consumers are for.
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
%s    std::cerr << "there is nothing named " << name << '\\n';
    return 2;
}
"""

RUN_ASK = """
int program() {
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


def program_of(code):
    """The code with an `int program()` in place of its main."""
    head, end, rest = MAIN.sub("int program(", code).rpartition("\n}")
    return f"{head}\n    return 0;{end}{rest}"


class Together:
    """Many programs in one."""

    def __init__(self):
        self.includes, self.parts, self.choice = USUAL, "", ""

    def add(self, part, code):
        self.includes += "".join(INCLUDE.findall(code))
        self.parts += f"\nnamespace {part} {{\n{INCLUDE.sub('', code)}}}  // namespace {part}\n"

    def add_run(self, kind, part, code):
        self.add(part, code)
        self.choice += f'    if (name == "{part}") return {part}::program();\n'
        print(kind, part)

    def write(self, target):
        code = self.includes + self.parts + END % self.choice
        if not target.exists() or target.read_text() != code:
            target.write_text(code)


def add_snippet(to, name, program):
    if program.compile_only:
        to.add(name, program.code)
    elif MAIN.search(program.code):
        to.add_run("snippet", name, program_of(program.code))
    elif ASK.search(program.code):
        to.add_run("snippet", name, program.code + RUN_ASK)
    else:
        raise SystemExit(f"{program.where}: a C++ block must have an int main() or an "
                         "asio::awaitable<void> ask(), continue the block before, or be marked "
                         "compile-only; see tests/programs/programs.py")


def main():
    repository, target = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    target.parent.mkdir(parents=True, exist_ok=True)
    programs = Together()
    pages = [repository / "README.md", *sorted((repository / "docs").rglob("*.md"))]
    for page in filter(pathlib.Path.exists, pages):
        relative = page.relative_to(repository)
        stem = re.sub(r"[^a-z0-9]+", "_", str(relative.with_suffix("")).lower())
        for number, program in enumerate(programs_of(relative, page.read_text()), start=1):
            add_snippet(programs, f"{stem}_{number}", program)
    for source in sorted((repository / "examples").glob("*.cpp")):
        if source.stem != "with_scripted_provider":
            programs.add_run("example", source.stem, program_of(source.read_text()))
    programs.write(target)


main()
