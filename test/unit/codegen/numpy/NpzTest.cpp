//===- NpzTest.cpp - arrays in NumPy's archives -----------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/numpy/Npz.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include "gmock/gmock.h"

using namespace edgecc;
using testing::HasSubstr;

namespace {

class NpzTest : public testing::Test {
protected:
  NpzTest() {
    EXPECT_FALSE(llvm::sys::fs::createTemporaryFile("edgecc", "npz", path));
  }
  ~NpzTest() override { llvm::sys::fs::remove(path); }

  TensorInterface make(const char *name, llvm::ArrayRef<int64_t> shape,
                       mlir::Type type) {
    TensorInterface tensor;
    tensor.name = name;
    tensor.type = mlir::RankedTensorType::get(shape, type);
    tensor.bytes = tensor.type.getNumElements() * getElementInfo(type)->bytes;
    return tensor;
  }
  std::string errorOf(llvm::Expected<TensorData> data) {
    return data ? "" : llvm::toString(data.takeError());
  }

  mlir::MLIRContext context;
  mlir::Builder builder{&context};
  llvm::SmallString<64> path;
};

TEST_F(NpzTest, RoundTrip) {
  TensorInterface tensors[] = {make("x", {2, 1}, builder.getF32Type()),
                               make("a/b", {3}, builder.getI1Type()),
                               make("s", {}, builder.getI64Type())};
  TensorData data = {
      std::vector<char>(8, 1), {1, 0, 1}, std::vector<char>(8, 2)};
  ASSERT_FALSE(writeNpz(path, tensors, data));
  auto read = readNpz(path, tensors);
  ASSERT_TRUE(bool(read)) << llvm::toString(read.takeError());
  EXPECT_EQ(*read, data);
}

/// Found by fuzz-npz: a member that says to hold 4 GB.
TEST_F(NpzTest, DoesNotTrustStatedSizes) {
  TensorInterface x = make("x", {2, 3}, builder.getF32Type());
  ASSERT_FALSE(writeNpz(path, x, {std::vector<char>(24)}));
  std::string bytes =
      llvm::cantFail(llvm::errorOrToExpected(llvm::MemoryBuffer::getFile(path)))
          ->getBuffer()
          .str();
  size_t entry = bytes.rfind("PK\x01\x02");
  ASSERT_NE(entry, std::string::npos);
  bytes.replace(entry + 24, 4, "\xf0\xff\xff\xff", 4);
  std::error_code error;
  llvm::raw_fd_ostream(path, error) << bytes;
  EXPECT_THAT(errorOf(readNpz(path, x)), HasSubstr("is damaged"));
}

TEST_F(NpzTest, SaysWhatIsWrong) {
  TensorInterface x = make("x", {2, 3}, builder.getF32Type());
  ASSERT_FALSE(writeNpz(path, x, {std::vector<char>(24)}));
  TensorInterface y = make("y", {2, 3}, builder.getF32Type());
  EXPECT_THAT(errorOf(readNpz(path, y)),
              HasSubstr("has no array for input 'y' (f32 2x3); it has 'x'"));
  TensorInterface wide = make("x", {2, 4}, builder.getF32Type());
  EXPECT_THAT(errorOf(readNpz(path, wide)),
              HasSubstr("input 'x' is 2x4, but the array is 2x3"));
  TensorInterface whole = make("x", {2, 3}, builder.getI32Type());
  EXPECT_THAT(errorOf(readNpz(path, whole)),
              HasSubstr("input 'x' is i32, but the array is f32"));
  EXPECT_THAT(errorOf(readNpz(path, {})),
              HasSubstr("'x' is no input of the network"));
  EXPECT_THAT(errorOf(readNpz("nowhere.npz", x)),
              HasSubstr("cannot read 'nowhere.npz': no such file"));
  std::error_code code;
  llvm::raw_fd_ostream(path, code) << "no archive";
  EXPECT_THAT(errorOf(readNpz(path, x)), HasSubstr("is no .npz file"));
}

} // namespace
