// RUN: edgecc-opt %s -edgecc-form-integer-cells -split-input-file | FileCheck %s

!x = !quant.uniform<u8:f32, 0.05:128>
!w = !quant.uniform<i8:f32, 0.01>
!r = !quant.uniform<i8:f32:1, {0.01,0.02,0.01,0.02,0.01,0.02,0.01,0.02}>
!h = !quant.uniform<u8:f32, 0.0078125:128>

// The state has the type that the reader wants, the memory 16 bits.
// CHECK-LABEL: func @lstm
// CHECK: %[[X:.*]] = edge.storage_cast {{.*}} : tensor<5x1x8x!quant.uniform<i16:f32, 2.44140625E-4>> -> tensor<5x1x8xi16>
// CHECK: %[[ALL:.*]]:3 = edge.loop 5 from({{.*}}) : (tensor<1x2xui8>, tensor<1x2xi16>) -> (tensor<1x2xui8>, tensor<1x2xi16>, tensor<5x1x2xui8>)
// CHECK: ^bb0(%[[I:.*]]: tensor<i64>, %[[H:.*]]: tensor<1x2xui8>, %[[C:.*]]: tensor<1x2xi16>):
// CHECK: edge.gather %[[X]][%[[I]]]
// CHECK: edge.matmul({{.*}}) : (tensor<1x2x!quant.uniform<u8:f32, 7.812500e-03:128>>, tensor<2x8x!quant.uniform<i8:f32:1, {{.*}}) -> tensor<1x8xf32>
// CHECK: edge.quantize {{.*}} -> tensor<1x8x!quant.uniform<i16:f32, 2.44140625E-4>>
// CHECK: edge.gather {{.*}} : tensor<256xi32>, tensor<1x6xui8> -> tensor<1x6xi32>
// CHECK: edge.gather {{.*}} : tensor<256xi32>, tensor<1x2xui8> -> tensor<1x2xi32>
// CHECK: %[[NEXT:.*]] = edge.map(%{{.*}}, %[[C]], %{{.*}}, %{{.*}})
// CHECK: %[[STATE:.*]] = edge.map({{.*}}) : (tensor<1x2xi16>, tensor<1x2xi16>) -> tensor<1x2xui8>
// CHECK: edge.yield %[[STATE]], %[[NEXT]], %[[STATE]]
// CHECK: %[[Y:.*]] = edge.storage_cast %[[ALL]]#2
// CHECK: return %[[Y]]
func.func @lstm(%x: tensor<5x3x!x>) -> tensor<5x1x2x!h> {
  %w = edge.constant dense<1> : tensor<3x8xi8>
  %r = edge.constant dense<2> : tensor<2x8xi8>
  %z = edge.constant dense<0.0> : tensor<1x2xf32>
  %qw = edge.storage_cast %w : tensor<3x8xi8> -> tensor<3x8x!w>
  %qr = edge.storage_cast %r : tensor<2x8xi8> -> tensor<2x8x!r>
  %rr = edge.dequantize %qr : tensor<2x8x!r> -> tensor<2x8xf32>
  %p = edge.matmul(%x, %qw) : (tensor<5x3x!x>, tensor<3x8x!w>) -> tensor<5x8xf32>
  %pp = edge.reshape %p : tensor<5x8xf32> -> tensor<5x1x8xf32>
  %y, %hn, %cn = edge.lstm(%pp, %rr, %z, %z) : (tensor<5x1x8xf32>, tensor<2x8xf32>, tensor<1x2xf32>, tensor<1x2xf32>) -> (tensor<5x1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>)
  %q = edge.quantize %y : tensor<5x1x2xf32> -> tensor<5x1x2x!h>
  return %q : tensor<5x1x2x!h>
}

// -----

!x = !quant.uniform<u8:f32, 0.5:128>
!w = !quant.uniform<i8:f32, 0.25>

