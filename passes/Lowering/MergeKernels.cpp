//===- MergeKernels.cpp - kernels that differ in constants --*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Shapes, strides and scales are constants of a kernel in the LLVM dialect, so
// that kernels of one kind are the same operations on other constants. A kernel
// is described by a list of words in which the constants are left out; kernels
// with equal descriptions become one, with the constants as arguments.
//
//===----------------------------------------------------------------------===//

#include "passes/Lowering/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/MapVector.h"

#include <map>

namespace edgecc {
#define GEN_PASS_DEF_MERGEKERNELS
#include "passes/Lowering/Passes.h.inc"
} // namespace edgecc

using namespace mlir;
using namespace edgecc;

namespace {

/// A place in a kernel that takes a constant: operand `index` of `op`, or
/// index number `index` of an address.
struct ConstantUse {
  Operation *op;
  unsigned index;
  /// The type that the constant has there.
  Type type;
  /// A number; for a vector, that of all elements.
  TypedAttr value;
};

/// A kernel without its constants.
class Description {
public:
  Description(LLVM::LLVMFuncOp function, bool anyConstants)
      : function(function), anyConstants(anyConstants) {
    describe();
  }

  /// Equal for two kernels that differ at most in constants.
  const std::vector<const void *> &getWords() const { return words; }
  const std::vector<ConstantUse> &getConstants() const { return constants; }
  LLVM::LLVMFuncOp getFunction() const { return function; }
  int64_t getSize() const { return size; }

private:
  void describe();
  void describe(Operation &op);
  void describeValue(Operation &op, unsigned index, Value value);
  bool describeConstant(Operation &op, unsigned index, Attribute value,
                        Type type);
  void add(const void *word) { words.push_back(word); }
  void add(uintptr_t number) { add(reinterpret_cast<const void *>(number)); }
  void add(Type type) { add(type.getAsOpaquePointer()); }
  void add(Attribute attribute) { add(attribute.getAsOpaquePointer()); }

  LLVM::LLVMFuncOp function;
  bool anyConstants;
  int64_t size = 0;
  std::vector<const void *> words;
  std::vector<ConstantUse> constants;
  llvm::DenseMap<Value, uintptr_t> values;
  llvm::DenseMap<Block *, uintptr_t> blocks;
};

} // namespace

void Description::describe() {
  NamedAttrList attributes(function->getDiscardableAttrDictionary());
  add(attributes.getDictionary(function.getContext()));
  add(function.getFunctionType());
  add(function.getArgAttrsAttr());
  add(function.getPassthroughAttr());
  for (Block &block : function.getBody()) {
    blocks[&block] = blocks.size();
    for (Value argument : block.getArguments())
      values[argument] = values.size();
    for (Operation &op : block)
      if (!isa<LLVM::ConstantOp>(op))
        for (Value result : op.getResults())
          values[result] = values.size();
  }
  for (Block &block : function.getBody()) {
    for (Type type : block.getArgumentTypes())
      add(type);
    for (Operation &op : block)
      if (!isa<LLVM::ConstantOp>(op))
        describe(op);
    add(uintptr_t(0));
  }
}

/// Whether a constant operand must be one.
static bool needsConstants(Operation &op) {
  return isa<LLVM::CallIntrinsicOp, LLVM::InlineAsmOp, LLVM::AllocaOp,
             LLVM::ExtractElementOp, LLVM::InsertElementOp>(op);
}

void Description::describe(Operation &op) {
  ++size;
  add(op.getName().getAsOpaquePointer());
  for (Type type : op.getResultTypes())
    add(type);
  auto address = dyn_cast<LLVM::GEPOp>(op);
  NamedAttrList attributes(op.getAttrDictionary());
  if (address)
    attributes.erase(address.getRawConstantIndicesAttrName());
  add(attributes.getDictionary(op.getContext()));
  if (address) {
    describeValue(op, 0, address.getBase());
    add(address.getIndices().size());
    for (auto [i, index] : llvm::enumerate(address.getIndices())) {
      if (auto value = dyn_cast<Value>(index)) {
        describeValue(op, i, value);
        continue;
      }
      auto constant = cast<IntegerAttr>(index);
      if (address.getIndices().size() > 1 ||
          !describeConstant(op, i, constant, constant.getType()))
        add(constant);
    }
  } else {
    add(op.getNumOperands());
    for (auto [i, operand] : llvm::enumerate(op.getOperands()))
      describeValue(op, i, operand);
  }
  for (Block *successor : op.getSuccessors())
    add(blocks.at(successor));
}

