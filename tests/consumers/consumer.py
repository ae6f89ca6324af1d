"""Builds and runs a program against the library, as one of its users would.

Usage: consumer.py <way> <repository> <build folder> <C++ compiler>

The ways: cmake-package, cmake-subdirectory, meson-package, meson-subproject, make. The project files
are the blocks of the README themselves: what it tells users to write is what is tested. The program
is main.cpp beside this file. It is built with the warnings a careful user has, as errors, and one of
our headers is given a line that such warnings refuse: they must not apply to us.
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


def block(repository, language, *words):
    """The README's first block of this language that contains one of these words."""
    text = (repository / "README.md").read_text()
    for found in re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        if any(word in found for word in words):
            return found
    raise SystemExit(f"README.md has no {language} block with {' or '.join(words)}")


def cmake_project(text):
    """What the README leaves out because every project has it."""
    if "add_executable(" not in text:
        text = "add_executable(app main.cpp)\n" + text
    if "project(" not in text:
        text = "cmake_minimum_required(VERSION 3.25)\nproject(app LANGUAGES CXX)\n" + text
    return text


def meson_project(text):
    if "project(" not in text:
        text = "project('app', 'cpp', default_options: ['cpp_std=c++20'])\n" + text
    return text


class Consumer:
    def __init__(self, repository, build, work):
        self.repository, self.build = repository, build
        self.prefix, self.source, self.binary = work / "prefix", work / "library", work / "build"
        self.app = work / "app"
        self.app.mkdir()
        shutil.copy(pathlib.Path(__file__).with_name("main.cpp"), self.app)

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
        (self.app / "CMakeLists.txt").write_text(cmake_project(text))
        run("cmake", "-S", self.app, "-B", self.binary, f"-DCMAKE_CXX_FLAGS={WARNINGS}", *arguments)
        run("cmake", "--build", self.binary)
        run(self.binary / "app")

    def with_meson(self, *arguments):
        (self.app / "meson.build").write_text(meson_project(block(self.repository, "meson", "dependency(")))
        run("meson", "setup", self.binary / "app", self.app, f"-Dcpp_args={WARNINGS}", *arguments)
        run("meson", "compile", "-C", self.binary / "app")
        run(self.binary / "app" / "app")

    def cmake_package(self):
        self.install_with_cmake()
        self.with_cmake(block(self.repository, "cmake", "find_package(conclave"),
                        f"-DCMAKE_PREFIX_PATH={self.prefix}")

    def cmake_subdirectory(self):
        self.copy_library(self.app / "conclave")
        self.with_cmake(block(self.repository, "cmake", "FetchContent", "add_subdirectory(conclave"),
                        f"-DFETCHCONTENT_SOURCE_DIR_CONCLAVE={self.app / 'conclave'}")

    def meson_package(self):
        self.install_with_meson()
        self.with_meson(f"--pkg-config-path={self.prefix}/share/pkgconfig")

    def meson_subproject(self):
        self.copy_library(self.app / "subprojects" / "conclave")
        self.with_meson()

    def make(self):
        self.install_with_cmake()
        (self.app / "Makefile").write_text(block(self.repository, "make", "pkg-config"))
        os.environ["PKG_CONFIG_PATH"] = f"{self.prefix}/share/pkgconfig"
        run("make", "-C", self.app, f"CXX={os.environ['CXX']} {WARNINGS}")
        run(self.app / "app")


def main():
    way, repository, build, compiler = sys.argv[1:]
    os.environ["CXX"] = compiler
    with tempfile.TemporaryDirectory(prefix="conclave-consumer-") as work:
        consumer = Consumer(pathlib.Path(repository), pathlib.Path(build), pathlib.Path(work))
        try:
            getattr(consumer, way.replace("-", "_"))()
        except subprocess.CalledProcessError as failed:
            raise SystemExit(f"failed: {failed}")


main()
