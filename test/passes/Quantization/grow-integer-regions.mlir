// RUN: edgecc-opt %s -split-input-file -edgecc-grow-integer-regions=integer-sums=true | FileCheck %s

!x = !quant.uniform<u8:f32, 0.5:128>
!w = !quant.uniform<i8:f32:1, {0.5, 0.25}>
!b = !quant.uniform<i32:f32:0, {0.25, 0.125}>
!y = !quant.uniform<u8:f32, 0.25>

// A matrix product with bias and rectifier: the bias of real numbers becomes
// integers of the scale of the sums; the type of the result has no number below
// zero, so the rectifier is gone.
// CHECK-LABEL: func @product
// CHECK-SAME: (%[[X:.*]]: tensor<4x8xui8>, %[[W:.*]]: tensor<8x2xi8>)
// CHECK-DAG: %[[QX:.*]] = edge.storage_cast %[[X]]
// CHECK-DAG: %[[QW:.*]] = edge.storage_cast %[[W]]
// CHECK-DAG: %[[B:.*]] = edge.constant dense<[4, -8]> : tensor<2xi32>
// CHECK-DAG: %[[QB:.*]] = edge.storage_cast %[[B]] : tensor<2xi32> -> tensor<2x!quant.uniform<i32:f32:0, {{.*}}>>
// CHECK: %[[Y:.*]] = edge.matmul(%[[QX]], %[[QW]], %[[QB]]) : {{.*}} -> tensor<4x2x!quant.uniform<u8:f32, {{[^:]*}}>>
// CHECK: %[[S:.*]] = edge.storage_cast %[[Y]]
// CHECK: return %[[S]]
func.func @product(%x: tensor<4x8xui8>, %w: tensor<8x2xi8>) -> tensor<4x2xui8> {
  %qx = edge.storage_cast %x : tensor<4x8xui8> -> tensor<4x8x!x>
  %qw = edge.storage_cast %w : tensor<8x2xi8> -> tensor<8x2x!w>
  %rx = edge.dequantize %qx : tensor<4x8x!x> -> tensor<4x8xf32>
  %rw = edge.dequantize %qw : tensor<8x2x!w> -> tensor<8x2xf32>
  %b = edge.constant dense<[1.0, -1.0]> : tensor<2xf32>
  %0 = edge.matmul(%rx, %rw) : (tensor<4x8xf32>, tensor<8x2xf32>) -> tensor<4x2xf32>
  %1 = edge.add %0, %b : tensor<4x2xf32>, tensor<2xf32> -> tensor<4x2xf32>
  %2 = edge.clamp %1 {min = 0.0 : f64, max = 0x7FF0000000000000 : f64} : tensor<4x2xf32> -> tensor<4x2xf32>
  %q = edge.quantize %2 : tensor<4x2xf32> -> tensor<4x2x!y>
  %s = edge.storage_cast %q : tensor<4x2x!y> -> tensor<4x2xui8>
  return %s : tensor<4x2xui8>
}

// -----

!x = !quant.uniform<u8:f32, 0.5:128>

