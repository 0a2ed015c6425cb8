//===- Schedule.cpp - when and where edge-sim computes ----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/npu/edge_sim/Schedule.h"
#include "dialects/Edge/EdgeDialect.h"
#include "passes/Place/Passes.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::npu;
using namespace edgecc::npu::edge_sim;

static constexpr int64_t alignment = 16;

int64_t edge_sim::bytesOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getNumElements();
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

Schedule::Schedule(ArrayRef<Operation *> ops, const Machine &machine)
    : machine(machine), members(ops.begin(), ops.end()) {
  for (Operation *op : ops)
    if (!isa<ReshapeOp>(op))
      layers.push_back(describe(op, machine));
}

Value Schedule::storage(Value value) const {
  while (Operation *op = value.getDefiningOp()) {
    bool isView =
        isa<StorageCastOp>(op) || (isa<ReshapeOp>(op) && members.contains(op));
    if (!isView)
      break;
    value = op->getOperand(0);
  }
  return value;
}

bool Schedule::isReadOutside(Value value) const {
  return llvm::any_of(value.getUsers(), [&](Operation *user) {
    if (isa<StorageCastOp>(user) ||
        (isa<ReshapeOp>(user) && members.contains(user)))
      return isReadOutside(user->getResult(0));
    return !members.contains(user);
  });
}

//===----------------------------------------------------------------------===//
// Whole layers
//===----------------------------------------------------------------------===//

namespace {
/// Bytes of the scratchpad, from one stage to another.
struct Buffer {
  int64_t bytes;
  size_t first, last;
  int64_t address = 0;

  int64_t end() const { return address + bytes; }
  bool meets(const Buffer &other) const {
    return first <= other.last && other.first <= last;
  }
};
} // namespace

/// Gives addresses to buffers, large ones first. How many bytes they take.
static int64_t giveAddresses(MutableArrayRef<Buffer> buffers) {
  SmallVector<Buffer *> order;
  for (Buffer &buffer : buffers)
    order.push_back(&buffer);
  llvm::sort(order, [](const Buffer *a, const Buffer *b) {
    return a->bytes != b->bytes ? a->bytes > b->bytes : a < b;
  });
  // By address.
  SmallVector<Buffer *> placed;
  int64_t total = 0;
  for (Buffer *buffer : order) {
    for (const Buffer *other : placed)
      if (buffer->meets(*other) && buffer->end() > other->address)
        buffer->address = std::max(buffer->address, other->end());
    placed.insert(llvm::upper_bound(placed, buffer,
                                    [](const Buffer *a, const Buffer *b) {
                                      return a->address < b->address;
                                    }),
                  buffer);
    total = std::max(total, buffer->end());
  }
  return total;
}

bool Schedule::place(size_t distance) {
  SmallVector<Buffer> buffers;
  llvm::MapVector<Value, size_t> tensors;
  SmallVector<size_t> constants;
  // The inputs of the region by the layer that reads them first.
  SmallVector<SmallVector<Value>> inputs(layers.size());
  auto add = [&](int64_t size, size_t first, size_t last) {
    buffers.push_back({int64_t(llvm::alignTo(size, alignment)), first, last});
    return buffers.size() - 1;
  };
  auto loadedBefore = [&](size_t i) { return i < distance ? 0 : i - distance; };
  for (auto [i, layer] : llvm::enumerate(layers)) {
    constants.push_back(add(layer.constantBytes(), loadedBefore(i), i));
    for (Value input : layer.inputs) {
      Value key = storage(input);
      if (!tensors.contains(key)) {
        inputs[i].push_back(key);
        tensors[key] = add(bytesOf(key), loadedBefore(i), i);
      }
      size_t &last = buffers[tensors[key]].last;
      last = std::max(last, i);
    }
    // What leaves stays to the end, so that nothing waits for stores.
    Value result = layer.op->getResult(0);
    tensors[result] =
        add(bytesOf(result), i, isReadOutside(result) ? layers.size() : i);
  }
  bytes = giveAddresses(buffers);
  for (auto [value, index] : tensors)
    addresses[value] = buffers[index].address;

  stages.clear();
  for (auto [i, layer] : llvm::enumerate(layers)) {
    Stage stage{i};
    stage.loadedBefore = loadedBefore(i);
    stage.commands = layer.commands;
    stage.parameters = buffers[constants[i]].address;
    stage.weights = stage.parameters + layer.parameterBytes;
    for (Value input : inputs[i])
      stage.loads.push_back(
          {schema::Memory_Input, input, 0, address(input), bytesOf(input)});
    if (int64_t size = layer.constantBytes())
      stage.loads.push_back(
          {schema::Memory_Constants, {}, 0, stage.parameters, size});
    if (Value result = layer.op->getResult(0); isReadOutside(result))
      stage.stores.push_back(
          {schema::Memory_Output, result, 0, address(result), bytesOf(result)});
    stages.push_back(std::move(stage));
  }
  return bytes <= machine.scratchpadBytes;
}

