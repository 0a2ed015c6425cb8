//===- GemmLayout.cpp - how operands of contractions lie --------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/BlockWeights.h"
#include "codegen/kernels/GemmKernel.h"
#include "codegen/kernels/SparsePanels.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

SmallVector<int64_t> kernels::stridesOf(Value memref) {
  SmallVector<int64_t> strides;
  int64_t offset;
  [[maybe_unused]] LogicalResult known =
      cast<MemRefType>(memref.getType()).getStridesAndOffset(strides, offset);
  assert(succeeded(known) && !ShapedType::isDynamic(offset) &&
         "buffers of kernels have a static layout");
  return strides;
}

FlatOperand kernels::flatOperand(Emitter &e, Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  auto [strides, offset] = type.getStridesAndOffset();
  int64_t extent = type.getNumElements() ? 1 : 0;
  for (auto [size, stride] : llvm::zip_equal(type.getShape(), strides))
    extent += std::max<int64_t>(size - 1, 0) * stride;
  if (type.getRank() != 1 || strides[0] != 1) {
    MemRefLayoutAttrInterface layout;
    if (offset)
      layout = StridedLayoutAttr::get(type.getContext(), offset, {1});
    auto flat = MemRefType::get({extent}, type.getElementType(), layout,
                                type.getMemorySpace());
    memref = memref::ReinterpretCastOp::create(e, flat, memref, offset,
                                               ArrayRef<int64_t>{extent},
                                               ArrayRef<int64_t>{1});
  }
  return {memref, e.index(0)};
}

SmallVector<ReductionLevel>
kernels::mergeLevels(ArrayRef<ReductionLevel> levels) {
  SmallVector<ReductionLevel> merged;
  for (const ReductionLevel &level : levels) {
    if (level.count == 1)
      continue;
    if (!merged.empty() &&
        merged.back().lhsStep == level.count * level.lhsStep &&
        merged.back().rhsRows == level.count * level.rhsRows)
      merged.back() = {merged.back().count * level.count, level.lhsStep,
                       level.rhsRows};
    else
      merged.push_back(level);
  }
  if (merged.empty())
    merged.push_back({1, 0, 1});
  return merged;
}

SmallVector<Value> kernels::loadTogether(Emitter &e, Value memref, Value index,
                                         int64_t count, int64_t at) {
  Type f32 = e.getF32Type(), i32 = e.getI32Type();
  Value address =
      e.add(memref::ExtractAlignedPointerAsIndexOp::create(e, memref),
            e.mul(index, storageBytes(f32)));
  address = arith::IndexCastOp::create(e, i32, address);
  // Neighbouring steps take turns, so that loads go ahead.
  int64_t first = count <= 8 && at % 2 ? 24 : 16;
  std::string constraints;
  for (int64_t i = 0; i < count; ++i)
    constraints += "={s" + std::to_string(first + i) + "},";
  std::string text = "vldmia $" + std::to_string(count) + ", {s" +
                     std::to_string(first) + "-s" +
                     std::to_string(first + count - 1) + "}";
  auto type = LLVM::LLVMStructType::getLiteral(e.getContext(),
                                               SmallVector<Type>(count, f32));
  Value all =
      LLVM::InlineAsmOp::create(e, TypeRange(type), ValueRange{address}, text,
                                constraints + "r", /*has_side_effects=*/false,
                                /*is_align_stack=*/false,
                                LLVM::tailcallkind::TailCallKind::None,
                                LLVM::AsmDialectAttr(), ArrayAttr())
          .getResult(0);
  SmallVector<Value> loaded;
  for (int64_t i = 0; i < count; ++i)
    loaded.push_back(LLVM::ExtractValueOp::create(e, all, i));
  return loaded;
}

void NextPanel::prefetch(Emitter &e, Value memref, Value at, int64_t first,
                         int64_t size, int64_t bytes) const {
  int64_t line = e.cpu.getCacheLineBytes() / bytes;
  Value done = e.createOrFold<arith::SubIOp>(at, panel);
  done = e.createOrFold<arith::ShRUIOp>(done, e.index(shift));
  // One of the lines for every `1 << shift` of the panel.
  for (int64_t i = llvm::alignTo(first, line << shift); i < first + size;
       i += line << shift)
    e.prefetch(memref, e.add(e.add(share, done), i >> shift), /*near=*/false);
}

std::pair<int64_t, int64_t> kernels::groupOf(int64_t index, int64_t length,
                                             int64_t depth, bool readsOn) {
  int64_t start = index * depth;
  if (readsOn)
    return {start, 0};
  int64_t first = std::max<int64_t>(0, std::min(start, length - depth));
  return {first, start - first};
}

