//===- HeaderTest.cpp - C names and headers ---------------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/object/Header.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/raw_ostream.h"
#include "gmock/gmock.h"

using namespace edgecc;
using testing::HasSubstr;
using testing::Not;

namespace {

TEST(HeaderTest, IdentifiersOfAnyText) {
  EXPECT_EQ(makeCIdentifier("model"), "model");
  EXPECT_EQ(makeCIdentifier("mobile-net v2.0"), "mobile_net_v2_0");
  EXPECT_EQ(makeCIdentifier("7up"), "_7up");
  EXPECT_EQ(makeCIdentifier(""), "_");
}

class InterfaceTest : public testing::Test {
protected:
  InterfaceTest() {
    context.loadDialect<mlir::func::FuncDialect, mlir::memref::MemRefDialect>();
    context.allowUnregisteredDialects();
  }
  llvm::FailureOr<ModelInterface> read(const char *text) {
    module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    mlir::ScopedDiagnosticHandler handler(
        &context, [&](mlir::Diagnostic &diag) { error += diag.str(); });
    return readInterface(*module, "net");
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::string error;
};

TEST_F(InterfaceTest, NamesAreUniqueAndNoKeywords) {
  auto model = read(R"(
    func.func private @main(
        memref<4xf32> {edge.name = "in/x:0", edge.type = tensor<4xf32>},
        memref<4xi8> {edge.name = "in_x_0", edge.type = tensor<4xi1>},
        memref<i8> {edge.name = "float", edge.type = tensor<ui8>},
        memref<2x3xf32> {edge.name = "*/ #error", edge.output,
                         edge.type = tensor<2x3xf32>},
        memref<640xi8> {edge.arena}))");
  ASSERT_TRUE(succeeded(model));
  ASSERT_EQ(model->inputs.size(), 3u);
  EXPECT_EQ(model->inputs[0].cName, "in_x_0");
  EXPECT_EQ(model->inputs[1].cName, "in_x_0_");
  EXPECT_EQ(model->inputs[2].cName, "float_");
  EXPECT_EQ(model->inputs[2].bytes, 1);
  EXPECT_EQ(model->arenaBytes, 640);

  std::string text;
  llvm::raw_string_ostream os(text);
  writeHeader(*model, "net.h", os);
  EXPECT_THAT(text, HasSubstr("int32_t net_run("));
  EXPECT_THAT(text, HasSubstr("const float *in_x_0,"));
  EXPECT_THAT(text, HasSubstr("const uint8_t *in_x_0_,"));
  EXPECT_THAT(text, HasSubstr("#define NET_ARENA_BYTES 640"));
  EXPECT_THAT(text, HasSubstr("#define NET_OUTPUT__ERROR_SIZE 6"));
  // A name cannot end the comment that it stands in.
  EXPECT_THAT(text, Not(HasSubstr("*/ #error")));
}

TEST_F(InterfaceTest, RefusesTypesThatCHasNot) {
  EXPECT_TRUE(failed(read(R"(
    func.func private @main(
        memref<4xi8> {edge.name = "x", edge.type = tensor<4xf8E3M4>}))")));
  EXPECT_THAT(error, HasSubstr("'x' has elements of type 'f8E3M4', which no "
                               "C type stands for"));
}

} // namespace
