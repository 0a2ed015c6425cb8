// RUN: not edgecc-opt %s -split-input-file -edgecc-place-regions='npu=toy operators=add only exclude=second' 2>&1 | FileCheck %s

!a = !quant.uniform<i8:f32, 0.5>

// CHECK: error: 2 operations cannot run on the NPU 'toy', and --npu-only wants all of them there
func.func @main(%x: tensor<4xi8>) -> tensor<4xi8> {
  %q = edge.storage_cast %x : tensor<4xi8> -> tensor<4x!a>
  %s = edge.add %q, %q : tensor<4x!a>, tensor<4x!a> -> tensor<4x!a> loc("first")
  // CHECK: note: {{.*}}third (mul): the NPU has no operator 'mul'
  %m = edge.mul %s, %s : tensor<4x!a>, tensor<4x!a> -> tensor<4x!a> loc("third")
  // CHECK: note: {{.*}}second (add): --npu-exclude names it
  %t = edge.add %s, %m : tensor<4x!a>, tensor<4x!a> -> tensor<4x!a> loc("second")
  %y = edge.storage_cast %t : tensor<4x!a> -> tensor<4xi8>
  return %y : tensor<4xi8>
}

// -----

!a = !quant.uniform<i8:f32, 0.5>

// CHECK: error: --npu-exclude=second names no operation of the network
func.func @main(%x: tensor<4xi8>) -> tensor<4xi8> {
  %q = edge.storage_cast %x : tensor<4xi8> -> tensor<4x!a>
  %s = edge.add %q, %q : tensor<4x!a>, tensor<4x!a> -> tensor<4x!a>
  %y = edge.storage_cast %s : tensor<4x!a> -> tensor<4xi8>
  return %y : tensor<4xi8>
}

// -----

// CHECK: error: the NPU 'toy' computes with integers, and the network with real numbers; quantise it with --quantize=int8 --calibrate=examples.npz
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %s = edge.add %x, %x : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  return %s : tensor<4xf32>
}
