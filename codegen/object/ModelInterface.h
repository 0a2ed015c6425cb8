//===- ModelInterface.h - what a caller sees of a network -------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_OBJECT_MODELINTERFACE_H
#define EDGECC_CODEGEN_OBJECT_MODELINTERFACE_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/SmallVector.h"
#include <optional>
#include <string>
#include <vector>

namespace edgecc {

/// The real number that an integer stands for: `(integer - zeroPoint) * scale`.
struct Quantization {
  float scale;
  int64_t zeroPoint;
  /// The integers that there are.
  int64_t least, most;
};

/// An input or output.
struct TensorInterface {
  /// As the graph names it.
  std::string name;
  /// A C identifier made of it, unique among all inputs and outputs.
  std::string cName;
  /// Shape and element type as the graph has them (`i1` for bool).
  mlir::RankedTensorType type;
  /// Bytes in memory.
  int64_t bytes = 0;
  /// The names of its dimensions whose sizes are known at run time only, empty
  /// for others; `type` has the largest sizes. Inputs only.
  llvm::SmallVector<std::string> dims;
  /// The name of the output that holds the shape of this one, if the shape is
  /// known at run time only.
  std::string shape;
  /// Of an input or output that is the size of a dimension: the least and the
  /// largest.
  std::optional<std::pair<int64_t, int64_t>> range;
  /// The bytes that one run of a network sees that is repeated for each slice;
  /// 0 for what it sees all of.
  int64_t sliceBytes = 0;
  /// What its integers stand for, if it is quantised.
  std::optional<Quantization> quantization;
};

/// A value inside of a network, in memory.
struct ValueInterface {
  /// Its dimensions are in the order of memory; bytes without gaps.
  TensorInterface tensor;
  /// The distance in elements between neighbours, for each dimension.
  llvm::SmallVector<uint32_t> strides;
};

/// A memory of its own that a run works in.
struct RegionInterface {
  /// A C identifier.
  std::string name;
  /// Bytes that it has to hold, that no plan undercuts, and that it has.
  int64_t bytes = 0, lowerBound = 0, capacity = 0;
};

/// Inputs, outputs and memory of a network.
struct ModelInterface {
  /// The prefix of its C names.
  std::string name;
  llvm::SmallVector<TensorInterface> inputs, outputs;
  /// Working memory: bytes, and the alignment of its start.
  int64_t arenaBytes = 0;
  unsigned arenaAlign = 64;
  /// With a memory map, the pieces of the working memory, which may lie
  /// anywhere; the bytes of the arena are those of all, one after the other.
  llvm::SmallVector<RegionInterface> regions;
  /// The input that says how often the network is repeated, slice by slice.
  std::optional<unsigned> repeats;
  /// Bytes of the constants in the object.
  int64_t weightBytes = 0;
  /// The section of the constants; the ordinary one if empty.
  std::string weightSection;
  /// The most stack that a run takes, if that is known. Code generation sets
  /// it.
  std::optional<uint64_t> stackBytes;
  /// The names of the layers, in order, if they can run or be watched one by
  /// one.
  llvm::SmallVector<std::string> layers;
  bool hasStep = false, announcesLayers = false, showsValues = false;
  /// Whether a run copies constants to faster memory, by two hooks.
  bool copiesConstants = false;
  /// What is shown, in the order of its numbers.
  std::vector<ValueInterface> values;
  /// Declarations of the C functions that a run calls for what an NPU computes;
  /// empty for none.
  std::string npuFunctions;
  /// Whether the CPU computes that when the driver fails.
  bool hasNpuFallback = false;
  /// Whether the object has the driver itself, which calls the vendor's.
  bool bringsNpuDriver = false;
  /// The threads that a run may have. With more than one the caller provides
  /// them, and `taskStackBytes` is the most stack that a task takes, if known.
  unsigned threads = 1;
  std::optional<uint64_t> taskStackBytes;

  /// Whether a run takes or computes sizes, and refuses those outside of their
  /// range.
  bool hasSizes() const {
    auto isSize = [](const TensorInterface &tensor) {
      return tensor.range.has_value();
    };
    return llvm::any_of(inputs, isSize) || llvm::any_of(outputs, isSize);
  }

  /// The regions, or the arena as the only one.
  llvm::SmallVector<RegionInterface> getArenas() const {
    if (!regions.empty())
      return regions;
    return {{"arena", arenaBytes, arenaBytes, arenaBytes}};
  }

  /// The function behind the model's table, from which all others are called.
  std::string genericEntry() const {
    return name + (threads > 1 ? "_run_alone" : "_run_arrays");
  }
};

/// An element type as C code sees it.
struct ElementInfo {
  /// What the header calls it: `float`, `uint16_t`.
  llvm::StringRef cType;
  /// What messages call it: `f32`, `bool`, `u8`.
  llvm::StringRef name;
  /// What NumPy calls it in an .npy header: `<f4`.
  llvm::StringRef numpy;
  /// The macro in the header: `EDGECC_TYPE_` + this.
  llvm::StringRef macro;
  /// The number in ONNX.
  unsigned onnxType;
  unsigned bytes;
};

/// The facts about an element type; null for types that a caller cannot pass.
const ElementInfo *getElementInfo(mlir::Type element);

/// `1x3x224x224`, or `scalar`.
std::string formatShape(mlir::RankedTensorType type);

/// A float as C, C++ and Rust read it back, without a suffix: `0.25`, `1.0`.
std::string formatFloat(float number);

/// A C identifier made of any text: other characters become underscores.
std::string makeCIdentifier(llvm::StringRef text);

/// Whether no parameter of the functions in a header may have that name, in
/// small letters.
bool isReservedName(llvm::StringRef name);

/// Reads the interface from a module of the kernel stage: the attributes of
/// the arguments of `main`, the arena's size, the sizes of constants. Emits an
/// error for element types that C has no type for.
llvm::FailureOr<ModelInterface> readInterface(mlir::ModuleOp module,
                                              llvm::StringRef name);

} // namespace edgecc

#endif // EDGECC_CODEGEN_OBJECT_MODELINTERFACE_H
