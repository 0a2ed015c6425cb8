//===- Header.cpp - the C header of a network -------------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/object/Header.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace edgecc;

/// The text of runtime/include/edgecc/model.h.
static constexpr StringLiteral modelHeader =
#include "codegen/object/ModelHeader.inc"
    ;
/// The text of runtime/include/edgecc/npu.h.
static constexpr StringLiteral npuHeader =
#include "codegen/object/NpuHeader.inc"
    ;
/// The text of runtime/include/edgecc/threads.h.
static constexpr StringLiteral threadsHeader =
#include "codegen/object/ThreadsHeader.inc"
    ;

/// The text of runtime/include/edgecc/values.h.
static constexpr StringLiteral valuesHeader =
#include "codegen/object/ValuesHeader.inc"
    ;

/// The text of runtime/include/edgecc/quantization.h.
static constexpr StringLiteral quantizationHeader =
#include "codegen/object/QuantizationHeader.inc"
    ;

/// Text that cannot end a comment or start one inside.
static std::string makeComment(StringRef text) {
  std::string result;
  for (char c : text)
    result += (c == '*' || c == '/' || !isPrint(c)) ? '.' : c;
  return result;
}

namespace {

/// Writes the sections of the header one after the other.
class HeaderWriter {
public:
  HeaderWriter(const ModelInterface &model, StringRef fileName, raw_ostream &os)
      : model(model), fileName(fileName), os(os),
        prefix(StringRef(model.name).upper()) {}

  void write();

private:
  void writeMacros();
  void writeTensorMacros(const TensorInterface &tensor, StringRef kind);
  /// Functions between real numbers and the integers of `tensor`.
  void writeConversions(const TensorInterface &tensor, StringRef kind);
  void writeRun();
  /// Declares the function of that suffix, which takes inputs, outputs, arenas
  /// and `last`, if there is such an argument.
  void writeEntry(StringRef suffix, StringRef last);
  /// What a comment on `tensor` says of sizes of run time.
  void writeSizes(const TensorInterface &tensor);
  static bool isSized(const TensorInterface &tensor) {
    return !tensor.dims.empty() || !tensor.shape.empty();
  }
  void writeLayers();
  void writeCopies();
  void writeExample();
  void writeDriver();
  bool hasThreads() const { return model.threads > 1; }
  bool hasNpu() const { return !model.npuFunctions.empty(); }
  std::string macroOf(const TensorInterface &tensor, StringRef kind) {
    return prefix + "_" + kind.str() + "_" + StringRef(tensor.cName).upper();
  }

  const ModelInterface &model;
  StringRef fileName;
  raw_ostream &os;
  std::string prefix;
};

} // namespace

void HeaderWriter::write() {
  os << "/* " << fileName << " - the network '" << model.name
     << "', compiled by edgecc. Written by the compiler. */\n\n"
     << "#ifndef " << prefix << "_EDGECC_H\n#define " << prefix
     << "_EDGECC_H\n\n";
  writeExample();
  os << "\n" << modelHeader << "\n";
  if (hasThreads())
    os << threadsHeader << "\n";
  if (model.showsValues)
    os << valuesHeader << "\n";
  if (hasNpu() && !model.bringsNpuDriver)
    os << npuHeader << "\n";
  if (any_of(concat<const TensorInterface>(model.inputs, model.outputs),
             [](const TensorInterface &tensor) {
               return tensor.quantization.has_value();
             }))
    os << quantizationHeader << "\n";
  os << "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
  writeMacros();
  writeRun();
  writeLayers();
  writeCopies();
  writeDriver();
  os << "#ifdef __cplusplus\n}\n#endif\n\n#endif /* " << prefix
     << "_EDGECC_H */\n";
}

void HeaderWriter::writeTensorMacros(const TensorInterface &tensor,
                                     StringRef kind) {
  std::string macro = macroOf(tensor, kind);
  const ElementInfo *info = getElementInfo(tensor.type.getElementType());
  os << "/* '" << makeComment(tensor.name) << "': " << info->name << ", "
     << formatShape(tensor.type) << ", row-major";
  writeSizes(tensor);
  os << " */\n"
     << "#define " << macro << "_SIZE " << tensor.type.getNumElements()
     << " /* elements" << (isSized(tensor) ? ", at most" : "") << " */\n"
     << "#define " << macro << "_BYTES " << tensor.bytes << "\n"
     << "#define " << macro << "_TYPE EDGECC_TYPE_" << info->macro << "\n"
     << "#define " << macro << "_RANK " << tensor.type.getRank() << "\n";
  for (auto [i, size] : enumerate(tensor.type.getShape()))
    os << "#define " << macro << "_DIM" << i << " " << size << "\n";
  if (tensor.quantization)
    writeConversions(tensor, kind);
  os << "\n";
}

