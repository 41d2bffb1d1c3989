#pragma once

#include <sys/random.h>

#include <type_traits>

#include "base/error.h"

namespace cni {

/// A value of random bytes: a number, or an array of bytes. Throws SysError.
template <typename T>
requires(std::is_trivially_copyable_v<T> && sizeof(T) <= 256)  // so many come whole: random(7)
    T draw_random() {
    T value{};
    checked(::getrandom(&value, sizeof value, 0), "get random bytes");
    return value;
}

}  // namespace cni