Reduction Reduction::inGroups(ArrayRef<ReductionLevel> outer,
                              ArrayRef<int64_t> positions, int64_t depth,
                              bool readsOn) {
  Reduction reduction;
  auto length = static_cast<int64_t>(positions.size());
  int64_t groups = llvm::divideCeil(length, depth);
  // Groups of neighbours are a loop.
  bool isDense = positions.back() - positions.front() + 1 == length;
  assert((isDense || !readsOn) && "what comes next is no neighbour");
  reduction.tailRow = readsOn ? groups : isDense ? length / depth : 0;
  for (ReductionLevel level : outer) {
    level.rhsRows *= groups;
    reduction.levels.push_back(level);
  }
  for (int64_t group = reduction.tailRow; group < groups; ++group) {
    auto [first, taken] = groupOf(group, length, depth, readsOn);
    reduction.tail.push_back({SmallVector<int64_t>(positions.slice(
                                  first, std::min(depth, length - first))),
                              taken});
  }
  ReductionLevel inner{reduction.tailRow, depth, 1};
  if (reduction.tail.empty())
    reduction.levels.push_back(inner);
  reduction.levels = mergeLevels(reduction.levels);
  if (!reduction.tail.empty())
    reduction.levels.push_back(inner);
  return reduction;
}

/// The columns of a panel of `channels` channels. The last vector is padded if
/// the panel is, to no less than `least` lanes, else it overlaps the one
/// before, if there are `before` channels to the left of the panel or in it, or
/// is split.
static SmallVector<Column> columnsOf(int64_t channels, int64_t lanes,
                                     bool padded, int64_t before = 0,
                                     int64_t least = 1) {
  SmallVector<Column> columns;
  int64_t offset = 0;
  for (; offset + lanes <= channels; offset += lanes)
    columns.push_back({offset, lanes, 0, lanes});
  int64_t rest = channels - offset;
  if (!rest)
    return columns;
  if (padded) {
    int64_t width = lanes;
    if (!offset)
      width = std::max<int64_t>(llvm::PowerOf2Ceil(rest), least);
    columns.push_back({offset, width, 0, rest});
  } else if (before + channels >= lanes) {
    columns.push_back({channels - lanes, lanes, lanes - rest, lanes});
  } else {
    for (int64_t length : splitIntoVectors(rest, lanes)) {
      columns.push_back({offset, length, 0, length});
      offset += length;
    }
  }
  return columns;
}

void kernels::joinNarrow(Emitter &e, SmallVector<Column> &columns,
                         SmallVector<Value> &sums, int64_t resultBytes) {
  while (columns.size() % 2 == 0 && columns.front().lanes > 1 &&
         columns.front().lanes * resultBytes < cost::fewResultBytes &&
         llvm::all_of(
             columns,
             [&](const Column &c) {
               return c.isWhole() && c.lanes == columns.front().lanes;
             })) {
    SmallVector<Column> wider;
    for (size_t i = 0; i < columns.size(); i += 2) {
      int64_t lanes = columns[i].lanes * 2;
      wider.push_back({columns[i].offset, lanes, 0, lanes});
    }
    SmallVector<Value> joined;
    auto all = llvm::to_vector(llvm::seq(wider.front().lanes));
    for (size_t i = 0; i < sums.size(); i += 2)
      joined.push_back(vector::ShuffleOp::create(e, sums[i], sums[i + 1], all));
    columns = wider;
    sums = joined;
  }
}

void RhsLayout::appendPacked(int64_t rows, int64_t channels, int64_t lanes,
                             int64_t vectors, int64_t least) {
  int64_t width = lanes * vectors;
  auto append = [&](int64_t count, int64_t first, int64_t panelChannels) {
    PanelRun run;
    run.count = count;
    run.firstChannel = first;
    run.channels = panelChannels;
    run.columns = columnsOf(panelChannels, lanes, /*padded=*/true, 0, least);
    run.rowPitch = run.columns.back().offset + run.columns.back().lanes;
    int64_t extra = 0;
    if (product) {
      extra = product->flipsLhs() ? run.rowPitch * 4 : 0;
      run.rowPitch *= product->depth();
    }
    run.panelStep = rows * run.rowPitch + extra;
    run.offset = elements;
    elements += count * run.panelStep;
    runs.push_back(run);
  };
  if (int64_t full = channels / width)
    append(full, 0, width);
  if (int64_t rest = channels % width)
    append(1, channels - rest, rest);
}

RhsLayout RhsLayout::packed(int64_t depth, int64_t channels, int64_t lanes,
                            int64_t vectors, int64_t leastLanes) {
  RhsLayout layout;
  layout.depth = depth;
  layout.appendPacked(depth, channels, lanes, vectors, leastLanes);
  return layout;
}

