//===- Passes.td - passes for sizes of run time ------------*- tablegen -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_BOUNDS_PASSES_TD
#define EDGECC_PASSES_BOUNDS_PASSES_TD

include "mlir/Pass/PassBase.td"

def BoundShapes : Pass<"edgecc-bound-shapes", "::mlir::ModuleOp"> {
  let summary = "let sizes be known at run time, up to a bound";
  let description = [{
    The attribute `edge.bounds` of the module gives symbols a least and a largest
    size, `edge.dims` of an argument of `main` says which of its dimensions are
    symbols. `main` is the network at the largest sizes; functions with the
    attribute `edge.sizes` are the same network at others.

    Follows the symbols through `main`. A tensor keeps the shape of the bound,
    and only its first elements along such a dimension count; where an operation
    combines elements along it, the others are replaced by what changes nothing.
    Each symbol becomes an argument, an `i32`; results whose shape depends on
    symbols are followed by one that holds their shape. What the other functions
    say must agree with what was followed, and constants must be the same but for
    their sizes, or be a multiple of a size plus a constant, or its reciprocal.
    Anything else is an error that names the operation.

    A `builtin.unrealized_conversion_cast` of a tensor and a count, with the
    attribute `edge.dim`, marks a dimension whose size depends on values, and is
    another such size; it is gone afterwards.

    If each slice of the results along their first dimension depends on the same
    slice of the inputs only, `main` becomes the function with the attribute
    `edge.slice`, the network at the size one. Arguments and results of which a
    run then sees one slice have the attribute `edge.slices`, the largest number
    of them, and the argument that is their number has `edge.repeats`: entry
    points repeat the network.

    Without any of them nothing changes.
  }];
  let options = [Option<"repeatSlices", "repeat-slices", "bool", "true",
                        "compute one slice of a batch after the other">];
  let dependentDialects = ["::edgecc::edge::EdgeDialect"];
}

#endif // EDGECC_PASSES_BOUNDS_PASSES_TD
