// RUN: edgecc-opt %s -split-input-file -verify-diagnostics -edgecc-compress-constants | FileCheck %s
// RUN: edgecc-opt %s -split-input-file -verify-diagnostics -edgecc-compress-constants=limit=100 | FileCheck %s --check-prefix=LIMIT

// 1024 bytes of two values take one bit each, beside the values, one length of
// codes, and what is read ahead. The decoded ones are in memory of their own.
// CHECK: memref.global "private" constant @weights : memref<142xi8>
// CHECK-LABEL: func.func @main
// CHECK: %[[GLOBAL:.*]] = memref.get_global @weights : memref<142xi8>
// CHECK: %[[COPY:.*]] = memref.alloc() {{.*}} : memref<1024xi8>
// CHECK: %[[VALUES:.*]] = memref.view %[[GLOBAL]][%{{.*}}][] : memref<142xi8> to memref<2xi8>
// CHECK: %[[LENGTHS:.*]] = memref.view %[[GLOBAL]][%{{.*}}][] : memref<142xi8> to memref<3xi16>
// CHECK: %[[BITS:.*]] = memref.view %[[GLOBAL]][%{{.*}}][] : memref<142xi8> to memref<67xi16>
// CHECK: %[[TABLE:.*]] = memref.alloc() {{.*}} : memref<2xi16>
// CHECK: call @kernel_decode_0(%[[VALUES]], %[[LENGTHS]], %[[BITS]], %[[TABLE]], %{{.*}}) {edge.kind = "decode", edge.layer = "fc", edge.macs = 0 : i64}
// CHECK: %[[READ:.*]] = memref.view %[[COPY]]
// CHECK: call @reads(%[[READ]], %{{.*}})
// CHECK: func.func private @kernel_decode_0
// CHECK: scf.for
// CHECK: scf.for
// CHECK: scf.if

// There is no room for them.
// LIMIT: memref.global "private" constant @weights : memref<1024xi8>
// LIMIT-NOT: decode
// LIMIT: return
module attributes {target.cpu = #target.cpu<triple = "thumbv7em-none-eabi", cpu = "cortex-m4", indexBits = 32>} {
memref.global "private" constant @weights : memref<1024xi8> = dense<"0x05050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000050000050505050500000500000500000000050000">
func.func private @reads(%w: memref<1024xi8>, %x: memref<1024xi8>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c1024 = arith.constant 1024 : index
  scf.for %i = %c0 to %c1024 step %c1 {
    %value = memref.load %w[%i] : memref<1024xi8>
    memref.store %value, %x[%i] : memref<1024xi8>
  }
  return
}
func.func @main(%x: memref<1024xi8>, %arena: memref<0xi8> {edge.arena}) {
  %global = memref.get_global @weights : memref<1024xi8>
  %c0 = arith.constant 0 : index
  %w = memref.view %global[%c0][] : memref<1024xi8> to memref<1024xi8>
  func.call @reads(%w, %x) {edge.layer = "fc", edge.kind = "matmul"} : (memref<1024xi8>, memref<1024xi8>) -> ()
  return
}
}

// -----

