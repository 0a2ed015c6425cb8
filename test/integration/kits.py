# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The kits of `edgecc --emit=`, used as their systems do; for packages.py.

make, PlatformIO and Arduino's builder are there and build; what they build for is
this machine. Of Zephyr and ESP-IDF Debian and PyPI have what reads Kconfig and what
packs components: a few lines stand in for the CMake functions that the kit calls.
They show that the files fit together, not that the system accepts them.
"""
import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import xml.etree.ElementTree as xml

import suite

MODEL = os.path.join(suite.MODELS, "digits_cnn.onnx")
BOARD = os.path.join(suite.ROOT, "compiler", "run", "board")
SHARED = ["README.md", "NOTICE"]


def kit_tool(options, name):
    """The program `name` of utils/requirements-kits.txt."""
    path = os.path.join(options.kit_tools, name)
    if not os.path.exists(path):
        raise suite.Skip("utils/setup has not installed " + name)
    return path


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


# What Zephyr's scripts do with the module: its Kconfig inside another one, what an
# application sets, warnings as errors.
KCONFIG = """
import sys
import kconfiglib
root, settings = sys.argv[1:]
config = kconfiglib.Kconfig(root, warn_to_stderr=False)
config.load_config(settings)
if config.warnings:
    sys.exit("".join(config.warnings))
for symbol in config.unique_defined_syms:
    print(f"set(CONFIG_{symbol.name} {symbol.str_value})")
"""


def kconfig(options, folder, kit):
    """The settings of the sample, as lines of CMake."""
    root = os.path.join(folder, "Kconfig")
    with open(root, "w") as f:
        f.write(f'menu "Modules"\nosource "{kit}/Kconfig"\nendmenu\n')
    return suite.must([kit_tool(options, "python3"), "-c", KCONFIG, root,
                       os.path.join(kit, "samples", "run", "prj.conf")]).stdout


def zephyr(options):
    with tempfile.TemporaryDirectory() as folder:
        kit = os.path.join(folder, "kit")
        expect(write_kit(options, "zephyr", kit), "zephyr/module.yml",
               "CMakeLists.txt", "Kconfig", "include/digits.h",
               "lib/libdigits.a", "samples/run/CMakeLists.txt",
               "samples/run/prj.conf", "samples/run/src/main.c")
        config = kconfig(options, folder, kit)
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
{config}
add_subdirectory({kit} kit)
""")


def pack_component(options, folder, kit):
    """ESP-IDF's component manager accepts and packs the component."""
    suite.must([kit_tool(options, "compote"), "--warnings-as-errors",
                "component", "pack", "--name", "digits", "--dest-dir", folder],
               options.timeout, cwd=kit,
               env={**os.environ, "IDF_TOOLS_PATH": folder,
                    "IDF_COMPONENT_CHECK_NEW_VERSION": "0"})
    [archive] = [name for name in os.listdir(folder) if name.endswith(".tgz")]
    with tarfile.open(os.path.join(folder, archive)) as packed:
        names = {os.path.normpath(name) for name in packed.getnames()}
    if not {"CMakeLists.txt", "include/digits.h", "lib/libdigits.a"} <= names:
        raise suite.Failure("packed: " + " ".join(sorted(names)))


def esp_idf(options):
    with tempfile.TemporaryDirectory() as folder:
        kit = os.path.join(folder, "digits")
        expect(write_kit(options, "esp-idf", kit), "CMakeLists.txt",
               "idf_component.yml", "include/digits.h", "lib/libdigits.a",
               "examples/run/CMakeLists.txt",
               "examples/run/main/CMakeLists.txt", "examples/run/main/main.c")
        pack_component(options, folder, kit)
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


# A platform of Arduino for this machine. The builder of Debian is older than
# libraries that are compiled: the platform names the archive.
ARDUINO_PLATFORM = {
    "boards.txt": """\
pc.name=This machine
pc.build.mcu=x86-64-v2
pc.build.core=arduino
pc.build.board=PC
""",
    "platform.txt": """\
name=Host
version=1.0.0
recipe.cpp.o.pattern=c++ -c -std=c++11 -Wall -Werror {includes} "{source_file}" \
-o "{object_file}"
recipe.ar.pattern=ar rcs "{archive_file_path}" "{object_file}"
recipe.c.combine.pattern=c++ {object_files} "{build.path}/{archive_file}" \
-L{archive.path} {archive.ldflags} -o "{build.path}/program"
recipe.preproc.macros=c++ -w -x c++ -E -CC {includes} "{source_file}" \
-o "{preprocessed_file_path}"
""",
    "cores/arduino/Arduino.h": """\
#include <stdint.h>
struct Port {
  void begin(long) {}
  void println(int32_t status);
};
extern Port Serial;
inline void delay(unsigned long) {}
void setup();
void loop();
""",
    "cores/arduino/main.cpp": """\
#include <Arduino.h>
#include <stdlib.h>
void Port::println(int32_t status) { exit(status); }
Port Serial;
int main() {
  setup();
  for (;;)
    loop();
}
"""}


def arduino(options):
    """Arduino's builder finds the library by its header and builds the sketch."""
    if not shutil.which("arduino-builder"):
        raise suite.Skip("arduino-builder is not installed")
    with tempfile.TemporaryDirectory() as folder:
        at = lambda *names: os.path.join(folder, *names)
        write_kit(options, "arduino", at("libraries", "digits"), "x86-64-v2")
        with open(at("libraries", "digits", "library.properties")) as f:
            properties = dict(line.strip().split("=", 1) for line in f)
        needed = ("name version author maintainer sentence paragraph category "
                  "url architectures").split()
        if [k for k in needed if not properties.get(k)]:
            raise suite.Failure("library.properties lacks a required field")
        write_files(at("hardware", "host", "host"), ARDUINO_PLATFORM)
        for name in "tools", "build":
            os.mkdir(at(name))
        p = suite.must([
            "arduino-builder", "-hardware", at("hardware"), "-hardware",
            "/usr/share/arduino-builder", "-tools", at("tools"), "-libraries",
            at("libraries"), "-fqbn", "host:host:pc", "-build-path",
            at("build"), "-prefs",
            "archive.path=" + at("libraries", "digits", "src", "x86-64-v2"),
            "-prefs", "archive.ldflags=" + properties["ldflags"],
            at("libraries", "digits", "examples", "run", "run.ino")],
            options.timeout)
        if "warning" in (p.stdout + p.stderr).lower():
            raise suite.Failure((p.stdout + p.stderr)[:200])
        suite.must([at("build", "program")])


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
    kit_tool(options, "platformio")
    python = kit_tool(options, "python3")
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
