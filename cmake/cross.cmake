# A toolchain file: for 64-bit ARM, or with -DCNIXX_CROSS=armhf for 32-bit ARM, with the cross compiler of
# Debian (g++-aarch64-linux-gnu, g++-arm-linux-gnueabihf), and with the libraries of Debian that
# `scripts/fetch-sysroot` has unpacked. All that is built is static: nothing of these folders is there at
# run time.
set(CNIXX_CROSS arm64 CACHE STRING "Debian's name of the architecture: arm64 or armhf")
# CMake tries the compiler in projects of their own, which know of this variable only then.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES CNIXX_CROSS)
if(CNIXX_CROSS STREQUAL armhf)
  set(CMAKE_SYSTEM_PROCESSOR arm)
  set(cnixx_triplet arm-linux-gnueabihf)
else()
  set(CMAKE_SYSTEM_PROCESSOR aarch64)
  set(cnixx_triplet aarch64-linux-gnu)
endif()
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_C_COMPILER ${cnixx_triplet}-gcc)
set(CMAKE_CXX_COMPILER ${cnixx_triplet}-g++)
# Of qemu-user: what a build executes of its own, cnitool for the JSON Schemas, and the unit tests.
find_program(CMAKE_CROSSCOMPILING_EMULATOR qemu-${CMAKE_SYSTEM_PROCESSOR})

cmake_path(GET CMAKE_CURRENT_LIST_DIR PARENT_PATH cnixx_sources)
set(cnixx_sysroot ${cnixx_sources}/build/sysroot/${CNIXX_CROSS})
# The C and C++ libraries are the compiler's own. They know nothing of these folders.
set(CMAKE_C_STANDARD_INCLUDE_DIRECTORIES ${cnixx_sysroot}/usr/include)
set(CMAKE_CXX_STANDARD_INCLUDE_DIRECTORIES ${cnixx_sysroot}/usr/include)
set(CMAKE_EXE_LINKER_FLAGS_INIT
  "-static -L${cnixx_sysroot}/usr/lib/${cnixx_triplet} -L${cnixx_sysroot}/lib/${cnixx_triplet}")

set(CMAKE_FIND_ROOT_PATH ${cnixx_sysroot})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
foreach(kind LIBRARY INCLUDE PACKAGE)
  set(CMAKE_FIND_ROOT_PATH_MODE_${kind} ONLY)
endforeach()
set(ENV{PKG_CONFIG_LIBDIR} ${cnixx_sysroot}/usr/lib/${cnixx_triplet}/pkgconfig)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${cnixx_sysroot})
