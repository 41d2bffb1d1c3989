#pragma once

#include <span>

#include "input.h"

namespace cni::floor {

/// Runs `body` in a process of its own, beside this one and in the same memory (CLONE_VM), of which
/// nothing is copied. It must not return, nor touch what this one changes. Ended,
/// it is a child to be waited for.
int start_beside(int (*body)(void*), void* argument, std::span<char> stack);

/// host-local on its way: it is started while this process goes on, and begins once it is fed.
class HostLocal {
public:
    explicit HostLocal(const Input& input);
    void feed();
    /// Of ADD.
    Prefix address();
    /// Until it has ended, well.
    void wait();

private:
    const Input& input_;
    int process_, input_writer_, output_reader_;
};

}  // namespace cni::floor
