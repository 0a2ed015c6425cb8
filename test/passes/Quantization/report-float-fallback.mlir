// RUN: edgecc-opt %s -split-input-file -verify-diagnostics -edgecc-report-float-fallback | FileCheck %s

!x = !quant.uniform<u8:f32, 0.5:128>

// Elementwise operations and movement between casts are integers to the memory.
// CHECK: module attributes {edge.float_fallbacks = 3 : i64}
func.func @main(%x: tensor<4x8xui8>, %w: tensor<8x2xf32>) -> tensor<4x2xf32> {
  %q = edge.storage_cast %x : tensor<4x8xui8> -> tensor<4x8x!x>
  %0 = edge.dequantize %q : tensor<4x8x!x> -> tensor<4x8xf32>
  %1 = edge.tanh %0 : tensor<4x8xf32> -> tensor<4x8xf32>
  // expected-warning @+1 {{stays in float inside a quantised network: its input is not quantised [-Wfloat-fallback]}}
  %2 = edge.matmul(%1, %w) : (tensor<4x8xf32>, tensor<8x2xf32>) -> tensor<4x2xf32>
  // expected-warning @+1 {{stays in float inside a quantised network: its weights are not quantised with known scales [-Wfloat-fallback]}}
  %3 = edge.matmul(%0, %w) : (tensor<4x8xf32>, tensor<8x2xf32>) -> tensor<4x2xf32>
  %4 = edge.add %2, %3 : tensor<4x2xf32>, tensor<4x2xf32> -> tensor<4x2xf32>
  // expected-warning @+1 {{edge.softmax has no integer form}}
  %5 = edge.softmax %4 {axis = 1 : i64} : tensor<4x2xf32> -> tensor<4x2xf32>
  return %5 : tensor<4x2xf32>
}

// -----

!x = !quant.uniform<i16:f32, 0.5>
!w = !quant.uniform<i8:f32, 0.25>

// CHECK: module attributes {edge.float_fallbacks = 1 : i64}
func.func @main(%x: tensor<4x1024xi16>, %w: tensor<1024x2xi8>) -> tensor<4x2xf32> {
  %qx = edge.storage_cast %x : tensor<4x1024xi16> -> tensor<4x1024x!x>
  %qw = edge.storage_cast %w : tensor<1024x2xi8> -> tensor<1024x2x!w>
  %rx = edge.dequantize %qx : tensor<4x1024x!x> -> tensor<4x1024xf32>
  %rw = edge.dequantize %qw : tensor<1024x2x!w> -> tensor<1024x2xf32>
  // expected-warning @+1 {{sums would leave 32 bits}}
  %0 = edge.matmul(%rx, %rw) : (tensor<4x1024xf32>, tensor<1024x2xf32>) -> tensor<4x2xf32>
  return %0 : tensor<4x2xf32>
}

// -----

// A network without quantised values has nothing to fall back from.
// CHECK: module {
func.func @main(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %0 = edge.softmax %x {axis = 1 : i64} : tensor<4x2xf32> -> tensor<4x2xf32>
  return %0 : tensor<4x2xf32>
}

// -----

!w = !quant.uniform<i8:f32, 0.25>

// Nor has one whose weights alone are quantised.
// CHECK: module {
func.func @main(%x: tensor<4x8xf32>) -> tensor<4x2xf32> {
  %w = edge.constant dense<1> : tensor<8x2xi8>
  %qw = edge.storage_cast %w : tensor<8x2xi8> -> tensor<8x2x!w>
  %rw = edge.dequantize %qw : tensor<8x2x!w> -> tensor<8x2xf32>
  %0 = edge.matmul(%x, %rw) : (tensor<4x8xf32>, tensor<8x2xf32>) -> tensor<4x2xf32>
  return %0 : tensor<4x2xf32>
}

// -----

!x = !quant.uniform<u8:f32, 0.05:128>
!w = !quant.uniform<i8:f32, 0.01>
!k = !quant.uniform<i8:f32:0, {0.01,0.02}>

// CHECK: module attributes {edge.float_fallbacks = 4 : i64}
func.func @main(%x: tensor<5x3x!x>, %real: tensor<5x1x6xf32>) -> (tensor<5x1x2xf32>, tensor<5x1x2xf32>, tensor<5x1x2xf32>, tensor<5x1x2xf32>) {
  %w = edge.constant dense<1> : tensor<3x6xi8>
  %z = edge.constant dense<0.0> : tensor<1x2xf32>
  %real_r = edge.constant dense<0.5> : tensor<2x6xf32>
  %r = edge.constant dense<2> : tensor<2x6xi8>
  %qw = edge.storage_cast %w : tensor<3x6xi8> -> tensor<3x6x!w>
  %qr = edge.storage_cast %r : tensor<2x6xi8> -> tensor<2x6x!w>
  %rr = edge.dequantize %qr : tensor<2x6x!w> -> tensor<2x6xf32>
  %qk = edge.storage_cast %r : tensor<2x6xi8> -> tensor<2x6x!k>
  %rk = edge.dequantize %qk : tensor<2x6x!k> -> tensor<2x6xf32>
  %p = edge.matmul(%x, %qw) : (tensor<5x3x!x>, tensor<3x6x!w>) -> tensor<5x6xf32>
  %pp = edge.reshape %p : tensor<5x6xf32> -> tensor<5x1x6xf32>
  // expected-warning @+1 {{stays in float inside a quantised network: its input is not quantised [-Wfloat-fallback]}}
  %1:2 = edge.gru(%real, %rr, %z) : (tensor<5x1x6xf32>, tensor<2x6xf32>, tensor<1x2xf32>) -> (tensor<5x1x2xf32>, tensor<1x2xf32>)
  // expected-warning @+1 {{its recurrent weights are not quantised with known scales}}
  %2:2 = edge.gru(%pp, %real_r, %z) : (tensor<5x1x6xf32>, tensor<2x6xf32>, tensor<1x2xf32>) -> (tensor<5x1x2xf32>, tensor<1x2xf32>)
  // expected-warning @+1 {{its recurrent weights have a scale for each position of an axis that is not that of the gates}}
  %3:2 = edge.gru(%pp, %rk, %z) : (tensor<5x1x6xf32>, tensor<2x6xf32>, tensor<1x2xf32>) -> (tensor<5x1x2xf32>, tensor<1x2xf32>)
  %w4 = edge.constant dense<1> : tensor<3x8xi8>
  %r4 = edge.constant dense<0.5> : tensor<2x8xf32>
  %holes = edge.constant dense<0.5> : tensor<6xf32>
  %q4 = edge.storage_cast %w4 : tensor<3x8xi8> -> tensor<3x8x!w>
  %p4 = edge.matmul(%x, %q4) : (tensor<5x3x!x>, tensor<3x8x!w>) -> tensor<5x8xf32>
  %pp4 = edge.reshape %p4 : tensor<5x8xf32> -> tensor<5x1x8xf32>
  // expected-warning @+1 {{peepholes have no integer form}}
  %4:3 = edge.lstm(%pp4, %r4, %z, %z, %holes) : (tensor<5x1x8xf32>, tensor<2x8xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<6xf32>) -> (tensor<5x1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>)
  return %1#0, %2#0, %3#0, %4#0 : tensor<5x1x2xf32>, tensor<5x1x2xf32>, tensor<5x1x2xf32>, tensor<5x1x2xf32>
}
