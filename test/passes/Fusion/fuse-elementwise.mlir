// RUN: edgecc-opt %s -edgecc-fuse-elementwise | FileCheck %s
// RUN: edgecc-opt %s -edgecc-fuse-elementwise=max-inputs=1 | FileCheck %s --check-prefix=LIMIT
// RUN: not edgecc-opt %s -edgecc-fuse-elementwise=max-inputs=0 2>&1 | FileCheck %s --check-prefix=NEGATIVE

// NEGATIVE: error: a map reads at least one tensor, the limit is 0

// x * clamp(x + 3, 0, 6) / 6 is one map that reads x once.
// CHECK-LABEL: func @hard_swish
// CHECK-NEXT: %[[Y:.*]] = edge.map(%{{[a-z0-9]+}}) : (tensor<2x8xf32>) -> tensor<2x8xf32> {
// CHECK-NEXT: ^bb0(%[[X:.*]]: f32):
// CHECK: arith.addf %[[X]]
// CHECK: arith.mulf %[[X]]
// CHECK: edge.yield
// CHECK-NEXT: }
// CHECK-NEXT: return %[[Y]]
func.func @hard_swish(%x: tensor<2x8xf32>) -> tensor<2x8xf32> {
  %three = edge.constant dense<3.0> : tensor<f32>
  %six = edge.constant dense<6.0> : tensor<1xf32>
  %0 = edge.add %x, %three : tensor<2x8xf32>, tensor<f32> -> tensor<2x8xf32>
  %1 = edge.clamp %0 {min = 0.0 : f64, max = 6.0 : f64} : tensor<2x8xf32> -> tensor<2x8xf32>
  %2 = edge.mul %x, %1 : tensor<2x8xf32>, tensor<2x8xf32> -> tensor<2x8xf32>
  %3 = edge.div %2, %six : tensor<2x8xf32>, tensor<1xf32> -> tensor<2x8xf32>
  return %3 : tensor<2x8xf32>
}

// A gate is computed once per channel, not once per position.
// CHECK-LABEL: func @gate
// CHECK: %[[G:.*]] = edge.map(%{{[a-z0-9]+}}) : (tensor<1x1x8xf32>) -> tensor<1x1x8xf32>
// CHECK: edge.map(%{{[a-z0-9]+}}, %[[G]]) : (tensor<4x4x8xf32>, tensor<1x1x8xf32>) -> tensor<4x4x8xf32>
func.func @gate(%x: tensor<4x4x8xf32>, %g: tensor<1x1x8xf32>) -> tensor<4x4x8xf32> {
  %0 = edge.sigmoid %g : tensor<1x1x8xf32> -> tensor<1x1x8xf32>
  %1 = edge.mul %x, %0 : tensor<4x4x8xf32>, tensor<1x1x8xf32> -> tensor<4x4x8xf32>
  return %1 : tensor<4x4x8xf32>
}

// Broadcasts are read through.
// CHECK-LABEL: func @broadcast
// CHECK-NEXT: edge.map(%{{[a-z0-9]+}}, %{{[a-z0-9]+}}) : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
func.func @broadcast(%x: tensor<4x8xf32>, %y: tensor<8xf32>) -> tensor<4x8xf32> {
  %0 = edge.broadcast %y : tensor<8xf32> -> tensor<4x8xf32>
  %1 = edge.max %x, %0 : tensor<4x8xf32>, tensor<4x8xf32> -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}

// A cheap map is computed twice, a costly one is not.
// CHECK-LABEL: func @shared
// CHECK-COUNT-3: edge.map
// CHECK-NOT: edge.map
func.func @shared(%x: tensor<9xf32>, %y: tensor<9xf32>, %z: tensor<9xf32>) -> (tensor<9xf32>, tensor<9xf32>) {
  %cheap = edge.neg %x : tensor<9xf32> -> tensor<9xf32>
  %costly = edge.exp %cheap : tensor<9xf32> -> tensor<9xf32>
  %0 = edge.add %costly, %y : tensor<9xf32>, tensor<9xf32> -> tensor<9xf32>
  %1 = edge.mul %costly, %z : tensor<9xf32>, tensor<9xf32> -> tensor<9xf32>
  return %0, %1 : tensor<9xf32>, tensor<9xf32>
}

// A reshape moves out of the way between a product and its map.
// CHECK-LABEL: func @reshape
// CHECK: %[[P:.*]] = edge.matmul
// CHECK-NEXT: %[[M:.*]] = edge.map(%[[P]]) : (tensor<4x6xf32>) -> tensor<4x6xf32>
// CHECK: %[[R:.*]] = edge.reshape %[[M]] : tensor<4x6xf32> -> tensor<2x2x6xf32>
// CHECK-NEXT: return %[[R]]
func.func @reshape(%x: tensor<4x3xf32>, %w: tensor<3x6xf32>) -> tensor<2x2x6xf32> {
  %0 = edge.matmul(%x, %w) : (tensor<4x3xf32>, tensor<3x6xf32>) -> tensor<4x6xf32>
  %1 = edge.reshape %0 : tensor<4x6xf32> -> tensor<2x2x6xf32>
  %2 = edge.tanh %1 : tensor<2x2x6xf32> -> tensor<2x2x6xf32>
  return %2 : tensor<2x2x6xf32>
}

// CHECK-LABEL: func @reshape_scalar
// CHECK: %[[P:.*]] = edge.reduce
// CHECK-NEXT: %[[M:.*]] = edge.map(%[[P]]) : (tensor<1xf32>) -> tensor<1xf32>
// CHECK: edge.reshape %[[M]] : tensor<1xf32> -> tensor<f32>
func.func @reshape_scalar(%x: tensor<4xf32>) -> tensor<f32> {
  %0 = edge.reduce sum(%x) axes [0] : (tensor<4xf32>) -> tensor<1xf32>
  %1 = edge.reshape %0 : tensor<1xf32> -> tensor<f32>
  %2 = edge.abs %1 : tensor<f32> -> tensor<f32>
  return %2 : tensor<f32>
}

// Unsigned elements are signless inside.
// CHECK-LABEL: func @unsigned
// CHECK: ^bb0(%{{.*}}: i8):
// CHECK-NEXT: arith.uitofp
func.func @unsigned(%x: tensor<4xui8>) -> tensor<4xf32> {
  %0 = edge.cast %x to f32 : tensor<4xui8> -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// LIMIT-LABEL: func @limit
// LIMIT-COUNT-2: edge.map
func.func @limit(%x: tensor<9xf32>, %y: tensor<9xf32>) -> tensor<9xf32> {
  %0 = edge.exp %x : tensor<9xf32> -> tensor<9xf32>
  %1 = edge.add %0, %y : tensor<9xf32>, tensor<9xf32> -> tensor<9xf32>
  return %1 : tensor<9xf32>
}

// A reshape to one element, between a reduction and a map, goes behind the map.

// CHECK-LABEL: func.func @scalar_reshape
// CHECK: edge.reduce
// CHECK: edge.map
// CHECK-SAME: tensor<1xf32>
// CHECK: edge.reshape
func.func @scalar_reshape(%x: tensor<3xf32>, %y: tensor<f32>) -> tensor<f32> {
  %0 = edge.reduce sum(%x) axes [0] : (tensor<3xf32>) -> tensor<1xf32>
  %1 = edge.reshape %0 : tensor<1xf32> -> tensor<f32>
  %2 = edge.div %1, %y : tensor<f32>, tensor<f32> -> tensor<f32>
  return %2 : tensor<f32>
}