void HeaderWriter::writeConversions(const TensorInterface &tensor,
                                    StringRef kind) {
  const Quantization &quantization = *tensor.quantization;
  std::string macro = macroOf(tensor, kind);
  StringRef type = getElementInfo(tensor.type.getElementType())->cType;
  std::string name = model.name + "_quantize_" + tensor.cName;
  os << "/* It stands for real numbers: (integer - zero point) * scale. */\n"
     << "#define " << macro << "_SCALE " << formatFloat(quantization.scale)
     << "f\n#define " << macro << "_ZERO_POINT " << quantization.zeroPoint
     << "\n"
     << "static inline " << type << " " << name << "(float value) {\n"
     << "  return (" << type << ")edgecc_quantize_v0(value, " << macro
     << "_SCALE,\n      " << macro << "_ZERO_POINT, " << quantization.least
     << ", " << quantization.most << ");\n}\n"
     << "static inline void " << name << "_array(\n    const float *from, "
     << type << " *to, size_t count) {\n  size_t i;\n"
     << "  for (i = 0; i < count; ++i)\n    to[i] = " << name
     << "(from[i]);\n}\n";
  name = model.name + "_dequantize_" + tensor.cName;
  os << "static inline float " << name << "(" << type << " value) {\n"
     << "  return edgecc_dequantize_v0(value, " << macro << "_SCALE,\n      "
     << macro << "_ZERO_POINT);\n}\n"
     << "static inline void " << name << "_array(\n    const " << type
     << " *from, float *to, size_t count) {\n  size_t i;\n"
     << "  for (i = 0; i < count; ++i)\n    to[i] = " << name
     << "(from[i]);\n}\n";
}

void HeaderWriter::writeSizes(const TensorInterface &tensor) {
  if (tensor.range)
    os << ": the size of '" << makeComment(tensor.name) << "', from "
       << tensor.range->first << " to " << tensor.range->second;
  if (isSized(tensor))
    os << ",\n * the largest shape: elements follow each other without gaps, "
          "and memory is\n * there for all of it";
  for (auto [i, name] : enumerate(tensor.dims))
    if (!name.empty())
      os << "; dimension " << i << " is '" << makeComment(name) << "'";
  if (!tensor.shape.empty())
    os << "; its shape is '" << makeComment(tensor.shape) << "'";
}

void HeaderWriter::writeMacros() {
  os << "/* What " << model.name << "_run returns. */\n"
     << "#define " << prefix << "_OK EDGECC_OK\n"
     << "#define " << prefix << "_NULL_POINTER EDGECC_NULL_POINTER\n"
     << "#define " << prefix << "_MISALIGNED_ARENA EDGECC_MISALIGNED_ARENA\n"
     << "#define " << prefix << "_SMALL_ARENA EDGECC_SMALL_ARENA\n";
  if (model.hasStep)
    os << "#define " << prefix << "_NO_SUCH_LAYER EDGECC_NO_SUCH_LAYER\n";
  if (hasNpu() && !model.hasNpuFallback)
    os << "#define " << prefix << "_NPU_FAILED EDGECC_NPU_FAILED\n";
  if (model.hasSizes())
    os << "#define " << prefix
       << "_SIZE_OUT_OF_RANGE EDGECC_SIZE_OUT_OF_RANGE\n";
  os << "\n#define " << prefix << "_MODEL_VERSION 0\n\n"
     << "/* The memory that a run works in. All other memory that the network\n"
     << " * uses is constant (" << model.weightBytes
     << " bytes of weights) or stack. */\n"
     << "#define " << prefix << "_ARENA_BYTES "
     << std::max<int64_t>(model.arenaBytes, 1) << "\n"
     << "#define " << prefix << "_ARENA_ALIGN " << model.arenaAlign << "\n";
  for (const RegionInterface &region : model.regions)
    os << "#define " << prefix << "_" << StringRef(region.name).upper()
       << "_BYTES " << region.bytes << "\n";
  os << "/* Put before the declaration of an arena. */\n"
     << "#if defined(__cplusplus) && __cplusplus >= 201103L\n"
     << "#define " << prefix << "_ALIGNED alignas(" << model.arenaAlign << ")\n"
     << "#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L\n"
     << "#define " << prefix << "_ALIGNED _Alignas(" << model.arenaAlign
     << ")\n"
     << "#elif defined(__GNUC__)\n"
     << "#define " << prefix << "_ALIGNED __attribute__((aligned("
     << model.arenaAlign << ")))\n"
     << "#elif defined(_MSC_VER)\n"
     << "#define " << prefix << "_ALIGNED __declspec(align(" << model.arenaAlign
     << "))\n"
     << "#endif\n\n";
  if (model.stackBytes)
    os << "/* The most stack that a run takes, beside what interrupts "
       << (hasThreads() ? "and the hook for\n * threads " : "")
       << (hasNpu() ? "and the driver\n * of the NPU " : "") << "take. */\n"
       << "#define " << prefix << "_STACK_BYTES " << *model.stackBytes
       << "\n\n";
  if (hasThreads())
    os << "/* The number of threads that a run is made for. */\n"
       << "#define " << prefix << "_THREADS " << model.threads << "\n\n";
  if (hasThreads() && model.taskStackBytes)
    os << "/* The most stack that a task takes on the thread that runs it. */\n"
       << "#define " << prefix << "_TASK_STACK_BYTES " << *model.taskStackBytes
       << "\n\n";
  for (const TensorInterface &input : model.inputs)
    writeTensorMacros(input, "INPUT");
  for (const TensorInterface &output : model.outputs)
    writeTensorMacros(output, "OUTPUT");
}

