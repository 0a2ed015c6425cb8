//===- Bindings.cpp - a network for other languages than C ------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/object/Bindings.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace edgecc;

/// The arenas that a run writes to; the others are null.
static bool isUsed(const ModelInterface &model, const RegionInterface &arena) {
  return arena.bytes > 0 || model.regions.empty();
}

static int64_t bytesOf(const RegionInterface &arena) {
  return std::max<int64_t>(arena.bytes, 1);
}

/// `Arena` for `arena`.
static std::string typeName(const RegionInterface &arena) {
  std::string name = arena.name;
  name.front() = toUpper(name.front());
  return name;
}

/// Calls `write(tensor, kind)` for inputs and outputs, where `kind` is `input`
/// or `output`.
static void
forTensors(const ModelInterface &model,
           function_ref<void(const TensorInterface &, StringRef)> write) {
  for (const TensorInterface &tensor : model.inputs)
    write(tensor, "input");
  for (const TensorInterface &tensor : model.outputs)
    write(tensor, "output");
}

static std::string describe(const TensorInterface &tensor) {
  return (getElementInfo(tensor.type.getElementType())->name + " " +
          formatShape(tensor.type))
      .str();
}

//===----------------------------------------------------------------------===//
// C++
//===----------------------------------------------------------------------===//

static void writeCpp(const ModelInterface &model, StringRef header,
                     raw_ostream &os) {
  std::string guard = StringRef(model.name).upper() + "_EDGECC_HPP";
  os << "// The network '" << model.name
     << "' for C++20, compiled by edgecc. Written by the compiler.\n\n"
     << "#ifndef " << guard << "\n#define " << guard << "\n\n#include \""
     << header << "\"\n\n#include <cstdint>\n#include <span>\n\n"
     << "struct " << model.name << "_network {\n";
  SmallVector<RegionInterface> arenas = model.getArenas();
  for (const RegionInterface &arena : arenas)
    if (isUsed(model, arena))
      os << "  /// What a run writes to; runs at the same time need one each.\n"
         << "  struct " << typeName(arena) << " {\n    alignas("
         << model.arenaAlign << ") unsigned char bytes[" << bytesOf(arena)
         << "];\n  };\n\n";
  os << "  /// Runs the network. EDGECC_OK, or why nothing was written.\n"
     << "  [[nodiscard]] static std::int32_t\n  run(";
  ListSeparator parameter(",\n      ");
  forTensors(model, [&](const TensorInterface &tensor, StringRef kind) {
    os << parameter << "std::span<" << (kind == "input" ? "const " : "")
       << getElementInfo(tensor.type.getElementType())->cType << ", "
       << tensor.type.getNumElements() << "> " << tensor.cName << " /* "
       << describe(tensor) << " */";
  });
  for (const RegionInterface &arena : arenas)
    if (isUsed(model, arena))
      os << parameter << typeName(arena) << " &" << arena.name;
  if (model.threads > 1)
    os << parameter << "const edgecc_threads_v0_t *threads = nullptr";
  os << ") noexcept {\n    return " << model.name << "_run(";
  ListSeparator comma;
  forTensors(model, [&](const TensorInterface &tensor, StringRef) {
    os << comma << tensor.cName << ".data()";
  });
  for (const RegionInterface &arena : arenas)
    if (isUsed(model, arena))
      os << comma << arena.name << ".bytes, sizeof " << arena.name << ".bytes";
    else
      os << comma << "nullptr, 0";
  if (model.threads > 1)
    os << comma << "threads";
  os << ");\n  }\n};\n\n#endif // " << guard << "\n";
}

//===----------------------------------------------------------------------===//
// Rust
//===----------------------------------------------------------------------===//

/// `u16` for `uint16_t`.
static std::string rustType(const TensorInterface &tensor) {
  const ElementInfo *info = getElementInfo(tensor.type.getElementType());
  StringRef c = info->cType;
  char kind = c.starts_with("uint") ? 'u' : c.starts_with("int") ? 'i' : 'f';
  return kind + std::to_string(info->bytes * 8);
}

