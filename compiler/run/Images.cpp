//===- Images.cpp - examples from pictures ----------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "compiler/run/Images.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <cmath>
#include <cstring>
#include <png.h>
#include <turbojpeg.h>

using namespace llvm;
using namespace edgecc;

static constexpr int64_t mostPixels = int64_t(1) << 26;

static Error makeError(const Twine &message) {
  return createStringError(inconvertibleErrorCode(), message);
}

/// A picture of bytes, of which the first three of each pixel count.
static Image makeImage(int64_t height, int64_t width, ArrayRef<uint8_t> bytes,
                       size_t pixelBytes) {
  Image image{height, width, 3, {}};
  image.pixels.reserve(height * width * 3);
  for (size_t i = 0; i < bytes.size(); i += pixelBytes)
    for (size_t c = 0; c < 3; ++c)
      image.pixels.push_back(bytes[i + c]);
  return image;
}

static Error checkSize(int64_t height, int64_t width) {
  if (height < 1 || width < 1 || height > mostPixels / width)
    return makeError("it has " + Twine(width) + "x" + Twine(height) +
                     " pixels, which is more than this reads");
  return Error::success();
}

static Expected<Image> decodePng(StringRef file) {
  png_image png;
  std::memset(&png, 0, sizeof png);
  png.version = PNG_IMAGE_VERSION;
  auto release = make_scope_exit([&] { png_image_free(&png); });
  if (!png_image_begin_read_from_memory(&png, file.data(), file.size()))
    return makeError(png.message);
  if (Error error = checkSize(png.height, png.width))
    return std::move(error);
  // Transparency is read and left out: there is nothing behind the picture.
  png.format = PNG_FORMAT_RGBA;
  png.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
  std::vector<uint8_t> bytes(PNG_IMAGE_SIZE(png));
  if (!png_image_finish_read(&png, nullptr, bytes.data(), 0, nullptr))
    return makeError(png.message);
  return makeImage(png.height, png.width, bytes, 4);
}

static Expected<Image> decodeJpeg(StringRef file) {
  tjhandle decoder = tjInitDecompress();
  auto release = make_scope_exit([&] { tjDestroy(decoder); });
  auto data = reinterpret_cast<const unsigned char *>(file.data());
  int width, height, sampling, colours;
  if (!decoder || tjDecompressHeader3(decoder, data, file.size(), &width,
                                      &height, &sampling, &colours))
    return makeError(tjGetErrorStr2(decoder));
  if (Error error = checkSize(height, width))
    return std::move(error);
  std::vector<uint8_t> bytes(size_t(height) * width * 3);
  if (tjDecompress2(
          decoder, data, file.size(), bytes.data(), width, 0, height, TJPF_RGB,
          TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS))
    return makeError(tjGetErrorStr2(decoder));
  return makeImage(height, width, bytes, 3);
}

bool edgecc::isImageName(StringRef path) {
  std::string extension = sys::path::extension(path).lower();
  return extension == ".png" || extension == ".jpg" || extension == ".jpeg";
}

Expected<Image> edgecc::readImage(StringRef path) {
  auto file = MemoryBuffer::getFile(path);
  if (!file)
    return makeError("cannot read '" + path +
                     "': " + file.getError().message());
  StringRef bytes = (*file)->getBuffer();
  Expected<Image> image = bytes.starts_with("\x89PNG") ? decodePng(bytes)
                          : bytes.starts_with("\xff\xd8")
                              ? decodeJpeg(bytes)
                              : makeError("it is neither PNG nor JPEG");
  if (!image)
    return makeError("cannot read the image '" + path +
                     "': " + toString(image.takeError()));
  return image;
}

/// Resizes one dimension: `lines` of `size` elements of `stride` numbers each.
static std::vector<float> resizeAlong(ArrayRef<float> numbers, int64_t lines,
                                      int64_t from, int64_t to,
                                      int64_t stride) {
  std::vector<float> result(lines * to * stride);
  double scale = double(from) / double(to), reach = std::max(scale, 1.0);
  std::vector<double> weights;
  for (int64_t o = 0; o < to; ++o) {
    double centre = (double(o) + 0.5) * scale;
    auto first = int64_t(std::floor(std::max(centre - reach, 0.0)));
    auto last = int64_t(std::ceil(std::min(centre + reach, double(from))));
    weights.clear();
    double sum = 0;
    for (int64_t i = first; i < last; ++i) {
      double distance = std::abs(double(i) + 0.5 - centre) / reach;
      weights.push_back(std::max(1 - distance, 0.0));
      sum += weights.back();
    }
    for (int64_t line = 0; line < lines; ++line)
      for (int64_t k = 0; k < stride; ++k) {
        double total = 0;
        for (int64_t i = first; i < last; ++i)
          total += weights[i - first] *
                   double(numbers[(line * from + i) * stride + k]);
        result[(line * to + o) * stride + k] = float(total / sum);
      }
  }
  return result;
}

Image edgecc::resizeImage(const Image &image, int64_t height, int64_t width) {
  Image result{height, width, image.channels, image.pixels};
  if (width != image.width)
    result.pixels = resizeAlong(result.pixels, image.height, image.width, width,
                                image.channels);
  if (height != image.height)
    result.pixels = resizeAlong(result.pixels, 1, image.height, height,
                                width * image.channels);
  return result;
}

namespace {
/// The sizes of a picture in an input.
struct ImageShape {
  int64_t height, width, channels;
  bool isChannelsLast;
};
} // namespace

