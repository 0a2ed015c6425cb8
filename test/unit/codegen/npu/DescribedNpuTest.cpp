//===- DescribedNpuTest.cpp - NPUs that a file describes --------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/npu/desc/Description.h"
#include "codegen/npu/desc/WriteProgram.h"
#include "codegen/npu/desc/npu_program_generated.h"

#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "gmock/gmock.h"

using namespace edgecc;
using namespace edgecc::npu;
using testing::ElementsAre;

namespace {

/// The error of a description.
std::string errorOf(llvm::StringRef text) {
  llvm::Expected<Description> description = Description::parse(text);
  return description ? "" : llvm::toString(description.takeError());
}

TEST(DescriptionTest, ReadsWhatIsThere) {
  llvm::Expected<Description> npu = Description::parse(R"({
    "format": 0, "name": "toy", "driver": "toy_run", "types": ["u8"],
    "operators": {"conv": {"max_kernel": 3}, "add": {}},
    "limits": {"scratch_bytes": 4096},
    "costs": {"macs_per_cycle": 64, "cpu_macs_per_cycle": 0.5}})");
  ASSERT_TRUE(bool(npu)) << llvm::toString(npu.takeError());
  EXPECT_EQ(npu->driver, "toy_run");
  EXPECT_THAT(npu->types, ElementsAre("u8"));
  EXPECT_EQ(npu->operators["conv"].kernel, 3);
  EXPECT_EQ(npu->operators["conv"].stride, unlimited);
  EXPECT_TRUE(npu->operators.contains("add"));
  EXPECT_EQ(npu->scratchBytes, 4096);
  EXPECT_EQ(npu->weightBytes, unlimited);
  EXPECT_EQ(npu->costs.cpuMacsPerCycle, 0.5);
}

TEST(DescriptionTest, ErrorsNameTheField) {
  EXPECT_EQ(errorOf("[]"), "expected an object");
  EXPECT_EQ(errorOf("{}"),
            "'format' expects 0, the only version of this file there is");
  EXPECT_EQ(errorOf(R"({"format": 0, "name": "7up"})"),
            "'name' expects a C identifier");
  EXPECT_EQ(errorOf(R"({"format": 0, "name": "a", "driver": "b",
                        "types": ["i8"], "operators": {"add": 3}})"),
            "'operators.add' expects an object");
  EXPECT_EQ(errorOf(R"({"format": 0, "name": "a", "driver": "b",
                        "types": ["i8"], "operators": {"add": {}},
                        "costs": {"macs_per_cycle": 0}})"),
            "'costs.macs_per_cycle' expects a number above 0");
}

TEST(WriteProgramTest, SaysWhatTheRegionSays) {
  mlir::MLIRContext context;
  context.loadDialect<edge::EdgeDialect, mlir::func::FuncDialect,
                      mlir::quant::QuantDialect>();
  auto module = mlir::parseSourceString<mlir::ModuleOp>(R"(
    !x = !quant.uniform<u8:f32, 0.5:3>
    !w = !quant.uniform<i8:f32:1, {0.25, 0.125}>
    !b = !quant.uniform<i32:f32:0, {0.125, 0.0625}>
    !y = !quant.uniform<i8:f32, 0.25:-4>
    func.func @main(%a: tensor<2x3xui8>) -> tensor<4xi8> {
      %r = edge.region "toy"(%a) : (tensor<2x3xui8>) -> tensor<4xi8> {
      ^bb0(%b: tensor<2x3xui8>):
        %x = edge.storage_cast %b : tensor<2x3xui8> -> tensor<2x3x!x>
        %c = edge.constant dense<[[1, 2], [3, 4], [5, 6]]> : tensor<3x2xi8>
        %w = edge.storage_cast %c : tensor<3x2xi8> -> tensor<3x2x!w>
        %d = edge.constant dense<-7> : tensor<2xi32>
        %s = edge.storage_cast %d : tensor<2xi32> -> tensor<2x!b>
        %m = edge.matmul(%x, %w, %s)
            : (tensor<2x3x!x>, tensor<3x2x!w>, tensor<2x!b>)
            -> tensor<2x2x!y> loc("product")
        %f = edge.reshape %m : tensor<2x2x!y> -> tensor<4x!y>
        %o = edge.storage_cast %f : tensor<4x!y> -> tensor<4xi8>
        edge.yield %o : tensor<4xi8>
      }
      return %r : tensor<4xi8>
    })",
                                                        &context);
  ASSERT_TRUE(module);
  edge::RegionOp region;
  module->walk([&](edge::RegionOp op) { region = op; });
  Program program = writeProgram(region, "toy");
  EXPECT_EQ(program.scratch, 16);
  const auto *bytes = reinterpret_cast<const uint8_t *>(program.bytes.data());
  flatbuffers::Verifier verifier(bytes, program.bytes.size());
  ASSERT_TRUE(schema::VerifyProgramBuffer(verifier));
  const schema::Program *root = schema::GetProgram(bytes);
  EXPECT_EQ(root->npu()->str(), "toy");
  ASSERT_EQ(root->operations()->size(), 2u);
  const schema::Operation *product = root->operations()->Get(0);
  EXPECT_EQ(product->operator_(), schema::Operator_MatMul);
  EXPECT_EQ(product->name()->str(), "product");
  // 0.5 * 0.25 / 0.25 and 0.5 * 0.125 / 0.25.
  EXPECT_THAT(*product->multipliers(), ElementsAre(0.5f, 0.25f));
  auto tensor = [&](uint32_t index) { return root->tensors()->Get(index); };
  const schema::Tensor *x = tensor(product->inputs()->Get(0));
  EXPECT_EQ(x->place(), schema::Place_Input);
  EXPECT_EQ(x->element(), schema::Element_U8);
  EXPECT_EQ(x->zero_point(), 3);
  EXPECT_THAT(*x->shape(), ElementsAre(2u, 3u));
  const schema::Tensor *w = tensor(product->inputs()->Get(1));
  EXPECT_THAT(*w->data(), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(*w->scales(), ElementsAre(0.25, 0.125));
  EXPECT_EQ(uintptr_t(w->data()->data() - bytes) % 16, 0u);
  // Two words of one value.
  const schema::Tensor *bias = tensor(product->inputs()->Get(2));
  EXPECT_EQ(bias->element(), schema::Element_I32);
  EXPECT_THAT(*bias->data(),
              ElementsAre(249, 255, 255, 255, 249, 255, 255, 255));
  const schema::Tensor *m = tensor(product->outputs()->Get(0));
  EXPECT_EQ(m->place(), schema::Place_Scratch);
  EXPECT_EQ(m->zero_point(), -4);
  const schema::Operation *reshape = root->operations()->Get(1);
  EXPECT_EQ(reshape->operator_(), schema::Operator_Reshape);
  EXPECT_EQ(tensor(reshape->outputs()->Get(0))->place(), schema::Place_Output);
}

} // namespace
