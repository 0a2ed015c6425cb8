// RUN: edgecc-opt %s -edgecc-fold-affine | FileCheck %s

// A batch normalisation after a convolution disappears in its constants.
// CHECK-LABEL: func @batch_norm
// CHECK-DAG: %[[W:.*]] = edge.constant dense<{{.*}}2.000000e+00, 6.000000e+00{{.*}}> : tensor<1x1x1x2xf32>
// CHECK-DAG: %[[B:.*]] = edge.constant dense<[1.100000e+01, 2.300000e+01]> : tensor<2xf32>
// CHECK: %[[Y:.*]] = edge.conv(%{{.*}}, %[[W]], %[[B]])
// CHECK-NEXT: return %[[Y]]
func.func @batch_norm(%x: tensor<1x4x4x1xf32>) -> tensor<1x4x4x2xf32> {
  %w = edge.constant dense<[[[[1.0, 2.0]]]]> : tensor<1x1x1x2xf32>
  %b = edge.constant dense<[0.5, 1.0]> : tensor<2xf32>
  %s = edge.constant dense<[[[2.0, 3.0]]]> : tensor<1x1x2xf32>
  %t = edge.constant dense<[10.0, 20.0]> : tensor<2xf32>
  %0 = edge.conv(%x, %w, %b) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x4x4x1xf32>, tensor<1x1x1x2xf32>, tensor<2xf32>) -> tensor<1x4x4x2xf32>
  %1 = edge.mul %0, %s : tensor<1x4x4x2xf32>, tensor<1x1x2xf32> -> tensor<1x4x4x2xf32>
  %2 = edge.add %1, %t : tensor<1x4x4x2xf32>, tensor<2xf32> -> tensor<1x4x4x2xf32>
  return %2 : tensor<1x4x4x2xf32>
}

// Any shift per column becomes the bias of a product; a quotient scales.
// CHECK-LABEL: func @product
// CHECK-SAME: %[[X:.*]]: tensor<3x2xf32>, %[[B:.*]]: tensor<2xf32>
// CHECK: %[[W:.*]] = edge.constant dense<5.000000e-01> : tensor<2x2xf32>
// CHECK: %[[Y:.*]] = edge.matmul(%[[X]], %[[W]], %[[B]])
// CHECK-NEXT: return %[[Y]]
func.func @product(%x: tensor<3x2xf32>, %b: tensor<2xf32>) -> tensor<3x2xf32> {
  %w = edge.constant dense<1.0> : tensor<2x2xf32>
  %two = edge.constant dense<2.0> : tensor<f32>
  %0 = edge.matmul(%x, %w) : (tensor<3x2xf32>, tensor<2x2xf32>) -> tensor<3x2xf32>
  %1 = edge.div %0, %two : tensor<3x2xf32>, tensor<f32> -> tensor<3x2xf32>
  %2 = edge.add %b, %1 : tensor<2xf32>, tensor<3x2xf32> -> tensor<3x2xf32>
  return %2 : tensor<3x2xf32>
}

// The weights of a grouped transposed convolution hold the groups in the rows.
// CHECK-LABEL: func @grouped
// CHECK: %[[W:.*]] = edge.constant dense<{{\[\[}}[2.0{{.*}}], [3.0{{.*}}]]]> : tensor<1x2x1xf32>
// CHECK: edge.conv_transpose(%{{.*}}, %[[W]])
func.func @grouped(%x: tensor<1x4x2xf32>) -> tensor<1x4x2xf32> {
  %w = edge.constant dense<1.0> : tensor<1x2x1xf32>
  %s = edge.constant dense<[2.0, 3.0]> : tensor<2xf32>
  %0 = edge.conv_transpose(%x, %w) strides [1] pads_low [0] pads_high [0] output_padding [0] groups 2
      : (tensor<1x4x2xf32>, tensor<1x2x1xf32>) -> tensor<1x4x2xf32>
  %1 = edge.mul %0, %s : tensor<1x4x2xf32>, tensor<2xf32> -> tensor<1x4x2xf32>
  return %1 : tensor<1x4x2xf32>
}

