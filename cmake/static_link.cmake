# CNIXX_STATIC_LINK: what the static executables are linked with.
#
# What libraries refer to and nothing here calls is an eighth of an executable, of tuning a quarter. A
# call of it would end the program, but there is none: of libnl are used neither nl_addr_parse and
# nl_addr_info, nor nl_ip_proto2str and nl_ticks2us; of pcre2 no pattern is compiled to machine code.
set(CNIXX_LEFT_OUT
  # Addresses and protocols by their names: with them go resolvers.
  getaddrinfo getnameinfo getprotobyname getprotobynumber
  # Formatted input. The second is what newer C libraries call it.
  __isoc99_fscanf __isoc99_sscanf __isoc23_fscanf __isoc23_sscanf
  pcre2_jit_match_8 _pcre2_jit_check_exec_8 _pcre2_jit_free_8
  # What std::terminate calls, to print a type as it was written. Here it calls abort() at once.
  _ZN9__gnu_cxx27__verbose_terminate_handlerEv)
list(TRANSFORM CNIXX_LEFT_OUT PREPEND "--defsym=")
list(TRANSFORM CNIXX_LEFT_OUT APPEND "=abort")
list(JOIN CNIXX_LEFT_OUT "," CNIXX_LEFT_OUT)

# The first exception needs an index of the stack's frames. Of a static executable gcc registers all
# frames at its start, and sorts them at the first exception: as long as an ADD of host-local. Without
# the two functions that do so, which may be missing, the index is the one that the linker made.
set(CNIXX_STATIC_LINK -static "-Wl,${CNIXX_LEFT_OUT}"
  "-Wl,--eh-frame-hdr,--wrap=__register_frame_info,--wrap=__deregister_frame_info")