static Expected<ImageShape> findImageShape(const TensorInterface &input,
                                           const ImageRules &rules) {
  ArrayRef<int64_t> shape = input.type.getShape();
  std::string prefix =
      "input '" + input.name + "' is " + formatShape(input.type);
  if (shape.size() == 4 && shape[0] == 1)
    shape = shape.drop_front();
  if (shape.size() != 3)
    return makeError(prefix + ", which is no picture");
  auto isColour = [](int64_t size) { return size == 1 || size == 3; };
  ImageLayout layout =
      rules.layout.value_or(isColour(shape[0]) ? ImageLayout::ChannelsFirst
                                               : ImageLayout::ChannelsLast);
  if (!rules.layout && isColour(shape[0]) && isColour(shape[2]))
    return makeError(prefix + ", in which either side may be the channels of a "
                              "picture; expected --image-layout");
  bool isLast = layout == ImageLayout::ChannelsLast;
  int64_t channels = isLast ? shape[2] : shape[0];
  if (!isColour(channels))
    return makeError(prefix + ", and pictures have 1 or 3 channels, " +
                     (isLast ? "last" : "first"));
  return ImageShape{isLast ? shape[0] : shape[1], isLast ? shape[1] : shape[2],
                    channels, isLast};
}

/// The brightness of each pixel, with the weights of JPEG (ITU-R BT.601).
static Image makeGrey(const Image &image) {
  Image grey{image.height, image.width, 1, {}};
  for (size_t i = 0; i < image.pixels.size(); i += 3)
    grey.pixels.push_back(
        float((299 * double(image.pixels[i]) + 587 * image.pixels[i + 1] +
               114 * image.pixels[i + 2]) /
              1000));
  return grey;
}

/// Cuts so much out of the middle; the smaller half of the rest is above and
/// left of it.
static Image crop(const Image &image, int64_t height, int64_t width) {
  Image part{height, width, image.channels, {}};
  int64_t top = (image.height - height) / 2, left = (image.width - width) / 2;
  for (int64_t y = top; y < top + height; ++y) {
    auto row = image.pixels.begin() + (y * image.width + left) * image.channels;
    part.pixels.insert(part.pixels.end(), row, row + width * image.channels);
  }
  return part;
}

static Expected<Image> fitImage(Image image, const ImageShape &shape,
                                const ImageRules &rules) {
  int64_t height = shape.height, width = shape.width;
  if (rules.stretch)
    return resizeImage(image, height, width);
  int64_t shorter = std::min(image.height, image.width);
  // As short as both sides of the input fit in.
  int64_t side = std::max(llvm::divideCeil(height * shorter, image.height),
                          llvm::divideCeil(width * shorter, image.width));
  if (rules.shorterSide)
    side = *rules.shorterSide;
  auto scaled = [&](int64_t size) { return size * side / shorter; };
  int64_t newHeight = scaled(image.height), newWidth = scaled(image.width);
  if (newHeight < height || newWidth < width)
    return makeError("it is resized to " + Twine(newHeight) + "x" +
                     Twine(newWidth) + ", and " + Twine(height) + "x" +
                     Twine(width) +
                     " cannot be cut out of that; expected a larger "
                     "--image-resize");
  if (newHeight > mostPixels / newWidth)
    return makeError("it would be resized to " + Twine(newHeight) + "x" +
                     Twine(newWidth) + " pixels");
  return crop(resizeImage(image, newHeight, newWidth), height, width);
}

Expected<std::vector<char>> edgecc::readImageInput(StringRef path,
                                                   const TensorInterface &input,
                                                   const ImageRules &rules) {
  auto fail = [&](Error error) {
    return makeError("'" + path + "': " + toString(std::move(error)));
  };
  Expected<ImageShape> shape = findImageShape(input, rules);
  if (!shape)
    return fail(shape.takeError());
  mlir::Type element = input.type.getElementType();
  bool isBytes = element.isUnsignedInteger(8);
  if (!isBytes && !element.isF32())
    return fail(makeError("input '" + input.name + "' is " +
                          getElementInfo(element)->name +
                          ", and pictures become f32 or u8"));
  for (const std::vector<float> &numbers : {rules.mean, rules.std}) {
    if (isBytes && !numbers.empty())
      return fail(makeError("input '" + input.name +
                            "' takes the bytes of pictures, without "
                            "--image-mean and --image-std"));
    if (numbers.size() > 1 && int64_t(numbers.size()) != shape->channels)
      return fail(makeError("input '" + input.name + "' has " +
                            Twine(shape->channels) +
                            " channels, but --image-mean or --image-std " +
                            Twine(numbers.size())));
  }
  Expected<Image> image = readImage(path);
  if (!image)
    return image.takeError();
  if (shape->channels == 1)
    *image = makeGrey(*image);
  image = fitImage(std::move(*image), *shape, rules);
  if (!image)
    return fail(image.takeError());

  auto ofChannel = [](ArrayRef<float> numbers, int64_t channel, float none) {
    return numbers.empty()       ? none
           : numbers.size() == 1 ? numbers[0]
                                 : numbers[channel];
  };
  std::vector<char> bytes(input.bytes);
  int64_t channels = shape->channels, pixels = shape->height * shape->width;
  for (int64_t i = 0; i < pixels; ++i)
    for (int64_t c = 0; c < channels; ++c) {
      int64_t source = rules.isBgr ? channels - 1 - c : c;
      float value = image->pixels[i * channels + source];
      int64_t to = shape->isChannelsLast ? i * channels + c : c * pixels + i;
      if (isBytes) {
        bytes[to] = char(std::nearbyint(value));
        continue;
      }
      value = (value / 255 - ofChannel(rules.mean, c, 0)) /
              ofChannel(rules.std, c, 1);
      std::memcpy(&bytes[to * sizeof value], &value, sizeof value);
    }
  return bytes;
}