// The scales of an attention meet behind its product.
// CHECK-LABEL: func @attention
// CHECK-SAME: %[[Q:.*]]: tensor<2x3xf32>, %[[K:.*]]: tensor<3x2xf32>
// CHECK: %[[C:.*]] = edge.constant dense<2.500000e-01> : tensor<f32>
// CHECK-NEXT: %[[P:.*]] = edge.matmul(%[[Q]], %[[K]])
// CHECK-NEXT: %[[Y:.*]] = edge.mul %[[P]], %[[C]]
// CHECK-NEXT: return %[[Y]]
func.func @attention(%q: tensor<2x3xf32>, %k: tensor<3x2xf32>) -> tensor<2x2xf32> {
  %c = edge.constant dense<0.5> : tensor<1x1xf32>
  %0 = edge.mul %q, %c : tensor<2x3xf32>, tensor<1x1xf32> -> tensor<2x3xf32>
  %1 = edge.mul %c, %k : tensor<1x1xf32>, tensor<3x2xf32> -> tensor<3x2xf32>
  %2 = edge.matmul(%0, %1) : (tensor<2x3xf32>, tensor<3x2xf32>) -> tensor<2x2xf32>
  return %2 : tensor<2x2xf32>
}

// Refused: a factor per position, a factor known only at run time, weights with
// two users, a product that others read as well.
// CHECK-LABEL: func @refused
// CHECK-COUNT-4: edge.mul
func.func @refused(%x: tensor<2x2xf32>, %s: tensor<2xf32>)
    -> (tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>) {
  %v = edge.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %w = edge.constant dense<[[1.0, 2.0], [3.0, 5.0]]> : tensor<2x2xf32>
  %u = edge.constant dense<[[1.0, 2.0], [3.0, 6.0]]> : tensor<2x2xf32>
  %t = edge.constant dense<[[1.0, 2.0], [3.0, 7.0]]> : tensor<2x2xf32>
  %p = edge.constant dense<[[2.0], [3.0]]> : tensor<2x1xf32>
  %c = edge.constant dense<[4.0, 5.0]> : tensor<2xf32>
  %0 = edge.matmul(%x, %v) : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %1 = edge.mul %0, %p : tensor<2x2xf32>, tensor<2x1xf32> -> tensor<2x2xf32>
  %2 = edge.matmul(%x, %t) : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %3 = edge.mul %2, %s : tensor<2x2xf32>, tensor<2xf32> -> tensor<2x2xf32>
  %4 = edge.matmul(%x, %w) : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %5 = edge.mul %4, %c : tensor<2x2xf32>, tensor<2xf32> -> tensor<2x2xf32>
  %6 = edge.matmul(%5, %w) : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %7 = edge.matmul(%x, %u) : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %8 = edge.mul %7, %c : tensor<2x2xf32>, tensor<2xf32> -> tensor<2x2xf32>
  return %1, %3, %6, %7, %8 : tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>
}

// A squeeze-and-excite scales the rows of the weights behind it: eight pixels
// and one column.
// CHECK-LABEL: func @excite
// CHECK-SAME: %[[X:.*]]: tensor<1x4x2x2xf32>, %[[S:.*]]: tensor<1x1x1x2xf32>
// CHECK: %[[R:.*]] = edge.reshape %[[S]] : tensor<1x1x1x2xf32> -> tensor<2x1xf32>
// CHECK: %[[W:.*]] = edge.mul %{{.*}}, %[[R]] : tensor<1x1x2x1xf32>, tensor<2x1xf32>
// CHECK: %[[Y:.*]] = edge.conv(%[[X]], %[[W]])
// CHECK-NEXT: return %[[Y]]
func.func @excite(%x: tensor<1x4x2x2xf32>, %s: tensor<1x1x1x2xf32>) -> tensor<1x4x2x1xf32> {
  %w = edge.constant dense<[[[[1.0], [2.0]]]]> : tensor<1x1x2x1xf32>
  %0 = edge.mul %x, %s : tensor<1x4x2x2xf32>, tensor<1x1x1x2xf32> -> tensor<1x4x2x2xf32>
  %1 = edge.conv(%0, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x4x2x2xf32>, tensor<1x1x2x1xf32>) -> tensor<1x4x2x1xf32>
  return %1 : tensor<1x4x2x1xf32>
}

