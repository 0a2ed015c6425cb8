// RUN: edgecc-opt %s -split-input-file -edgecc-expand-math -verify-diagnostics

// expected-error @+1 {{the module has no 'target.cpu'}}
module {}

// -----

module attributes {target.cpu = #target.cpu<triple = "x86_64", cpu = "haswell">} {
  func.func @f(%a: f8E4M3FN) -> f8E4M3FN {
    // expected-error @+1 {{'math.exp' op has no expansion for 'f8E4M3FN'}}
    %0 = math.exp %a : f8E4M3FN
    return %0 : f8E4M3FN
  }
}
