// RUN: edgecc-opt %s -edgecc-form-row-streams -split-input-file -verify-diagnostics | FileCheck %s
// RUN: edgecc-opt %s -edgecc-form-row-streams=limit=0 -split-input-file -verify-diagnostics | FileCheck %s --check-prefix=SCARCE
// RUN: edgecc-opt %s -edgecc-form-row-streams=limit=100000 -split-input-file -verify-diagnostics | FileCheck %s --check-prefix=PLENTY

#small = #target.cpu<triple = "thumbv7em-unknown-none-eabihf", cpu = "cortex-m4",
    indexBits = 32, hasFma = true, l1dBytes = 0, l2Bytes = 0>

// Row by row, neither the border nor what is read is ever there as a whole.
module attributes {target.cpu = #small} {
// CHECK-LABEL: func @border
// CHECK-SAME: %[[X:.*]]: tensor
// CHECK: edge.row_stream(%[[X]])
// CHECK: %[[M:.*]] = edge.map
// CHECK: %[[W:.*]] = edge.row_window %[[M]] lines 16 step 1 low [1, 1] high [1, 1]
// CHECK-SAME: value -1.280000e+02 : tensor<1x1x16x8xi8> -> tensor<1x3x18x8xi8>
// CHECK: edge.conv(%[[W]],
// CHECK-SAME: -> tensor<1x1x16x8xi8>
// CHECK-NOT: edge.pad
// Nothing is streamed that fits.
// PLENTY-LABEL: func @border
// PLENTY-NOT: edge.row_stream
func.func @border(%x: tensor<1x16x16x8xi8>) -> tensor<1x16x16x8xi8> {
  %k = edge.constant dense<1> : tensor<3x3x1x8xi8>
  %m = edge.map(%x) : (tensor<1x16x16x8xi8>) -> tensor<1x16x16x8xi8> {
  ^bb0(%a: i8):
    edge.yield %a : i8
  }
  %p = edge.pad %m constant low [0, 1, 1, 0] high [0, 1, 1, 0]
      {value = -1.280000e+02 : f64}
      : tensor<1x16x16x8xi8> -> tensor<1x18x18x8xi8>
  %y = edge.conv(%p, %k) strides [1, 1] pads_low [0, 0] pads_high [0, 0] groups 8
      : (tensor<1x18x18x8xi8>, tensor<3x3x1x8xi8>) -> tensor<1x16x16x8xi8> {
  ^bb0(%sum: i32):
    %byte = arith.trunci %sum : i32 to i8
    edge.yield %byte : i8
  }
  return %y : tensor<1x16x16x8xi8>
}
}

// -----

// Nothing to gain where nothing is in the arena.
#small = #target.cpu<triple = "thumbv7em-unknown-none-eabihf", cpu = "cortex-m4",
    indexBits = 32, hasFma = true, l1dBytes = 0, l2Bytes = 0>
module attributes {target.cpu = #small} {
// CHECK-LABEL: func @alone
// CHECK-NOT: edge.row_stream
func.func @alone(%x: tensor<1x16x16x8xi8>) -> tensor<1x16x16x8xi8> {
  %m = edge.map(%x) : (tensor<1x16x16x8xi8>) -> tensor<1x16x16x8xi8> {
  ^bb0(%a: i8):
    edge.yield %a : i8
  }
  return %m : tensor<1x16x16x8xi8>
}
}

// -----

// Memory is not scarce, unless there is a limit.
#large = #target.cpu<triple = "x86_64-unknown-linux-gnu", cpu = "x86-64">
module attributes {target.cpu = #large} {
// CHECK-LABEL: func @large
// CHECK-NOT: edge.row_stream
// SCARCE-LABEL: func @large
// SCARCE: edge.row_stream
func.func @large(%x: tensor<1x16x16x8xi8>) -> tensor<1x16x16x8xi8> {
  %k = edge.constant dense<1> : tensor<3x3x1x8xi8>
  %p = edge.pad %x constant low [0, 1, 1, 0] high [0, 1, 1, 0]
      : tensor<1x16x16x8xi8> -> tensor<1x18x18x8xi8>
  %y = edge.conv(%p, %k) strides [1, 1] pads_low [0, 0] pads_high [0, 0] groups 8
      : (tensor<1x18x18x8xi8>, tensor<3x3x1x8xi8>) -> tensor<1x16x16x8xi8> {
  ^bb0(%sum: i32):
    %byte = arith.trunci %sum : i32 to i8
    edge.yield %byte : i8
  }
  return %y : tensor<1x16x16x8xi8>
}
}

// -----

func.func @wrong_window(%x: tensor<1x8x8x4xi8>) -> tensor<1x8x8x4xi8> {
  %y = edge.row_stream(%x) : (tensor<1x8x8x4xi8>) -> tensor<1x8x8x4xi8> {
  ^bb0(%row: tensor<1x1x8x4xi8>):
    // expected-error @+1 {{expects a result like its operand, with a border}}
    %w = edge.row_window %row lines 8 step 1 low [1, 1] high [1, 1]
        value 0.0 : tensor<1x1x8x4xi8> -> tensor<1x4x8x4xi8>
    edge.yield %w : tensor<1x4x8x4xi8>
  }
  return %y : tensor<1x8x8x4xi8>
}

// -----

func.func @wrong_rows(%x: tensor<1x8x8x4xi8>) -> tensor<1x8x8x4xi8> {
  // expected-error @+1 {{cannot yield 8 rows 3 at a time}}
  %y = edge.row_stream(%x) : (tensor<1x8x8x4xi8>) -> tensor<1x8x8x4xi8> {
  ^bb0(%rows: tensor<1x3x8x4xi8>):
    %m = edge.map(%rows) : (tensor<1x3x8x4xi8>) -> tensor<1x3x8x4xi8> {
    ^bb0(%a: i8):
      edge.yield %a : i8
    }
    edge.yield %m : tensor<1x3x8x4xi8>
  }
  return %y : tensor<1x8x8x4xi8>
}

// -----

func.func @wrong_argument(%x: tensor<1x8x8x4xi8>) -> tensor<1x8x8x4xi8> {
  // expected-error @+1 {{expects arguments that are rows of the operands}}
  %y = edge.row_stream(%x) : (tensor<1x8x8x4xi8>) -> tensor<1x8x8x4xi8> {
  ^bb0(%rows: tensor<1x1x8x3xi8>):
    %m = edge.map(%rows) : (tensor<1x1x8x3xi8>) -> tensor<1x1x8x3xi8> {
    ^bb0(%a: i8):
      edge.yield %a : i8
    }
    edge.yield %m : tensor<1x1x8x3xi8>
  }
  return %y : tensor<1x8x8x4xi8>
}
