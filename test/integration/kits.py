# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The kits of `edgecc --emit=`, used as their systems do; for packages.py.

Where the system is no package of Debian, a few lines stand in for the part of it
that the kit calls: they show that the files fit together, not that the system
accepts them.
"""
import json
import os
import re
import subprocess
import tempfile
import xml.etree.ElementTree as xml

import suite

MODEL = os.path.join(suite.MODELS, "digits_cnn.onnx")
BOARD = os.path.join(suite.ROOT, "compiler", "run", "board")
SHARED = ["README.md", "NOTICE"]


def write_kit(options, system, folder, cpu="native"):
    suite.must([os.path.join(options.bin, "edgecc"), MODEL, "--name=digits",
                "-mcpu=" + cpu, "--emit=kit:" + system, "-o", folder],
               options.timeout)
    found = set()
    for parent, _, files in os.walk(folder):
        for name in files:
            path = os.path.join(parent, name)
            found.add(os.path.relpath(path, folder))
            if not name.endswith(".a"):
                with open(path) as f:
                    left = re.search(r"@\w+@", f.read())
                if left:
                    raise suite.Failure(f"{name} has {left[0]}")
    return found


def expect(found, *names):
    if found != set(SHARED) | set(names):
        raise suite.Failure("files: " + " ".join(sorted(found)))


def make(options):
    """On this machine, and on a board."""
    with tempfile.TemporaryDirectory() as folder:
        expect(write_kit(options, "make", folder), "Makefile", "main.c",
               "include/digits.h", "lib/libdigits.a")
        suite.must(["make", "-C", folder, "CFLAGS=-std=c99 -Wall -Werror"])
        suite.must([os.path.join(folder, "run")])
    with tempfile.TemporaryDirectory() as folder:
        write_kit(options, "make", folder, "cortex-m4")
        with open(os.path.join(folder, "memory.ld"), "w") as f:
            f.write("MEMORY {\n  VECTORS : ORIGIN = 0, LENGTH = 1K\n"
                    "  CODE : ORIGIN = 1K, LENGTH = 4M - 1K\n"
                    "  RAM : ORIGIN = 0x21000000, LENGTH = 16M\n}\n")
        flags = ("--target=thumbv7em-none-eabihf -mcpu=cortex-m4 "
                 "-mfloat-abi=hard -O1 -ffreestanding -fno-builtin")
        suite.must(["clang-22", *flags.split(), "-I", BOARD, "-c",
                    os.path.join(BOARD, "start_arm_m.c"), "-o",
                    os.path.join(folder, "start_arm_m.o")])
        suite.must(["make", "-C", folder, "CC=clang-22", "CFLAGS=" + flags,
                    "LDFLAGS=-nostdlib -static -fuse-ld=lld-22 "
                    f"-Wl,-T,memory.ld -Wl,-T,{BOARD}/board.ld",
                    "OBJECTS=start_arm_m.o"])
        suite.must(["qemu-system-arm", "-M", "mps2-an386", "-display", "none",
                    "-monitor", "none", "-serial", "none",
                    "-semihosting-config", "enable=on,target=native",
                    "-kernel", os.path.join(folder, "run")], timeout=60)


def build_cmake(options, project, text):
    """Builds a project of CMake and runs its program."""
    os.makedirs(project)
    with open(os.path.join(project, "CMakeLists.txt"), "w") as f:
        f.write("cmake_minimum_required(VERSION 3.20)\n"
                "project(firmware LANGUAGES C)\n" + text)
    build = os.path.join(project, "build")
    suite.must(["cmake", "-G", "Ninja", "-S", project, "-B", build],
               options.timeout)
    suite.must(["cmake", "--build", build], options.timeout)
    suite.must([os.path.join(build, "app")])


def zephyr(options):
    with tempfile.TemporaryDirectory() as folder:
        kit = os.path.join(folder, "kit")
        expect(write_kit(options, "zephyr", kit), "zephyr/module.yml",
               "CMakeLists.txt", "Kconfig", "include/digits.h",
               "lib/libdigits.a", "samples/run/CMakeLists.txt",
               "samples/run/prj.conf", "samples/run/src/main.c")
        with open(os.path.join(kit, "Kconfig")) as f:
            symbol = re.search(r"^config (\w+)\n\tbool ", f.read(), re.M)[1]
        with open(os.path.join(kit, "samples", "run", "prj.conf")) as f:
            if f.read() != f"CONFIG_{symbol}=y\n":
                raise suite.Failure("prj.conf does not set " + symbol)
        build_cmake(options, os.path.join(folder, "project"), f"""
