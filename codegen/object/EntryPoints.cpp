//===- EntryPoints.cpp - the public symbols of an object --------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/object/EntryPoints.h"
#include "dialects/Target/MemoryMap.h"

#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/IntrinsicsX86.h"
#include "llvm/IR/Module.h"

using namespace llvm;
using namespace edgecc;

namespace {

/// The status codes of runtime/include/edgecc/model.h.
enum Status {
  Ok,
  NullPointer,
  MisalignedArena,
  SmallArena,
  NoSuchLayer,
  NpuFailed,
  NoTiles,
  OtherVectors,
  SizeOutOfRange
};

/// What a process of Linux says to get registers for tiles on x86-64: the
/// number of arch_prctl(2), and its arguments ARCH_REQ_XCOMP_PERM and
/// XTILEDATA.
enum TilePermission { ArchPrctl = 158, Request = 0x1023, TileData = 18 };

/// Builds the entry points of one module.
class EntryPoints {
public:
  EntryPoints(Module &module, const ModelInterface &model)
      : module(module), model(model), context(module.getContext()),
        pointer(PointerType::get(context, 0)), i32(Type::getInt32Ty(context)),
        size(module.getDataLayout().getIntPtrType(context)) {}

  void build() {
    Function *main = module.getFunction("main");
    main->setName("network");
    for (GlobalObject &object : module.global_objects())
      if (!object.isDeclaration())
        object.setLinkage(GlobalValue::InternalLinkage);
    run = buildEntry(*main, "_run");
    if (Function *step = module.getFunction("step"))
      buildEntry(*step, "_step");
    if (Function *hook = module.getFunction("on_layer"))
      defineHook(*hook, "_on_layer");
    if (Function *start = module.getFunction(target::copyStartName))
      defineCopies(*start, *module.getFunction(target::copyWaitName));
    if (Function *show = module.getFunction("on_value"))
      defineShow(*show);
    Function *generic = buildGenericRun();
    if (hasThreads())
      generic = buildRunAlone(*generic);
    buildTable(*generic);
  }

private:
  /// Whether some kernel needs registers for tiles, which a process must ask
  /// its system for.
  bool usesTiles() const;
  void requestTiles(IRBuilder<> &builder);
  /// Refuses machines whose vectors are not as long as `inner` takes them to
  /// be.
  void checkVectorLength(IRBuilder<> &builder, const Function &inner);
  /// Refuses sizes outside of their range among `arguments`, if that `counts`.
  void checkSizes(IRBuilder<> &builder, ArrayRef<TensorInterface> tensors,
                  ArrayRef<Value *> arguments, Value *counts);
  /// Returns `status` where `wrong` is true; goes on where it is not.
  void refuse(IRBuilder<> &builder, Value *wrong, Value *status);
  void refuse(IRBuilder<> &builder, Value *wrong, Status status) {
    refuse(builder, wrong, number(i32, status));
  }
  /// The public function of that suffix, which checks its arguments and calls
  /// `inner`: that runs the network, or one layer if it takes a number.
  Function *buildEntry(Function &inner, StringRef suffix);
  /// Calls what `run` creates for each slice of the arguments and returns.
  void repeat(IRBuilder<> &builder, SmallVectorImpl<Value *> &arguments,
              function_ref<Value *()> run);
  /// Returns `status`, or that a size of the outputs, if the run `isDone`, is
  /// outside of its range.
  void finishRun(IRBuilder<> &builder, Value *status, Value *isDone);
  void defineHook(Function &hook, StringRef suffix);
  void defineCopies(Function &start, Function &wait);
  void defineShow(Function &show);
  Function *buildGenericRun();
  /// Adds the regions, one after the other in `arena`, and their sizes.
  void splitArena(IRBuilder<> &builder, Value *arena, Value *given,
                  SmallVectorImpl<Value *> &arguments);
  Value *chooseThreads(IRBuilder<> &builder, Value *threads);
  Function *buildRunAlone(Function &generic);
  void buildTable(Function &genericRun);
  Constant *buildTensor(const TensorInterface &tensor);
  Constant *buildTensors(ArrayRef<TensorInterface> tensors);
  Constant *buildNumbers(ArrayRef<uint32_t> numbers);
  Constant *buildString(StringRef text);
  Constant *buildConstant(Constant *value);
  bool hasThreads() const { return model.threads > 1; }
  Constant *number(Type *type, uint64_t value) {
    return ConstantInt::get(type, value);
  }

