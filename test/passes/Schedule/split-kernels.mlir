// RUN: edgecc-opt %s -split-input-file -edgecc-split-kernels=least-work=8 -canonicalize -cse | FileCheck %s
// RUN: not edgecc-opt %s -split-input-file -edgecc-split-kernels=threads=-2 2>&1 | FileCheck %s --check-prefix=REFUSED

// REFUSED: the number of threads must be positive, is -2

// Two loops that are marked become a line of 4 x 16 iterations; every task takes
// a half, and has a scratch buffer of its own.

// CHECK-LABEL: module attributes {target.threads = 2 : i64}
// CHECK: func.func @main
// CHECK: %[[S:.*]] = memref.alloc() {alignment = 64 : i64} : memref<128xi8>
// CHECK: call @kernel(%{{.*}}, %{{.*}}, %[[S]])
// CHECK: func.func private @kernel(%[[X:.*]]: memref<64xf32>, %[[Y:.*]]: memref<64xf32>, %[[A:.*]]: memref<128xi8>
// CHECK-SAME: attributes {edge.tasks = 2 : i64}
// CHECK: scf.for %[[T:.*]] = %c0 to %c2 step %c1
// CHECK-NEXT: func.call @kernel_phase_0(%[[X]], %[[Y]], %[[A]], %[[T]])
// CHECK: func.func private @kernel_phase_0({{.*}}, %[[ALL:.*]]: memref<128xi8> {{.*}}, %[[TASK:.*]]: index)
// CHECK: %[[AT:.*]] = arith.muli %[[TASK]], %c64
// CHECK: memref.view %[[ALL]][%[[AT]]][] : memref<128xi8> to memref<10xf32>
// CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}} step %c4
// CHECK: arith.divui
// CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}} step %c1
// CHECK-NOT: edge.phase
module attributes {target.threads = 2 : i64} {
  func.func @main(%x: memref<64xf32>, %y: memref<64xf32>) {
    %s = memref.alloc() {alignment = 64 : i64} : memref<40xi8>
    %c0 = arith.constant 0 : index
    %v = memref.view %s[%c0][] : memref<40xi8> to memref<10xf32>
    call @kernel(%x, %y, %v)
        : (memref<64xf32>, memref<64xf32>, memref<10xf32>) -> ()
    return
  }
  func.func private @kernel(%x: memref<64xf32>, %y: memref<64xf32>,
                            %s: memref<10xf32> {edge.scratch}) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c4 = arith.constant 4 : index
    %c16 = arith.constant 16 : index
    scf.for %i = %c0 to %c16 step %c4 {
      scf.for %j = %c0 to %c16 step %c1 {
        %0 = arith.addi %i, %j : index
        %1 = memref.load %x[%0] : memref<64xf32>
        memref.store %1, %s[%c0] : memref<10xf32>
        %2 = memref.load %s[%c0] : memref<10xf32>
        memref.store %2, %y[%0] : memref<64xf32>
      } {edge.phase = 0 : i64}
    } {edge.phase = 0 : i64}
    return
  }
}

// -----

// Phases follow one another; what one leaves for the next is there once.

// CHECK-LABEL: module attributes {target.threads = 3 : i64}
// CHECK: memref.alloc() : memref<64xi8>
// CHECK: func.func private @phases_tasks({{.*}} attributes {edge.tasks = 3 : i64}
// CHECK: call @phases_phase_0(
// CHECK: func.func private @phases_tasks_0({{.*}} attributes {edge.tasks = 3 : i64}
// CHECK: call @phases_phase_1(
// CHECK: func.func private @phases(
// CHECK-NEXT: call @phases_tasks(
// CHECK-NEXT: call @phases_tasks_0(
// CHECK-NEXT: return
module attributes {target.threads = 3 : i64} {
  func.func @main(%x: memref<16xf32>, %y: memref<16xf32>) {
    %s = memref.alloc() : memref<64xi8>
    %c0 = arith.constant 0 : index
    %v = memref.view %s[%c0][] : memref<64xi8> to memref<16xf32>
    call @phases(%x, %y, %v)
        : (memref<16xf32>, memref<16xf32>, memref<16xf32>) -> ()
    return
  }
  func.func private @phases(%x: memref<16xf32>, %y: memref<16xf32>,
                            %s: memref<16xf32> {edge.scratch}) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c15 = arith.constant 15 : index
    %c16 = arith.constant 16 : index
    scf.for %i = %c0 to %c16 step %c1 {
      %0 = memref.load %x[%i] : memref<16xf32>
      memref.store %0, %s[%i] : memref<16xf32>
    } {edge.phase = 0 : i64}
    scf.for %i = %c0 to %c16 step %c1 {
      %0 = arith.subi %c15, %i : index
      %1 = memref.load %s[%0] : memref<16xf32>
      memref.store %1, %y[%i] : memref<16xf32>
    } {edge.phase = 1 : i64}
    return
  }
}

// -----

// A loop over parts says what a task does: one of them, and all panels around it.