void Description::describeValue(Operation &op, unsigned index, Value value) {
  auto constant = value.getDefiningOp<LLVM::ConstantOp>();
  if (!constant)
    return add(values.at(value));
  // An index of an address that is a value has a type of its own.
  if (isa<LLVM::GEPOp>(op) || needsConstants(op) ||
      !describeConstant(op, index, constant.getValue(), value.getType()))
    add(constant.getValue());
  add(value.getType());
}

/// Describes a constant that may become an argument as any one of its type;
/// false for others.
bool Description::describeConstant(Operation &op, unsigned index,
                                   Attribute value, Type type) {
  if (auto splat = dyn_cast<SplatElementsAttr>(value))
    value = splat.getSplatValue<Attribute>();
  if (isa<IntegerAttr>(value) ? !anyConstants : !isa<FloatAttr>(value))
    return false;
  // A flag decides what code is there.
  auto number = cast<TypedAttr>(value);
  if (number.getType().isInteger(1))
    return false;
  add(uintptr_t(1));
  constants.push_back({&op, index, type, number});
  return true;
}

namespace {

/// Kernels that become one: the first.
class Group {
public:
  explicit Group(std::vector<Description> members)
      : members(std::move(members)) {
    findParameters();
  }

  bool isWorthIt() const;
  void merge(SymbolTableCollection &symbols, ModuleOp module);

private:
  /// A constant that the members have different values of.
  struct Parameter {
    Type type;
    /// One for each member.
    std::vector<TypedAttr> values;
    /// The numbers of the uses.
    std::vector<size_t> uses;
  };

  void findParameters();

  std::vector<Description> members;
  std::vector<Parameter> parameters;
};

} // namespace

void Group::findParameters() {
  std::map<std::vector<const void *>, size_t> known;
  for (size_t use : llvm::seq(members.front().getConstants().size())) {
    Parameter parameter;
    parameter.type = members.front().getConstants()[use].type;
    std::vector<const void *> key{parameter.type.getAsOpaquePointer()};
    bool differs = false;
    for (const Description &member : members) {
      TypedAttr value = member.getConstants()[use].value;
      parameter.values.push_back(value);
      key.push_back(value.getAsOpaquePointer());
      differs |= value != parameter.values.front();
    }
    if (!differs)
      continue;
    auto [row, isNew] = known.insert({std::move(key), parameters.size()});
    if (isNew)
      parameters.push_back(std::move(parameter));
    parameters[row->second].uses.push_back(use);
  }
}

/// An argument takes about two instructions at a call, and one in the kernel.
bool Group::isWorthIt() const {
  int64_t calls = members.size(), arguments = parameters.size();
  return arguments * (2 * calls + 1) < (calls - 1) * members.front().getSize();
}

/// The type in which an argument is handed over.
static Type numberType(Type type) {
  if (auto vector = dyn_cast<VectorType>(type))
    return vector.getElementType();
  return type;
}

/// A constant of this type that is `value`.
static Value createNumber(ImplicitLocOpBuilder &builder, Type type,
                          TypedAttr value) {
  return LLVM::ConstantOp::create(builder, type, value);
}

