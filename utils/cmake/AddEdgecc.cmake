# CMake helpers of edgecc: one per kind of library.

# edgecc_add_pch(): the precompiled MLIR headers that every library reuses.
function(edgecc_add_pch)
  if(NOT EDGECC_PRECOMPILE_HEADERS)
    return()
  endif()
  file(WRITE ${CMAKE_BINARY_DIR}/EdgeccPCH.cpp.in "")
  configure_file(${CMAKE_BINARY_DIR}/EdgeccPCH.cpp.in
                 ${CMAKE_BINARY_DIR}/EdgeccPCH.cpp COPYONLY)
  add_library(EdgeccPCH OBJECT ${CMAKE_BINARY_DIR}/EdgeccPCH.cpp)
  target_compile_options(EdgeccPCH PUBLIC -Xclang -fno-pch-timestamp)
  target_precompile_headers(EdgeccPCH PRIVATE
    <mlir/Dialect/Arith/IR/Arith.h>
    <mlir/Dialect/Func/IR/FuncOps.h>
    <mlir/Dialect/Math/IR/Math.h>
    <mlir/Dialect/MemRef/IR/MemRef.h>
    <mlir/Dialect/SCF/IR/SCF.h>
    <mlir/Dialect/Vector/IR/VectorOps.h>
    <mlir/IR/Builders.h>
    <mlir/IR/BuiltinOps.h>
    <mlir/IR/OpImplementation.h>
    <mlir/IR/PatternMatch.h>
    <mlir/Interfaces/InferTypeOpInterface.h>
    <mlir/Pass/Pass.h>
    <mlir/Transforms/GreedyPatternRewriteDriver.h>)
endfunction()

