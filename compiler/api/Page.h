//===- Page.h - pages of HTML -----------------------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// What reports need to be one file of HTML that needs nothing else.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_COMPILER_API_PAGE_H
#define EDGECC_COMPILER_API_PAGE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/raw_ostream.h"

#include <string>

namespace edgecc::page {

/// The begin of a page with tables; rows of kind `low` stand out.
void writeHead(llvm::raw_ostream &os, llvm::StringRef title);

/// `text` as it is written in a page.
std::string escape(llvm::StringRef text);

/// A row of a table, of cells that are escaped; `tag` is `th` for its first
/// one.
void writeRow(llvm::raw_ostream &os, llvm::ArrayRef<std::string> cells,
              llvm::StringRef tag = "td", llvm::StringRef kind = "");

/// A number with so many digits behind the point.
std::string fixed(double value, int digits);

/// A share in percent.
std::string percent(double share);

} // namespace edgecc::page

#endif // EDGECC_COMPILER_API_PAGE_H
