# What of a compiler the core needs, asked before anything is compiled: one plain line says what to do (CMake leaves a line that
# begins with a space as it is). Also run alone:
# `cmake -DCMAKE_CXX_COMPILER_ID=MSVC -DCMAKE_CXX_COMPILER_VERSION=19 -P native/compiler.cmake` (tests/test_build.py).
#
# The core is written in vectors of a width that the source gives (simd.hpp): GCC and Clang have them, MSVC has not. Clang
# comes with Visual Studio, too, and takes MSVC's options there (clang-cl).
set(least_GNU 12)         # __builtin_shufflevector
set(least_Clang 14)       # what Debian 12 has; older ones were not tried
set(least_AppleClang 14)  # Xcode 14

set(id "${CMAKE_CXX_COMPILER_ID}")
if(id STREQUAL "MSVC")
  message(FATAL_ERROR " DeltaW: expected clang-cl or GCC, found MSVC, which has no vector extensions; "
    "install Visual Studio's 'C++ Clang tools for Windows' and set CMAKE_GENERATOR_TOOLSET=ClangCL, or install a wheel: pip install deltaw")
elseif(DEFINED least_${id} AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS least_${id})
  message(FATAL_ERROR " DeltaW: expected ${id} ${least_${id}} or newer, found ${CMAKE_CXX_COMPILER_VERSION}; install a newer one, or name it: CXX=…")
endif()
