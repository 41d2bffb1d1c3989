#pragma once

#include <functional>
#include <string>

#include "support/test_netns.h"

namespace cni::test {

/// Has ip(8) do in a namespace what `line` says for each number below `count`.
inline void ip_batch(const TestNetns& netns, int count,
                     const std::function<std::string(int)>& line) {
    std::string lines;
    for (int number = 0; number < count; ++number) lines += cat(line(number), "\n");
    netns.run([&] { output_of({"ip", "-batch", "-"}, lines); });
}

/// Another network of one host for each number: 172.16.0.0/32, 172.16.0.1/32 and so on.
inline std::string host_network(int number) {
    return cat("172.", 16 + number / 65536, ".", number / 256 % 256, ".", number % 256, "/32");
}

}  // namespace cni::test
