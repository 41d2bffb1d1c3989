#include "base/steps.h"

#include <time.h>

namespace cni {
namespace {

std::int64_t now() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return std::int64_t{time.tv_sec} * 1'000'000 + time.tv_nsec / 1'000;
}

}  // namespace

Steps::Steps() : start_(now()), last_(start_) {}

void Steps::begin(std::string_view name) noexcept {
    end();
    try {
        steps_.push_back({name});
    } catch (...) {
        // What is timed matters more than its times.
    }
}

std::int64_t Steps::end() noexcept {
    const std::int64_t time = now();
    if (!steps_.empty()) steps_.back().microseconds = time - last_;
    last_ = time;
    return time - start_;
}

}  // namespace cni
