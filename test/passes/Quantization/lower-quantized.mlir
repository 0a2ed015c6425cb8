// RUN: edgecc-opt %s -split-input-file -verify-diagnostics -edgecc-lower-quantized | FileCheck %s

!x = !quant.uniform<u8:f32, 0.5:3>
!w = !quant.uniform<i8:f32:3, {0.5, 0.25}>
!b = !quant.uniform<i32:f32:0, {0.25, 0.125}>
!y = !quant.uniform<u8:f32, 0.25:10>

// The border holds the zero point of the input, which goes into the bias:
// 100 - 3 * (1 + 2) and 200 - 3 * (3 + 4).
// CHECK-LABEL: func @conv
// CHECK-SAME: (%[[X:.*]]: tensor<1x4x1x2xui8>)
// CHECK-DAG: %[[W:.*]] = edge.constant dense<{{\[\[\[\[}}1, 3], [2, 4]]]]> : tensor<1x1x2x2xi8>
// CHECK-DAG: %[[B:.*]] = edge.constant dense<[91, 179]> : tensor<2xi32>
// CHECK-DAG: %[[M:.*]] = edge.constant dense<[1.000000e+00, 5.000000e-01]> : tensor<2xf32>
// CHECK-DAG: %[[P:.*]] = edge.pad %[[X]] constant low [0, 1, 0, 0] high [0, 0, 0, 0] {value = 3.000000e+00 : f64}
// CHECK: edge.conv(%[[P]], %[[W]], %[[B]]) with(%[[M]]) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
// CHECK-SAME: -> tensor<1x5x1x2xui8> {
// CHECK-NEXT: ^bb0(%[[SUM:.*]]: i32, %[[FACTOR:.*]]: f32):
// CHECK-NEXT: %[[REAL:.*]] = arith.sitofp %[[SUM]] : i32 to f32
// CHECK-NEXT: %[[SCALED:.*]] = arith.mulf %[[REAL]], %[[FACTOR]]
// CHECK-NEXT: %[[ROUND:.*]] = math.roundeven %[[SCALED]]
// CHECK: %[[LOW:.*]] = arith.maximumf %[[ROUND]], %{{.*}} fastmath<nnan,nsz>
// CHECK: %[[HIGH:.*]] = arith.minimumf %[[LOW]], %{{.*}} fastmath<nnan,nsz>
// CHECK: %[[INT:.*]] = arith.fptosi %[[HIGH]] : f32 to i32
// CHECK: %[[SHIFTED:.*]] = arith.addi %[[INT]]
// CHECK: arith.trunci %[[SHIFTED]] : i32 to i8
func.func @conv(%x: tensor<1x4x1x2xui8>) -> tensor<1x5x1x2xui8> {
  %w = edge.constant dense<[[[[1, 3], [2, 4]]]]> : tensor<1x1x2x2xi8>
  %b = edge.constant dense<[100, 200]> : tensor<2xi32>
  %qx = edge.storage_cast %x : tensor<1x4x1x2xui8> -> tensor<1x4x1x2x!x>
  %qw = edge.storage_cast %w : tensor<1x1x2x2xi8> -> tensor<1x1x2x2x!w>
  %qb = edge.storage_cast %b : tensor<2xi32> -> tensor<2x!b>
  %0 = edge.conv(%qx, %qw, %qb) strides [1, 1] pads_low [1, 0] pads_high [0, 0]
      : (tensor<1x4x1x2x!x>, tensor<1x1x2x2x!w>, tensor<2x!b>) -> tensor<1x5x1x2x!y>
  %s = edge.storage_cast %0 : tensor<1x5x1x2x!y> -> tensor<1x5x1x2xui8>
  return %s : tensor<1x5x1x2xui8>
}

// -----

!x = !quant.uniform<i8:f32, 0.5>
!w = !quant.uniform<u8:f32, 0.5:128>

// Weights are shifted by their zero point; a real result is the sum times a
// factor.
// CHECK-LABEL: func @product
// CHECK: %[[W:.*]] = edge.constant dense<{{\[\[}}-127, 72], [-128, 127]]> : tensor<2x2xi8>
// CHECK: edge.matmul(%{{.*}}, %[[W]]) : (tensor<4x2xi8>, tensor<2x2xi8>) -> tensor<4x2xf32>
// CHECK: arith.sitofp
// CHECK: arith.mulf
// CHECK-NEXT: edge.yield
func.func @product(%x: tensor<4x2xi8>) -> tensor<4x2xf32> {
  %w = edge.constant dense<[[1, 200], [0, 255]]> : tensor<2x2xui8>
  %qx = edge.storage_cast %x : tensor<4x2xi8> -> tensor<4x2x!x>
  %qw = edge.storage_cast %w : tensor<2x2xui8> -> tensor<2x2x!w>
  %0 = edge.matmul(%qx, %qw) : (tensor<4x2x!x>, tensor<2x2x!w>) -> tensor<4x2xf32>
  return %0 : tensor<4x2xf32>
}