add_executable(app {kit}/samples/run/src/main.c)
function(zephyr_library_import name path)
  add_library(${{name}} STATIC IMPORTED GLOBAL)
  set_target_properties(${{name}} PROPERTIES IMPORTED_LOCATION ${{path}})
  target_link_libraries(app PRIVATE ${{name}})
endfunction()
function(zephyr_include_directories)
  foreach(folder ${{ARGN}})
    get_filename_component(folder ${{folder}} ABSOLUTE)
    target_include_directories(app PRIVATE ${{folder}})
  endforeach()
endfunction()
set(CONFIG_{symbol} y)
add_subdirectory({kit} kit)
""")


def esp_idf(options):
    with tempfile.TemporaryDirectory() as folder:
        kit = os.path.join(folder, "digits")
        expect(write_kit(options, "esp-idf", kit), "CMakeLists.txt",
               "idf_component.yml", "include/digits.h", "lib/libdigits.a",
               "examples/run/CMakeLists.txt",
               "examples/run/main/CMakeLists.txt", "examples/run/main/main.c")
        with open(os.path.join(kit, "idf_component.yml")) as f:
            if not re.search(r'^version: "\d+\.\d+\.\d+"$', f.read(), re.M):
                raise suite.Failure("idf_component.yml has no version")
        build_cmake(options, os.path.join(folder, "project"), f"""
function(idf_component_register)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "" "SRCS;INCLUDE_DIRS;REQUIRES")
  get_filename_component(name ${{CMAKE_CURRENT_LIST_DIR}} NAME)
  set(COMPONENT_LIB ${{name}} PARENT_SCOPE)
  if(NOT arg_SRCS)
    add_library(${{name}} INTERFACE)
    foreach(folder ${{arg_INCLUDE_DIRS}})
      get_filename_component(folder ${{folder}} ABSOLUTE)
      target_include_directories(${{name}} INTERFACE ${{folder}})
    endforeach()
    return()
  endif()
  file(WRITE ${{CMAKE_BINARY_DIR}}/start.c
       "void app_main(void);int main(void){{app_main();return 0;}}")
  add_executable(app ${{arg_SRCS}} ${{CMAKE_BINARY_DIR}}/start.c)
  set_target_properties(app PROPERTIES
                        RUNTIME_OUTPUT_DIRECTORY ${{CMAKE_BINARY_DIR}})
  target_link_libraries(app PRIVATE ${{arg_REQUIRES}})
endfunction()
function(add_prebuilt_library name path)
  get_filename_component(path ${{path}} ABSOLUTE)
  add_library(${{name}} STATIC IMPORTED GLOBAL)
  set_target_properties(${{name}} PROPERTIES IMPORTED_LOCATION ${{path}})
endfunction()
add_subdirectory({kit} digits)
add_subdirectory({kit}/examples/run/main main)
""")


def arduino(options):
    with tempfile.TemporaryDirectory() as folder:
        write_kit(options, "arduino", folder, "x86-64-v2")
        with open(os.path.join(folder, "library.properties")) as f:
            properties = dict(line.strip().split("=", 1) for line in f)
        needed = ("name version author maintainer sentence paragraph category "
                  "url architectures").split()
        if [k for k in needed if not properties.get(k)]:
            raise suite.Failure("library.properties lacks a required field")
        with open(os.path.join(folder, "sketch.cpp"), "w") as f:
            f.write("#include <cstdlib>\n#include <cstdint>\n"
                    "struct Port { void begin(long) {}\n"
                    "  void println(int32_t status) { std::exit(status); } }\n"
                    "Serial;\nvoid delay(unsigned long) {}\n"
                    '#include "examples/run/run.ino"\n'
                    "int main() { setup(); for (;;) loop(); }\n")
        source = os.path.join(folder, "src")
        suite.must(["c++", "-std=c++11", "-Wall", "-Werror", "-I", source,
                    os.path.join(folder, "sketch.cpp"),
                    "-L", os.path.join(source, "x86-64-v2"),
                    properties["ldflags"], "-o", os.path.join(folder, "run")])
        suite.must([os.path.join(folder, "run")])


# A platform of PlatformIO for this machine; its own is in a registry.
PLATFORM = {
    "platform.json": """{
  "name": "host", "version": "1.0.0", "title": "Host", "description": "-",
  "license": "Apache-2.0", "frameworks": {}, "packages": {},
  "repository": {"type": "git", "url": "https://example.org/host.git"}
}""",
    "platform.py": """\
