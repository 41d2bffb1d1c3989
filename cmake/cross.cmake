# A toolchain file: for 64-bit ARM with the cross compiler of Debian (g++-aarch64-linux-gnu), and
# with the libraries of Debian that `scripts/fetch-sysroot arm64` has unpacked.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
# Of qemu-user: what a build executes of its own, cnitool for the JSON Schemas.
find_program(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64)

cmake_path(GET CMAKE_CURRENT_LIST_DIR PARENT_PATH cnixx_sources)
set(cnixx_sysroot ${cnixx_sources}/build/sysroot/arm64)
# The C and C++ libraries are the compiler's own. They know nothing of these folders.
set(CMAKE_C_STANDARD_INCLUDE_DIRECTORIES ${cnixx_sysroot}/usr/include)
set(CMAKE_CXX_STANDARD_INCLUDE_DIRECTORIES ${cnixx_sysroot}/usr/include)
set(CMAKE_EXE_LINKER_FLAGS_INIT
  "-L${cnixx_sysroot}/usr/lib/aarch64-linux-gnu -L${cnixx_sysroot}/lib/aarch64-linux-gnu")

set(CMAKE_FIND_ROOT_PATH ${cnixx_sysroot})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
foreach(kind LIBRARY INCLUDE PACKAGE)
  set(CMAKE_FIND_ROOT_PATH_MODE_${kind} ONLY)
endforeach()
set(ENV{PKG_CONFIG_LIBDIR} ${cnixx_sysroot}/usr/lib/aarch64-linux-gnu/pkgconfig)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${cnixx_sysroot})
