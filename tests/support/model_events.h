#pragma once

#include <random>
#include <string>
#include <vector>

namespace cni::test {

/// What happens: a word, whom it happens to ("a", or "" of what happens to the host), and a number:
/// at which system call, or by how many hours.
struct Event {
    std::string what;
    std::string whom = {};
    int number = 0;
};
using Sequence = std::vector<Event>;

/// The containers.
inline constexpr const char* tenant_names[] = {"a", "b", "c"};

/// One event a line: "kill-add a 211".
std::string to_string(const Sequence& sequence);
Sequence parse_sequence(const std::string& text);

Sequence draw_sequence(std::mt19937& random, std::size_t length);

}  // namespace cni::test