static Value addArgument(LLVM::LLVMFuncOp kernel, Type type) {
  LLVM::LLVMFunctionType old = kernel.getFunctionType();
  SmallVector<Type> inputs(old.getParams());
  inputs.push_back(type);
  kernel.setFunctionType(
      LLVM::LLVMFunctionType::get(old.getReturnType(), inputs));
  if (ArrayAttr attributes = kernel.getArgAttrsAttr()) {
    SmallVector<Attribute> all(attributes.getValue());
    all.push_back(DictionaryAttr::get(kernel.getContext()));
    kernel.setArgAttrsAttr(ArrayAttr::get(kernel.getContext(), all));
  }
  return kernel.getBody().front().addArgument(type, kernel.getLoc());
}

void Group::merge(SymbolTableCollection &symbols, ModuleOp module) {
  LLVM::LLVMFuncOp kernel = members.front().getFunction();
  ImplicitLocOpBuilder builder(kernel.getLoc(), kernel.getContext());
  for (const Parameter &parameter : parameters) {
    Value argument = addArgument(kernel, numberType(parameter.type));
    builder.setInsertionPointToStart(&kernel.getBody().front());
    if (auto vector = dyn_cast<VectorType>(parameter.type)) {
      Value all = LLVM::PoisonOp::create(builder, vector);
      Value first = createNumber(builder, builder.getI32Type(),
                                 builder.getI32IntegerAttr(0));
      all = LLVM::InsertElementOp::create(builder, all, argument, first);
      SmallVector<int32_t> lanes(vector.getNumElements(), 0);
      argument = LLVM::ShuffleVectorOp::create(builder, all, all, lanes);
    }
    for (size_t use : parameter.uses) {
      const ConstantUse &place = members.front().getConstants()[use];
      auto address = dyn_cast<LLVM::GEPOp>(place.op);
      if (!address) {
        place.op->setOperand(place.index, argument);
        continue;
      }
      address.getDynamicIndicesMutable().append(argument);
      address.setRawConstantIndices({LLVM::GEPOp::kDynamicIndex});
    }
  }
  for (auto [i, member] : llvm::enumerate(members)) {
    LLVM::LLVMFuncOp function = member.getFunction();
    auto uses = SymbolTable::getSymbolUses(function.getSymNameAttr(),
                                           module.getOperation());
    for (SymbolTable::SymbolUse use : *uses) {
      auto call = cast<LLVM::CallOp>(use.getUser());
      builder.setLoc(call.getLoc());
      builder.setInsertionPoint(call);
      for (const Parameter &parameter : parameters)
        call.getCalleeOperandsMutable().append(createNumber(
            builder, numberType(parameter.type), parameter.values[i]));
      call.setCallee(kernel.getSymName());
    }
    if (i)
      symbols.getSymbolTable(module).erase(function);
  }
}

namespace {
struct MergeKernels : edgecc::impl::MergeKernelsBase<MergeKernels> {
  using MergeKernelsBase::MergeKernelsBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    // What is called, and nothing else is done with it.
    llvm::DenseMap<StringAttr, bool> isOnlyCalled;
    auto uses = SymbolTable::getSymbolUses(&module.getBodyRegion());
    for (SymbolTable::SymbolUse use : *uses) {
      StringAttr name = use.getSymbolRef().getRootReference();
      bool isCall = isa<LLVM::CallOp>(use.getUser());
      isOnlyCalled.insert({name, true}).first->second &= isCall;
    }
    llvm::MapVector<size_t, std::vector<Description>> groups;
    std::map<std::vector<const void *>, size_t> known;
    for (auto function : module.getOps<LLVM::LLVMFuncOp>()) {
      if (function.isExternal() ||
          function.getLinkage() != LLVM::Linkage::Internal ||
          !isOnlyCalled.lookup(function.getSymNameAttr()))
        continue;
      Description description(function, anyConstants);
      size_t group =
          known.insert({description.getWords(), known.size()}).first->second;
      groups[group].push_back(std::move(description));
    }
    SymbolTableCollection symbols;
    for (auto &[number, members] : groups) {
      size_t count = members.size();
      if (count < 2)
        continue;
      Group group(std::move(members));
      if (!group.isWorthIt())
        continue;
      group.merge(symbols, module);
      numMerged += count - 1;
    }
  }
};
} // namespace
