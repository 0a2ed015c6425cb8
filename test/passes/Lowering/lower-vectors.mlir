// RUN: edgecc-opt %s -edgecc-lower-vectors | FileCheck %s

// CHECK-LABEL: func.func @transfer
// CHECK-NOT: vector.transfer
// CHECK: vector.load
// CHECK-NOT: vector.transfer
func.func @transfer(%m: memref<4x8xf32>) -> vector<4x8xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %0 = vector.transfer_read %m[%c0, %c0], %zero {in_bounds = [true, true]}
      : memref<4x8xf32>, vector<4x8xf32>
  return %0 : vector<4x8xf32>
}

// CHECK-LABEL: func.func @reduce
// CHECK-NOT: vector.multi_reduction
// CHECK: arith.addf %{{.*}} : vector<8xf32>
func.func @reduce(%v: vector<4x8xf32>, %acc: vector<8xf32>) -> vector<8xf32> {
  %0 = vector.multi_reduction <add>, %v, %acc [0]
      : vector<4x8xf32> to vector<8xf32>
  return %0 : vector<8xf32>
}

// CHECK-LABEL: func.func @transpose
// CHECK-NOT: vector.transpose
// CHECK: vector.shuffle
func.func @transpose(%v: vector<4x4xf32>) -> vector<4x4xf32> {
  %0 = vector.transpose %v, [1, 0] : vector<4x4xf32> to vector<4x4xf32>
  return %0 : vector<4x4xf32>
}

// CHECK-LABEL: func.func @contract
// CHECK-NOT: vector.contract
// CHECK: vector.fma
func.func @contract(%a: vector<2x3xf32>, %b: vector<3x4xf32>,
                    %c: vector<2x4xf32>) -> vector<2x4xf32> {
  %0 = vector.contract {
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
                       affine_map<(m, n, k) -> (k, n)>,
                       affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"]}
      %a, %b, %c : vector<2x3xf32>, vector<3x4xf32> into vector<2x4xf32>
  return %0 : vector<2x4xf32>
}