void HeaderWriter::writeEntry(StringRef suffix, StringRef last) {
  auto writeParameter = [&](const TensorInterface &tensor, bool isInput) {
    const ElementInfo *info = getElementInfo(tensor.type.getElementType());
    os << "    " << (isInput ? "const " : "") << info->cType << " *"
       << tensor.cName << ", /* " << (isInput ? "in" : "out") << ": "
       << info->name << " " << formatShape(tensor.type) << " */\n";
  };
  os << "int32_t " << model.name << suffix << "(\n";
  for (const TensorInterface &input : model.inputs)
    writeParameter(input, true);
  for (const TensorInterface &output : model.outputs)
    writeParameter(output, false);
  SmallVector<RegionInterface> arenas = model.getArenas();
  for (auto [i, arena] : enumerate(arenas)) {
    bool isLast = last.empty() && i + 1 == arenas.size();
    os << "    void *" << arena.name << ", /* at a multiple of "
       << model.arenaAlign << " */\n"
       << "    size_t " << arena.name << "_bytes" << (isLast ? "" : ",")
       << " /* at least " << prefix << "_" << StringRef(arena.name).upper()
       << "_BYTES */" << (i + 1 < arenas.size() ? "\n" : "");
  }
  if (!last.empty())
    os << "\n    " << last;
  os << ");\n\n";
}

void HeaderWriter::writeLayers() {
  if (model.layers.empty())
    return;
  os << "/* The layers of a run, in order. */\n"
     << "#define " << prefix << "_LAYERS " << model.layers.size() << "\n"
     << "#define " << prefix << "_LAYER_NAMES";
  ListSeparator comma(",");
  for (const std::string &name : model.layers) {
    os << comma << " \\\n  \"";
    os.write_escaped(name) << "\"";
  }
  os << "\n\n";
  if (model.hasStep) {
    os << "/* Runs one layer. All of them, one after the other, do what "
       << model.name
       << "_run\n * does; the arguments stay the same until the "
          "last one has run. */\n";
    writeEntry("_step", "uint32_t layer /* below " + prefix + "_LAYERS */");
  }
  if (model.showsValues)
    os << "/* Called by " << model.name
       << "_run for each value of the graph that a layer has\n * written: its "
          "number, what it is, and its first element. The object has\n * an "
          "empty function, which one of yours replaces; its stack comes on "
          "top. "
          "*/\n"
       << "#define " << prefix << "_VALUES " << model.values.size() << "\n"
       << "void " << model.name
       << "_on_value(uint32_t number, const edgecc_value_v0_t *value,\n"
          "    const void *data);\n\n";
  if (model.announcesLayers)
    os << "/* Called by " << model.name
       << "_run with the number of each layer before it begins, and\n * with "
       << prefix
       << "_LAYERS when the last one has ended. The object has an "
          "empty\n * function, which one of yours replaces; its stack comes on "
          "top. */\n"
       << "void " << model.name << "_on_layer(uint32_t layer);\n\n";
}

void HeaderWriter::writeCopies() {
  if (!model.copiesConstants)
    return;
  os << "/* How constants come to faster memory: a run begins each copy before "
        "the layer\n * ahead of the one that reads it, and waits for all that "
        "have begun before that\n * layer. The object has a start that copies "
        "at "
        "once, and a wait that does\n * nothing; two of yours, which let a DMA "
        "do it, replace them. Both addresses are\n * multiples of "
     << model.arenaAlign << ". Their stack comes on top. */\n"
     << "void " << model.name
     << "_copy_start(void *to, const void *from, size_t bytes);\n"
     << "void " << model.name << "_copy_wait(void);\n\n";
}

