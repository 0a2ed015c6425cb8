//===- Kit.cpp - networks for the build systems of firmware -----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "compiler/kit/Kit.h"

#include "codegen/object/Header.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Triple.h"

using namespace llvm;
using namespace edgecc;

/// The files of templates/, by their path there.
static constexpr std::pair<StringLiteral, StringLiteral> templates[] = {
#include "compiler/kit/Templates.inc"
};

namespace {

/// A file of a kit, and the template that it is made of.
struct KitFile {
  StringLiteral path, source;
};

/// What a system expects where; `@...@` in paths is replaced as in templates.
struct Kit {
  StringLiteral name;
  /// What README.md says of the use.
  StringLiteral usage;
  StringLiteral header, library;
  /// The function that its programs begin with.
  StringLiteral mainName;
  KitFile files[6];
};

} // namespace

static constexpr StringLiteral includeHeader = "include/@NAME@.h",
                               plainLibrary = "lib/lib@NAME@.a";

// clang-format off
static constexpr Kit kits[] = {
    {"zephyr", "zephyr/usage.md", includeHeader, plainLibrary, "main",
     {{"zephyr/module.yml", "zephyr/module.yml"},
      {"CMakeLists.txt", "zephyr/CMakeLists.txt"},
      {"Kconfig", "zephyr/Kconfig"},
      {"samples/run/CMakeLists.txt", "zephyr/sample.cmake"},
      {"samples/run/prj.conf", "zephyr/prj.conf"},
      {"samples/run/src/main.c", "common/main.c"}}},
    {"esp-idf", "esp-idf/usage.md", includeHeader, plainLibrary, "app_main",
     {{"CMakeLists.txt", "esp-idf/CMakeLists.txt"},
      {"idf_component.yml", "esp-idf/idf_component.yml"},
      {"examples/run/CMakeLists.txt", "esp-idf/project.cmake"},
      {"examples/run/main/CMakeLists.txt", "esp-idf/main.cmake"},
      {"examples/run/main/main.c", "esp-idf/main.c"},
      {"", ""}}},
    {"arduino", "arduino/usage.md", "src/@NAME@.h", "src/@CPU@/lib@NAME@.a", "",
     {{"library.properties", "arduino/library.properties"},
      {"examples/run/run.ino", "arduino/run.ino"},
      {"", ""}, {"", ""}, {"", ""}, {"", ""}}},
    {"platformio", "platformio/usage.md", includeHeader, plainLibrary, "main",
     {{"library.json", "platformio/library.json"},
      {"link.py", "platformio/link.py"},
      {"examples/main.c", "common/main.c"},
      {"", ""}, {"", ""}, {"", ""}}},
    {"cmsis-pack", "cmsis-pack/usage.md", "Include/@NAME@.h",
     "Library/lib@NAME@.a", "main",
     {{"edgecc.@NAME@.pdsc", "cmsis-pack/network.pdsc"},
      {"Examples/main.c", "common/main.c"},
      {"", ""}, {"", ""}, {"", ""}, {"", ""}}},
    {"make", "make/usage.md", includeHeader, plainLibrary, "main",
     {{"Makefile", "make/Makefile"},
      {"main.c", "common/main.c"},
      {"", ""}, {"", ""}, {"", ""}, {"", ""}}},
};
// clang-format on

static Error makeError(const Twine &message) {
  return createStringError(inconvertibleErrorCode(), message);
}

std::vector<StringRef> edgecc::kitNames() {
  std::vector<StringRef> names;
  for (const Kit &kit : kits)
    names.push_back(kit.name);
  return names;
}

/// What CMSIS calls a core; empty for those that it has no name for.
static std::string coreName(target::CpuAttr cpu) {
  StringRef name = cpu.getCpu();
  if (!name.consume_front("cortex-m"))
    return "";
  bool isPlus = name.consume_back("plus");
  return ("Cortex-M" + name + (isPlus ? "+" : "")).str();
}

namespace {

/// Writes one kit.
class KitWriter {
public:
  KitWriter(const CompiledModel &model, const Kit &kit, StringRef folder)
      : model(model), kit(kit), folder(folder) {
    collectWords();
  }

  Error write();

private:
  void collectWords();
  /// `text` with a word for each `@NAME@` that there is one for.
  std::string replace(StringRef text) const;
  std::string readTemplate(StringRef path) const;
  Error writeFile(StringRef path, StringRef text) const;
  /// The path of a file of the kit, whose folder is there afterwards.
  Expected<std::string> makePath(StringRef path) const;
  Error writeLibrary() const;

