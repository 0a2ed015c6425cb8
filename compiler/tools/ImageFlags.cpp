//===- ImageFlags.cpp - flags about pictures to calibrate with --*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "compiler/tools/ImageFlags.h"

#include <cmath>

using namespace edgecc;
using namespace edgecc::tools;
namespace cl = llvm::cl;

ImageFlags::ImageFlags(cl::OptionCategory &category)
    : resize("image-resize", cl::init("crop"), cl::value_desc("rule"),
             cl::desc("How pictures of --calibrate get the size of an input: "
                      "crop (default) cuts as much as there is out of the "
                      "middle, a number is the shorter side that they are "
                      "resized to before that, stretch resizes them whole"),
             cl::cat(category)),
      mean("image-mean", cl::value_desc("a,b,c"),
           cl::desc("Pictures of --calibrate become (byte / 255 - mean) / std: "
                    "one number or one for each channel (default: 0)"),
           cl::cat(category)),
      std("image-std", cl::value_desc("a,b,c"),
          cl::desc("See --image-mean (default: 1)"), cl::cat(category)),
      layout("image-layout", cl::value_desc("layout"),
             cl::desc("Whether inputs are nchw or nhwc (default: what 1 or 3 "
                      "channels leave)"),
             cl::cat(category)),
      channels("image-channels", cl::init("rgb"), cl::value_desc("order"),
               cl::desc("The order of the channels of inputs: rgb (default) or "
                        "bgr"),
               cl::cat(category)) {}

static llvm::Error makeError(const cl::opt<std::string> &flag,
                             const llvm::Twine &expected) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                 "cannot use --" + flag.ArgStr + "=" + flag +
                                     "; expected " + expected);
}

static llvm::Expected<std::vector<float>>
parseNumbers(const cl::opt<std::string> &flag, bool abovezero) {
  std::vector<float> numbers;
  llvm::SmallVector<llvm::StringRef> parts;
  if (!flag.empty())
    llvm::StringRef(flag).split(parts, ',');
  for (llvm::StringRef part : parts) {
    double number;
    if (part.getAsDouble(number) || !std::isfinite(float(number)) ||
        (abovezero && !(float(number) > 0)))
      return makeError(flag, abovezero ? "numbers above 0 with commas"
                                       : "numbers with commas");
    numbers.push_back(float(number));
  }
  return numbers;
}

llvm::Expected<ImageRules> ImageFlags::parse(bool hasExamples) const {
  for (const auto *flag : {&resize, &mean, &std, &layout, &channels})
    if (flag->getNumOccurrences() && !hasExamples)
      return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                     "--" + flag->ArgStr +
                                         " is about the pictures of "
                                         "--calibrate");
  ImageRules rules;
  rules.stretch = resize == "stretch";
  rules.isBgr = channels == "bgr";
  if (int64_t side = 0; !rules.stretch && resize != "crop") {
    constexpr int64_t most = 1 << 16;
    if (llvm::StringRef(resize).getAsInteger(10, side) || side < 1 ||
        side > most)
      return makeError(resize, "crop, stretch or the pixels of a side");
    rules.shorterSide = side;
  }
  if (!rules.isBgr && channels != "rgb")
    return makeError(channels, "rgb or bgr");
  if (layout == "nchw")
    rules.layout = ImageLayout::ChannelsFirst;
  else if (layout == "nhwc")
    rules.layout = ImageLayout::ChannelsLast;
  else if (layout.getNumOccurrences())
    return makeError(layout, "nchw or nhwc");
  auto means = parseNumbers(mean, /*abovezero=*/false);
  if (!means)
    return means.takeError();
  auto deviations = parseNumbers(std, /*abovezero=*/true);
  if (!deviations)
    return deviations.takeError();
  rules.mean = std::move(*means);
  rules.std = std::move(*deviations);
  return rules;
}