// Nothing is shorter than bytes of any value, and what a driver gets stays where
// it is.
// CHECK: memref.global "private" constant @weights : memref<1024xi8>
// CHECK-LABEL: func.func @main
// CHECK-NOT: decode
// CHECK: return
module attributes {target.cpu = #target.cpu<triple = "thumbv7em-none-eabi", cpu = "cortex-m4", indexBits = 32>} {
memref.global "private" constant @weights : memref<1024xi8> = dense<"0x4420823CFDE6F1C26B30F90EC7DD01E4887534A20F0B0D04C36ED80E71E0FD77B07670EB940BD5335F973DAAD8619B91FFC911F57CCED458BBBF2CE03753C9BDFA0FF0169DC9575674066676CFB0B4EB8902C44269DA1CF6BA66D3F8B6D4B100A9EA0E755A5C2E8210242A08E7078F7F89385EB09423555182568B96E8A4FEF23A0C9FC5AFD7608437816BDD0A7309CB4A1252E4DA70E6720FCAA4DA1E98406C189C24279E9851D5814204136FEB5713C166B13269DD63FC35C797FF08A6CD90095066A745ADDB6D8831C2B0F87821142B4456556D89AA82BCADAE3A9578FA4535A414D025C24B40AE3AC127722988BA973AEA8D37179706072ED33A14607AD7523BE6557B5134DEC19681F4A1336AA2140D0597A3E6C8A0CC2020A2E939806EF0B6845D6A9D657EB8298F2DE52EAD74C79D15A75FA29B7DAB332F7D700A7CCD258924260B0594B7FCF04E33A727585B4C48A39C369640694810A1695B99DD50187E8120E4DC80E0E805CAAD5784F80CD5091FB5464046848DCBCD582D77F8035AA2E0737AA0FDF573D3AC8C701824BC51689F9899BE54ED2B3FC15A4F80DA6F1AFDC9B2C454142E8233882A4729E37BC3DDCB54A6E040F96C3DDCD13C978E7FC10261E00A0F7C856958914B668B9F80E456B6FBD73E6AC46891370C3C06974526BF9FDFB6A5003FE2E6B39CCCADFC39C1C368018E65ECD19C57E665B801C7DACFAC22FC7E940AD04FCB8A5B2505B287D29B4DEC84F856EF178A32D823B522E20A54522FCD8D9B6A6A79AA892326BCEF1956988AB676C8CC58F784A871847D0FCEA2DD7F89612554E34B86EB534646E1B89ECD7B3B699C223674CBA4FC335F171C0B6E11FDE2AF8C3C583071CC77FDE6C156767891ECC76CE784A9FE386D28170702F5A3C49364CC514D0F07C64A1DC2824228EC9B07121F42158C3CDD2E610EFF428E62E5C7A889857C7D1E59B3DB1FB4D366D9238825805A314D1E68DB161B2EF0BD32A0144010E241CAE40C8A2E80A62B9A11C41D85A04285C23B9B30D97D69A9ADC8F63542E50F955066BDC7A631D1B040211699A0D598A3B48BA6043E4CA2A6A723E78FF5E8BAC2281C4418FB807DADB9BDCE9DEDAE550E4B807144395ED21932883668852228256F58DD0BBCF9917066FC78D9E7BB60F62583D06704C2F927CED914B4EA036199023D9AA190D2D19DE79A43E347538104D912BCD7CD90092E2E02C489ED8BBEF6ACC6E93BF7B54AD44B095885BC4193D38493D78CDDABF86EFBCDD92E2042694C750D34814FF532CC5F012DDA1A6FD8B11834D63C878E5BF5186D2CC73FE596FEC93BF5364CC5675583D593FC6DACF83404B1881CE19933758C8A7ED24B428363D01D4CD38A8FF59C88FB6DFFBCF07BAD5A5CE64C1DA6456DA1FCF5A83C414783732D19583B73669DD8A7020A9C702B728FAE89C20B3E">
func.func private @reads(%w: memref<1024xi8>, %x: memref<1024xi8>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c1024 = arith.constant 1024 : index
  scf.for %i = %c0 to %c1024 step %c1 {
    %value = memref.load %w[%i] : memref<1024xi8>
    memref.store %value, %x[%i] : memref<1024xi8>
  }
  return
}
func.func @main(%x: memref<1024xi8>, %arena: memref<0xi8> {edge.arena}) {
  %global = memref.get_global @weights : memref<1024xi8>
  %c0 = arith.constant 0 : index
  %w = memref.view %global[%c0][] : memref<1024xi8> to memref<1024xi8>
  func.call @reads(%w, %x) {edge.layer = "fc", edge.kind = "matmul"} : (memref<1024xi8>, memref<1024xi8>) -> ()
  return
}
}

// -----

// CHECK: memref.global "private" constant @weights : memref<1024xi8>
// CHECK-LABEL: func.func @main
// CHECK-NOT: decode
// CHECK: return
module attributes {target.cpu = #target.cpu<triple = "thumbv7em-none-eabi", cpu = "cortex-m4", indexBits = 32>} {
memref.global "private" constant @weights : memref<1024xi8> = dense<0>
func.func private @reads(%w: memref<1024xi8>, %x: memref<1024xi8>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c1024 = arith.constant 1024 : index
  scf.for %i = %c0 to %c1024 step %c1 {
    %value = memref.load %w[%i] : memref<1024xi8>
    memref.store %value, %x[%i] : memref<1024xi8>
  }
  return
}
func.func @main(%x: memref<1024xi8>, %arena: memref<0xi8> {edge.arena}) {
  %global = memref.get_global @weights : memref<1024xi8>
  %c0 = arith.constant 0 : index
  %w = memref.view %global[%c0][] : memref<1024xi8> to memref<1024xi8>
  func.call @reads(%w, %x) {edge.layer = "fc", edge.kind = "npu_call"} : (memref<1024xi8>, memref<1024xi8>) -> ()
  return
}
}

// -----

// Not all of it is read: decoding all would take longer than reading.
// CHECK: memref.global "private" constant @weights : memref<1024xi8>
// CHECK-LABEL: func.func @main
// CHECK-NOT: decode
// CHECK: return
module attributes {target.cpu = #target.cpu<triple = "thumbv7em-none-eabi", cpu = "cortex-m4", indexBits = 32>} {
memref.global "private" constant @weights : memref<1024xi8> = dense<0>
func.func private @reads(%w: memref<1024xi8>, %x: memref<1024xi8>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c1024 = arith.constant 16 : index
  scf.for %i = %c0 to %c1024 step %c1 {
    %value = memref.load %w[%i] : memref<1024xi8>
    memref.store %value, %x[%i] : memref<1024xi8>
  }
  return
}
func.func @main(%x: memref<1024xi8>, %arena: memref<0xi8> {edge.arena}) {
  %global = memref.get_global @weights : memref<1024xi8>
  %c0 = arith.constant 0 : index
  %w = memref.view %global[%c0][] : memref<1024xi8> to memref<1024xi8>
  func.call @reads(%w, %x) {edge.layer = "fc", edge.kind = "matmul"} : (memref<1024xi8>, memref<1024xi8>) -> ()
  return
}
}

// -----

// expected-error@+1 {{expects the attribute 'target.cpu'}}
module {
func.func @main() {
  return
}
}