// Fewer pixels than that are scaled themselves.
// CHECK-LABEL: func @excite_few_unchanged
// CHECK: %[[P:.*]] = edge.mul
// CHECK: edge.conv(%[[P]]
func.func @excite_few_unchanged(%x: tensor<1x2x2x2xf32>, %s: tensor<1x1x1x2xf32>) -> tensor<1x2x2x1xf32> {
  %w = edge.constant dense<[[[[1.0], [2.0]]]]> : tensor<1x1x2x1xf32>
  %0 = edge.mul %x, %s : tensor<1x2x2x2xf32>, tensor<1x1x1x2xf32> -> tensor<1x2x2x2xf32>
  %1 = edge.conv(%0, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x2x2x2xf32>, tensor<1x1x2x1xf32>) -> tensor<1x2x2x1xf32>
  return %1 : tensor<1x2x2x1xf32>
}

// What is known as a whole is computed as it is.
// CHECK-LABEL: func @known
// CHECK: %[[P:.*]] = edge.mul
// CHECK: %[[Q:.*]] = edge.mul %[[P]]
// CHECK: return %[[Q]]
func.func @known() -> tensor<1xf32> {
  %w = edge.constant dense<2.0> : tensor<1xf32>
  %a = edge.cumulative sum %w {axis = 0 : i64} : tensor<1xf32> -> tensor<1xf32>
  %b = edge.cumulative sum %w {axis = 0 : i64} : tensor<1xf32> -> tensor<1xf32>
  %c = edge.cumulative sum %w {axis = 0 : i64} : tensor<1xf32> -> tensor<1xf32>
  %0 = edge.mul %a, %b : tensor<1xf32>, tensor<1xf32> -> tensor<1xf32>
  %1 = edge.mul %0, %c : tensor<1xf32>, tensor<1xf32> -> tensor<1xf32>
  return %1 : tensor<1xf32>
}

// However often the result of an operation is used, it is looked at once.
// CHECK-LABEL: func @doubled
// CHECK: edge.mul {{.*}} : tensor<2x2xf32>, tensor<2xf32>
// CHECK: edge.matmul
// CHECK-NEXT: return
func.func @doubled(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %w = edge.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %c = edge.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  %0 = edge.cumulative sum %c {axis = 0 : i64} : tensor<1x2xf32> -> tensor<1x2xf32>
  %1 = edge.add %0, %0 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %2 = edge.add %1, %1 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %3 = edge.add %2, %2 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %4 = edge.add %3, %3 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %5 = edge.add %4, %4 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %6 = edge.add %5, %5 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %7 = edge.add %6, %6 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %8 = edge.add %7, %7 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %9 = edge.add %8, %8 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %10 = edge.add %9, %9 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %11 = edge.add %10, %10 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %12 = edge.add %11, %11 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %13 = edge.add %12, %12 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %14 = edge.add %13, %13 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %15 = edge.add %14, %14 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %16 = edge.add %15, %15 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %17 = edge.add %16, %16 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %18 = edge.add %17, %17 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %19 = edge.add %18, %18 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %20 = edge.add %19, %19 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %21 = edge.add %20, %20 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %22 = edge.add %21, %21 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %23 = edge.add %22, %22 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %24 = edge.add %23, %23 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %25 = edge.add %24, %24 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %26 = edge.add %25, %25 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %27 = edge.add %26, %26 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %28 = edge.add %27, %27 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %29 = edge.add %28, %28 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %30 = edge.add %29, %29 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %31 = edge.add %30, %30 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %32 = edge.add %31, %31 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %33 = edge.add %32, %32 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %34 = edge.add %33, %33 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %35 = edge.add %34, %34 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %36 = edge.add %35, %35 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %37 = edge.add %36, %36 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %38 = edge.add %37, %37 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %39 = edge.add %38, %38 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %40 = edge.add %39, %39 : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %y = edge.matmul(%x, %w) : (tensor<3x2xf32>, tensor<2x2xf32>) -> tensor<3x2xf32>
  %z = edge.mul %y, %40 : tensor<3x2xf32>, tensor<1x2xf32> -> tensor<3x2xf32>
  return %z : tensor<3x2xf32>
}
