// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge | FileCheck %s

// One scale per channel; a zero point of i8 says that the result is i8.

// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<2x3xf32>
// CHECK:         %[[Q:.*]] = edge.quantize %[[X]] : tensor<2x3xf32> -> tensor<2x3x!quant.uniform<i8:f32:0, {{.*}}>>
// CHECK-NEXT:    edge.storage_cast %[[Q]] : {{.*}} -> tensor<2x3xi8>
func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<2x3xi8> {onnx.name = "y"}) {
  %s = onnx.constant dense<[0.5, 0.25]> : tensor<2xf32>
  %z = onnx.constant dense<[1, -3]> : tensor<2xi8>
  %y = onnx.node "QuantizeLinear"(%x, %s, %z) since 13 {axis = 0 : i64}
      : (tensor<2x3xf32>, tensor<2xf32>, tensor<2xi8>) -> tensor<2x3xi8>
  return %y : tensor<2x3xi8>
}

// -----

// Weights of 4 bits in blocks of 2 become real numbers.

// CHECK-LABEL: func.func @main(
// CHECK-DAG:     %[[X:.*]] = edge.constant dense<[1, -1, 3, 7]> : tensor<4xi8>
// CHECK-DAG:     %[[S:.*]] = edge.constant dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>
// CHECK:         edge.dequantize_blocks %[[X]], %[[S]] axis 0 block 2 : (tensor<4xi8>, tensor<2xf32>) -> tensor<4xf32>
func.func @main() -> (tensor<4xf32> {onnx.name = "y"}) {
  %x = onnx.constant dense<[1, -1, 3, 7]> : tensor<4xi4>
  %s = onnx.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %y = onnx.node "DequantizeLinear"(%x, %s) since 21 {axis = 0 : i64, block_size = 2 : i64}
      : (tensor<4xi4>, tensor<2xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// Columns of packed numbers, low half first; the zero is 8 unless given.

// CHECK-LABEL: func.func @main(
// CHECK-DAG:     %[[B:.*]] = edge.constant dense<{{.*}}> : tensor<16x2xi8>
// CHECK-DAG:     %[[S:.*]] = edge.constant dense<{{\[\[}}5.000000e-01, 2.000000e+00]]> : tensor<1x2xf32>
// CHECK:         %[[W:.*]] = edge.dequantize_blocks %[[B]], %[[S]] axis 0 block 16
// CHECK:         edge.matmul(%{{.*}}, %[[W]]) : (tensor<3x16xf32>, tensor<16x2xf32>) -> tensor<3x2xf32>
func.func @main(%a: tensor<3x16xf32> {onnx.name = "a"}) -> (tensor<3x2xf32> {onnx.name = "y"}) {
  %b = onnx.constant dense<129> : tensor<2x1x8xui8>
  %s = onnx.constant dense<[0.5, 2.0]> : tensor<2xf32>
  %y = onnx.node "MatMulNBits"(%a, %b, %s) domain "com.microsoft" since 1 {
    K = 16 : i64, N = 2 : i64, bits = 4 : i64, block_size = 16 : i64
  } : (tensor<3x16xf32>, tensor<2x1x8xui8>, tensor<2xf32>) -> tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}
