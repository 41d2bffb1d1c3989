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

if(CNIXX_SANITIZE)
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

if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  add_compile_options(-fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  add_link_options(-Wl,-z,relro,-z,now)
endif()

find_package(PkgConfig REQUIRED)
pkg_check_modules(NL REQUIRED libnl-3.0 libnl-route-3.0)
find_package(nlohmann_json 3.11 REQUIRED)