// Nobody quantises the states; a projected input may be 8 + 2 * 100 / 4, and so
// has 9 bits behind the point. The hidden gate is a product of its own.
// CHECK-LABEL: func @gru
// CHECK: -> tensor<5x1x6x!quant.uniform<i16:f32, 0.001953125>>
// CHECK: edge.loop 5 from({{.*}}) : (tensor<1x2xi8>, tensor<1x2xi16>)
// CHECK: edge.sub
// CHECK: edge.matmul({{.*}}) : (tensor<1x2x!quant.uniform<i8:f32, 7.812500e-03>>, tensor<2x4x!quant.uniform<i8:f32, 2.500000e-01>>)
// CHECK: edge.matmul({{.*}}) : (tensor<1x2x!quant.uniform<i8:f32, 7.812500e-03>>, tensor<2x2x!quant.uniform<i8:f32, 2.500000e-01>>)
// CHECK: edge.add {{.*}} : tensor<1x2xf32>, tensor<2xf32>
// CHECK: edge.quantize {{.*}} -> tensor<1x2x!quant.uniform<i16:f32, 0.001953125>>
// CHECK: edge.slice {{.*}} strides [-1, 1, 1] : tensor<5x1x2xi8>
// CHECK: edge.dequantize {{.*}} : tensor<5x1x2x!quant.uniform<i8:f32, 7.812500e-03>>
// CHECK: edge.dequantize {{.*}} : tensor<1x2x!quant.uniform<i16:f32, 3.0517578125E-5>>
func.func @gru(%x: tensor<5x3x!x>) -> (tensor<5x1x2xf32>, tensor<1x2xf32>) {
  %w = edge.constant dense<100> : tensor<3x6xi8>
  %z = edge.constant dense<0.0> : tensor<1x2xf32>
  %b = edge.constant dense<1.0> : tensor<6xf32>
  %r = edge.constant dense<100> : tensor<2x6xi8>
  %qw = edge.storage_cast %w : tensor<3x6xi8> -> tensor<3x6x!w>
  %qr = edge.storage_cast %r : tensor<2x6xi8> -> tensor<2x6x!w>
  %rr = edge.dequantize %qr : tensor<2x6x!w> -> tensor<2x6xf32>
  %p = edge.matmul(%x, %qw) : (tensor<5x3x!x>, tensor<3x6x!w>) -> tensor<5x6xf32>
  %pp = edge.reshape %p : tensor<5x6xf32> -> tensor<5x1x6xf32>
  %y, %hn = edge.gru(%pp, %rr, %z, %b) {linear_before_reset, reverse} : (tensor<5x1x6xf32>, tensor<2x6xf32>, tensor<1x2xf32>, tensor<6xf32>) -> (tensor<5x1x2xf32>, tensor<1x2xf32>)
  return %y, %hn : tensor<5x1x2xf32>, tensor<1x2xf32>
}

// -----

!x = !quant.uniform<u8:f32, 0.05:128>
!w = !quant.uniform<i8:f32, 0.01>

// CHECK-LABEL: func @real_weights_unchanged
// CHECK: edge.gru
func.func @real_weights_unchanged(%x: tensor<5x3x!x>, %r: tensor<2x6xf32>) -> tensor<5x1x2xf32> {
  %w = edge.constant dense<1> : tensor<3x6xi8>
  %z = edge.constant dense<0.0> : tensor<1x2xf32>
  %qw = edge.storage_cast %w : tensor<3x6xi8> -> tensor<3x6x!w>
  %p = edge.matmul(%x, %qw) : (tensor<5x3x!x>, tensor<3x6x!w>) -> tensor<5x6xf32>
  %pp = edge.reshape %p : tensor<5x6xf32> -> tensor<5x1x6xf32>
  %y, %hn = edge.gru(%pp, %r, %z) : (tensor<5x1x6xf32>, tensor<2x6xf32>, tensor<1x2xf32>) -> (tensor<5x1x2xf32>, tensor<1x2xf32>)
  return %y : tensor<5x1x2xf32>
}

// CHECK-LABEL: func @real_input_unchanged
// CHECK: edge.gru
func.func @real_input_unchanged(%p: tensor<5x1x6xf32>) -> tensor<5x1x2xf32> {
  %r = edge.constant dense<2> : tensor<2x6xi8>
  %z = edge.constant dense<0.0> : tensor<1x2xf32>
  %qr = edge.storage_cast %r : tensor<2x6xi8> -> tensor<2x6x!w>
  %rr = edge.dequantize %qr : tensor<2x6x!w> -> tensor<2x6xf32>
  %y, %hn = edge.gru(%p, %rr, %z) : (tensor<5x1x6xf32>, tensor<2x6xf32>, tensor<1x2xf32>) -> (tensor<5x1x2xf32>, tensor<1x2xf32>)
  return %y : tensor<5x1x2xf32>
}