  Module &module;
  const ModelInterface &model;
  LLVMContext &context;
  PointerType *pointer;
  Type *i32, *size;
  Function *run = nullptr;
};

} // namespace

void EntryPoints::refuse(IRBuilder<> &builder, Value *wrong, Value *status) {
  Function *function = builder.GetInsertBlock()->getParent();
  auto *refused = BasicBlock::Create(context, "refused", function);
  auto *accepted = BasicBlock::Create(context, "accepted", function);
  builder.CreateCondBr(wrong, refused, accepted);
  builder.SetInsertPoint(refused);
  builder.CreateRet(status);
  builder.SetInsertPoint(accepted);
}

bool EntryPoints::usesTiles() const {
  return any_of(module, [](const Function &function) {
    return function.getIntrinsicID() == Intrinsic::x86_tilezero_internal &&
           !function.use_empty();
  });
}

/// Asking once more is a call of the system that changes nothing; an object
/// remembers nothing between runs. Other systems than Linux, and programs
/// without one, have granted tiles before or never will.
void EntryPoints::requestTiles(IRBuilder<> &builder) {
  Type *word = builder.getInt64Ty();
  auto *system = InlineAsm::get(
      FunctionType::get(word, {word, word, word}, false), "syscall",
      "={rax},{rax},{rdi},{rsi},~{rcx},~{r11},"
      "~{memory},~{dirflag},~{fpsr},~{flags}",
      /*hasSideEffects=*/true);
  Value *result = builder.CreateCall(
      system,
      {number(word, ArchPrctl), number(word, Request), number(word, TileData)});
  refuse(builder, builder.CreateIsNotNull(result), NoTiles);
}

void EntryPoints::checkSizes(IRBuilder<> &builder,
                             ArrayRef<TensorInterface> tensors,
                             ArrayRef<Value *> arguments, Value *counts) {
  for (auto [tensor, argument] : zip(tensors, arguments)) {
    if (!tensor.range)
      continue;
    auto [least, most] = *tensor.range;
    Value *given = builder.CreateLoad(i32, argument);
    // One comparison, in which what is too small is very large.
    Value *above = builder.CreateSub(given, number(i32, least));
    Value *wrong = builder.CreateICmpUGT(above, number(i32, most - least));
    refuse(builder, builder.CreateAnd(wrong, counts), SizeOutOfRange);
  }
}

void EntryPoints::checkVectorLength(IRBuilder<> &builder,
                                    const Function &inner) {
  Attribute range = inner.getFnAttribute(Attribute::VScaleRange);
  if (!range.isValid())
    return;
  Value *scale = builder.CreateIntrinsic(Intrinsic::vscale, {size}, {});
  refuse(builder,
         builder.CreateICmpNE(scale, number(size, range.getVScaleRangeMin())),
         OtherVectors);
}

