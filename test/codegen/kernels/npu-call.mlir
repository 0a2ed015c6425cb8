// RUN: edgecc-opt %s -split-input-file -edgecc-emit-kernels | FileCheck %s

// The rest of the network runs only if the driver has not failed.
// CHECK-LABEL: func @main(
// CHECK-SAME: -> i32
// CHECK: %[[S:.*]] = call @kernel_npu_call_0(
// CHECK-SAME: edge.kind = "npu_call"
// CHECK: %[[OK:.*]] = arith.cmpi eq, %[[S]]
// CHECK: %[[STATUS:.*]] = scf.if %[[OK]] -> (i32) {
// CHECK: call @kernel_map
// CHECK: %[[ZERO:.*]] = arith.constant 0 : i32
// CHECK-NEXT: scf.yield %[[ZERO]]
// CHECK: else
// CHECK: %[[FAILED:.*]] = arith.constant 5 : i32
// CHECK-NEXT: scf.yield %[[FAILED]]
// CHECK: return %[[STATUS]] : i32
// CHECK: func private @kernel_npu_call_0(
// CHECK: llvm.call @npu_run
// CHECK: llvm.func @npu_run(!llvm.ptr) -> i32 attributes {passthrough = ["edgecc-hook"]}
module attributes {target.cpu = #target.cpu<triple = "x86_64-unknown-linux-gnu", cpu = "haswell">} {
func.func @main(%x: tensor<4xi8>) -> tensor<4xi8> {
  %p = edge.constant dense<0> : tensor<16xi8>
  %0 = edge.npu_call "npu_run" %p(%x) scratch 64 : tensor<16xi8>, (tensor<4xi8>) -> tensor<4xi8>
  %y = edge.map(%0) : (tensor<4xi8>) -> tensor<4xi8> {
  ^bb0(%a: i8):
    %b = arith.addi %a, %a : i8
    edge.yield %b : i8
  }
  return %y : tensor<4xi8>
}
}

// -----

// The CPU computes into the same place.
// CHECK-LABEL: func @main(%arg0: memref<4xi8>
// CHECK-SAME: %[[Y:[^:]*]]: memref<4xi8> {edge.name
// CHECK: %[[S:.*]] = call @kernel_npu_call_0(%{{.*}}, %arg0, %[[Y]])
// CHECK: %[[BAD:.*]] = arith.cmpi ne, %[[S]]
// CHECK: scf.if %[[BAD]] {
// CHECK: call @kernel_map_1(%arg0, %[[Y]])
// CHECK: return
module attributes {target.cpu = #target.cpu<triple = "x86_64-unknown-linux-gnu", cpu = "haswell">} {
func.func @main(%x: tensor<4xi8>) -> (tensor<4xi8> {edge.name = "y"}) {
  %p = edge.constant dense<0> : tensor<16xi8>
  %y = edge.npu_call "npu_run" %p(%x) scratch 0 : tensor<16xi8>, (tensor<4xi8>) -> tensor<4xi8> else {
  ^bb0(%a: tensor<4xi8>):
    %m = edge.map(%a) : (tensor<4xi8>) -> tensor<4xi8> {
    ^bb0(%e: i8):
      %b = arith.addi %e, %e : i8
      edge.yield %b : i8
    }
    edge.yield %m : tensor<4xi8>
  }
  return %y : tensor<4xi8>
}
}

// -----

