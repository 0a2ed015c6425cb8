// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads an image of 64 numbers from its arguments and prints the logits.
#include "digits.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>

static digits_network::Arena arena;

int main(int argc, char **argv) {
  std::array<float, 64> image;
  std::array<float, 10> logits;
  if (argc != 65)
    return 2;
  for (std::size_t i = 0; i < image.size(); ++i)
    image[i] = std::strtof(argv[i + 1], nullptr);
  if (digits_network::run(image, logits, arena) != DIGITS_OK)
    return 1;
  for (float logit : logits)
    std::printf("%.9g\n", logit);
}