Function *EntryPoints::buildEntry(Function &inner, StringRef suffix) {
  // The arguments: inputs, outputs, each arena with its size, which is ours,
  // and the threads if the network uses them, or the number of a layer.
  unsigned tensors = model.inputs.size() + model.outputs.size();
  SmallVector<RegionInterface> arenas = model.getArenas();
  SmallVector<Type *> types(tensors, pointer);
  for (size_t i = 0; i < arenas.size(); ++i)
    types.append({pointer, size});
  bool isStep = inner.arg_size() &&
                inner.getArg(inner.arg_size() - 1)->getType()->isIntegerTy(32);
  if (hasThreads())
    types.push_back(pointer);
  if (isStep)
    types.push_back(i32);
  Function *function = Function::Create(
      FunctionType::get(i32, types, /*isVarArg=*/false),
      GlobalValue::ExternalLinkage, model.name + suffix, module);
  function->addFnAttr(Attribute::NoInline);
  IRBuilder<> builder(BasicBlock::Create(context, "", function));
  SmallVector<Value *> arguments;
  for (unsigned i = 0; i < tensors; ++i)
    arguments.push_back(function->getArg(i));
  for (size_t i = 0; i < arenas.size(); ++i)
    arguments.push_back(function->getArg(tensors + 2 * i));

  Value *anyNull = builder.getFalse();
  for (auto [i, argument] : enumerate(arguments))
    if (i < tensors || arenas[i - tensors].bytes > 0)
      anyNull = builder.CreateOr(anyNull, builder.CreateIsNull(argument));
  refuse(builder, anyNull, NullPointer);
  for (auto [i, arena] : enumerate(arenas)) {
    if (arena.bytes == 0)
      continue;
    Value *rest =
        builder.CreateAnd(builder.CreatePtrToInt(arguments[tensors + i], size),
                          number(size, model.arenaAlign - 1));
    refuse(builder, builder.CreateIsNotNull(rest), MisalignedArena);
    refuse(builder,
           builder.CreateICmpULT(function->getArg(tensors + 2 * i + 1),
                                 number(size, arena.bytes)),
           SmallArena);
  }
  checkSizes(builder, model.inputs, arguments, builder.getTrue());
  checkVectorLength(builder, inner);
  if (usesTiles() && module.getTargetTriple().isOSLinux())
    requestTiles(builder);
  if (hasThreads())
    arguments.push_back(
        chooseThreads(builder, function->getArg(types.size() - 1)));
  Value *isDone = builder.getTrue();
  if (isStep) {
    Argument *layer = function->getArg(types.size() - 1);
    refuse(builder,
           builder.CreateICmpUGE(layer, number(i32, model.layers.size())),
           NoSuchLayer);
    isDone = builder.CreateICmpEQ(layer, number(i32, model.layers.size() - 1));
    arguments.truncate(inner.arg_size() - 1);
    arguments.push_back(layer);
  }
  arguments.truncate(inner.arg_size());
  auto run = [&] {
    Value *status = builder.CreateCall(&inner, arguments);
    return status->getType() == i32 ? status : number(i32, Ok);
  };
  if (model.repeats)
    repeat(builder, arguments, run);
  else
    finishRun(builder, run(), isDone);
  return function;
}

/// Sizes that the network computes are known when all layers have run.
void EntryPoints::finishRun(IRBuilder<> &builder, Value *status,
                            Value *isDone) {
  if (any_of(model.outputs, [](const TensorInterface &output) {
        return output.range.has_value();
      })) {
    refuse(builder, builder.CreateIsNotNull(status), status);
    Function *function = builder.GetInsertBlock()->getParent();
    SmallVector<Value *> outputs;
    for (unsigned i = 0; i < model.outputs.size(); ++i)
      outputs.push_back(function->getArg(model.inputs.size() + i));
    checkSizes(builder, model.outputs, outputs, isDone);
  }
  builder.CreateRet(status);
}

/// The first slice is there even if there is none: arrays are as large as the
/// largest one. It tells what does not depend on slices.
void EntryPoints::repeat(IRBuilder<> &builder,
                         SmallVectorImpl<Value *> &arguments,
                         function_ref<Value *()> run) {
  Value *count = builder.CreateLoad(i32, arguments[*model.repeats]);
  Function *function = builder.GetInsertBlock()->getParent();
  BasicBlock *before = builder.GetInsertBlock();
  auto *slice = BasicBlock::Create(context, "slice", function);
  auto *done = BasicBlock::Create(context, "done", function);
  builder.CreateBr(slice);
  builder.SetInsertPoint(slice);
  PHINode *index = builder.CreatePHI(i32, 2);
  index->addIncoming(number(i32, 0), before);
  Value *place = builder.CreateZExtOrTrunc(index, size);
  for (auto [argument, tensor] :
       zip(arguments,
           concat<const TensorInterface>(model.inputs, model.outputs)))
    if (tensor.sliceBytes)
      argument = builder.CreateInBoundsGEP(
          builder.getInt8Ty(), argument,
          builder.CreateMul(place, number(size, tensor.sliceBytes)));
  refuse(builder, builder.CreateIsNotNull(run()), NpuFailed);
  Value *next = builder.CreateAdd(index, number(i32, 1));
  index->addIncoming(next, builder.GetInsertBlock());
  builder.CreateCondBr(builder.CreateICmpULT(next, count), slice, done);
  builder.SetInsertPoint(done);
  builder.CreateRet(number(i32, Ok));
}