bool Schedule::placeWell() {
  size_t best = 1;
  for (size_t distance : {2, 3, 4, 6, 8, 12, 16}) {
    if (distance >= layers.size() || !place(distance))
      break;
    if (int64_t expected = predict(); expected < cycles) {
      cycles = expected;
      best = distance;
    }
  }
  return place(best);
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

/// The rows of the input that rows `first` to `last`, less one, of the result
/// of a command need.
static std::pair<int64_t, int64_t> inputRows(const Command &c, int64_t first,
                                             int64_t last) {
  const schema::Window &w = c.window;
  int64_t begin = first * w.stride_y() - w.pad_top();
  int64_t end = (last - 1) * w.stride_y() - w.pad_top() +
                int64_t(w.kernel_height() - 1) * w.dilation_y() + 1;
  begin = std::clamp<int64_t>(begin, 0, c.a.height - 1);
  return {begin, std::clamp<int64_t>(end, begin + 1, c.a.height)};
}

/// Rows of the result, and channels of it.
static Command tileOf(const Command &whole, int64_t firstRow, int64_t lastRow,
                      int64_t firstChannel, int64_t lastChannel) {
  Command tile = whole;
  auto [begin, end] = inputRows(whole, firstRow, lastRow);
  tile.a.height = tile.b.height = end - begin;
  tile.result.height = lastRow - firstRow;
  tile.result.channels = lastChannel - firstChannel;
  // The window of the first row may begin in the border.
  const schema::Window &w = whole.window;
  tile.window = {w.kernel_height(),
                 w.kernel_width(),
                 w.stride_y(),
                 w.stride_x(),
                 w.dilation_y(),
                 w.dilation_x(),
                 uint32_t(w.pad_top() + begin - firstRow * w.stride_y()),
                 w.pad_left()};
  return tile;
}

bool Schedule::placeTiles(int64_t rows, int64_t channels) {
  const Layer &layer = layers.front();
  const Command &whole = layer.commands.front();
  int64_t height = whole.result.height, width = whole.result.channels;
  // Two of each: one to compute with while the other one is moved.
  int64_t inputBytes = 0;
  for (int64_t row = 0; row < height; row += rows) {
    auto [begin, end] = inputRows(whole, row, std::min(row + rows, height));
    inputBytes = std::max(inputBytes, (end - begin) * whole.a.rowPitch);
  }
  inputBytes = llvm::alignTo(inputBytes, alignment);
  int64_t outputBytes = llvm::alignTo(rows * whole.result.rowPitch, alignment);
  bool isResident = channels >= width;
  auto weightsOf = [&](int64_t channels) -> int64_t {
    return layer.bytesPerChannel * llvm::alignTo(channels, machine.columns);
  };
  int64_t weightBuffer = llvm::alignTo(
      isResident ? layer.weightBytes : weightsOf(channels), alignment);
  bytes = 0;
  auto take = [&](int64_t size) { return std::exchange(bytes, bytes + size); };
  SmallVector<int64_t> inputs;
  for (Value input : layer.inputs) {
    inputs.push_back(take(2 * inputBytes));
    addresses[storage(input)] = inputs.back();
  }
  Value result = layer.op->getResult(0);
  int64_t output = addresses[result] = take(2 * outputBytes);
  int64_t parameters = take(layer.parameterBytes);
  int64_t weights = take((isResident ? 1 : 2) * weightBuffer);
  if (bytes > machine.scratchpadBytes)
    return false;

  stages.clear();
  for (int64_t row = 0, band = 0; row < height; row += rows, ++band) {
    int64_t lastRow = std::min(row + rows, height);
    auto [begin, end] = inputRows(whole, row, lastRow);
    for (int64_t channel = 0; channel < width; channel += channels) {
      int64_t lastChannel = std::min(channel + channels, width);
      size_t number = stages.size();
      Stage stage{0};
      stage.loadedBefore = number ? number - 1 : 0;
      stage.parameters = parameters + 8 * channel;
      stage.weights = weights + (isResident ? 0 : number % 2 * weightBuffer);
      Command tile = tileOf(whole, row, lastRow, channel, lastChannel);
      tile.a.offset = tile.b.offset = band % 2 * inputBytes;
      tile.result.offset = band % 2 * outputBytes + channel;
      stage.commands.push_back(tile);
      if (number == 0 && layer.parameterBytes)
        stage.loads.push_back({schema::Memory_Constants,
                               {},
                               0,
                               parameters,
                               layer.parameterBytes});
      if (layer.weightBytes && (number == 0 || !isResident))
        stage.loads.push_back(
            {schema::Memory_Constants,
             {},
             layer.parameterBytes + layer.bytesPerChannel * channel,
             stage.weights,
             isResident ? layer.weightBytes
                        : weightsOf(lastChannel - channel)});
      if (channel == 0)
        for (auto [input, place] : llvm::zip(layer.inputs, inputs))
          stage.loads.push_back({schema::Memory_Input, storage(input),
                                 begin * whole.a.rowPitch,
                                 place + band % 2 * inputBytes,
                                 (end - begin) * whole.a.rowPitch});
      if (lastChannel == width)
        stage.stores.push_back({schema::Memory_Output, result,
                                row * whole.result.rowPitch,
                                output + band % 2 * outputBytes,
                                (lastRow - row) * whole.result.rowPitch});
      // The band before the last one has been where this one goes.
      int64_t perBand = llvm::divideCeil(width, channels);
      stage.storesDone = std::max<int64_t>(0, (band - 1) * perBand);
      stages.push_back(std::move(stage));
    }
  }
  return true;
}

bool Schedule::tileWell(bool looksFurther) {
  if (layers.size() != 1 || !layers.front().canBeTiled())
    return false;
  const View &result = layers.front().commands.front().result;
  int64_t bestRows = 0, bestChannels = 0;
  bool hasBlocks =
      layers.front().commands.front().opcode == schema::Opcode_Convolve;
  for (int64_t parts = 1;; parts *= 2) {
    int64_t channels = llvm::alignTo(llvm::divideCeil(result.channels, parts),
                                     machine.columns);
    for (int64_t rows = result.height; rows > 0; rows /= 2) {
      if (!placeTiles(rows, channels))
        continue;
      int64_t expected = predict();
      if (!bestRows || expected < cycles) {
        cycles = expected;
        bestRows = rows;
        bestChannels = channels;
      }
      if (!looksFurther)
        return true;
    }
    if (!hasBlocks || channels <= machine.columns)
      break;
  }
  return bestRows && placeTiles(bestRows, bestChannels);
}

//===----------------------------------------------------------------------===//
// Time
//===----------------------------------------------------------------------===//

int64_t Schedule::predict() const {
  int64_t loaded = 0;
  // When each stage has computed and has stored, behind a zero.
  SmallVector<int64_t> computed = {0}, stored = {0};
  for (const Stage &stage : stages) {
    loaded = std::max(loaded, computed[stage.loadedBefore]);
    for (const Transfer &load : stage.loads)
      loaded += machine.transferCycles(load.bytes);
    int64_t start =
        std::max({computed.back(), loaded, stored[stage.storesDone]});
    computed.push_back(start + cyclesOf(stage.commands, machine));
    stored.push_back(stored.back());
    for (const Transfer &store : stage.stores)
      stored.back() = std::max(stored.back(), computed.back()) +
                      machine.transferCycles(store.bytes);
  }
  return std::max(stored.back(), computed.back());
}

std::optional<Schedule> Schedule::get(ArrayRef<Operation *> ops,
                                      const Machine &machine,
                                      bool looksFurther) {
  Schedule schedule(ops, machine);
  if (!schedule.place(1))
    return schedule.tileWell(looksFurther) ? std::optional(schedule)
                                           : std::nullopt;
  schedule.cycles = schedule.predict();
  if (looksFurther)
    schedule.placeWell();
  return schedule;
}