// -----

!x = !quant.uniform<i8:f32, 0.5>
!w = !quant.uniform<u8:f32, 0.5:3>

// 255 - 3 does not fit i8.
// CHECK-LABEL: func @wide_weights
// CHECK: edge.constant dense<{{\[\[}}-2, 197], [-3, 252]]> : tensor<2x2xi16>
func.func @wide_weights(%x: tensor<4x2xi8>) -> tensor<4x2xf32> {
  %w = edge.constant dense<[[1, 200], [0, 255]]> : tensor<2x2xui8>
  %qx = edge.storage_cast %x : tensor<4x2xi8> -> tensor<4x2x!x>
  %qw = edge.storage_cast %w : tensor<2x2xui8> -> tensor<2x2x!w>
  %0 = edge.matmul(%qx, %qw) : (tensor<4x2x!x>, tensor<2x2x!w>) -> tensor<4x2xf32>
  return %0 : tensor<4x2xf32>
}

// -----

!x = !quant.uniform<u8:f32, 0.5:128>
!y = !quant.uniform<i8<-127:127>:f32, 0.25>

// From one scale to another by way of f32, within the range of the type.
// CHECK-LABEL: func @requantise
// CHECK: %[[F:[0-9]+]] = edge.constant dense<2.500000e-01>
// CHECK: %[[S:[0-9]+]] = edge.div %{{[0-9]+}}, %[[F]]
// CHECK: %[[R:[0-9]+]] = edge.round %[[S]]
// CHECK: %[[L:[0-9]+]] = edge.clamp %[[R]] {max = 1.270000e+02 : f64, min = -1.270000e+02 : f64}
// CHECK: edge.cast %[[L]] to i8
func.func @requantise(%x: tensor<4xui8>) -> tensor<4xi8> {
  %q = edge.storage_cast %x : tensor<4xui8> -> tensor<4x!x>
  %0 = edge.dequantize %q : tensor<4x!x> -> tensor<4xf32>
  %1 = edge.quantize %0 : tensor<4xf32> -> tensor<4x!y>
  %s = edge.storage_cast %1 : tensor<4x!y> -> tensor<4xi8>
  return %s : tensor<4xi8>
}

// -----

!x = !quant.uniform<u8:f32, 0.5:128>

// Movement works on the integers, limits and borders in their terms.
// CHECK-LABEL: func @movement
// CHECK: edge.clamp %{{.*}} {max = 1.400000e+02 : f64, min = 1.280000e+02 : f64} : tensor<2x2xui8>
// CHECK: edge.pad %{{.*}} constant low [0, 1] high [0, 0] {value = 1.280000e+02 : f64} : tensor<2x2xui8>
// CHECK: edge.reduce max({{.*}}) axes [1] : (tensor<2x3xui8>) -> tensor<2x1xui8>
func.func @movement(%x: tensor<2x2xui8>) -> tensor<2x1xui8> {
  %q = edge.storage_cast %x : tensor<2x2xui8> -> tensor<2x2x!x>
  %0 = edge.clamp %q {min = 0.0 : f64, max = 6.0 : f64} : tensor<2x2x!x> -> tensor<2x2x!x>
  %1 = edge.pad %0 constant low [0, 1] high [0, 0] {value = 0.0 : f64} : tensor<2x2x!x> -> tensor<2x3x!x>
  %2 = edge.reduce max(%1) axes [1] : (tensor<2x3x!x>) -> tensor<2x1x!x>
  %s = edge.storage_cast %2 : tensor<2x1x!x> -> tensor<2x1xui8>
  return %s : tensor<2x1xui8>
}

// -----

!x = !quant.uniform<u8:f32, 0.5:128>

// Other operations work on the real numbers.
// CHECK-LABEL: func @real
// CHECK: edge.add %{{.*}}, %{{.*}} : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
// CHECK: edge.round
// CHECK: edge.cast %{{.*}} to ui8
func.func @real(%x: tensor<4xui8>, %f: tensor<4xf32>) -> tensor<4xui8> {
  %q = edge.storage_cast %x : tensor<4xui8> -> tensor<4x!x>
  %0 = edge.add %q, %f : tensor<4x!x>, tensor<4xf32> -> tensor<4x!x>
  %s = edge.storage_cast %0 : tensor<4x!x> -> tensor<4xui8>
  return %s : tensor<4xui8>
}

// -----

// Nothing works on quantised values but operations of the dialect.
func.func @foreign(%x: tensor<4x!quant.uniform<u8:f32, 0.5:128>>) -> tensor<4x!quant.uniform<u8:f32, 0.5:128>> {
  // expected-error @+1 {{has no form on integers}}
  return %x : tensor<4x!quant.uniform<u8:f32, 0.5:128>>
}
