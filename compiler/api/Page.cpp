//===- Page.cpp - pages of HTML ---------------------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "compiler/api/Page.h"

#include "llvm/Support/Format.h"

#include <cmath>

using namespace edgecc;

static constexpr llvm::StringLiteral head = R"(<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>)";

static constexpr llvm::StringLiteral style = R"(</title>
<style>
body { font: 14px sans-serif; margin: 2em; color: #222; }
table { border-collapse: collapse; margin: 1em 0; }
th, td { padding: 3px 10px; text-align: right; border-bottom: 1px solid #ddd; }
th:first-child, td:first-child { text-align: left; }
th { background: #f4f4f4; }
.low { background: #fbd9d3; }
rect { fill: #4a7ab5; }
</style>
)";

void page::writeHead(llvm::raw_ostream &os, llvm::StringRef title) {
  os << head << escape(title) << style;
}

std::string page::escape(llvm::StringRef text) {
  std::string escaped;
  for (char c : text) {
    if (c == '&')
      escaped += "&amp;";
    else if (c == '<')
      escaped += "&lt;";
    else
      escaped += c;
  }
  return escaped;
}

void page::writeRow(llvm::raw_ostream &os, llvm::ArrayRef<std::string> cells,
                    llvm::StringRef tag, llvm::StringRef kind) {
  os << "<tr";
  if (!kind.empty())
    os << " class=\"" << kind << "\"";
  os << ">";
  for (const std::string &cell : cells)
    os << "<" << tag << ">" << cell << "</" << tag << ">";
  os << "</tr>\n";
}

std::string page::fixed(double value, int digits) {
  if (!std::isfinite(value))
    return "&infin;";
  std::string text;
  llvm::raw_string_ostream os(text);
  os << llvm::format("%.*f", digits, value);
  return text;
}

std::string page::percent(double share) { return fixed(100 * share, 2) + " %"; }