// Casts move through movement and maxima, and cancel in between.
// CHECK-LABEL: func @movement
// CHECK-NOT: quantize
// CHECK: %[[A:.*]] = edge.transpose %{{.*}} [0, 2, 3, 1] : {{.*}} -> tensor<1x4x4x2x!quant.uniform<u8:f32, {{.*}}:128>>
// CHECK: %[[B:.*]] = edge.pool max(%[[A]])
// CHECK: %[[C:.*]] = edge.pad %[[B]] constant {{.*}} -> tensor<1x3x3x2x!quant.uniform<u8:f32, {{.*}}:128>>
// CHECK: edge.reshape %[[C]] : {{.*}} -> tensor<18x!quant.uniform<u8:f32, {{.*}}:128>>
// CHECK-NOT: quantize
func.func @movement(%x: tensor<1x2x4x4xui8>) -> tensor<18xui8> {
  %q = edge.storage_cast %x : tensor<1x2x4x4xui8> -> tensor<1x2x4x4x!x>
  %0 = edge.dequantize %q : tensor<1x2x4x4x!x> -> tensor<1x2x4x4xf32>
  %1 = edge.transpose %0 [0, 2, 3, 1] : tensor<1x2x4x4xf32> -> tensor<1x4x4x2xf32>
  %2 = edge.pool max(%1) kernel [2, 2] strides [2, 2] pads_low [0, 0]
      pads_high [0, 0] : (tensor<1x4x4x2xf32>) -> tensor<1x2x2x2xf32>
  %3 = edge.pad %2 constant low [0, 1, 0, 0] high [0, 0, 1, 0] {value = 0.0 : f64}
      : tensor<1x2x2x2xf32> -> tensor<1x3x3x2xf32>
  %4 = edge.reshape %3 : tensor<1x3x3x2xf32> -> tensor<18xf32>
  %5 = edge.quantize %4 : tensor<18xf32> -> tensor<18x!x>
  %s = edge.storage_cast %5 : tensor<18x!x> -> tensor<18xui8>
  return %s : tensor<18xui8>
}

// -----

!a = !quant.uniform<i8:f32, 0.5>
!b = !quant.uniform<i8:f32, 0.25>

// Parts of a concatenation take its type; one has it already.
// CHECK-LABEL: func @parts
// CHECK-SAME: (%[[X:.*]]: tensor<2xi8>, %[[Y:.*]]: tensor<3xi8>)
// CHECK-DAG: %[[A:.*]] = edge.storage_cast %[[X]]
// CHECK-DAG: %[[B:.*]] = edge.storage_cast %[[Y]]
// CHECK: %[[R:.*]] = edge.dequantize %[[A]]
// CHECK: %[[Q:.*]] = edge.quantize %[[R]]
// CHECK: edge.concat(%[[Q]], %[[B]])
func.func @parts(%x: tensor<2xi8>, %y: tensor<3xi8>) -> tensor<5xi8> {
  %qx = edge.storage_cast %x : tensor<2xi8> -> tensor<2x!a>
  %qy = edge.storage_cast %y : tensor<3xi8> -> tensor<3x!b>
  %rx = edge.dequantize %qx : tensor<2x!a> -> tensor<2xf32>
  %ry = edge.dequantize %qy : tensor<3x!b> -> tensor<3xf32>
  %0 = edge.concat(%rx, %ry) {axis = 0 : i64} : (tensor<2xf32>, tensor<3xf32>) -> tensor<5xf32>
  %1 = edge.quantize %0 : tensor<5xf32> -> tensor<5x!b>
  %s = edge.storage_cast %1 : tensor<5x!b> -> tensor<5xi8>
  return %s : tensor<5xi8>
}

// -----

!x = !quant.uniform<i16:f32, 0.5>
!w = !quant.uniform<i8:f32, 0.25>

// Sums of 16 bits that could leave 32 bits stay real.
// CHECK-LABEL: func @wide_unchanged
// CHECK: edge.matmul({{.*}}) : (tensor<4x1024xf32>, tensor<1024x2xf32>)
func.func @wide_unchanged(%x: tensor<4x1024xi16>, %w: tensor<1024x2xi8>) -> tensor<4x2xf32> {
  %qx = edge.storage_cast %x : tensor<4x1024xi16> -> tensor<4x1024x!x>
  %qw = edge.storage_cast %w : tensor<1024x2xi8> -> tensor<1024x2x!w>
  %rx = edge.dequantize %qx : tensor<4x1024x!x> -> tensor<4x1024xf32>
  %rw = edge.dequantize %qw : tensor<1024x2x!w> -> tensor<1024x2xf32>
  %0 = edge.matmul(%rx, %rw) : (tensor<4x1024xf32>, tensor<1024x2xf32>) -> tensor<4x2xf32>
  return %0 : tensor<4x2xf32>
}

// -----

!x = !quant.uniform<u8:f32, 0.5:128>

