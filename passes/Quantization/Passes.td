//===- Passes.td - passes on quantised values --------------*- tablegen -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_QUANTIZATION_PASSES_TD
#define EDGECC_PASSES_QUANTIZATION_PASSES_TD

include "mlir/Pass/PassBase.td"

def GrowIntegerRegions : Pass<"edgecc-grow-integer-regions",
                              "::mlir::func::FuncOp"> {
  let summary = "let operations work on quantised values";
  let description = [{
    A network with `edge.quantize` and `edge.dequantize` around its operations
    becomes one on quantised values. First both casts move through whatever only
    moves or compares elements: dequantisation down, quantisation up, so that
    they meet. Then convolutions and matrix products whose two factors have been
    dequantised take the quantised values themselves, and so do averages between
    quantised values, and with `integer-sums` all sums; a quantisation that
    follows becomes the type of the result.

    A contraction stays real if its sums could leave 32 bits.

    Example:

    ```mlir
    %0 = edge.dequantize %x : tensor<4x8x!quant.uniform<u8:f32, 0.5>> -> tensor<4x8xf32>
    %1 = edge.dequantize %w : ...
    %2 = edge.matmul(%0, %1) : ...
    %3 = edge.quantize %2 : tensor<4x2xf32> -> tensor<4x2x!quant.uniform<u8:f32, 0.25>>
    // becomes
    %3 = edge.matmul(%x, %w) : (...) -> tensor<4x2x!quant.uniform<u8:f32, 0.25>>
    ```
  }];
  let options = [
    Option<"integerSums", "integer-sums", "bool", /*default=*/"false",
           "add up integers in pools and reductions: exact, where sums of f32 "
           "break the ties of averages by their rounding">,
    Option<"integerAverages", "integer-averages", "bool", /*default=*/"true",
           "averages between quantised values are sums of integers, "
           "requantised as those of products are, where no tie is near, or "
           "with integer-sums">
  ];
  let dependentDialects = ["::edgecc::edge::EdgeDialect"];
  let statistics = [
    Statistic<"numContractions", "contractions",
              "convolutions and products on quantised values">
  ];
}

def RoundAsTflite : Pass<"edgecc-round-as-tflite", "::mlir::func::FuncOp"> {
  let summary = "compute quantised values as TFLite's reference kernels do";
  let description = [{
    Before `edgecc-lower-quantized`: convolutions and products, sums of two
    values, averages, softmax and changes of scale whose operands and results
    are quantised become integer operations with TFLite's fixed-point
    multipliers, shifts and roundings, equal to its reference kernels bit for
    bit. Real numbers are quantised with half away from zero. A result that is
    quantised from anything else is named in a warning and keeps ONNX's
    arithmetic.
  }];
  let dependentDialects = ["::edgecc::edge::EdgeDialect",
                           "::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect"];
}

def NormalizeIntegers : Pass<"edgecc-normalize-integers",
                             "::mlir::func::FuncOp"> {
  let summary = "normalise integers by sums of integers";
  let description = [{
    Before `edgecc-lower-quantized`: softmax between quantised values and layer
    normalisation of a quantised value are computed such that all CPUs have the
    same bits. Exponentials are looked up in a table of integers, by how far an
    integer is below the largest one of its row; a variance is that of the
    integers. The sums are exact, whatever their order, and what follows is
    rounded as IEEE 754 says. Only bytes with one scale: others, shares that stay
    real and rows of more than 2,048 shares or 32,768 numbers stay as they are.
  }];
  let dependentDialects = ["::edgecc::edge::EdgeDialect",
                           "::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect"];
  let statistics = [
    Statistic<"numNormalized", "normalized", "operations on integers">
  ];
}

def FormIntegerCells : Pass<"edgecc-form-integer-cells",
                            "::mlir::func::FuncOp"> {
  let summary = "compute recurrent cells with integers";
  let description = [{
    After `edgecc-grow-integer-regions`: an `edge.lstm` or `edge.gru` whose input
    and weights are quantised becomes a loop over time on integers. Its state is a
    byte where it is multiplied, of the type that readers quantise the states
    to; what gates take and give, the memory of an LSTM and the state that a
    GRU mixes have 16 bits with a fixed point. Sigmoid and tanh are chords of
    256 pieces, looked up by the upper byte.

    Cells with peepholes or without known weights stay as they are.
  }];
  let dependentDialects = ["::edgecc::edge::EdgeDialect",
                           "::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect"];
  let statistics = [
    Statistic<"numCells", "cells", "cells on integers">
  ];
}

