#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <type_traits>

// What is called so runs on a stack that a sanitizer does not know of.
#if defined(__SANITIZE_ADDRESS__) || defined(__clang__)
#define CNIXX_ON_A_STACK_OF_ITS_OWN __attribute__((no_sanitize("address", "undefined")))
#else
#define CNIXX_ON_A_STACK_OF_ITS_OWN
#endif

namespace cni {

/// Whether raw_call() leaves errno alone on this processor.
#if defined(__x86_64__) || defined(__aarch64__)
constexpr bool has_raw_calls = true;
#else
constexpr bool has_raw_calls = false;
#endif

/// An argument of a system call, as the kernel takes it.
template <typename T>
[[gnu::always_inline]] inline long raw_argument(T value) {
    if constexpr (std::is_pointer_v<T>)
        return reinterpret_cast<long>(value);
    else
        return static_cast<long>(value);
}

/// A system call for a process that has its memory, errno among it, in common with another one.
/// Returns what the kernel does: -errno when it failed. Registers as of syscall(2).
template <typename A = long, typename B = long, typename C = long, typename D = long>
[[gnu::always_inline]] inline long raw_call(long number, A a = {}, B b = {}, C c = {}, D d = {}) {
#if defined(__x86_64__)
    register long fourth asm("r10") = raw_argument(d);
    long result;
    asm volatile("syscall"
                 : "=a"(result)
                 : "a"(number), "D"(raw_argument(a)), "S"(raw_argument(b)), "d"(raw_argument(c)),
                   "r"(fourth)
                 : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register long call asm("x8") = number;
    register long first asm("x0") = raw_argument(a);
    register long second asm("x1") = raw_argument(b);
    register long third asm("x2") = raw_argument(c);
    register long fourth asm("x3") = raw_argument(d);
    asm volatile("svc #0"
                 : "+r"(first)
                 : "r"(call), "r"(second), "r"(third), "r"(fourth)
                 : "memory");
    return first;
#else
    const long result =
        ::syscall(number, raw_argument(a), raw_argument(b), raw_argument(c), raw_argument(d));
    return result < 0 ? -errno : result;
#endif
}

}  // namespace cni
