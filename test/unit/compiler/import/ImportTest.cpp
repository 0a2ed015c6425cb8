//===- ImportTest.cpp - the importer's interface -----------------*- C++
//-*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/Import.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "onnx/defs/parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace edgecc;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

namespace {
class ImportTest : public ::testing::Test {
protected:
  ImportTest()
      : handler(&context, [this](Diagnostic &diagnostic) {
          messages += diagnostic.str() + "\n";
          return success();
        }) {
    context.loadDialect<func::FuncDialect, edgecc::onnx::OnnxDialect>();
  }

  /// Imports a model in ONNX's text form.
  OwningOpRef<ModuleOp> import(const char *text) {
    ::onnx::ModelProto model;
    auto status = ::onnx::OnnxParser::Parse(model, text);
    EXPECT_TRUE(status.IsOK()) << status.ErrorMessage();
    SmallString<128> path;
    EXPECT_FALSE(llvm::sys::fs::createTemporaryFile("model", "onnx", path));
    llvm::FileRemover remover(path);
    std::error_code error;
    llvm::raw_fd_ostream(path, error) << model.SerializeAsString();
    return importOnnx(path, options, &context);
  }

  /// Inlines the first node of a function `main` and lists what stands there.
  std::vector<std::string> inlineFirst(const char *text) {
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
    EXPECT_TRUE(module);
    auto main = module->lookupSymbol<func::FuncOp>("main");
    auto node = *main.getOps<edgecc::onnx::NodeOp>().begin();
    inlined = succeeded(inlineFunctionBody(node));
    EXPECT_TRUE(succeeded(verify(*module)));
    std::vector<std::string> names;
    for (auto op : main.getOps<edgecc::onnx::NodeOp>())
      names.push_back(op.getOpType().str());
    return names;
  }

  std::vector<std::string> argumentTypes(ModuleOp module) {
    std::vector<std::string> types;
    for (Type type :
         module.lookupSymbol<func::FuncOp>("main").getArgumentTypes())
      llvm::raw_string_ostream(types.emplace_back()) << type;
    return types;
  }

  MLIRContext context;
  std::string messages;
  ScopedDiagnosticHandler handler;
  ImportOptions options;
  bool inlined = false;
};

constexpr const char *kSymbolic = R"(
  <ir_version: 8, opset_import: ["" : 17]>
  g (float[N, C, L] x, float[C] b) => (float[N, C, L] y) { y = Neg(x) }
)";

TEST_F(ImportTest, namedDimensions) {
  options.dims["C"] = 3;
  options.dims["L"] = 5;
  auto module = import(kSymbolic);
  ASSERT_TRUE(module);
  EXPECT_THAT(argumentTypes(*module),
              ElementsAre("tensor<1x3x5xf32>", "tensor<3xf32>"));
}

TEST_F(ImportTest, shapesGiveNamesTheirValues) {
  options.shapes["x"] = {2, 4, -1};
  auto module = import(kSymbolic);
  ASSERT_TRUE(module);
  EXPECT_THAT(argumentTypes(*module),
              ElementsAre("tensor<2x4x?xf32>", "tensor<4xf32>"));
}

TEST_F(ImportTest, leadingDimensionsAreOne) {
  // "C" leads an input, so that it is 1 everywhere.
  auto module = import(kSymbolic);
  ASSERT_TRUE(module);
  EXPECT_THAT(argumentTypes(*module),
              ElementsAre("tensor<1x1x?xf32>", "tensor<1xf32>"));
  EXPECT_THAT(messages, HasSubstr("the leading dimension 'N' is open"));
}

TEST_F(ImportTest, aNameForSeveralThingsIsNone) {
  auto module = import(R"(
    <ir_version: 8, opset_import: ["" : 17]>
    g (float[any, 3, any] x) => (float[any, 3, any] y) { y = Neg(x) }
  )");
  ASSERT_TRUE(module);
  EXPECT_THAT(argumentTypes(*module), ElementsAre("tensor<1x3x?xf32>"));
}

TEST_F(ImportTest, unknownDimensionName) {
  options.dims["M"] = 3;
  EXPECT_FALSE(import(kSymbolic));
  EXPECT_EQ(messages,
            "the model has no symbolic dimension 'M'; it has N, C, L\n");
}

TEST_F(ImportTest, inlinesAFixedBody) {
  EXPECT_THAT(inlineFirst(R"mlir(
    module attributes {onnx.opsets = {ai.onnx = 17 : i64}} {
      func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
        %y = onnx.node "HardSwish"(%x) since 14
            : (tensor<2x3xf32>) -> tensor<2x3xf32>
        return %y : tensor<2x3xf32>
      }
    })mlir"),
              ElementsAre("HardSigmoid", "Mul"));
  EXPECT_TRUE(inlined);
}

TEST_F(ImportTest, inlinesABodyThatDependsOnTypesAndOpset) {
  // From opset 18 on ReduceMean takes its axes as an operand.
  const char *text = R"mlir(
    module attributes {onnx.opsets = {ai.onnx = 18 : i64}} {
      func.func @main(%x: tensor<2x3xf16>, %s: tensor<3xf16>) -> tensor<2x3xf16> {
        %none = onnx.none
        %y = onnx.node "LayerNormalization"(%x, %s, %none) since 17
            : (tensor<2x3xf16>, tensor<3xf16>, none) -> tensor<2x3xf16>
        return %y : tensor<2x3xf16>
      }
    })mlir";
  std::vector<std::string> names = inlineFirst(text);
  EXPECT_TRUE(inlined);
  EXPECT_THAT(names, ::testing::Contains("ReduceMean"));
  EXPECT_THAT(names, ::testing::Not(::testing::Contains("LayerNormalization")));
}

TEST_F(ImportTest, inlinesWithDefaultAttributes) {
  EXPECT_THAT(inlineFirst(R"mlir(
    func.func @main(%x: tensor<1x3x2x2xf32>) -> tensor<1x3x2x2xf32> {
      %y = onnx.node "MeanVarianceNormalization"(%x) since 13
          : (tensor<1x3x2x2xf32>) -> tensor<1x3x2x2xf32>
      return %y : tensor<1x3x2x2xf32>
    })mlir"),
              ::testing::Contains("ReduceMean"));
  EXPECT_TRUE(inlined);
}

TEST_F(ImportTest, leavesWhatHasNoBody) {
  EXPECT_THAT(inlineFirst(R"mlir(
    func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
      %y = onnx.node "Neg"(%x) since 13 : (tensor<2xf32>) -> tensor<2xf32>
      return %y : tensor<2xf32>
    })mlir"),
              ElementsAre("Neg"));
  EXPECT_FALSE(inlined);
  EXPECT_EQ(messages, "");
}

TEST_F(ImportTest, leavesABodyThatNeedsTypes) {
  EXPECT_THAT(inlineFirst(R"mlir(
    func.func @main(%x: !onnx.unknown) -> !onnx.unknown {
      %y = onnx.node "Clip"(%x) since 13 : (!onnx.unknown) -> !onnx.unknown
      %z = onnx.node "LayerNormalization"(%y, %y) domain "my.own" since 17
          : (!onnx.unknown, !onnx.unknown) -> !onnx.unknown
      return %z : !onnx.unknown
    })mlir"),
              ::testing::Contains("LayerNormalization"));
}
} // namespace
