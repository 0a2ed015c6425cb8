//===- Passes.td - from operations to kernels --------------*- tablegen -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_PASSES_TD
#define EDGECC_CODEGEN_KERNELS_PASSES_TD

include "mlir/Pass/PassBase.td"

def SelectSparse : Pass<"edgecc-select-sparse", "::mlir::func::FuncOp"> {
  let summary = "choose layers that are better without their zero weights";
  let description = [{
    Gives those convolutions and products whose constant weights have so many
    zeros that the cost model expects it to be faster (for little code: to take
    fewer bytes) to multiply only by the others the attribute `edge.sparse`, or
    `edge.sparse_panels` if zeros are left out by rows of panels, not singly.
    Results of floats differ by rounding, and where a zero would have met an
    infinity. What is known of weights and of the choice is written to
    `edge.weights`. The module must carry `target.cpu`.
  }];
  let options = [
    Option<"winograd", "winograd", "bool", /*default=*/"true",
           "whether the other convolutions may use Winograd's algorithm">,
    Option<"always", "always", "bool", /*default=*/"false",
           "whether to leave zeros out wherever a kernel can">,
    Option<"coded", "coded", "bool", /*default=*/"false",
           "whether constants become codes, of which those of zeros take less "
           "than positions of rows">,
  ];
}

def SelectWinograd : Pass<"edgecc-select-winograd", "::mlir::func::FuncOp"> {
  let summary = "choose convolutions that are faster with fewer products";
  let description = [{
    Gives those f32 convolutions of `taps` x `taps` taps with constant weights
    that the cost model expects to be faster by Winograd's minimal filtering the
    attribute `edge.winograd`, the size of the output tile. Their weights take
    (tile + taps - 1)^2 / taps^2 times the space; results differ by rounding.
    Where the CPU
    has no third level of cache, memory is taken to be scarce: all weights
    together grow by `growth` at most, and the convolutions that gain most for
    a byte are chosen. None is chosen that has more than `limit` bytes alive
    while it runs. The module must carry `target.cpu`.
  }];
  let options = [
    Option<"growth", "growth", "unsigned", /*default=*/"25",
           "percent by which constants may grow where memory is scarce">,
    Option<"limit", "limit", "int64_t", /*default=*/"-1",
           "bytes that may be alive at one time; negative for no limit">,
  ];
}

def TuneKernels : Pass<"edgecc-tune-kernels", "::mlir::func::FuncOp"> {
  let summary = "choose among the best candidates of the cost model by measuring";
  let description = [{
    Convolutions and products get their register tiles (`edge.tiles`) and the
    tile of Winograd's filtering (`edge.winograd`) as attributes. The candidates
    are the few that the cost model finds best; a tuner that the pipeline brings
    measures them, each operation by itself. Without one nothing happens.
  }];
  let statistics = [
    Statistic<"numChanged", "choices-changed",
              "operations for which the cost model would choose another way">
  ];
}

def FormRowStreams : Pass<"edgecc-form-row-streams", "::mlir::func::FuncOp"> {
  let summary = "compute operations row by row where most bytes are alive";
  let description = [{
    Where the CPU has no second level of cache, memory is taken to be scarce. As
    long as it leaves fewer bytes alive, the operations around the one at which
    most are alive, convolutions and maps of bytes with their borders, become an
    `edge.row_stream`: the tensors between them are then never there as a whole,
    and the result may lie over what is read. In the end streams compute more
    rows at a time, which is faster, as long as memory grows by no more than
    `growth`. With a `limit`, on any CPU, streams are formed while more bytes
    are alive, each of as few operations as that takes, and compute as many rows
    at a time as it allows. Borders must be explicit. The module must carry
    `target.cpu`.
  }];
  let options = [
    Option<"growth", "growth", "unsigned", /*default=*/"10",
           "percent by which memory may grow for the sake of speed">,
    Option<"limit", "limit", "int64_t", /*default=*/"-1",
           "bytes that may be alive at one time; negative for no limit">,
  ];
  let statistics = [Statistic<"numStreams", "streams", "streams formed">];
}

def MaterializeCopies : Pass<"edgecc-materialize-copies",
                             "::mlir::func::FuncOp"> {
  let summary = "make every value that must lie in a given place a kernel's own";
  let description = [{
    What a function or a branch gives back, and what a concatenation joins,
    must be written by a kernel of its own into its place. Where the value is
    an argument, a constant, or is wanted in two places, a copy (an identity
    `edge.map`) is inserted.
  }];
  let dependentDialects = ["::edgecc::edge::EdgeDialect"];
}

def EmitKernels : Pass<"edgecc-emit-kernels", "::mlir::ModuleOp"> {
  let summary = "replace edge operations by kernels on memory";
  let description = [{
    Gives each tensor a buffer and each operation a private function of loops
    that is called on buffers. Reshapes share the buffer of their operand,
    operands of concatenations and of constant padding are computed inside the
    larger buffer, elementwise results overwrite operands that nobody reads
    again. Constants, in the form that their kernels ask for, become one blob.

    The arguments of `@main` afterwards are the inputs, the outputs, and the
    arena, which is still empty: buffers are allocations until the arena is
    planned. The module must carry `target.cpu`.
  }];
  let dependentDialects = [
    "::mlir::amx::AMXDialect", "::mlir::arith::ArithDialect",
    "::mlir::LLVM::LLVMDialect",
    "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

def CompressConstants : Pass<"edgecc-compress-constants", "::mlir::ModuleOp"> {
  let summary = "store constants in fewer bytes";
  let description = [{
    Constants that kernels of `@main` read as a whole are stored in another form
    where that takes fewer bytes: their elements, of one, two or four bytes, have
    codes that are short where they occur often. Before each kernel that reads
    one, calls of `edge.kind` "decode" write it into an allocation, which is
    planned like any other and so lives no longer than its reader. Not a bit of
    it changes.

    With `bytes`, those that save most for each element come first, until so many
    bytes are saved. With a memory map on the module, or a `limit`, no constant
    is decoded for which there is no room. The module must carry `target.cpu`.
  }];
  let options = [
    Option<"bytes", "bytes", "int64_t", /*default=*/"INT64_MAX",
           "how many to save">,
    Option<"limit", "limit", "int64_t", /*default=*/"-1",
           "bytes that buffers may take; negative for no limit">,
  ];
  let statistics = [
    Statistic<"numCompressed", "compressed", "constants in another form">,
    Statistic<"numSaved", "saved", "bytes that this saves">
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect"];
}

def EstimateQuotients
    : Pass<"edgecc-estimate-quotients", "::mlir::ModuleOp"> {
  let summary = "divide by way of the machine's estimate of a reciprocal";
  let description = [{
    Quotients of vectors of f32 that carry `fastmath<arcp>`, which expansions of
    sigmoid, tanh and erf put on those of a finite divisor of at least one, are
    computed from an estimate of the divisor's reciprocal where the CPU has one:
    within 1.5 units in the last place, or .6 with `ninf` for a finite numerator,
    in a third to a sixth of the time. The flags are gone afterwards. Modules
    with `edge.small_code` keep their divisions.
    The module must carry `target.cpu`.
  }];
  let statistics = [Statistic<"numReplaced", "replaced", "divisions replaced">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect",
    "::mlir::math::MathDialect"];
}

#endif // EDGECC_CODEGEN_KERNELS_PASSES_TD
