# Target `libiptc`: libip4tc and libip6tc, which Debian has as shared libraries only. Built from the
# two source files of the distribution's own source package, which scripts/setup unpacks; without
# that, the shared libraries are linked, and what needs them is not static. Without those as well
# CNIXX_LEGACY_TABLES is off, and cnixx is built without a back end for iptables' legacy tables.
set(CNIXX_IPTABLES_SOURCE "${PROJECT_SOURCE_DIR}/build/iptables" CACHE PATH
  "The unpacked source package of iptables")

add_library(libiptc INTERFACE)
if(EXISTS ${CNIXX_IPTABLES_SOURCE}/libiptc/libip4tc.c)
  message(STATUS "libiptc: built from ${CNIXX_IPTABLES_SOURCE}, linked statically")
  enable_language(C)
  # Made by its own configure script; only a version is in it.
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/libiptc/xtables-version.h
    CONTENT "#define XTABLES_VERSION \"\"\n")
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
else()
  pkg_check_modules(IPTC IMPORTED_TARGET libip4tc libip6tc)
endif()

# What links a shared library cannot be static: cni_add_executable asks for this property.
set_property(TARGET libiptc APPEND PROPERTY COMPATIBLE_INTERFACE_BOOL CNIXX_SHARED)
set(CNIXX_LEGACY_TABLES ON)
if(TARGET iptc)
  target_link_libraries(libiptc INTERFACE iptc)
elseif(IPTC_FOUND)
  message(STATUS "libiptc: shared library; what needs it is not static")
  target_link_libraries(libiptc INTERFACE PkgConfig::IPTC)
  set_property(TARGET libiptc PROPERTY INTERFACE_CNIXX_SHARED ON)
else()
  message(WARNING "libiptc: neither the source of iptables in ${CNIXX_IPTABLES_SOURCE} "
    "(scripts/setup fetches it; CNIXX_IPTABLES_SOURCE names another place) nor the shared "
    "libraries (libip4tc-dev and libip6tc-dev): built without iptables' legacy tables")
  set(CNIXX_LEGACY_TABLES OFF)
endif()