/// Names that cannot be words of the language.
static std::string rustName(const TensorInterface &tensor, StringRef kind) {
  return (kind + "_" + tensor.cName).str();
}

static void writeRust(const ModelInterface &model, StringRef header,
                      raw_ostream &os) {
  SmallVector<RegionInterface> arenas = model.getArenas();
  os << "// The network '" << model.name
     << "' for Rust, compiled by edgecc. Written by the compiler.\n"
     << "// `mod " << model.name << ";`, and link the object; " << header
     << " says what a status means.\n\n";
  for (const RegionInterface &arena : arenas)
    if (isUsed(model, arena))
      os << "/// What a run writes to; runs at the same time need one each.\n"
         << "#[repr(C, align(" << model.arenaAlign << "))]\npub struct "
         << typeName(arena) << "(pub [u8; " << bytesOf(arena) << "]);\n\n"
         << "impl " << typeName(arena)
         << " {\n    pub const fn new() -> Self {\n        Self([0; "
         << bytesOf(arena) << "])\n    }\n}\n\n";
  forTensors(model, [&](const TensorInterface &tensor, StringRef kind) {
    if (!tensor.quantization)
      return;
    std::string name = StringRef(rustName(tensor, kind)).upper();
    os << "/// `" << rustName(tensor, kind)
       << "` stands for (integer - ZERO_POINT) * SCALE.\npub const " << name
       << "_SCALE: f32 = " << formatFloat(tensor.quantization->scale)
       << ";\npub const " << name
       << "_ZERO_POINT: i32 = " << tensor.quantization->zeroPoint << ";\n\n";
  });
  os << "extern \"C\" {\n    fn " << model.name << "_run(\n";
  forTensors(model, [&](const TensorInterface &tensor, StringRef kind) {
    os << "        " << rustName(tensor, kind) << ": *"
       << (kind == "input" ? "const " : "mut ") << rustType(tensor) << ",\n";
  });
  for (const RegionInterface &arena : arenas)
    os << "        " << arena.name << ": *mut u8,\n        " << arena.name
       << "_bytes: usize,\n";
  if (model.threads > 1)
    os << "        threads: *const u8,\n";
  os << "    ) -> i32;\n}\n\n"
     << "/// Runs the network; an error is the status, and nothing was "
        "written.\n"
     << "#[allow(non_snake_case)]\npub fn run(\n";
  forTensors(model, [&](const TensorInterface &tensor, StringRef kind) {
    os << "    " << rustName(tensor, kind) << ": &"
       << (kind == "input" ? "" : "mut ") << "[" << rustType(tensor) << "; "
       << tensor.type.getNumElements() << "], // " << describe(tensor) << "\n";
  });
  for (const RegionInterface &arena : arenas)
    if (isUsed(model, arena))
      os << "    " << arena.name << ": &mut " << typeName(arena) << ",\n";
  os << ") -> Result<(), i32> {\n"
     << "    // What the object wants of its pointers is in the types.\n"
     << "    let status = unsafe {\n        " << model.name << "_run(\n";
  forTensors(model, [&](const TensorInterface &tensor, StringRef kind) {
    os << "            " << rustName(tensor, kind)
       << (kind == "input" ? ".as_ptr(),\n" : ".as_mut_ptr(),\n");
  });
  for (const RegionInterface &arena : arenas)
    if (isUsed(model, arena))
      os << "            " << arena.name << ".0.as_mut_ptr(),\n            "
         << arena.name << ".0.len(),\n";
    else
      os << "            core::ptr::null_mut(),\n            0,\n";
  if (model.threads > 1)
    os << "            core::ptr::null(), // this thread alone\n";
  os << "        )\n    };\n    match status {\n        0 => Ok(()),\n"
     << "        _ => Err(status),\n    }\n}\n";
}

ArrayRef<Binding> edgecc::getBindings() {
  static constexpr Binding bindings[] = {{"c++", "hpp", writeCpp},
                                         {"rust", "rs", writeRust}};
  return bindings;
}
