// RUN: edgecc-opt %s -edgecc-integer-interface="input-type=int8 output-type=uint8" -canonicalize -split-input-file -verify-diagnostics | FileCheck %s

!u = !quant.uniform<u8:f32, 0.5:100>
!o = !quant.uniform<u8:f32, 0.25>

// CHECK-LABEL: func @both
// CHECK-SAME: (%[[X:.*]]: tensor<1x4x2xi8> {edge.name = "x", edge.scale = 5.000000e-01 : f32, edge.zero_point = -28 : i64})
// CHECK-SAME: -> (tensor<1x2x4xui8> {edge.name = "y", edge.scale = 2.500000e-01 : f32, edge.zero_point = 0 : i64})
// CHECK: %[[Q:.*]] = edge.storage_cast %[[X]] : tensor<1x4x2xi8> -> tensor<1x4x2x!quant.uniform<i8:f32, 5.000000e-01:-28>>
// CHECK: edge.dequantize %[[Q]]
// CHECK-NOT: edge.quantize
// CHECK: edge.neg
// CHECK: edge.quantize
// CHECK: %[[R:.*]] = edge.storage_cast
// CHECK: return %[[R]] : tensor<1x2x4xui8>
func.func @both(%x: tensor<1x4x2xf32> {edge.name = "x"})
    -> (tensor<1x2x4xf32> {edge.name = "y"}) {
  %t = edge.transpose %x [0, 2, 1] : tensor<1x4x2xf32> -> tensor<1x2x4xf32>
  %0 = edge.quantize %t : tensor<1x2x4xf32> -> tensor<1x2x4x!u>
  %1 = edge.dequantize %0 : tensor<1x2x4x!u> -> tensor<1x2x4xf32>
  %2 = edge.neg %1 : tensor<1x2x4xf32> -> tensor<1x2x4xf32>
  %3 = edge.quantize %2 : tensor<1x2x4xf32> -> tensor<1x2x4x!o>
  %4 = edge.dequantize %3 : tensor<1x2x4x!o> -> tensor<1x2x4xf32>
  return %4 : tensor<1x2x4xf32>
}

// -----

!u = !quant.uniform<u8:f32, 0.5:100>
// Integers of the other sign, which have been the caller's before.
// CHECK-LABEL: func @integers
// CHECK-SAME: (%{{.*}}: tensor<4xi8> {edge.name = "x", edge.scale = 5.000000e-01 : f32, edge.zero_point = -28 : i64})
func.func @integers(%x: tensor<4xui8> {edge.name = "x"}) -> (tensor<4xui8> {edge.name = "y"}) {
  %0 = edge.storage_cast %x : tensor<4xui8> -> tensor<4x!u>
  %1 = edge.dequantize %0 : tensor<4x!u> -> tensor<4xf32>
  %2 = edge.neg %1 : tensor<4xf32> -> tensor<4xf32>
  %3 = edge.quantize %2 : tensor<4xf32> -> tensor<4x!u>
  %4 = edge.storage_cast %3 : tensor<4x!u> -> tensor<4xui8>
  return %4 : tensor<4xui8>
}

// -----

func.func @real(%x: tensor<4xf32> {edge.name = "x"}) -> (tensor<4xf32> {edge.name = "y"}) {
  // expected-error @below {{input 'x' cannot be int8: it is read as real numbers here}}
  %0 = edge.neg %x : tensor<4xf32> -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

!u = !quant.uniform<u8:f32, 0.5:100>
!v = !quant.uniform<u8:f32, 0.25:100>
func.func @scales(%x: tensor<4xf32> {edge.name = "x"}) -> (tensor<4x!u>, tensor<4x!v>) {
  // expected-error @below {{input 'x' cannot be int8: it is quantised with several scales}}
  %0 = edge.quantize %x : tensor<4xf32> -> tensor<4x!u>
  %1 = edge.quantize %x : tensor<4xf32> -> tensor<4x!v>
  return %0, %1 : tensor<4x!u>, tensor<4x!v>
}

// -----

!w = !quant.uniform<i16:f32, 0.5>
// expected-error @below {{input 'x' cannot be int8: it is quantised to 16 bits}}
func.func @wide(%x: tensor<4xf32> {edge.name = "x"}) -> tensor<4x!w> {
  %0 = edge.quantize %x : tensor<4xf32> -> tensor<4x!w>
  return %0 : tensor<4x!w>
}

// -----

!u = !quant.uniform<u8:f32, 0.5:100>
func.func @computed(%x: tensor<4xui8> {edge.name = "x"}) -> (tensor<4xf32> {edge.name = "y"}) {
  %0 = edge.storage_cast %x : tensor<4xui8> -> tensor<4x!u>
  %1 = edge.dequantize %0 : tensor<4x!u> -> tensor<4xf32>
  // expected-error @below {{output 'y' cannot be uint8: it is computed as real numbers}}
  %2 = edge.neg %1 : tensor<4xf32> -> tensor<4xf32>
  return %2 : tensor<4xf32>
}

// -----

// expected-error @below {{--input-type=int8: no input has real numbers}}
func.func @indices(%x: tensor<4xi64> {edge.name = "x"}) -> tensor<4xi64> {
  return %x : tensor<4xi64>
}