RhsLayout RhsLayout::packed(int64_t depth, int64_t channels, int64_t lanes,
                            int64_t vectors, const InnerProduct &product,
                            int64_t run, bool readsOn) {
  RhsLayout layout;
  layout.readsOn = readsOn;
  layout.depth = depth;
  layout.product = product;
  layout.run = run;
  layout.appendPacked(depth / run * llvm::divideCeil(run, product.depth()),
                      channels, lanes, vectors, product.leastLanes());
  return layout;
}

RhsLayout RhsLayout::packed(const BlockWeights &weights, int64_t channels,
                            int64_t lanes, int64_t vectors) {
  RhsLayout layout;
  layout.depth = weights.getDepth();
  layout.appendPacked(1, channels, lanes, vectors, 1);
  layout.elements = 0;
  for (PanelRun &run : layout.runs) {
    run.panelStep = weights.panelBytes(run.rowPitch);
    run.offset = layout.elements;
    layout.elements += run.count * run.panelStep;
  }
  return layout;
}

RhsLayout RhsLayout::packed(const SparsePanels &panels) {
  RhsLayout layout = panels.denseLayout();
  int64_t first = 0;
  for (PanelRun &run : layout.runs) {
    run.panelStep = 1;
    run.offset = first;
    first += run.count;
  }
  layout.elements = panels.countElements();
  return layout;
}

RhsLayout RhsLayout::inPlace(int64_t pitch, int64_t channels, int64_t lanes,
                             int64_t vectors, const InnerProduct *product) {
  RhsLayout layout;
  int64_t width = lanes * vectors;
  int64_t rowPitch = product ? pitch * product->depth() : pitch;
  auto append = [&](int64_t count, int64_t first, int64_t panelChannels) {
    layout.runs.push_back({count, first, panelChannels, rowPitch, panelChannels,
                           first,
                           columnsOf(panelChannels, lanes, false, first)});
  };
  if (int64_t full = channels / width)
    append(full, 0, width);
  if (int64_t rest = channels % width)
    append(1, channels - rest, rest);
  return layout;
}

void RhsLayout::pack(ArrayRef<char> source, int64_t pitch, int64_t bytes,
                     std::vector<char> &out) const {
  size_t start = out.size();
  out.resize(start + elements * bytes);
  char *to = out.data() + start;
  for (const PanelRun &panels : runs)
    for (int64_t panel = 0; panel < panels.count; ++panel) {
      ArrayRef<char> from = source.drop_front(
          (panels.firstChannel + panel * panels.channels) * bytes);
      if (product) {
        packGroups(panels, from, pitch, bytes, to);
        to += panels.panelStep * bytes;
        continue;
      }
      for (int64_t row = 0; row < depth; ++row, to += panels.rowPitch * bytes)
        std::copy_n(from.data() + row * pitch * bytes, panels.channels * bytes,
                    to);
    }
}

void RhsLayout::packGroups(const PanelRun &panels, ArrayRef<char> source,
                           int64_t pitch, int64_t bytes, char *to) const {
  int64_t group = product->depth();
  SmallVector<int32_t> sums(panels.rowPitch / group, 0);
  for (int64_t start = 0; start < depth; start += run)
    for (int64_t g = 0; g * group < run; ++g, to += panels.rowPitch * bytes) {
      auto [first, taken] = groupOf(g, run, group, readsOn);
      for (const Column &column : panels.columns)
        for (int64_t lane = column.begin; lane < column.end; ++lane)
          for (int64_t k = taken; k < group && first + k < run; ++k) {
            int64_t channel = column.offset + lane;
            const char *from =
                source.data() + ((start + first + k) * pitch + channel) * bytes;
            int64_t position = column.offset * group +
                               product->packedPosition(k, lane, column.lanes);
            std::copy_n(from, bytes, to + position * bytes);
            sums[channel] += product->offset() * product->rhsValue(*from);
          }
    }
  if (product->flipsLhs())
    std::memcpy(to, sums.data(), sums.size() * sizeof(int32_t));
}

SmallVector<cost::TileRun, 2> kernels::splitPixels(const Contraction &c,
                                                   target::CpuAttr cpu) {
  bool arePairs = c.product && c.tiles.lines == 1;
  if (!c.tiles.areEqual)
    return cost::splitEvenly(c.pixels, c.tiles.pixels,
                             arePairs ? c.product->rowsTogether() : 1);
  SmallVector<cost::TileRun, 2> runs;
  int64_t size = c.tiles.pixels, count = c.pixels / size;
  if (count)
    runs.push_back({0, count, size});
  int64_t rest = c.pixels % size;
  if (!rest)
    return runs;
  // A single pixel waits for its additions.
  constexpr int64_t few = 4;
  int64_t sums = std::max<int64_t>(1, c.tiles.vectors / cpu.getFmaPerCycle());
  bool areFew = few * rest * std::max<int64_t>(cpu.getFmaLatency(), sums) <=
                count * size * sums;
  runs.push_back({count * size, areFew ? rest : 1, areFew ? 1 : rest});
  return runs;
}