def LowerQuantized : Pass<"edgecc-lower-quantized", "::mlir::func::FuncOp"> {
  let summary = "compute quantised values with integers";
  let description = [{
    Removes all quantised types. A convolution or matrix product multiplies the
    stored integers and adds them up in i32. The zero point of its input goes
    into the bias, and the border of a convolution, if that zero point is not 0,
    becomes an explicit `edge.pad`. Weights whose zero point is not 0 are shifted
    by it, to i16 where they leave i8. An epilogue turns the sum into the result:
    to f32, times one factor per output channel, rounded to even, saturated, plus
    the zero point.

    Operations that only move elements do so with the integers. Everything else
    is computed in f32 between the conversions, which fusion joins into one map.
  }];
  let dependentDialects = ["::edgecc::edge::EdgeDialect",
                           "::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect"];
}

def ReportFloatFallback : Pass<"edgecc-report-float-fallback",
                               "::mlir::ModuleOp"> {
  let summary = "name what stays in float inside a quantised network";
  let description = [{
    For networks with quantised values, after `edgecc-grow-integer-regions`: a
    warning for each convolution, product, sum, normalisation or recurrent cell
    on real numbers that are not known, with the reason. Their number becomes
    the attribute `edge.float_fallbacks` of the module.
  }];
  let options = [
    Option<"silent", "silent", "bool", /*default=*/"false", "count only">,
    Option<"asErrors", "as-errors", "bool", /*default=*/"false",
           "errors in place of warnings">
  ];
}

def EqualizeChannels : Pass<"edgecc-equalize-channels",
                            "::mlir::func::FuncOp"> {
  let summary = "give the channels of values ranges more alike";
  let description = [{
    Before `edgecc-quantize-static`, which has one scale for a value: where all
    readers of a value multiply it by known weights, and it comes from a
    convolution, product or layer normalisation through operations that a factor
    of a channel passes (a rectifier, a maximum), its channels are divided where
    they are made and multiplied where they are read. The network stays the same
    but for rounding. A channel's factor is the square root of how large it is
    on examples over how large the weights are that read it; for depthwise
    convolutions, whose channels have scales of their own, how large it is.
    Without a calibrator that asks for it nothing is changed.
  }];
  let constructor = "::edgecc::quantization::createEqualizeChannelsPass()";
  let dependentDialects = ["::edgecc::edge::EdgeDialect"];
  let statistics = [
    Statistic<"numEqualized", "equalized", "values with factors">
  ];
}

def QuantizeStatic : Pass<"edgecc-quantize-static", "::mlir::func::FuncOp"> {
  let summary = "quantise a network of real numbers to 8 bits";
  let description = [{
    Puts `edge.quantize` and `edge.dequantize` behind the values that
    convolutions, matrix products and pools read, and behind the terms of
    residual additions and products. The ranges of these values are found by the
    function that the pipeline gives to the pass, which runs the network on
    examples; without one nothing is changed. Activations become `u8` with a
    zero point, known weights `i8` with one scale per output channel. For an NPU,
    the results of contractions and what averages read are quantised as well.
    `edgecc-grow-integer-regions` does the rest.
  }];
  let constructor = "::edgecc::quantization::createQuantizeStaticPass()";
  let dependentDialects = ["::edgecc::edge::EdgeDialect"];
}

def QuantizeDynamic : Pass<"edgecc-quantize-dynamic", "::mlir::func::FuncOp"> {
  let summary = "multiply bytes whose scales a run computes";
  let description = [{
    Convolutions and matrix products of real numbers with known weights multiply
    integers: weights of `i8` with one scale per output channel, and activations
    of `ui8` with a scale and a zero point that come from the extremes of each
    tensor when it is there (DynamicQuantizeLinear of ONNX). The sums become real
    numbers again. Values in between stay real, so no examples are needed.
    Tables of at least 4,096 numbers whose rows are gathered get bytes as well.
    What sums could leave 32 bits of stays real. With a function that prices
    networks it warns if that is predicted to take longer than before.
  }];
  let constructor = "::edgecc::quantization::createQuantizeDynamicPass()";
  let dependentDialects = ["::edgecc::edge::EdgeDialect"];
  let statistics = [
    Statistic<"numQuantized", "quantized", "layers and tables in bytes">
  ];
}

def IntegerInterface : Pass<"edgecc-integer-interface",
                            "::mlir::func::FuncOp"> {
  let summary = "give a quantised network integers for inputs and outputs";
  let description = [{
    Inputs of real numbers that are quantised at once, and outputs that are
    dequantised last, become the integers in between, of the type that an option
    names; so do integers of the other sign, whose zero point differs. With `f32`
    inputs and outputs of quantised integers become real numbers. It is an error
    if an input or output of real numbers is not quantised, or with other bits.
    Without a type only `edge.scale` and `edge.zero_point` are noted, of
    what has quantised integers.

    Example:

    ```mlir
    func.func @main(%x: tensor<4xf32>) {
      %0 = edge.quantize %x : tensor<4xf32> -> tensor<4x!quant.uniform<u8:f32, 0.5:128>>
    ```

    becomes, with `input-type=int8`,

    ```mlir
    func.func @main(%x: tensor<4xi8> {edge.scale = 0.5 : f32, edge.zero_point = 0}) {
      %0 = edge.storage_cast %x : tensor<4xi8> -> tensor<4x!quant.uniform<i8:f32, 0.5>>
    ```
  }];
  let options = [
    Option<"inputType", "input-type", "std::string", /*default=*/"",
           "int8, uint8, int16, uint16 or f32; empty for as they are">,
    Option<"outputType", "output-type", "std::string", /*default=*/"", "the same">
  ];
  let dependentDialects = ["::edgecc::edge::EdgeDialect"];
}

