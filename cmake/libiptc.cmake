# Target `libiptc`: libip4tc and libip6tc, which Debian has as shared libraries only. Built from the
# two source files of the distribution's own source package, which scripts/setup unpacks; without
# that, the shared libraries are linked, and nothing is static.
set(CNIXX_IPTABLES_SOURCE "${PROJECT_SOURCE_DIR}/build/iptables" CACHE PATH
  "The unpacked source package of iptables")

add_library(libiptc INTERFACE)
if(EXISTS ${CNIXX_IPTABLES_SOURCE}/libiptc/libip4tc.c)
  message(STATUS "libiptc: built from ${CNIXX_IPTABLES_SOURCE}, linked statically")
  enable_language(C)
  # Made by its own configure script; only a version is in it.
  file(WRITE ${PROJECT_BINARY_DIR}/libiptc/xtables-version.h "#define XTABLES_VERSION \"\"\n")
  add_library(iptc STATIC
    ${CNIXX_IPTABLES_SOURCE}/libiptc/libip4tc.c ${CNIXX_IPTABLES_SOURCE}/libiptc/libip6tc.c)
  target_include_directories(iptc SYSTEM
    PRIVATE ${CNIXX_IPTABLES_SOURCE}/include ${PROJECT_BINARY_DIR}/libiptc)
  # For others only its own headers: beside them are copies of the kernel's that C++ cannot read.
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/libiptc/include)
  file(CREATE_LINK ${CNIXX_IPTABLES_SOURCE}/include/libiptc
    ${PROJECT_BINARY_DIR}/libiptc/include/libiptc SYMBOLIC)
  target_include_directories(iptc SYSTEM INTERFACE ${PROJECT_BINARY_DIR}/libiptc/include)
  target_compile_options(iptc PRIVATE -w)
  target_link_libraries(libiptc INTERFACE iptc)
else()
  pkg_check_modules(IPTC IMPORTED_TARGET libip4tc libip6tc)
  if(NOT IPTC_FOUND)
    message(FATAL_ERROR "libiptc: neither the source of iptables in ${CNIXX_IPTABLES_SOURCE} "
      "(scripts/setup fetches it; CNIXX_IPTABLES_SOURCE names another place) nor the shared "
      "libraries (libip4tc-dev and libip6tc-dev)")
  endif()
  message(STATUS "libiptc: shared library; nothing is linked statically")
  target_link_libraries(libiptc INTERFACE PkgConfig::IPTC)
  set(CNIXX_STATIC OFF)
endif()