# edgecc_add_library(Name source... [DEPENDS tablegen-target...]
#                    [LINK library...] [NO_PCH]): a static library of a room.
function(edgecc_add_library name)
  cmake_parse_arguments(ARG "NO_PCH" "" "DEPENDS;LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PUBLIC ${ARG_LINK} MLIR LLVM)
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
  get_property(generated GLOBAL PROPERTY EDGECC_TABLEGEN_TARGETS)
  if(generated)
    add_dependencies(${name} ${generated})
  endif()
  if(EDGECC_PRECOMPILE_HEADERS AND NOT ARG_NO_PCH)
    target_compile_options(${name} PRIVATE -Xclang -fno-pch-timestamp)
    target_precompile_headers(${name} REUSE_FROM EdgeccPCH)
  endif()
endfunction()

# edgecc_tablegen(target td-file (output generator)...): runs mlir-tblgen and
# makes every later library wait for it.
function(edgecc_tablegen target td)
  set(LLVM_TARGET_DEFINITIONS ${td})
  set(args ${ARGN})
  while(args)
    list(POP_FRONT args output generator)
    string(REPLACE " " ";" generator "${generator}")
    mlir_tablegen(${output} ${generator} -I${CMAKE_SOURCE_DIR})
  endwhile()
  add_public_tablegen_target(${target})
  set_property(GLOBAL APPEND PROPERTY EDGECC_TABLEGEN_TARGETS ${target})
endfunction()

# edgecc_add_doc(path td-file generator): a page of the generated reference,
# docs/<path>.md in the build folder; the target `docs` makes all pages.
function(edgecc_add_doc path td generator)
  set(page ${CMAKE_BINARY_DIR}/docs/${path}.md)
  string(REPLACE " " ";" generator "${generator}")
  string(REPLACE "/" "-" target docs/${path})
  file(GLOB sources CONFIGURE_DEPENDS *.td)
  get_filename_component(folder ${page} DIRECTORY)
  file(MAKE_DIRECTORY ${folder})
  add_custom_command(OUTPUT ${page}
    COMMAND ${MLIR_TABLEGEN_EXE} ${generator} -I${CMAKE_SOURCE_DIR}
            -I${MLIR_INCLUDE_DIRS} ${CMAKE_CURRENT_SOURCE_DIR}/${td} -o ${page}
    DEPENDS ${sources} COMMENT "Writing docs/${path}.md")
  if(NOT TARGET docs)
    add_custom_target(docs)
  endif()
  add_custom_target(${target} DEPENDS ${page})
  add_dependencies(docs ${target})
endfunction()

# edgecc_add_dialect(Name mnemonic): declarations and definitions of
# <Name>Ops.td (dialect, types, attributes, enums, interfaces, operations).
function(edgecc_add_dialect name mnemonic)
  edgecc_tablegen(Edgecc${name}IncGen ${name}Ops.td
    ${name}Dialect.h.inc "-gen-dialect-decls -dialect=${mnemonic}"
    ${name}Dialect.cpp.inc "-gen-dialect-defs -dialect=${mnemonic}"
    ${name}Enums.h.inc "-gen-enum-decls"
    ${name}Enums.cpp.inc "-gen-enum-defs"
    ${name}Attrs.h.inc "-gen-attrdef-decls -attrdefs-dialect=${mnemonic}"
    ${name}Attrs.cpp.inc "-gen-attrdef-defs -attrdefs-dialect=${mnemonic}"
    ${name}Types.h.inc "-gen-typedef-decls -typedefs-dialect=${mnemonic}"
    ${name}Types.cpp.inc "-gen-typedef-defs -typedefs-dialect=${mnemonic}"
    ${name}Ops.h.inc "-gen-op-decls -dialect=${mnemonic}"
    ${name}Ops.cpp.inc "-gen-op-defs -dialect=${mnemonic}")
  edgecc_add_doc(dialects/${name} ${name}Ops.td
    "-gen-dialect-doc -dialect=${mnemonic}")
endfunction()

# edgecc_add_passes(Room): declarations of the passes of the folder's Passes.td.
function(edgecc_add_passes room)
  edgecc_tablegen(Edgecc${room}PassesIncGen Passes.td
    Passes.h.inc "-gen-pass-decls -name=${room}")
  edgecc_add_doc(passes/${room} Passes.td "-gen-pass-doc")
endfunction()

# edgecc_add_npu(folder name... SOURCES source... [LINK library...]
#                [DRIVER file.c] ...): a plug-in with NPUs of these names, each
# with a function edgecc::npu::create_<name>, a '-' of the name being a '_'
# there. DRIVER is a C file that becomes part of the objects that call it.
function(edgecc_add_npu folder)
  cmake_parse_arguments(ARG "" "DRIVER" "SOURCES;LINK;DEPENDS" ${ARGN})
  edgecc_add_library(EdgeccNpu-${folder} ${ARG_SOURCES}
    DEPENDS ${ARG_DEPENDS} LINK EdgeccNpuRules ${ARG_LINK})
  set_property(GLOBAL APPEND PROPERTY EDGECC_NPU_LIBRARIES EdgeccNpu-${folder})
  set_property(GLOBAL APPEND PROPERTY EDGECC_NPU_NAMES ${ARG_UNPARSED_ARGUMENTS})
  if(ARG_DRIVER)
    set_property(GLOBAL APPEND PROPERTY EDGECC_NPU_DRIVERS ${ARG_DRIVER})
  endif()
endfunction()

# edgecc_write_npu_table(path): the names of all NPUs so far, for Npus.cpp.
function(edgecc_write_npu_table path)
  get_property(names GLOBAL PROPERTY EDGECC_NPU_NAMES)
  set(table "")
  foreach(npu ${names})
    string(REPLACE "-" "_" identifier ${npu})
    string(APPEND table "EDGECC_NPU(\"${npu}\", create_${identifier})\n")
  endforeach()
  file(CONFIGURE OUTPUT ${path} CONTENT "${table}")
endfunction()

# edgecc_add_flatbuffer(target schema.fbs): the target makes <schema>_generated.h
# in this folder.
function(edgecc_add_flatbuffer target schema)
  find_program(EDGECC_FLATC flatc REQUIRED)
  get_filename_component(name ${schema} NAME_WE)
  set(header ${CMAKE_CURRENT_BINARY_DIR}/${name}_generated.h)
  add_custom_command(OUTPUT ${header}
    COMMAND ${EDGECC_FLATC} --cpp -o ${CMAKE_CURRENT_BINARY_DIR} ${schema}
    DEPENDS ${schema} COMMENT "Generating ${name}_generated.h")
  add_custom_target(${target} DEPENDS ${header})
endfunction()

# edgecc_add_tool(name source... LINK library...): an executable in bin/.
function(edgecc_add_tool name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} MLIR LLVM)
endfunction()

# edgecc_embed_text(file output): the text of a file as a C++ string.
function(edgecc_embed_text file output)
  file(READ ${file} text)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(CONFIGURE OUTPUT ${output} CONTENT "R\"edgecc(@text@)edgecc\"\n" @ONLY)
endfunction()
