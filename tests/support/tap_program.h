#pragma once

#include <string>

#include "base/fd.h"
#include "support/test_netns.h"

namespace cni::test {

/// How a program attaches to a tap.
enum class Queues { one, several };

/// A program's end of a tap: what the kernel sends is read from it, what is written is received.
/// Throws SysError when it may not attach.
Fd attach_program(const TestNetns& container, Queues queues = Queues::one,
                  const std::string& name = "eth0");

/// The same in the namespace of the calling thread.
Fd attach_program_here(Queues queues, const std::string& name);

/// A program that has two taps, and passes each frame from the one on to the other: a cable. It
/// ends with the object.
class TapCable {
public:
    TapCable(const TestNetns& one, const TestNetns& other);
    TapCable(const TapCable&) = delete;
    TapCable& operator=(const TapCable&) = delete;
    ~TapCable();

private:
    pid_t pid_;
};

}  // namespace cni::test
