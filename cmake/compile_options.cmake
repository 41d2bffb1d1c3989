# Flags every target of the project is compiled and linked with.
add_compile_options(-Wall -Wextra -Wconversion -Wshadow -Wimplicit-fallthrough
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>)
if(CNIXX_WERROR)
  add_compile_options(-Werror)
endif()

# A section per function lets the linker drop what a plugin does not use: start-up
# time of a static executable is dominated by how many pages it touches.
add_compile_options(-ffunction-sections -fdata-sections)
add_link_options(-Wl,--gc-sections)

# Of 32 bits by themselves on 32-bit processors: numbers of inodes, sizes, times after 2038.
if(CMAKE_SIZEOF_VOID_P EQUAL 4)
  add_compile_options(-D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64)
endif()

# Checks within the standard library, of indices and the like, end the program.
add_compile_options(-D_GLIBCXX_ASSERTIONS)

# What an executable needs to be in it for the sanitizers; nothing in a build without them.
add_library(cni_sanitizers INTERFACE)
if(CNIXX_SANITIZE)
  target_sources(cni_sanitizers INTERFACE ${PROJECT_SOURCE_DIR}/tests/sanitizer_options.cpp)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  # Instrumented code defeats g++ 12's flow analysis, which then sees unset variants.
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  add_link_options(-fsanitize=address,undefined)
  if(CNIXX_STATIC)
    message(FATAL_ERROR "CNIXX_SANITIZE needs CNIXX_STATIC=OFF: the sanitizers cannot be linked statically")
  endif()
endif()

if(CNIXX_FUZZ)
  # Libraries are instrumented as the fuzz targets are; only those link libFuzzer's main.
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
endif()

# Start-up is not measurably slower with all of these, and executables are 1 to 2 % larger. Not among them
# is -static-pie: relocating itself costs a plugin 3 to 7 % of an ADD of host-local.
if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  add_compile_options(-fstack-protector-strong -fstack-clash-protection
    -ftrivial-auto-var-init=zero -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
    # Has an effect where the C library is compiled with it as well, which that of Debian 12 is not.
    $<$<STREQUAL:${CMAKE_SYSTEM_PROCESSOR},x86_64>:-fcf-protection=full>
    # Each executable tells what it was compiled with, and scripts/check-binaries asks it.
    -frecord-gcc-switches)
  add_link_options(-Wl,-z,relro,-z,now,-z,noexecstack)
endif()

find_package(PkgConfig REQUIRED)
pkg_check_modules(NL REQUIRED libnl-3.0)
find_package(nlohmann_json 3.11 REQUIRED)
