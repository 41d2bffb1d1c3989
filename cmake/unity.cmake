# For builds that compile the files of a target as one, because most of the time goes into headers,
# and much of an executable into what each file has for itself otherwise: the presets, and
# scripts/check-compilers, name this file as CMAKE_PROJECT_INCLUDE.
set(CMAKE_UNITY_BUILD ON)
set(CMAKE_UNITY_BUILD_BATCH_SIZE 0)
# The kernel's headers leave out what the C library's have declared, but not the other way round.
add_compile_options($<$<COMPILE_LANGUAGE:CXX>:SHELL:-include\ net/if.h>)

# They have a name that another file of their target has for something else.
function(cni_compile_alone folder)
  list(TRANSFORM ARGN PREPEND ${PROJECT_SOURCE_DIR}/${folder}/)
  set_source_files_properties(${ARGN} DIRECTORY ${PROJECT_SOURCE_DIR}/${folder}
    PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

# When all targets are there.
function(cni_choose_unity)
  cni_collect_targets(libraries STATIC_LIBRARY .)
  cni_collect_targets(executables EXECUTABLE .)
  foreach(target IN LISTS libraries executables)
    # A function of one file and a variable of another may have the same name.
    target_compile_options(${target} PRIVATE -Wno-shadow)
  endforeach()
  set(configs ${libraries})
  list(FILTER configs INCLUDE REGEX _config$)
  set_target_properties(cnitool_commands ${configs} PROPERTIES UNITY_BUILD OFF)
  if(TARGET iptc)
    set_target_properties(iptc PROPERTIES UNITY_BUILD OFF)
  endif()
  if(TARGET floor)
    cni_compile_alone(bench/floor portmap.cpp)
  endif()
  cni_compile_alone(ipam/dhcp daemon/listener.cpp daemon/wire4.cpp daemon/wire6.cpp)
  cni_compile_alone(ipam/host-local host_local.cpp lease_draft.cpp range.cpp range_sets.cpp)
  cni_compile_alone(libcni-common/netfilter spoof_check.cpp)
  cni_compile_alone(libcni-common/netlink kinds/tun.cpp rule.cpp table.cpp)
  cni_compile_alone(libcni-common/runtime conf_dir.cpp validate/plugin_check.cpp
    validate/plugin_keys.cpp validate/reference_plugins.cpp validate/validate.cpp)
  # A fuzz target has its own instead.
  cni_compile_alone(libcni-common/sys execute.cpp process.cpp)
  cni_compile_alone(plugins/firewall nftables/backend.cpp)
  cni_compile_alone(plugins/host-device loan.cpp)
  cni_compile_alone(plugins/portmap conditions/nftables.cpp iptables/guard.cpp nftables/guard.cpp)
  cni_compile_alone(plugins/tuning backup_file.cpp check.cpp sysctl_file.cpp)
endfunction()
cmake_language(DEFER CALL cni_choose_unity)
