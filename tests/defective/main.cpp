// A program with the mistake that its argument names, compiled as what ships is: for the tests that
// show that no such mistake goes unnoticed (tests/netns/defects_test.cpp).
#include <fcntl.h>
#include <unistd.h>

#include <climits>
#include <csignal>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace {

// What the compiler cannot know.
volatile int four = 4, most = INT_MAX;
int* volatile lost;

int leak() {
    lost = new int(1);
    lost = nullptr;
    return 0;
}

int use_after_free() {
    lost = new int(1);
    int* const object = lost;
    delete object;
    return *lost;
}

int overflow_of_an_integer() {
    most = most + 1;
    return 0;
}

int beyond_a_vector() {
    const std::vector<int> three(3);
    return three[static_cast<std::size_t>(four)];
}

// Only level 3 of _FORTIFY_SOURCE knows a size that is computed.
int beyond_a_buffer() {
    const auto size = static_cast<std::size_t>(four);
    char* const buffer = static_cast<char*>(std::malloc(size));
    const int zeros = ::open("/dev/zero", O_RDONLY | O_CLOEXEC);
    const auto count = ::read(zeros, buffer, size * 4);
    std::free(buffer);
    return count == 0;
}

[[gnu::noinline]] void write_beyond(volatile char* buffer) {
    for (int i = 0; i < four * 16; ++i) buffer[i] = 1;
}
[[gnu::noinline]] int beyond_the_stack_frame() {
    volatile char buffer[8];
    write_beyond(buffer);
    return buffer[0] == 0;
}

[[gnu::noinline]] void dirty_the_stack() {
    volatile char buffer[1024];
    for (std::size_t i = 0; i < sizeof buffer; ++i) buffer[i] = 1;
}
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
[[gnu::noinline]] int sum_of_nothing() {
    volatile char buffer[512];
    int sum = 0;
    for (std::size_t i = 0; i < sizeof buffer; ++i) sum |= buffer[i];
    return sum;
}
int uninitialized() {
    dirty_the_stack();
    return sum_of_nothing();
}

int crash() {
    return std::raise(SIGSEGV);
}

struct Defect {
    std::string_view name;
    int (*make)();
};

constexpr Defect defects[] = {
    {"leak", leak},
    {"use after free", use_after_free},
    {"overflow of an integer", overflow_of_an_integer},
    {"beyond a vector", beyond_a_vector},
    {"beyond a buffer", beyond_a_buffer},
    {"beyond the stack frame", beyond_the_stack_frame},
    {"uninitialized", uninitialized},
    {"crash", crash},
};

}  // namespace

int main(int count, char** arguments) {
    for (const Defect& defect : defects)
        if (count == 2 && defect.name == arguments[1]) return defect.make();
    return count == 1 ? 0 : 2;
}
