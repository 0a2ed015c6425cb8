//===- Examples.cpp - examples of inputs from files -------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "compiler/run/Examples.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace edgecc;

static Error makeError(const Twine &message) {
  return createStringError(inconvertibleErrorCode(), message);
}

/// The files of a folder, sorted.
static Expected<std::vector<std::string>> listFolder(StringRef path) {
  std::vector<std::string> files;
  std::error_code error;
  for (sys::fs::directory_iterator at(path, error), end; at != end && !error;
       at.increment(error))
    if (!sys::path::filename(at->path()).starts_with("."))
      files.push_back(at->path());
  if (error)
    return makeError("cannot read the folder '" + path +
                     "': " + error.message());
  llvm::sort(files);
  return files;
}

static Expected<Examples> readFile(StringRef path,
                                   ArrayRef<TensorInterface> inputs,
                                   const ImageRules &rules) {
  if (path.ends_with(".npz"))
    return readNpzExamples(path, inputs);
  if (!isImageName(path))
    return makeError("'" + path +
                     "' is no file of examples; expected .npz, .png, .jpg or "
                     ".jpeg");
  if (inputs.size() != 1)
    return makeError("'" + path + "' is for one input, but the network has " +
                     Twine(inputs.size()) + "; expected .npz files");
  auto bytes = readImageInput(path, inputs[0], rules);
  if (!bytes)
    return bytes.takeError();
  Examples example;
  example.inputs.push_back({std::move(*bytes)});
  return example;
}

Expected<Examples> edgecc::readExamples(StringRef path,
                                        ArrayRef<TensorInterface> inputs,
                                        const ImageRules &rules) {
  if (!sys::fs::is_directory(path))
    return readNpzExamples(path, inputs);
  auto files = listFolder(path);
  if (!files)
    return files.takeError();
  if (files->empty())
    return makeError("the folder '" + path + "' has no examples");
  Examples all;
  for (const std::string &file : *files) {
    auto some = readFile(file, inputs, rules);
    if (!some)
      return some.takeError();
    using List = std::vector<int64_t> Examples::*;
    for (auto [list, name] :
         {std::pair<List, StringRef>(&Examples::labels, "labels"),
          {&Examples::groups, "groups"}}) {
      bool hasNone = ((*some).*list).empty();
      if (!all.inputs.empty() && (all.*list).empty() != hasNone)
        return makeError("'" + file + "' has " + (hasNone ? "no " : "") + name +
                         ", unlike the files before it");
    }
    append_range(all.labels, some->labels);
    append_range(all.groups, some->groups);
    llvm::move(some->inputs, std::back_inserter(all.inputs));
  }
  return all;
}