from platformio.public import PlatformBase


class HostPlatform(PlatformBase):
    pass
""",
    "builder/main.py": """\
from SCons.Script import AlwaysBuild, Default, DefaultEnvironment

env = DefaultEnvironment()
env.Replace(CC="cc", AR="ar", RANLIB="ranlib", LINK="cc", PROGNAME="program")
Default(AlwaysBuild(env.Alias("build", env.BuildProgram())))
"""}


def write_files(folder, files):
    for name, text in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)


def platformio(options):
    """PlatformIO builds a project; it finds SCons as a package that is there."""
    python = os.path.join(options.kit_tools, "python3")
    if not os.path.exists(python):
        raise suite.Skip("utils/setup has not installed PlatformIO")
    wanted = suite.must([
        python, "-c", "from platformio.dependencies import "
        "get_core_dependencies as get; print(get()['tool-scons'])"]).stdout
    scons = {"name": "tool-scons", "version": wanted.strip().lstrip("~")}
    with tempfile.TemporaryDirectory() as folder:
        at = lambda *names: os.path.join(folder, *names)
        expect(write_kit(options, "platformio", at("kit")), "library.json",
               "link.py", "examples/main.c", "include/digits.h",
               "lib/libdigits.a")
        write_files(at("host"), PLATFORM)
        write_files(at("core", "packages", "tool-scons"), {
            "package.json": json.dumps({**scons, "description": "-"}),
            ".piopm": json.dumps({**scons, "type": "tool", "spec": {
                "owner": "platformio", "id": 8192, "name": "tool-scons",
                "requirements": None, "uri": None}}),
            "scons.py": "import sys\nfrom SCons.Script import main\n"
                        "sys.exit(main())\n"})
        with open(at("kit", "examples", "main.c")) as f:
            write_files(at("project"), {
                "src/main.c": f.read(),
                "platformio.ini": "[env:host]\n"
                f"platform = symlink://{at('host')}\n"
                f"lib_deps = symlink://{at('kit')}\n"})
        suite.must([python, "-m", "platformio", "run", "-d", at("project")],
                   env={**os.environ, "PLATFORMIO_CORE_DIR": at("core"),
                        "PLATFORMIO_SETTING_ENABLE_TELEMETRY": "no"})
        suite.must([at("project", ".pio", "build", "host", "program")])


def cmsis_pack(options):
    with tempfile.TemporaryDirectory() as folder:
        found = write_kit(options, "cmsis-pack", folder, "cortex-m0plus")
        pdsc = os.path.join(folder, "edgecc.digits.pdsc")
        package = xml.parse(pdsc).getroot()
        for element in ("vendor", "name", "description", "url", "license",
                        "releases/release[@version]",
                        "components/component[@Cclass][@Cgroup][@Cversion]"):
            if package.find(element) is None:
                raise suite.Failure("the .pdsc has no " + element)
        if package.find("conditions//require").get("Dcore") != "Cortex-M0+":
            raise suite.Failure("the .pdsc is for another core")
        files = {f.get("name") for f in package.iter("file")}
        if not files | {"NOTICE"} <= found:
            raise suite.Failure("missing: " + " ".join(files - found))
        names = "{http://www.w3.org/2001/XMLSchema-instance}"
        if package.get("schemaVersion") not in package.get(
                names + "noNamespaceSchemaLocation"):
            raise suite.Failure("the .pdsc names two versions of the schema")


SYSTEMS = [make, zephyr, esp_idf, arduino, platformio, cmsis_pack]
