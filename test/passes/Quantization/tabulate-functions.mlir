// RUN: edgecc-opt %s -split-input-file -edgecc-tabulate-functions | FileCheck %s

// A function that has to be approximated is a table on every CPU.
// CHECK-LABEL: func @sigmoid
// CHECK-SAME: (%[[X:.*]]: tensor<1x32x32xi8>)
// CHECK: %[[BYTES:.*]] = edge.constant dense<"0x000102{{.*}}FDFEFF"> : tensor<256xi8>
// CHECK: %[[TABLE:.*]] = edge.map(%[[BYTES]]) : (tensor<256xi8>) -> tensor<256xi8>
// CHECK: math.exp
// CHECK: %[[Y:.*]] = edge.gather %[[TABLE]][%[[X]]] {axis = 0 : i64} : tensor<256xi8>, tensor<1x32x32xi8> -> tensor<1x32x32xi8>
// CHECK: return %[[Y]]
func.func @sigmoid(%x: tensor<1x32x32xi8>) -> tensor<1x32x32xi8> {
  %y = edge.map(%x) : (tensor<1x32x32xi8>) -> tensor<1x32x32xi8> {
  ^bb0(%i: i8):
    %r = arith.sitofp %i : i8 to f32
    %e = math.exp %r : f32
    %o = arith.fptosi %e : f32 to i8
    edge.yield %o : i8
  }
  return %y : tensor<1x32x32xi8>
}

// -----

// Without vectors a longer chain of cheap instructions is one, too.
module attributes {target.cpu = #target.cpu<triple = "thumbv7em-none-eabihf", cpu = "cortex-m4", indexBits = 32>} {
  // CHECK-LABEL: func @long
  // CHECK: edge.gather
  func.func @long(%x: tensor<1x32x32xui8>) -> tensor<1x32x32xf32> {
    %y = edge.map(%x) : (tensor<1x32x32xui8>) -> tensor<1x32x32xf32> {
    ^bb0(%i: i8):
      %r = arith.uitofp %i : i8 to f32
      %0 = arith.mulf %r, %r : f32
      %1 = arith.addf %0, %r : f32
      %2 = arith.mulf %1, %r : f32
      %3 = arith.addf %2, %r : f32
      %4 = arith.mulf %3, %r : f32
      edge.yield %4 : f32
    }
    return %y : tensor<1x32x32xf32>
  }
}

// -----

// With 16 elements at once it is not; nor is what has few elements, two inputs,
// or more than 8 bits.
module attributes {target.cpu = #target.cpu<triple = "x86_64-unknown-linux-gnu", cpu = "x86-64-v4", vectorBytes = 64, vectorRegs = 32>} {
  // CHECK-LABEL: func @unchanged_vectors
  // CHECK-NOT: edge.gather
  func.func @unchanged_vectors(%x: tensor<1x32x32xui8>) -> tensor<1x32x32xf32> {
    %y = edge.map(%x) : (tensor<1x32x32xui8>) -> tensor<1x32x32xf32> {
    ^bb0(%i: i8):
      %r = arith.uitofp %i : i8 to f32
      %0 = arith.mulf %r, %r : f32
      %1 = arith.addf %0, %r : f32
      %2 = arith.mulf %1, %r : f32
      %3 = arith.addf %2, %r : f32
      %4 = arith.mulf %3, %r : f32
      edge.yield %4 : f32
    }
    return %y : tensor<1x32x32xf32>
  }
  // CHECK-LABEL: func @unchanged_few
  // CHECK-NOT: edge.gather
  func.func @unchanged_few(%x: tensor<10xi8>, %a: tensor<1024xi16>, %b: tensor<1024xi8>) -> (tensor<10xf32>, tensor<1024xf32>, tensor<1024xf32>) {
    %0 = edge.map(%x) : (tensor<10xi8>) -> tensor<10xf32> {
    ^bb0(%i: i8):
      %r = arith.sitofp %i : i8 to f32
      %e = math.exp %r : f32
      edge.yield %e : f32
    }
    %1 = edge.map(%a) : (tensor<1024xi16>) -> tensor<1024xf32> {
    ^bb0(%i: i16):
      %r = arith.sitofp %i : i16 to f32
      %e = math.exp %r : f32
      edge.yield %e : f32
    }
    %2 = edge.map(%b, %b) : (tensor<1024xi8>, tensor<1024xi8>) -> tensor<1024xf32> {
    ^bb0(%i: i8, %j: i8):
      %s = arith.addi %i, %j : i8
      %r = arith.sitofp %s : i8 to f32
      %e = math.exp %r : f32
      edge.yield %e : f32
    }
    return %0, %1, %2 : tensor<10xf32>, tensor<1024xf32>, tensor<1024xf32>
  }
}
