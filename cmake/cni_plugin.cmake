# cni_add_executable(NAME SOURCES...): an executable that ships: static and stripped in a
# release, installed into CNIXX_INSTALL_DIR. Link what it needs with target_link_libraries.
function(cni_add_executable name)
  add_executable(${name} ${ARGN})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/libcni-common)
  target_link_libraries(${name} PRIVATE cni_sanitizers)
  if(CNIXX_STATIC)
    # libnl refers to getprotobyname: the linker warns, nothing here calls it.
    target_link_options(${name} PRIVATE
      $<$<NOT:$<BOOL:$<TARGET_PROPERTY:${name},CNIXX_SHARED>>>:-static>
      $<$<NOT:$<CONFIG:Debug>>:-s>)
  endif()
  # A runtime may execute it at any moment: the old file is there until the new one is whole.
  install(PROGRAMS $<TARGET_FILE:${name}> DESTINATION ${CNIXX_INSTALL_DIR} RENAME .${name}.new)
  install(CODE "
    cmake_path(ABSOLUTE_PATH CMAKE_INSTALL_PREFIX OUTPUT_VARIABLE prefix)
    cmake_path(APPEND prefix \"${CNIXX_INSTALL_DIR}\" OUTPUT_VARIABLE folder)
    file(RENAME \"\$ENV{DESTDIR}\${folder}/.${name}.new\" \"\$ENV{DESTDIR}\${folder}/${name}\")")
endfunction()

# cni_add_config(NAME [LIBRARIES...]): a plugin's parser (config.cpp) and table of keys (keys.cpp), by
# themselves: `cnitool validate` asks them, and links nothing else of the plugin. It finds them by the
# ending of NAME, _config.
function(cni_add_config name)
  add_library(${name} STATIC config.cpp keys.cpp)
  set_target_properties(${name} PROPERTIES UNITY_BUILD OFF)
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR}/libcni-common)
  target_link_libraries(${name} PUBLIC cni_runtime ${ARGN})
endfunction()

# cni_compile_alone(SOURCES...): they have a name that another file of their target has for something
# else, so that the preset `check` cannot compile them as one with the others.
function(cni_compile_alone)
  set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

# cni_add_layer(NAME [SOURCES...] [DEPENDS...]): a static library of libcni-common.
function(cni_add_layer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR}/libcni-common)
  target_link_libraries(${name} PUBLIC ${ARG_DEPENDS})
endfunction()
