//===- MachineLearning.h - what operators of ai.onnx.ml share ---*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_ONNXTOEDGE_MACHINELEARNING_H
#define EDGECC_PASSES_ONNXTOEDGE_MACHINELEARNING_H

#include "passes/OnnxToEdge/Arithmetic.h"

namespace edgecc {

/// The domain of ONNX's classical models.
inline constexpr llvm::StringLiteral kMlDomain = "ai.onnx.ml";

/// Operand 0 as samples (N, features) of f32 (or f64); a vector is one sample.
llvm::FailureOr<mlir::Value> readSamples(ConversionContext &ctx);

/// The classes that a classifier tells apart.
struct ClassLabels {
  llvm::SmallVector<int64_t> numbers;
};

/// The labels of attribute `ints`; an error for strings.
llvm::FailureOr<ClassLabels> readClassLabels(ConversionContext &ctx,
                                             llvm::StringRef ints,
                                             llvm::StringRef strings);

/// Applies a post_transform of ONNX to scores (N, classes).
llvm::FailureOr<mlir::Value> transformScores(ConversionContext &ctx,
                                             mlir::Value scores,
                                             llvm::StringRef transform);

/// The result of a regressor in f32 for its `scores` (N, targets), which may
/// have failed, after the post_transform of the node.
Converted regress(ConversionContext &ctx, llvm::FailureOr<mlir::Value> scores);

/// The labels (N) and the scores (N, classes) for scores (N, classes), or (N,
/// 1), the score of the second of two classes; that is a probability if
/// `isProbability`.
Converted classify(ConversionContext &ctx, mlir::Value scores,
                   const ClassLabels &labels, llvm::StringRef transform,
                   bool isProbability);

/// The families of the domain.
void registerMachineLearningConverters(ConverterTable &table);
void registerSupportVectorConverters(ConverterTable &table);
void registerTreeEnsembleConverters(ConverterTable &table);

} // namespace edgecc

#endif // EDGECC_PASSES_ONNXTOEDGE_MACHINELEARNING_H
