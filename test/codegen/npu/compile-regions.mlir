// RUN: edgecc-opt %s -edgecc-compile-regions='npu=desc:%S/../../../runtime/npu/desc/example.json' | FileCheck %s --check-prefixes=CHECK,ALONE
// RUN: edgecc-opt %s -edgecc-compile-regions='npu=desc:%S/../../../runtime/npu/desc/example.json fallback' | FileCheck %s --check-prefixes=CHECK,BOTH
// RUN: not edgecc-opt %s -edgecc-compile-regions='npu=foo' 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not edgecc-opt %s -edgecc-compile-regions='npu=desc:no.json' 2>&1 | FileCheck %s --check-prefix=MISSING

// UNKNOWN: error: unknown NPU 'foo' in --npu; expected one of desc, edge-sim, ethos-u55, ethos-u65, ethos-u85
// MISSING: error: cannot read 'no.json'

!a = !quant.uniform<i8:f32, 0.5>
!b = !quant.uniform<i8:f32, 1.0:-3>

// What lies between the two sums is the scratch memory.
// CHECK: %[[P:.*]] = edge.constant {{.*}} : tensor<[[BYTES:[0-9]+]]xi8>
// CHECK: %[[Y:.*]] = edge.npu_call "example_npu_run" %[[P]](%arg0) scratch 32 {start = "example_npu_start", wait = "example_npu_wait"} : tensor<[[BYTES]]xi8>, (tensor<20xi8>) -> tensor<20xi8>
// ALONE-NOT: else
// BOTH-SAME: else {
// BOTH-NEXT: ^bb0(%[[X:.*]]: tensor<20xi8>):
// BOTH: edge.yield
// CHECK: return %[[Y]]
func.func @main(%x: tensor<20xi8>) -> tensor<20xi8> {
  %y = edge.region "example"(%x) : (tensor<20xi8>) -> tensor<20xi8> {
  ^bb0(%a: tensor<20xi8>):
    %q = edge.storage_cast %a : tensor<20xi8> -> tensor<20x!a>
    %s = edge.add %q, %q : tensor<20x!a>, tensor<20x!a> -> tensor<20x!b>
    %t = edge.add %s, %q : tensor<20x!b>, tensor<20x!a> -> tensor<20x!b>
    %i = edge.storage_cast %t : tensor<20x!b> -> tensor<20xi8>
    edge.yield %i : tensor<20xi8>
  }
  return %y : tensor<20xi8>
}