// A limit that is no number of the type cannot move before the cast; the sum of
// a pool takes the integers.
// CHECK-LABEL: func @limits
// CHECK: %[[R:.*]] = edge.dequantize
// CHECK: edge.clamp %[[R]]
// CHECK: edge.pool sum({{.*}}) {{.*}} : (tensor<1x4x4x2x!quant.uniform<u8:f32, {{.*}}:128>>) -> tensor<1x2x2x2xf32>
func.func @limits(%x: tensor<1x4x4x2xui8>) -> (tensor<1x4x4x2xf32>, tensor<1x2x2x2xf32>) {
  %q = edge.storage_cast %x : tensor<1x4x4x2xui8> -> tensor<1x4x4x2x!x>
  %0 = edge.dequantize %q : tensor<1x4x4x2x!x> -> tensor<1x4x4x2xf32>
  %1 = edge.clamp %0 {min = 0.0 : f64, max = 5.75 : f64} : tensor<1x4x4x2xf32> -> tensor<1x4x4x2xf32>
  %2 = edge.pool sum(%0) kernel [2, 2] strides [2, 2] pads_low [0, 0]
      pads_high [0, 0] : (tensor<1x4x4x2xf32>) -> tensor<1x2x2x2xf32>
  return %1, %2 : tensor<1x4x4x2xf32>, tensor<1x2x2x2xf32>
}

// -----

!k = !quant.uniform<i8:f32:1, {0.01,0.02,0.03,0.04}>

// A scale for each position of an axis moves with that axis, if all of it does.
// CHECK-LABEL: func @axis_moves
// CHECK: %[[K:.*]] = edge.constant dense<{{.*}}> : tensor<4x3xi8>
// CHECK: edge.storage_cast %[[K]] : tensor<4x3xi8> -> tensor<4x3x!quant.uniform<i8:f32:0, {1.000000e-02,2.000000e-02,3.000000e-02,4.000000e-02}>>
func.func @axis_moves() -> tensor<4x3xf32> {
  %k = edge.constant dense<[[[1, 2, 3], [4, 5, 6], [7, 8, 9], [1, 2, 3]], [[3, 2, 1], [4, 5, 6], [7, 8, 9], [1, 2, 3]]]> : tensor<2x4x3xi8>
  %x = edge.storage_cast %k : tensor<2x4x3xi8> -> tensor<2x4x3x!k>
  %0 = edge.dequantize %x : tensor<2x4x3x!k> -> tensor<2x4x3xf32>
  %1 = edge.slice %0 offsets [1, 0, 0] sizes [1, 4, 3] strides [1, 1, 1] : tensor<2x4x3xf32> -> tensor<1x4x3xf32>
  %2 = edge.reshape %1 : tensor<1x4x3xf32> -> tensor<4x3xf32>
  return %2 : tensor<4x3xf32>
}

// CHECK-LABEL: func @axis_is_cut
// CHECK: %[[R:.*]] = edge.dequantize
// CHECK: edge.slice %[[R]] offsets [0, 1, 0]
func.func @axis_is_cut(%x: tensor<2x4x3x!k>) -> tensor<2x2x3xf32> {
  %0 = edge.dequantize %x : tensor<2x4x3x!k> -> tensor<2x4x3xf32>
  %1 = edge.slice %0 offsets [0, 1, 0] sizes [2, 2, 3] strides [1, 1, 1] : tensor<2x4x3xf32> -> tensor<2x2x3xf32>
  return %1 : tensor<2x2x3xf32>
}

// CHECK-LABEL: func @axis_is_joined
// CHECK: %[[R:.*]] = edge.dequantize
// CHECK: edge.reshape %[[R]]
func.func @axis_is_joined(%x: tensor<2x4x3x!k>) -> tensor<8x3xf32> {
  %0 = edge.dequantize %x : tensor<2x4x3x!k> -> tensor<2x4x3xf32>
  %1 = edge.reshape %0 : tensor<2x4x3xf32> -> tensor<8x3xf32>
  return %1 : tensor<8x3xf32>
}
