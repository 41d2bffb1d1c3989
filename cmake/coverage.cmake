# For the preset `coverage`, of scripts/coverage: what ships is compiled so that it counts how often
# each part of it is executed. Plugins are killed, leave processes behind that end by _exit(2), and run
# in mount namespaces and under filters of system calls: what is written when a process ends would be
# lost. clang can have the counters in a file that is mapped (%c), one of each executable (%m), which
# all its processes share.
include(${CMAKE_CURRENT_LIST_DIR}/unity.cmake)
set(CNIXX_PROFILES ${CMAKE_BINARY_DIR}/profiles)

# When all targets are there.
function(cni_count_executions)
  cni_collect_targets(libraries STATIC_LIBRARY libcni-common plugins ipam cnitool multicall)
  cni_collect_targets(executables EXECUTABLE plugins ipam cnitool multicall)
  foreach(target IN LISTS libraries executables)
    target_compile_options(${target} PRIVATE -fprofile-instr-generate=${CNIXX_PROFILES}/%c%m
      -fcoverage-mapping "SHELL:-mllvm -runtime-counter-relocation")
  endforeach()
endfunction()
add_link_options(-fprofile-instr-generate)
cmake_language(DEFER CALL cni_count_executions)