def CompareIntegers : Pass<"edgecc-compare-integers", "::mlir::func::FuncOp"> {
  let summary = "warn where integers are predicted to be slower than f32";
  let description = [{
    Predicts what a network takes whose values are quantised, and what it takes
    without the casts between its layers, by a function that the pipeline gives
    to the pass; says so if the former is longer by more than a twentieth, and
    names the layer that loses most. Without that function nothing is done, and
    the network is never changed.
  }];
  let constructor = "::edgecc::quantization::createCompareIntegersPass()";
}

def TabulateFunctions : Pass<"edgecc-tabulate-functions",
                             "::mlir::func::FuncOp"> {
  let summary = "look functions of bytes up in tables";
  let description = [{
    A map of one tensor of bytes becomes a gather from a table: the map of all
    256 bytes, which constant folding computes. So activations between
    quantised values cost a load, whatever they are, and have the same bits on
    CPUs with and without fused multiply-add: whatever needs a polynomial is
    looked up everywhere, the rest where a lookup takes fewer instructions than
    the arithmetic.
  }];
  let dependentDialects = ["::edgecc::edge::EdgeDialect"];
}

def FormBlockProducts : Pass<"edgecc-form-block-products",
                             "::mlir::func::FuncOp"> {
  let summary = "multiply by packed weights";
  let description = [{
    Matrix products of real numbers with known integers of 8 bits or fewer, in
    blocks with a scale each (`edge.dequantize_blocks`) or with a scale per
    column (`edge.dequantize`), become `edge.block_matmul`, which unpacks
    integers where it multiplies; so do convolutions with kernels of size one.
    Other convolutions take bytes with a scale per output channel as they are,
    and multiply their sums by the scales.
    Every other `edge.dequantize_blocks` becomes the constant that it expresses.
  }];
  let dependentDialects = ["::edgecc::edge::EdgeDialect"];
  let statistics = [
    Statistic<"numFormed", "formed", "products with packed weights">
  ];
}

def QuantizeWeights : Pass<"edgecc-quantize-weights", "::mlir::func::FuncOp"> {
  let summary = "store weights in fewer bits";
  let description = [{
    The known weights of matrix products, and of convolutions with kernels of
    size one, become integers with one scale for each column of a block of rows:
    the one with the least mean square error, rounded to f16. Given a function
    that runs the network on examples, the rounding of each row is made good by
    the rows after it as far as the inputs are related (GPTQ). With fewer than 8
    bits, convolutions of f32 over one image become loops over its lines, which
    multiply by such a matrix, where there is room for what these read. Weights of
    others become bytes with one scale for each output channel. Tables of
    at least 4,096 numbers whose rows are gathered (embeddings) get a scale for
    each block of a row.
  }];
  let options = [
    Option<"bits", "bits", "unsigned", /*default=*/"4", "of an integer">,
    Option<"blockSize", "block-size", "int64_t", /*default=*/"0",
           "the rows of a block; 0 for whole columns">
  ];
  let dependentDialects = ["::edgecc::edge::EdgeDialect"];
  let statistics = [
    Statistic<"numQuantized", "quantized", "constants in fewer bits">
  ];
}

def PalettizeWeights : Pass<"edgecc-palettize-weights",
                            "::mlir::func::FuncOp"> {
  let summary = "let weights have few values";
  let description = [{
    The known f32 weights of each convolution and matrix product, and without
    `scaled` of each recurrent cell, become the nearest of a few numbers, which k-means finds among them; zeros stay zeros.
    With `scaled`, the numbers are those of a channel over a 127th of the largest
    of them, and integers: a quantisation to bytes that follows keeps them, and
    all channels share one table of bytes. Given a function that runs the network
    on examples, the error of each row is made good by the rows after it as far
    as the inputs are related (GPTQ).

    Nothing is stored in fewer bytes yet: `edgecc-compress-constants` does that.
  }];
  let options = [
    Option<"bits", "bits", "unsigned", /*default=*/"4",
           "of the position of a number among the others">,
    Option<"scaled", "scaled", "bool", /*default=*/"false",
           "as many numbers for all channels together, times one for each">
  ];
  let dependentDialects = ["::edgecc::edge::EdgeDialect"];
  let statistics = [
    Statistic<"numPalettized", "palettized", "layers with few weights">
  ];
}

#endif // EDGECC_PASSES_QUANTIZATION_PASSES_TD