/// Does nothing, unless the linker finds another one.
void EntryPoints::defineHook(Function &hook, StringRef suffix) {
  hook.setName(model.name + suffix);
  hook.setLinkage(GlobalValue::WeakAnyLinkage);
  IRBuilder<>(BasicBlock::Create(context, "", &hook)).CreateRetVoid();
}

/// Copies at once and waits for nothing, unless the linker finds others.
void EntryPoints::defineCopies(Function &start, Function &wait) {
  defineHook(wait, "_copy_wait");
  defineHook(start, "_copy_start");
  FunctionCallee copy =
      module.getOrInsertFunction("edgecc_copy", start.getFunctionType());
  SmallVector<Value *> arguments;
  for (Argument &argument : start.args())
    arguments.push_back(&argument);
  IRBuilder<>(start.getEntryBlock().getTerminator())
      .CreateCall(copy, arguments);
}

/// Calls the hook for values with what the table says of one, and its address.
void EntryPoints::defineShow(Function &show) {
  show.setName("show_value");
  show.setLinkage(GlobalValue::InternalLinkage);
  Function *hook = Function::Create(FunctionType::get(Type::getVoidTy(context),
                                                      {i32, pointer, pointer},
                                                      /*isVarArg=*/false),
                                    GlobalValue::WeakAnyLinkage, "", module);
  defineHook(*hook, "_on_value");
  SmallVector<Constant *> rows;
  for (const ValueInterface &value : model.values) {
    Constant *row[] = {buildTensor(value.tensor), buildNumbers(value.strides)};
    rows.push_back(ConstantStruct::getAnon(row));
  }
  IRBuilder<> builder(BasicBlock::Create(context, "", &show));
  if (!rows.empty()) {
    auto *type = ArrayType::get(rows.front()->getType(), rows.size());
    Constant *table = buildConstant(ConstantArray::get(type, rows));
    Value *row = builder.CreateInBoundsGEP(type, table,
                                           {number(i32, 0), show.getArg(0)});
    builder.CreateCall(hook, {show.getArg(0), row,
                              builder.CreateIntToPtr(show.getArg(1), pointer)});
  }
  builder.CreateRetVoid();
}

/// `threads`, or null where that has no hook.
Value *EntryPoints::chooseThreads(IRBuilder<> &builder, Value *threads) {
  Function *function = builder.GetInsertBlock()->getParent();
  BasicBlock *before = builder.GetInsertBlock();
  auto *given = BasicBlock::Create(context, "given", function);
  auto *chosen = BasicBlock::Create(context, "chosen", function);
  builder.CreateCondBr(builder.CreateIsNull(threads), chosen, given);
  builder.SetInsertPoint(given);
  Value *hook = builder.CreateLoad(pointer, threads);
  Constant *null = ConstantPointerNull::get(pointer);
  Value *usable =
      builder.CreateSelect(builder.CreateIsNull(hook), null, threads);
  builder.CreateBr(chosen);
  builder.SetInsertPoint(chosen);
  PHINode *result = builder.CreatePHI(pointer, 2);
  result->addIncoming(null, before);
  result->addIncoming(usable, given);
  return result;
}

/// For the table of the model, whose run knows nothing of threads.
Function *EntryPoints::buildRunAlone(Function &generic) {
  auto *type = FunctionType::get(i32, {pointer, pointer, pointer, size}, false);
  Function *function = Function::Create(type, GlobalValue::InternalLinkage,
                                        model.genericEntry(), module);
  IRBuilder<> builder(BasicBlock::Create(context, "", function));
  SmallVector<Value *> arguments;
  for (Argument &argument : function->args())
    arguments.push_back(&argument);
  arguments.push_back(ConstantPointerNull::get(pointer));
  builder.CreateRet(builder.CreateCall(&generic, arguments));
  return function;
}

