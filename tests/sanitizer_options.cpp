// What the sanitizers do unless ASAN_OPTIONS and the like say otherwise, in every program that is
// built with them: so that a program in which they find something cannot be taken for one that
// failed (tests/support/defect.h has the status).
#include <sanitizer/asan_interface.h>

extern "C" {

const char* __ubsan_default_options();

const char* __asan_default_options() {
    return "exitcode=86:strict_string_checks=1:check_initialization_order=1";
}

const char* __ubsan_default_options() {
    return "exitcode=86:print_stacktrace=1";
}

}  // extern "C"
