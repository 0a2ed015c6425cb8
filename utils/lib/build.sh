# shellcheck shell=bash disable=SC2154
# Configuring and building edgecc: sourced by utils/quickstart and utils/test.
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# The caller sets root, deps, build and state, and has sourced steps.sh.

# It may set cmake_options, an array.

configure() {
  cmake "${configuration[@]}"
}

# build_edgecc TARGET...: sets up the machine, configures when an option has
# changed (ninja does it again by itself when a CMakeLists.txt has), builds.
build_edgecc() {
  # Precompiled headers are cached only with these settings of ccache.
  export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1
  export CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
  "$root/utils/setup" --deps "$deps" || die 'step "setup" failed'
  configuration=(-G Ninja -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release
    "-DEDGECC_DEPS=$deps" ${cmake_options[@]+"${cmake_options[@]}"})
  [ -f "$build/build.ninja" ] || rm -f "$state/stamps/configure"
  step_once "configure" "$(key_of "${configuration[@]}")" configure
  step "build" ninja -C "$build" "$@"
}
