// RUN: edgecc-opt %s -split-input-file -edgecc-overlap-calls | FileCheck %s

// The job begins before what does not need it, what it needs comes first, and
// readers of its result come last. The second call waits for the first one.
// CHECK-LABEL: func @overlap
// CHECK: %[[IN:.*]] = edge.exp %arg0
// CHECK: %[[A:.*]] = edge.npu_call "run" %{{.*}}(%[[IN]])
// CHECK-SAME: overlaps
// CHECK: %[[B:.*]] = edge.exp %arg1
// CHECK: %[[C:.*]] = edge.exp %[[B]]
// CHECK: %[[AC:.*]] = edge.add %[[A]], %[[C]]
// CHECK: %[[D:.*]] = edge.npu_call "run" %{{.*}}(%[[AC]])
// CHECK-NOT: overlaps
// CHECK: edge.exp %[[D]]
func.func @overlap(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %p = edge.constant dense<0> : tensor<16xi8>
  %b = edge.exp %y : tensor<4xf32> -> tensor<4xf32>
  %c = edge.exp %b : tensor<4xf32> -> tensor<4xf32>
  %in = edge.exp %x : tensor<4xf32> -> tensor<4xf32>
  %a = edge.npu_call "run" %p(%in) scratch 0 {start = "start", wait = "wait"} : tensor<16xi8>, (tensor<4xf32>) -> tensor<4xf32>
  %ac = edge.add %a, %c : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  %d = edge.npu_call "run" %p(%ac) scratch 0 {start = "start", wait = "wait"} : tensor<16xi8>, (tensor<4xf32>) -> tensor<4xf32>
  %e = edge.exp %d : tensor<4xf32> -> tensor<4xf32>
  return %e : tensor<4xf32>
}

// -----

// Two calls that do not need each other: the CPU works during the first one.
// CHECK-LABEL: func @one_at_a_time
// CHECK: edge.npu_call
// CHECK-SAME: overlaps
// CHECK: edge.exp %arg0
// CHECK: edge.npu_call
// CHECK-NOT: overlaps
// CHECK: return
func.func @one_at_a_time(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %p = edge.constant dense<0> : tensor<16xi8>
  %a = edge.npu_call "run" %p(%x) scratch 0 {start = "start", wait = "wait"} : tensor<16xi8>, (tensor<4xf32>) -> tensor<4xf32>
  %b = edge.npu_call "run" %p(%x) scratch 0 {start = "start", wait = "wait"} : tensor<16xi8>, (tensor<4xf32>) -> tensor<4xf32>
  %e = edge.exp %x : tensor<4xf32> -> tensor<4xf32>
  return %a, %b, %e : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// -----

// The first call takes as long as one of the operations that nobody waits for:
// the second one begins behind that.
// CHECK-LABEL: func @times
// CHECK: %[[A:.*]] = edge.npu_call "run" %{{.*}}(%arg0) scratch 0 {cycles = 900
// CHECK-SAME: overlaps
// CHECK: edge.exp %arg1
// CHECK: %[[B:.*]] = edge.npu_call "run" %{{.*}}(%[[A]])
// CHECK-SAME: overlaps
// CHECK: edge.neg %arg1
// CHECK: edge.sqrt %arg1
// CHECK: edge.exp %[[B]]
func.func @times(%x: tensor<4xf32>, %y: tensor<1000xf32>) -> (tensor<4xf32>, tensor<1000xf32>, tensor<1000xf32>, tensor<1000xf32>) {
  %p = edge.constant dense<0> : tensor<16xi8>
  %a = edge.npu_call "run" %p(%x) scratch 0 {start = "start", wait = "wait", cycles = 900 : i64} : tensor<16xi8>, (tensor<4xf32>) -> tensor<4xf32>
  %b = edge.npu_call "run" %p(%a) scratch 0 {start = "start", wait = "wait", cycles = 1900 : i64} : tensor<16xi8>, (tensor<4xf32>) -> tensor<4xf32>
  %1 = edge.exp %y : tensor<1000xf32> -> tensor<1000xf32>
  %2 = edge.neg %y : tensor<1000xf32> -> tensor<1000xf32>
  %3 = edge.sqrt %y : tensor<1000xf32> -> tensor<1000xf32>
  %c = edge.exp %b : tensor<4xf32> -> tensor<4xf32>
  return %c, %1, %2, %3 : tensor<4xf32>, tensor<1000xf32>, tensor<1000xf32>, tensor<1000xf32>
}

// -----

// A driver that cannot start and wait, and one for which nothing can be done
// meanwhile: the order stays.
// CHECK-LABEL: func @unchanged_synchronous
// CHECK: edge.exp %arg0
// CHECK-NEXT: edge.npu_call
// CHECK-NOT: overlaps
func.func @unchanged_synchronous(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %p = edge.constant dense<0> : tensor<16xi8>
  %e = edge.exp %x : tensor<4xf32> -> tensor<4xf32>
  %a = edge.npu_call "run" %p(%x) scratch 0 : tensor<16xi8>, (tensor<4xf32>) -> tensor<4xf32>
  return %a, %e : tensor<4xf32>, tensor<4xf32>
}

// -----

// CHECK-LABEL: func @unchanged_without_work
// CHECK: edge.exp %arg0
// CHECK-NOT: overlaps
// CHECK: return
func.func @unchanged_without_work(%x: tensor<4xf32>) -> tensor<2x2xf32> {
  %p = edge.constant dense<0> : tensor<16xi8>
  %e = edge.exp %x : tensor<4xf32> -> tensor<4xf32>
  %a = edge.npu_call "run" %p(%e) scratch 0 {start = "start", wait = "wait"} : tensor<16xi8>, (tensor<4xf32>) -> tensor<4xf32>
  %r = edge.reshape %a : tensor<4xf32> -> tensor<2x2xf32>
  return %r : tensor<2x2xf32>
}
