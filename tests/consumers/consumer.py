"""Builds and runs a program against the library, as one of its users would.

Usage: consumer.py <way> <repository> <build folder> <C++ compiler> <launcher>

The ways: cmake-package, cmake-subdirectory, meson-package, meson-subproject, make. The project files
are the blocks of the README themselves: what it tells users to write is what is tested. They are
built with the warnings a careful user has, as errors, and one of our headers is given a line that
such warnings refuse: they must not apply to us. The program is run by the launcher, which gives it
a provider to ask.

For the two packages it is the README's own program too. It takes the compiler four times as long as
small.cpp, which the other ways have: what differs between ways is where headers and libraries are
found, and that small.cpp needs as well.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

WARNINGS = "-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror"
WARNS = "inline int conclave_narrows(long value) { int value_ = value; return value_; }\n"
LIBRARY = ["include", "cmake", "CMakeLists.txt", "meson.build", "meson_options.txt"]


def run(*command, **options):
    print("$", *command, flush=True)
    subprocess.run([str(part) for part in command], check=True, **options)


def block(repository, language, word):
    """The README's first block of this language that contains this word."""
    text = (repository / "README.md").read_text()
    for found in re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        if word in found:
            return found
    raise SystemExit(f"README.md has no {language} block with {word}")


# What the README leaves out because every project has it.
CMAKE_BEGINNING = "cmake_minimum_required(VERSION 3.25)\nproject(app LANGUAGES CXX)\n"


class Consumer:
    def __init__(self, way, repository, build, launcher, work):
        self.repository, self.build, self.launcher = repository, build, launcher
        self.prefix, self.source, self.binary = work / "prefix", work / "library", work / "build"
        self.app = work / "app"
        self.app.mkdir()
        program = (repository / "tests/consumers/small.cpp").read_text()
        if way.endswith("-package"):
            program = block(repository, "cpp", "int main(")
        (self.app / "main.cpp").write_text(program)

    def install_with_cmake(self):
        run("cmake", "--install", self.build, "--prefix", self.prefix, stdout=subprocess.DEVNULL)
        self.plant_warning(self.prefix)

    def install_with_meson(self):
        run("meson", "setup", self.binary / "library", self.repository, "-Dtests=disabled",
            f"--prefix={self.prefix}")
        run("meson", "install", "-C", self.binary / "library", stdout=subprocess.DEVNULL)
        self.plant_warning(self.prefix)

    def copy_library(self, folder):
        folder.mkdir(parents=True)
        for name in LIBRARY:
            part = self.repository / name
            (shutil.copytree if part.is_dir() else shutil.copy)(part, folder / name)
        self.plant_warning(folder)

    def plant_warning(self, folder):
        with open(folder / "include/conclave/version.hpp", "a") as header:
            header.write(WARNS)

    def with_cmake(self, text, *arguments):
        (self.app / "CMakeLists.txt").write_text(CMAKE_BEGINNING + text)
        run("cmake", "-S", self.app, "-B", self.binary, f"-DCMAKE_CXX_FLAGS={WARNINGS}", *arguments)
        run("cmake", "--build", self.binary)
        run(self.launcher, self.binary / "app")

    def with_meson(self, *arguments):
        text = block(self.repository, "meson", "dependency(")
        (self.app / "meson.build").write_text(text)
        run("meson", "setup", self.binary / "app", self.app, f"-Dcpp_args={WARNINGS}", *arguments)
        run("meson", "compile", "-C", self.binary / "app")
        run(self.launcher, self.binary / "app" / "app")

    def cmake_package(self):
        self.install_with_cmake()
        self.with_cmake(block(self.repository, "cmake", "find_package(conclave"),
                        f"-DCMAKE_PREFIX_PATH={self.prefix}")

    def cmake_subdirectory(self):
        self.copy_library(self.app / "conclave")
        self.with_cmake(block(self.repository, "cmake", "add_subdirectory(conclave"))

    def meson_package(self):
        self.install_with_meson()
        self.with_meson(f"--pkg-config-path={self.prefix}/share/pkgconfig")

    def meson_subproject(self):
        self.copy_library(self.app / "subprojects" / "conclave")
        self.with_meson()

    def make(self):
        self.install_with_cmake()
        os.environ["PKG_CONFIG_PATH"] = f"{self.prefix}/share/pkgconfig"
        # Optimising takes twice the time and says no more of the package.
        recipe = block(self.repository, "make", "pkg-config").replace("-O2", "-O0")
        (self.app / "Makefile").write_text(recipe)
        run("make", "-C", self.app, f"CXX={os.environ['CXX']} {WARNINGS}")
        run(self.launcher, self.app / "app")


def main():
    way, repository, build, compiler, launcher = sys.argv[1:]
    os.environ["CXX"] = compiler
    with tempfile.TemporaryDirectory(prefix="conclave-consumer-") as work:
        consumer = Consumer(way, pathlib.Path(repository), pathlib.Path(build), launcher,
                            pathlib.Path(work))
        try:
            getattr(consumer, way.replace("-", "_"))()
        except subprocess.CalledProcessError as failed:
            raise SystemExit(f"failed: {failed}")


main()