// What is started is waited for before its result is read; the job, in memory
// of its own, is in use until then, and so is all that it works with. A job that
// has not started is not waited for.
// CHECK-LABEL: func @main(%arg0: memref<4xi8>
// CHECK-SAME: -> i32
// CHECK: %[[SCRATCH:.*]] = memref.alloc() {alignment = 64 : i64} : memref<64xi8>
// CHECK: %[[JOB:.*]] = memref.alloc() {{.*}} : memref<200xi8>
// CHECK: call @kernel_npu_start_0(
// CHECK-SAME: edge.kind = "npu_start"
// CHECK-SAME: (memref<16xi8>, memref<4xi8>, memref<4xi8>, memref<64xi8>, memref<200xi8>) -> ()
// CHECK: call @kernel_map_1
// CHECK: %[[STATUS:.*]] = call @kernel_npu_wait_2(
// CHECK-SAME: edge.after = array<i64: 0>
// CHECK-SAME: (memref<16xi8>, memref<4xi8>, memref<4xi8>, memref<64xi8>, memref<200xi8>) -> i32
// CHECK: arith.cmpi eq, %[[STATUS]]
// CHECK: call @kernel_map_3
// CHECK: func private @kernel_npu_start_0(
// CHECK: llvm.call @start
// CHECK: llvm.store
// CHECK: func private @kernel_npu_wait_2(
// CHECK: %[[BEGUN:.*]] = llvm.load
// CHECK: arith.cmpi eq, %[[BEGUN]]
// CHECK: scf.if
// CHECK: llvm.call @wait
// CHECK: else
// CHECK: scf.yield %[[BEGUN]]
module attributes {target.cpu = #target.cpu<triple = "x86_64-unknown-linux-gnu", cpu = "haswell">} {
func.func @main(%x: tensor<4xi8>) -> (tensor<4xi8>, tensor<4xi8>) {
  %p = edge.constant dense<0> : tensor<16xi8>
  %0 = edge.npu_call "npu_run" %p(%x) scratch 64 {start = "start", wait = "wait", overlaps} : tensor<16xi8>, (tensor<4xi8>) -> tensor<4xi8>
  %y = edge.map(%x) : (tensor<4xi8>) -> tensor<4xi8> {
  ^bb0(%a: i8):
    %b = arith.addi %a, %a : i8
    edge.yield %b : i8
  }
  %z = edge.map(%0) : (tensor<4xi8>) -> tensor<4xi8> {
  ^bb0(%a: i8):
    %b = arith.muli %a, %a : i8
    edge.yield %b : i8
  }
  return %y, %z : tensor<4xi8>, tensor<4xi8>
}
}

// -----

// An NPU that wants its tensors at places of its memory finds them there.
// CHECK-LABEL: func @main(%arg0: memref<4xi8>
// CHECK: %[[SCRATCH:.*]] = memref.alloc() {{.*}} : memref<64xi8>
// CHECK: %[[AT:.*]] = arith.constant 16 : index
// CHECK: %[[IN:.*]] = memref.view %[[SCRATCH]][%[[AT]]]
// CHECK: call @kernel_map_0(%arg0, %[[IN]])
// CHECK: %[[TO:.*]] = arith.constant 32 : index
// CHECK: %[[OUT:.*]] = memref.view %[[SCRATCH]][%[[TO]]]
// CHECK: call @kernel_npu_call_1(%{{.*}}, %{{.*}}, %[[OUT]],
// CHECK: call @kernel_map_2(%{{.*}}, %arg1)
module attributes {target.cpu = #target.cpu<triple = "x86_64-unknown-linux-gnu", cpu = "haswell">} {
func.func @main(%x: tensor<4xi8>) -> tensor<4xi8> {
  %p = edge.constant dense<0> : tensor<16xi8>
  %y = edge.map(%x) : (tensor<4xi8>) -> tensor<4xi8> {
  ^bb0(%a: i8):
    %b = arith.addi %a, %a : i8
    edge.yield %b : i8
  }
  %0 = edge.npu_call "npu_run" %p(%y) scratch 64 {places = array<i64: 16, 32>} : tensor<16xi8>, (tensor<4xi8>) -> tensor<4xi8>
  %z = edge.map(%0) : (tensor<4xi8>) -> tensor<4xi8> {
  ^bb0(%a: i8):
    %b = arith.muli %a, %a : i8
    edge.yield %b : i8
  }
  return %z : tensor<4xi8>
}
}