void HeaderWriter::writeDriver() {
  if (hasNpu() && !model.bringsNpuDriver)
    os << "/* The driver of the NPU, which the object calls and does not have. "
          "*/\n"
       << model.npuFunctions << "\n";
}

void HeaderWriter::writeRun() {
  os << "/* Runs the network: reads the inputs, writes the outputs and the "
        "arena.\n * Reentrant: runs at the same time need different arenas and "
        "outputs. */\n";
  writeEntry("_run", hasThreads() ? "const edgecc_threads_v0_t *threads /* or "
                                    "NULL for this thread alone */"
                                  : "");
  if (hasThreads())
    os << "/* The same with one pointer per input and output, in order. */\n"
       << "int32_t " << model.name
       << "_run_arrays(const void *const *inputs, void *const *outputs,\n"
       << "    void *arena, size_t arena_bytes, const edgecc_threads_v0_t "
          "*threads);\n\n";
  os << "/* The same for callers that work with any network"
     << (hasThreads() ? ", on this thread alone" : "") << ". */\n"
     << "extern const edgecc_model_v0_t " << model.name << "_model;\n\n"
     << "#if defined(__cplusplus) && __cplusplus >= 201103L\n"
     << "#define " << prefix << "_ASSERT static_assert\n"
     << "#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L\n"
     << "#define " << prefix << "_ASSERT _Static_assert\n"
     << "#endif\n"
     << "#ifdef " << prefix << "_ASSERT\n"
     << prefix << "_ASSERT(sizeof(float) == 4 && sizeof(double) == 8,\n"
     << "    \"IEEE floating point\");\n"
     << prefix
     << "_ASSERT(sizeof(void *) == sizeof(size_t), \"flat memory\");\n"
     << prefix
     << "_ASSERT(sizeof(edgecc_tensor_v0_t) == 3 * sizeof(void *) + 8,\n"
     << "    \"layout of edgecc_tensor_v0_t\");\n"
     << prefix
     << "_ASSERT(sizeof(edgecc_model_v0_t) == 5 * sizeof(void *) + 16,\n"
     << "    \"layout of edgecc_model_v0_t\");\n"
     << "#endif\n\n";
}

ExampleProgram edgecc::makeExample(const ModelInterface &model) {
  ExampleProgram example;
  raw_string_ostream buffers(example.buffers), fill(example.fill),
      call(example.call);
  std::string prefix = StringRef(model.name).upper();
  auto writeBuffer = [&](const TensorInterface &tensor, StringRef kind) {
    const ElementInfo *info = getElementInfo(tensor.type.getElementType());
    buffers << "static " << info->cType << " " << tensor.cName << "[" << prefix
            << "_" << kind << "_" << StringRef(tensor.cName).upper()
            << "_SIZE];\n";
  };
  call << model.name << "_run(";
  for (const TensorInterface &input : model.inputs) {
    writeBuffer(input, "INPUT");
    if (input.type.getNumElements() > 0)
      fill << "  " << input.cName << "[0] = 1; // fill the input\n";
    call << input.cName << ", ";
  }
  for (const TensorInterface &output : model.outputs) {
    writeBuffer(output, "OUTPUT");
    call << output.cName << ", ";
  }
  ListSeparator comma;
  for (const RegionInterface &arena : model.getArenas()) {
    call << comma;
    if (arena.bytes == 0 && !model.regions.empty()) {
      call << "NULL, 0";
      continue;
    }
    // The alignment first, where C++ wants it.
    buffers << prefix << "_ALIGNED static unsigned char " << arena.name << "["
            << prefix << "_" << StringRef(arena.name).upper() << "_BYTES];\n";
    call << arena.name << ", sizeof " << arena.name;
  }
  call << (model.threads > 1 ? ", NULL" : "") << ")";
  return example;
}

void HeaderWriter::writeExample() {
  ExampleProgram example = makeExample(model);
  std::string text =
      ("#include \"" + fileName + "\"\n\n" + example.buffers +
       "\nint main(void) {\n  int32_t status;\n" + example.fill +
       "  status = " + example.call + ";\n  if (status != " + prefix +
       "_OK)\n    return (int)status;\n  // the result is in")
          .str();
  for (const TensorInterface &output : model.outputs)
    text += " " + output.cName;
  text += "\n  return 0;\n}";
  os << "/* Example:\n *\n";
  for (StringRef line : split(text, '\n'))
    os << (line.empty() ? " *" : " * ") << line << "\n";
  os << " */\n";
}

void edgecc::writeHeader(const ModelInterface &model, StringRef fileName,
                         raw_ostream &os) {
  HeaderWriter(model, fileName, os).write();
}
