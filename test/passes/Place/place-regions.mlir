// RUN: edgecc-opt %s -split-input-file -edgecc-place-regions='npu=toy operators=add,reshape,clamp' -cse -canonicalize | FileCheck %s

!a = !quant.uniform<i8:f32, 0.5>
!b = !quant.uniform<i8:f32, 1.0>

// One region, with integers at its border and the constant inside; what stays
// has its reason.
// CHECK: module attributes {edge.placement = {cpu = [
// CHECK-SAME{LITERAL}: ["m", "mul", "the NPU has no operator 'mul'"]
// CHECK-SAME: ], npu = "toy", operations = 3 : i64, regions = 1 : i64}}
// CHECK-LABEL: func @main(%arg0: tensor<4xi8>)
// CHECK-NEXT: %[[R:.*]] = edge.region "toy"(%arg0) : (tensor<4xi8>) -> tensor<2x2xi8> {
// CHECK-NEXT: ^bb0(%[[A:.*]]: tensor<4xi8>):
// CHECK-DAG: %[[QA:.*]] = edge.storage_cast %[[A]] : tensor<4xi8> -> tensor<4x!quant
// CHECK-DAG: %[[C:.*]] = edge.constant
// CHECK: %[[QC:.*]] = edge.storage_cast %[[C]]
// CHECK: %[[S:.*]] = edge.add %[[QA]], %[[QC]]
// CHECK-NEXT: %[[T:.*]] = edge.add %[[S]], %[[S]]
// CHECK-NEXT: %[[V:.*]] = edge.reshape %[[T]]
// CHECK-NEXT: %[[I:.*]] = edge.storage_cast %[[V]] : tensor<2x2x!quant{{.*}} -> tensor<2x2xi8>
// CHECK-NEXT: edge.yield %[[I]] : tensor<2x2xi8>
// CHECK: %[[Q:.*]] = edge.storage_cast %[[R]]
// CHECK: edge.mul %[[Q]], %[[Q]]
func.func @main(%x: tensor<4xi8>) -> tensor<2x2xi8> {
  %q = edge.storage_cast %x : tensor<4xi8> -> tensor<4x!a>
  %c = edge.constant dense<3> : tensor<4xi8>
  %k = edge.storage_cast %c : tensor<4xi8> -> tensor<4x!a>
  %s = edge.add %q, %k : tensor<4x!a>, tensor<4x!a> -> tensor<4x!b>
  %t = edge.add %s, %s : tensor<4x!b>, tensor<4x!b> -> tensor<4x!b>
  %v = edge.reshape %t : tensor<4x!b> -> tensor<2x2x!b>
  %m = edge.mul %v, %v : tensor<2x2x!b>, tensor<2x2x!b> -> tensor<2x2x!b> loc("m")
  %y = edge.storage_cast %m : tensor<2x2x!b> -> tensor<2x2xi8>
  return %y : tensor<2x2xi8>
}

// -----

!a = !quant.uniform<i8:f32, 0.5>

// The product reads what the first sum gives, and the second sum reads the
// product: together the sums would wait for themselves.
// CHECK: operations = 2 : i64, regions = 2 : i64
// CHECK: edge.region
// CHECK: edge.mul
// CHECK: edge.region
func.func @main(%x: tensor<4xi8>) -> tensor<4xi8> {
  %q = edge.storage_cast %x : tensor<4xi8> -> tensor<4x!a>
  %s = edge.add %q, %q : tensor<4x!a>, tensor<4x!a> -> tensor<4x!a>
  %m = edge.mul %s, %s : tensor<4x!a>, tensor<4x!a> -> tensor<4x!a>
  %t = edge.add %s, %m : tensor<4x!a>, tensor<4x!a> -> tensor<4x!a>
  %y = edge.storage_cast %t : tensor<4x!a> -> tensor<4xi8>
  return %y : tensor<4xi8>
}

// -----

!a = !quant.uniform<i8:f32, 0.5>

// Two branches that meet are one region, which stands before the product that
// came first in the block.
// CHECK: operations = 3 : i64, regions = 1 : i64
// CHECK: %[[R:.*]]:2 = edge.region "toy"
// CHECK: %[[Q:.*]] = edge.storage_cast %[[R]]#0
// CHECK: edge.mul %[[Q]], %[[Q]]
func.func @main(%x: tensor<4xi8>, %z: tensor<4xi8>) -> (tensor<4xi8>, tensor<4xi8>) {
  %q = edge.storage_cast %x : tensor<4xi8> -> tensor<4x!a>
  %p = edge.storage_cast %z : tensor<4xi8> -> tensor<4x!a>
  %s = edge.add %q, %q : tensor<4x!a>, tensor<4x!a> -> tensor<4x!a>
  %m = edge.mul %s, %s : tensor<4x!a>, tensor<4x!a> -> tensor<4x!a>
  %t = edge.add %p, %p : tensor<4x!a>, tensor<4x!a> -> tensor<4x!a>
  %u = edge.add %s, %t : tensor<4x!a>, tensor<4x!a> -> tensor<4x!a>
  %i = edge.storage_cast %m : tensor<4x!a> -> tensor<4xi8>
  %y = edge.storage_cast %u : tensor<4x!a> -> tensor<4xi8>
  return %i, %y : tensor<4xi8>, tensor<4xi8>
}

// -----

!a = !quant.uniform<i8:f32, 0.5>

// Only moved: nothing is gained elsewhere. Real numbers stay on the CPU.
// CHECK{LITERAL}: {cpu = [["", "softmax", "it works on real numbers"]]
// CHECK-SAME: operations = 0 : i64, regions = 0 : i64
// CHECK-NOT: edge.region
func.func @main(%x: tensor<4xi8>) -> tensor<2x2xf32> {
  %q = edge.storage_cast %x : tensor<4xi8> -> tensor<4x!a>
  %v = edge.reshape %q : tensor<4x!a> -> tensor<2x2x!a>
  %d = edge.dequantize %v : tensor<2x2x!a> -> tensor<2x2xf32>
  %y = edge.softmax %d {axis = 1 : i64} : tensor<2x2xf32> -> tensor<2x2xf32> loc(unknown)
  return %y : tensor<2x2xf32>
}
