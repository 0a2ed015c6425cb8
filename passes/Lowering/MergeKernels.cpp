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

#include "dialects/Target/TargetDialect.h"
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
  Description(LLVM::LLVMFuncOp function, bool anyConstants, Type indexType)
      : function(function), anyConstants(anyConstants), indexType(indexType) {
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
  Type indexType;
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
  if (isa<LLVM::GEPOp>(op) || needsConstants(op) ||
      !describeConstant(op, index, constant.getValue(), value.getType()))
    add(constant.getValue());
  add(value.getType());
}

/// The type in which an argument is handed over.
static Type numberType(Type type) {
  if (auto vector = dyn_cast<VectorType>(type))
    return vector.getElementType();
  return type;
}

/// Describes a constant that may become an argument as any one of its type;
/// false for others.
bool Description::describeConstant(Operation &op, unsigned index,
                                   Attribute value, Type type) {
  if (auto splat = dyn_cast<SplatElementsAttr>(value))
    value = splat.getSplatValue<Attribute>();
  if (isa<IntegerAttr>(value) ? !anyConstants : !isa<FloatAttr>(value))
    return false;
  auto number = cast<TypedAttr>(value);
  if (auto integer = dyn_cast<IntegerAttr>(value)) {
    // A flag decides what code is there.
    if (integer.getType().isInteger(1))
      return false;
    if (isa<LLVM::GEPOp>(op))
      type = indexType;
    APInt digits = integer.getValue();
    number = IntegerAttr::get(
        numberType(type),
        digits.sextOrTrunc(numberType(type).getIntOrFloatBitWidth()));
  }
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
  /// `names` tells where members went: their names, and that of the first.
  void merge(SymbolTableCollection &symbols, ModuleOp module,
             NamedAttrList &names);

private:
  /// How a number follows from earlier ones in all members: `scale` times
  /// number `factor`, plus number `summand`, plus `offset`.
  struct Relation {
    std::optional<size_t> summand;
    size_t factor;
    int64_t scale, offset;
  };
  /// A constant that the members have different values of.
  struct Parameter {
    Type type;
    /// One for each member.
    std::vector<TypedAttr> values;
    /// The numbers of the uses.
    std::vector<size_t> uses;
    /// Handed over if there is none.
    std::optional<Relation> relation;
  };

  void findParameters();
  void findRelation(size_t number);
  bool fits(const Parameter &parameter, Relation &relation) const;
  Value compute(ImplicitLocOpBuilder &builder, const Parameter &parameter,
                ArrayRef<Value> known) const;

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
  for (size_t number : llvm::seq(parameters.size()))
    findRelation(number);
}

static int64_t integerOf(TypedAttr value) {
  return cast<IntegerAttr>(value).getValue().getSExtValue();
}

/// Strides and sizes are multiples and sums of each other: to compute one in
/// the kernel takes less than to hand it over.
void Group::findRelation(size_t number) {
  Parameter &parameter = parameters[number];
  if (!isa<IntegerType>(parameter.type))
    return;
  auto consider = [&](Relation relation) {
    if (!parameter.relation && fits(parameter, relation))
      parameter.relation = relation;
  };
  auto isRelated = [&](size_t other) {
    return parameters[other].type == parameter.type;
  };
  for (size_t factor : llvm::seq(number))
    if (isRelated(factor))
      consider({std::nullopt, factor, 0, 0});
  for (size_t factor : llvm::seq(number))
    for (size_t summand : llvm::seq(number))
      if (isRelated(factor) && isRelated(summand) && summand != factor)
        consider({summand, factor, 0, 0});
}

/// Finds the scale and the offset of a relation, if there are any for which it
/// holds; of two summands, the offset is zero.
bool Group::fits(const Parameter &parameter, Relation &relation) const {
  auto rest = [&](size_t member) {
    int64_t value = integerOf(parameter.values[member]);
    if (relation.summand)
      value -= integerOf(parameters[*relation.summand].values[member]);
    return value;
  };
  auto factor = [&](size_t member) {
    return integerOf(parameters[relation.factor].values[member]);
  };
  for (size_t member : llvm::seq<size_t>(1, members.size())) {
    int64_t step = factor(member) - factor(0);
    if (!step)
      continue;
    relation.scale = (rest(member) - rest(0)) / step;
    relation.offset = rest(0) - relation.scale * factor(0);
    break;
  }
  if (!relation.scale || (relation.summand && relation.offset))
    return false;
  return llvm::all_of(llvm::seq(members.size()), [&](size_t member) {
    return rest(member) == relation.scale * factor(member) + relation.offset;
  });
}

Value Group::compute(ImplicitLocOpBuilder &builder, const Parameter &parameter,
                     ArrayRef<Value> known) const {
  const Relation &relation = *parameter.relation;
  auto number = [&](int64_t value) {
    return LLVM::ConstantOp::create(builder, parameter.type,
                                    IntegerAttr::get(parameter.type, value));
  };
  Value value = known[relation.factor];
  if (relation.scale != 1)
    value = LLVM::MulOp::create(builder, value, number(relation.scale));
  if (relation.summand)
    value = LLVM::AddOp::create(builder, value, known[*relation.summand]);
  if (relation.offset)
    value = LLVM::AddOp::create(builder, value, number(relation.offset));
  return value;
}

/// An argument takes about two instructions at a call, and one in the kernel.
bool Group::isWorthIt() const {
  int64_t calls = members.size();
  int64_t arguments =
      llvm::count_if(parameters, [](const Parameter &parameter) {
        return !parameter.relation;
      });
  return arguments * (2 * calls + 1) < (calls - 1) * members.front().getSize();
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

void Group::merge(SymbolTableCollection &symbols, ModuleOp module,
                  NamedAttrList &names) {
  LLVM::LLVMFuncOp kernel = members.front().getFunction();
  ImplicitLocOpBuilder builder(kernel.getLoc(), kernel.getContext());
  Operation *begin = &kernel.getBody().front().front();
  builder.setInsertionPoint(begin);
  SmallVector<Value> known;
  for (const Parameter &parameter : parameters) {
    Value argument = parameter.relation
                         ? compute(builder, parameter, known)
                         : addArgument(kernel, numberType(parameter.type));
    known.push_back(argument);
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
        if (!parameter.relation)
          call.getCalleeOperandsMutable().append(createNumber(
              builder, numberType(parameter.type), parameter.values[i]));
      call.setCallee(kernel.getSymName());
    }
    if (i == 0)
      continue;
    names.set(function.getSymNameAttr(), kernel.getSymNameAttr());
    symbols.getSymbolTable(module).erase(function);
  }
}

namespace {
struct MergeKernels : edgecc::impl::MergeKernelsBase<MergeKernels> {
  using MergeKernelsBase::MergeKernelsBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    target::CpuAttr cpu = target::getCpu(module);
    Type indexType =
        IntegerType::get(&getContext(), cpu ? cpu.getIndexBits() : 64);
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
      Description description(function, anyConstants, indexType);
      size_t group =
          known.insert({description.getWords(), known.size()}).first->second;
      groups[group].push_back(std::move(description));
    }
    SymbolTableCollection symbols;
    NamedAttrList names;
    for (auto &[number, members] : groups) {
      size_t count = members.size();
      if (count < 2)
        continue;
      Group group(std::move(members));
      if (!group.isWorthIt())
        continue;
      group.merge(symbols, module, names);
      numMerged += count - 1;
    }
    if (!names.empty())
      module->setAttr("edge.merged", names.getDictionary(&getContext()));
  }
};
} // namespace