  const CompiledModel &model;
  const Kit &kit;
  StringRef folder;
  StringMap<std::string> words;
};

} // namespace

void KitWriter::collectWords() {
  const ModelInterface &interface = model.interface;
  target::CpuAttr cpu = model.cpu;
  ExampleProgram example = makeExample(interface);
  words["NAME"] = interface.name;
  words["PREFIX"] = StringRef(interface.name).upper();
  words["CPU"] = cpu.getCpu().str();
  words["TRIPLE"] = cpu.getTriple().str();
  words["DCORE"] = coreName(cpu);
  words["VERSION"] = EDGECC_VERSION;
  words["ARENA_BYTES"] =
      std::to_string(std::max<int64_t>(interface.arenaBytes, 1));
  words["CODE_BYTES"] = std::to_string(model.sizes.code);
  words["CONSTANT_BYTES"] = std::to_string(model.sizes.constants);
  words["STACK_ROW"] = interface.stackBytes
                           ? "| stack of a run | " +
                                 std::to_string(*interface.stackBytes) + " |\n"
                           : "";
  words["BUFFERS"] = example.buffers;
  words["FILL"] = example.fill;
  words["CALL"] = example.call;
  words["MAIN"] = kit.mainName.str();
  words["USAGE"] = StringRef(replace(readTemplate(kit.usage))).rtrim().str();
}

std::string KitWriter::replace(StringRef text) const {
  std::string result;
  while (!text.empty()) {
    auto [before, behind] = text.split('@');
    result += before;
    if (before.size() == text.size())
      break;
    auto [name, rest] = behind.split('@');
    auto word = words.find(name);
    if (word == words.end()) {
      result += '@';
      text = behind;
      continue;
    }
    result += word->second;
    text = rest;
  }
  return result;
}

std::string KitWriter::readTemplate(StringRef path) const {
  const auto *found =
      llvm::find_if(templates, [&](auto &file) { return file.first == path; });
  assert(found != std::end(templates) && "no such template");
  return found->second.str();
}

Expected<std::string> KitWriter::makePath(StringRef path) const {
  SmallString<128> whole(folder);
  sys::path::append(whole, replace(path));
  StringRef parent = sys::path::parent_path(whole);
  if (std::error_code code = sys::fs::create_directories(parent))
    return makeError("cannot make the folder '" + parent +
                     "': " + code.message());
  return whole.str().str();
}

Error KitWriter::writeFile(StringRef path, StringRef text) const {
  auto whole = makePath(path);
  if (!whole)
    return whole.takeError();
  std::error_code code;
  raw_fd_ostream os(*whole, code);
  if (!code) {
    os << text;
    os.close();
    code = os.error();
    os.clear_error();
  }
  if (code)
    return makeError("cannot write '" + *whole + "': " + code.message());
  return Error::success();
}

Error KitWriter::writeLibrary() const {
  auto path = makePath(kit.library);
  if (!path)
    return path.takeError();
  std::string name = model.interface.name + ".o";
  NewArchiveMember member(MemoryBufferRef(
      StringRef(model.object.data(), model.object.size()), name));
  return writeArchive(*path, member, SymtabWritingMode::NormalSymtab,
                      object::Archive::K_GNU, /*Deterministic=*/true,
                      /*Thin=*/false);
}

Error KitWriter::write() {
  if (kit.name == "cmsis-pack" && words["DCORE"].empty())
    return makeError("a CMSIS-Pack is for Arm's microcontrollers, and '" +
                     words["CPU"] + "' is none");
  std::string header;
  raw_string_ostream os(header);
  writeHeader(model.interface, model.interface.name + ".h", os);
  if (Error error = writeLibrary())
    return error;
  if (Error error = writeFile(kit.header, header))
    return error;
  for (StringRef shared : {"README.md", "NOTICE"})
    if (Error error = writeFile(
            shared, replace(readTemplate(("common/" + shared).str()))))
      return error;
  for (const KitFile &file : kit.files)
    if (!file.path.empty())
      if (Error error =
              writeFile(file.path, replace(readTemplate(file.source))))
        return error;
  return Error::success();
}

Error edgecc::writeKit(const CompiledModel &model, StringRef kit,
                       StringRef folder) {
  const Kit *found =
      llvm::find_if(kits, [&](const Kit &k) { return k.name == kit; });
  if (found == std::end(kits))
    return makeError("there is no kit for '" + kit + "'; expected one of " +
                     join(kitNames(), ", "));
  return KitWriter(model, *found, folder).write();
}