// CHECK-LABEL: func.func @parts
// CHECK: func.func private @product_phase_0({{.*}}, %[[TASK:.*]]: index)
// CHECK-NOT: divui
// CHECK: scf.for %{{.*}} = %c0 to %c3 step %c1 {
// CHECK-NEXT: %[[FIRST:.*]] = arith.muli %[[TASK]], %c8
// CHECK-NEXT: scf.for %{{.*}} = %c0 to %c8 step %c1 {
// CHECK-NOT: edge.parts
module attributes {target.threads = 2 : i64} {
  func.func @parts(%x: memref<48xf32>) {
    call @product(%x) : (memref<48xf32>) -> ()
    return
  }
  func.func private @product(%x: memref<48xf32>) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c3 = arith.constant 3 : index
    %c8 = arith.constant 8 : index
    %c16 = arith.constant 16 : index
    %one = arith.constant 1.0 : f32
    scf.for %panel = %c0 to %c3 step %c1 {
      scf.for %part = %c0 to %c2 step %c1 {
        %first = arith.muli %part, %c8 : index
        scf.for %i = %c0 to %c8 step %c1 {
          %0 = arith.muli %panel, %c16 : index
          %1 = arith.addi %0, %first : index
          %2 = arith.addi %1, %i : index
          memref.store %one, %x[%2] : memref<48xf32>
        } {edge.phase = 0 : i64}
      } {edge.parts, edge.phase = 0 : i64}
    } {edge.phase = 0 : i64}
    return
  }
}

// -----

// Whole images are better parts. What has no loop over parts is shared beside
// it: the last iterations below belong to the second task.

// CHECK-LABEL: func.func @images
// CHECK: func.func private @batch_phase_0(
// CHECK: arith.divui
// CHECK: func.func private @rest_phase_0({{.*}}, %[[TASK:.*]]: index)
// CHECK: arith.divui
// CHECK: %[[FIRST:.*]] = arith.muli %[[TASK]], %c8
// CHECK-NEXT: memref.store %{{.*}}, %{{.*}}[%[[FIRST]]]
// CHECK: scf.for
// CHECK-NOT: edge.parts
module attributes {target.threads = 2 : i64} {
  func.func @images(%x: memref<4x16xf32>, %y: memref<16xf32>) {
    call @batch(%x) : (memref<4x16xf32>) -> ()
    call @rest(%y) : (memref<16xf32>) -> ()
    return
  }
  func.func private @batch(%x: memref<4x16xf32>) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c4 = arith.constant 4 : index
    %c8 = arith.constant 8 : index
    %one = arith.constant 1.0 : f32
    scf.for %image = %c0 to %c4 step %c1 {
      scf.for %part = %c0 to %c2 step %c1 {
        %first = arith.muli %part, %c8 : index
        scf.for %i = %c0 to %c8 step %c1 {
          %0 = arith.addi %first, %i : index
          memref.store %one, %x[%image, %0] : memref<4x16xf32>
        } {edge.phase = 0 : i64}
      } {edge.parts, edge.phase = 0 : i64}
    } {edge.phase = 0 : i64}
    return
  }
  func.func private @rest(%x: memref<16xf32>) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c8 = arith.constant 8 : index
    %c16 = arith.constant 16 : index
    %one = arith.constant 1.0 : f32
    scf.for %part = %c0 to %c2 step %c1 {
      %0 = arith.muli %part, %c8 : index
      memref.store %one, %x[%0] : memref<16xf32>
    } {edge.parts, edge.phase = 0 : i64}
    scf.for %i = %c1 to %c16 step %c1 {
      memref.store %one, %x[%i] : memref<16xf32>
    } {edge.phase = 0 : i64}
    return
  }
}

// -----

// Left alone: too little work; a kernel that writes beside its phases.

// CHECK-LABEL: func.func @unchanged
// CHECK-NOT: edge.tasks
// CHECK: func.func private @little
// CHECK-NOT: index)
// CHECK: func.func private @besides
// CHECK: memref.store
// CHECK: scf.for
// CHECK-NOT: func.func
module attributes {target.threads = 2 : i64} {
  func.func @unchanged(%x: memref<2xf32>, %y: memref<16xf32>) {
    call @little(%x) : (memref<2xf32>) -> ()
    call @besides(%y) : (memref<16xf32>) -> ()
    return
  }
  func.func private @little(%x: memref<2xf32>) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %one = arith.constant 1.0 : f32
    scf.for %i = %c0 to %c2 step %c1 {
      memref.store %one, %x[%i] : memref<2xf32>
    } {edge.phase = 0 : i64}
    return
  }
  func.func private @besides(%x: memref<16xf32>) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c16 = arith.constant 16 : index
    %one = arith.constant 1.0 : f32
    memref.store %one, %x[%c0] : memref<16xf32>
    scf.for %i = %c1 to %c16 step %c1 {
      memref.store %one, %x[%i] : memref<16xf32>
    } {edge.phase = 0 : i64}
    return
  }
}
