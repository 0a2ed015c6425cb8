# The CMake package, in the build tree and where `cmake --install` puts it.
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

# The package file OUTPUT of a tree under PREFIX, where it lies in DESTINATION
# and finds the compiler and the runtime's headers.
function(_edgecc_write_config output destination prefix tool include)
  set(EDGECC_TOOL ${tool})
  set(EDGECC_INCLUDE ${include})
  configure_package_config_file(
    ${CMAKE_SOURCE_DIR}/utils/cmake/edgeccConfig.cmake.in ${output}
    INSTALL_DESTINATION ${destination}
    INSTALL_PREFIX ${prefix}
    PATH_VARS EDGECC_TOOL EDGECC_INCLUDE)
endfunction()

set(_package ${CMAKE_INSTALL_LIBDIR}/cmake/edgecc)
_edgecc_write_config(${CMAKE_BINARY_DIR}/package/edgeccConfig.cmake ${_package}
  ${CMAKE_INSTALL_PREFIX} ${CMAKE_INSTALL_BINDIR}/edgecc
  ${CMAKE_INSTALL_INCLUDEDIR})
_edgecc_write_config(${CMAKE_BINARY_DIR}/edgeccConfig.cmake ${CMAKE_BINARY_DIR}
  ${CMAKE_BINARY_DIR} ${CMAKE_BINARY_DIR}/bin/edgecc
  ${CMAKE_SOURCE_DIR}/runtime/include)
write_basic_package_version_file(
  ${CMAKE_BINARY_DIR}/edgeccConfigVersion.cmake
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)

install(TARGETS edgecc edgecc-run edgecc-opt
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY runtime/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${CMAKE_BINARY_DIR}/package/edgeccConfig.cmake
  ${CMAKE_BINARY_DIR}/edgeccConfigVersion.cmake DESTINATION ${_package})
