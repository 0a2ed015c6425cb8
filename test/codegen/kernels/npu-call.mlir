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
