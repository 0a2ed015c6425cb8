//===- Images.h - examples from pictures ------------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_COMPILER_RUN_IMAGES_H
#define EDGECC_COMPILER_RUN_IMAGES_H

#include "codegen/object/ModelInterface.h"

#include "llvm/Support/Error.h"

#include <optional>
#include <string>
#include <vector>

namespace edgecc {

/// Where an input has the channels of a picture.
enum class ImageLayout { ChannelsFirst, ChannelsLast };

/// How a picture becomes an input: it is resized, a part in its middle is cut
/// out, and a byte `p` of it becomes `(p / 255 - mean) / std`, or stays what it
/// is if the input has bytes.
struct ImageRules {
  /// Whether the whole picture is resized to the input's size, in any
  /// proportion.
  bool stretch = false;
  /// Otherwise the shorter side that it is resized to before the input's size
  /// is cut out; as short as it can be if this is not given.
  std::optional<int64_t> shorterSide;
  /// One number, or one for each channel in the order of the input; 0 and 1 if
  /// there is none.
  std::vector<float> mean, std;
  /// If not given, the one in which the input has one channel or three.
  std::optional<ImageLayout> layout;
  /// Whether blue comes first.
  bool isBgr = false;
};

/// Pixels row by row, of one number or three each: grey, or red, green, blue.
struct Image {
  int64_t height = 0, width = 0, channels = 3;
  std::vector<float> pixels;
};

/// Reads a .png, .jpg or .jpeg file: numbers from 0 to 255 for red, green and
/// blue as sRGB has them, without what the file says of transparency and
/// orientation. Fails, naming the file, if it is damaged or has over 2^26
/// pixels.
llvm::Expected<Image> readImage(llvm::StringRef path);

/// Whether `readImage` reads files of such a name.
bool isImageName(llvm::StringRef path);

/// A picture of another size, by linear interpolation, over all pixels that
/// fall on a new one where it shrinks (Resize of ONNX with `antialias` and
/// `exclude_outside`).
Image resizeImage(const Image &image, int64_t height, int64_t width);

/// The bytes of an input, made from the picture in a file. Fails, naming file
/// and input, if the input takes no such picture or the rules do not fit it.
llvm::Expected<std::vector<char>> readImageInput(llvm::StringRef path,
                                                 const TensorInterface &input,
                                                 const ImageRules &rules);

} // namespace edgecc

#endif // EDGECC_COMPILER_RUN_IMAGES_H
