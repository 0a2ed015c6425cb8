// RUN: edgecc-opt %s "-edgecc-narrow-storage=type=f8e4m3 weights-only" | FileCheck %s
// RUN: not edgecc-opt %s -edgecc-narrow-storage=type=f8e4m3 2>&1 | FileCheck %s --check-prefix=ALL
// RUN: not edgecc-opt %s "-edgecc-narrow-storage=type=f8 weights-only" 2>&1 | FileCheck %s --check-prefix=OTHER

// ALL: error: cannot store floats as 'f8e4m3'; expected bf16 or f16
// OTHER: error: cannot store floats as 'f8'; expected bf16, f16, f8e5m2 or f8e4m3

// The largest number of the format is 448, so 0.5 becomes 256.

// CHECK-LABEL: func.func @product
// CHECK-DAG: %[[W:.*]] = edge.constant dense<{{\[\[}}2.560000e+02, -1.280000e+02], [6.400000e+01, 0.000000e+00]]>
// CHECK: %[[N:.*]] = edge.map(%[[W]]) : (tensor<2x2xf32>) -> tensor<2x2xf8E4M3FN>
// CHECK: %[[B:.*]] = edge.constant dense<[5.120000e+02, 1.536000e+03]>
// CHECK: edge.matmul(%{{.*}}, %[[N]], %[[B]])
// CHECK: %[[F:.*]] = arith.constant 0.001953125 : f32
// CHECK: arith.mulf %{{.*}}, %[[F]] : f32
func.func @product(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %w = edge.constant dense<[[0.5, -0.25], [0.125, 0.0]]> : tensor<2x2xf32>
  %b = edge.constant dense<[1.0, 3.0]> : tensor<2xf32>
  %p = edge.matmul(%x, %w, %b)
      : (tensor<3x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<3x2xf32>
  return %p : tensor<3x2xf32>
}
