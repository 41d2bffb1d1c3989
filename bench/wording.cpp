#include "bench/wording.h"

#include <algorithm>
#include <cstdio>

#include "base/text.h"

namespace cni::bench {

std::string number(double value, int digits) {
    char buffer[32];
    std::snprintf(buffer, sizeof buffer, "%.*f", digits, value);
    return buffer;
}

std::string rounded(double value) {
    // From 9.95 on it is shown as 10.
    constexpr double limits[] = {9.95, 0.995, 0.0995};
    const auto digits = std::ranges::count_if(limits, [&](double it) { return value < it; });
    return number(value, static_cast<int>(digits));
}

std::string ratio(double value, double base) {
    return base > 0 ? number(value / base, 2) : "-";
}

std::string label(const Row& row) {
    const char* const unit = row.load == Load::rules    ? " rules"
                             : row.load == Load::checks ? " attachments"
                                                        : " leases";
    const std::string at = row.amount ? cat(", ", row.amount, unit) : "";
    return cat(row.chain, at, " ", row.operation);
}

std::string sentence(const Row& row) {
    const double ours = row.ours.times.median(), theirs = row.theirs.times.median();
    std::string text = cat(label(row), " ", rounded(ours), " ms: ");
    if (row.floor) text += cat(rounded(ours / row.floor->times.median()), "x the kernel's own, ");
    return cat(text, rounded(ours / theirs), "x the reference's");
}

}  // namespace cni::bench