Function *EntryPoints::buildGenericRun() {
  SmallVector<Type *> types{pointer, pointer, pointer, size};
  if (hasThreads())
    types.push_back(pointer);
  Function *function =
      Function::Create(FunctionType::get(i32, types, /*isVarArg=*/false),
                       hasThreads() ? GlobalValue::ExternalLinkage
                                    : GlobalValue::InternalLinkage,
                       model.name + "_run_arrays", module);
  IRBuilder<> builder(BasicBlock::Create(context, "", function));
  Value *anyNull = builder.getFalse();
  if (!model.inputs.empty())
    anyNull =
        builder.CreateOr(anyNull, builder.CreateIsNull(function->getArg(0)));
  if (!model.outputs.empty())
    anyNull =
        builder.CreateOr(anyNull, builder.CreateIsNull(function->getArg(1)));
  refuse(builder, anyNull, NullPointer);
  SmallVector<Value *> arguments;
  auto loadAll = [&](Value *array, size_t count) {
    for (size_t i = 0; i < count; ++i)
      arguments.push_back(builder.CreateLoad(
          pointer, builder.CreateConstInBoundsGEP1_32(pointer, array, i)));
  };
  loadAll(function->getArg(0), model.inputs.size());
  loadAll(function->getArg(1), model.outputs.size());
  if (model.regions.empty())
    arguments.append({function->getArg(2), function->getArg(3)});
  else
    splitArena(builder, function->getArg(2), function->getArg(3), arguments);
  if (hasThreads())
    arguments.push_back(function->getArg(4));
  builder.CreateRet(builder.CreateCall(run, arguments));
  return function;
}

void EntryPoints::splitArena(IRBuilder<> &builder, Value *arena, Value *given,
                             SmallVectorImpl<Value *> &arguments) {
  refuse(builder, builder.CreateIsNull(arena), NullPointer);
  refuse(builder, builder.CreateICmpULT(given, number(size, model.arenaBytes)),
         SmallArena);
  uint64_t offset = 0;
  for (const RegionInterface &region : model.regions) {
    offset = alignTo(offset, model.arenaAlign);
    arguments.push_back(
        builder.CreateConstGEP1_64(builder.getInt8Ty(), arena, offset));
    arguments.push_back(number(size, region.bytes));
    offset += region.bytes;
  }
}

Constant *EntryPoints::buildConstant(Constant *value) {
  auto *global =
      new GlobalVariable(module, value->getType(), /*isConstant=*/true,
                         GlobalValue::PrivateLinkage, value);
  global->setUnnamedAddr(GlobalValue::UnnamedAddr::Global);
  return global;
}

Constant *EntryPoints::buildString(StringRef text) {
  return buildConstant(ConstantDataArray::getString(context, text));
}

Constant *EntryPoints::buildNumbers(ArrayRef<uint32_t> numbers) {
  if (numbers.empty())
    return ConstantPointerNull::get(pointer);
  return buildConstant(ConstantDataArray::get(context, numbers));
}

Constant *EntryPoints::buildTensor(const TensorInterface &tensor) {
  auto *type = StructType::get(context, {pointer, pointer, size, i32, i32});
  SmallVector<uint32_t> shape(tensor.type.getShape());
  const ElementInfo *info = getElementInfo(tensor.type.getElementType());
  return ConstantStruct::get(
      type, {buildString(tensor.name), buildNumbers(shape),
             number(size, tensor.bytes), number(i32, info->onnxType),
             number(i32, shape.size())});
}

Constant *EntryPoints::buildTensors(ArrayRef<TensorInterface> tensors) {
  if (tensors.empty())
    return ConstantPointerNull::get(pointer);
  SmallVector<Constant *> rows;
  for (const TensorInterface &tensor : tensors)
    rows.push_back(buildTensor(tensor));
  return buildConstant(ConstantArray::get(
      ArrayType::get(rows.front()->getType(), rows.size()), rows));
}

void EntryPoints::buildTable(Function &genericRun) {
  auto *type = StructType::get(
      context, {i32, i32, i32, i32, size, pointer, pointer, pointer, pointer});
  Constant *table = ConstantStruct::get(
      type, {number(i32, /*version=*/0), number(i32, model.inputs.size()),
             number(i32, model.outputs.size()), number(i32, model.arenaAlign),
             number(size, std::max<int64_t>(model.arenaBytes, 1)),
             buildString(model.name), buildTensors(model.inputs),
             buildTensors(model.outputs), &genericRun});
  new GlobalVariable(module, type, /*isConstant=*/true,
                     GlobalValue::ExternalLinkage, table,
                     model.name + "_model");
}

void edgecc::addEntryPoints(Module &module, const ModelInterface &model) {
  EntryPoints(module, model).build();
}
