# cni_make_executable(NAME SOURCES...): an executable as it ships: static and stripped in a release.
# Link what it needs with target_link_libraries.
function(cni_make_executable name)
  add_executable(${name} ${ARGN})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/libcni-common)
  # A function that is compiled into several objects is taken from the first: here from those that
  # every start calls, which then lie side by side on few pages.
  target_link_libraries(${name} PRIVATE cni_sanitizers
    $<TARGET_FILE:cni_protocol> $<TARGET_FILE:cni_base> $<TARGET_FILE:cni_sys>)
  if(CNIXX_STATIC)
    target_link_options(${name} PRIVATE
      "$<$<NOT:$<BOOL:$<TARGET_PROPERTY:${name},CNIXX_SHARED>>>:${CNIXX_STATIC_LINK}>"
      $<$<NOT:$<CONFIG:Debug>>:-s>)
  endif()
  if(CNIXX_LINK_MAPS)
    target_link_options(${name} PRIVATE -Wl,-Map=${PROJECT_BINARY_DIR}/maps/${name})
  endif()
endfunction()

# cni_install_executable(NAME): into CNIXX_INSTALL_DIR.
function(cni_install_executable name)
  # A runtime may execute it at any moment: the old file is there until the new one is whole.
  install(PROGRAMS $<TARGET_FILE:${name}> DESTINATION ${CNIXX_INSTALL_DIR} RENAME .${name}.new)
  install(CODE "
    cmake_path(ABSOLUTE_PATH CMAKE_INSTALL_PREFIX OUTPUT_VARIABLE prefix)
    cmake_path(APPEND prefix \"${CNIXX_INSTALL_DIR}\" OUTPUT_VARIABLE folder)
    file(RENAME \"\$ENV{DESTDIR}\${folder}/.${name}.new\" \"\$ENV{DESTDIR}\${folder}/${name}\")
    list(TRANSFORM CMAKE_INSTALL_MANIFEST_FILES REPLACE \"/[.]${name}[.]new$\" \"/${name}\")")
endfunction()

# cni_add_executable(NAME SOURCES...): both.
function(cni_add_executable name)
  cni_make_executable(${name} ${ARGN})
  cni_install_executable(${name})
endfunction()

# cni_add_plugin(NAME [SOURCES...] [DEPENDS...] [CONFIG...] [CONFIG_DEPENDS...]): the executable NAME,
# of main.cpp and of two libraries, which tests can link without executing anything:
#   NAME_plugin  SOURCES, which use the libraries DEPENDS
#   NAME_config  CONFIG: a plugin's parser (config.cpp) and table of keys (keys.cpp), by themselves,
#                and CONFIG_DEPENDS: `cnitool validate` asks them, and links nothing else of the plugin.
#                It finds them by the ending of the name
function(cni_add_plugin name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;CONFIG;CONFIG_DEPENDS" ${ARGN})
  string(REPLACE - _ prefix ${name})
  set(libraries)
  if(ARG_CONFIG)
    add_library(${prefix}_config STATIC ${ARG_CONFIG})
    target_link_libraries(${prefix}_config PUBLIC cni_runtime ${ARG_CONFIG_DEPENDS})
    list(APPEND libraries ${prefix}_config)
  endif()
  list(APPEND libraries ${ARG_DEPENDS})
  if(ARG_SOURCES)
    add_library(${prefix}_plugin STATIC ${ARG_SOURCES})
    target_link_libraries(${prefix}_plugin PUBLIC ${libraries})
    set(libraries ${prefix}_plugin)
  endif()
  cni_add_executable(${name} main.cpp)
  target_link_libraries(${name} PRIVATE ${libraries})
endfunction()

# cni_add_layer(NAME [SOURCES...] [DEPENDS...]): a static library of libcni-common.
function(cni_add_layer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR}/libcni-common)
  target_link_libraries(${name} PUBLIC ${ARG_DEPENDS})
endfunction()
