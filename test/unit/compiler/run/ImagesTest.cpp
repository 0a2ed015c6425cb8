//===- ImagesTest.cpp - examples from pictures ------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "compiler/run/Images.h"

#include "gmock/gmock.h"

using namespace edgecc;
using testing::FloatNear;
using testing::Pointwise;

namespace {

const Image picture = {5, 4, 1, {121, 131, 193, 243, 8,  36,  210, 242, 63, 79,
                                 222, 108, 69,  211, 65, 104, 164, 140, 21, 7}};

// A few units of the f32 that ONNX Runtime computes in.
constexpr float tolerance = 1e-4f;

/// What ONNX Runtime's Resize gives, linear, with `antialias`,
/// `exclude_outside` and half_pixel.
TEST(ImagesTest, ResizesAsOnnxDoes) {
  EXPECT_THAT(
      resizeImage(picture, 3, 3).pixels,
      Pointwise(FloatNear(tolerance),
                {77.885696f, 145.285706f, 229.885696f, 66.111099f, 141.611099f,
                 151.155594f, 137.428604f, 105.142899f, 45.957199f}));
  EXPECT_THAT(resizeImage(picture, 8, 2).pixels,
              Pointwise(FloatNear(tolerance),
                        {135.571396f, 205.571396f, 97.633904f, 202.633896f,
                         51.589298f, 195.973206f, 78.910698f, 167.133896f,
                         104.044701f, 137.044601f, 126.991096f, 105.705399f,
                         131.535706f, 62.875f, 133.285706f, 32.0f}));
}

TEST(ImagesTest, LeavesTheSameSizeAlone) {
  EXPECT_EQ(resizeImage(picture, 5, 4).pixels, picture.pixels);
}

} // namespace
