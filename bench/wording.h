#pragma once

#include <string>

#include "bench/measure.h"

/// Numbers and words of all reports.
namespace cni::bench {

/// With so many digits behind the point.
std::string number(double value, int digits);
/// Two digits that count, for reading: "0.87", "3.1", "54".
std::string rounded(double value);
/// How many times the second the first is: "0.25"; "-" of nothing.
std::string ratio(double value, double base);

/// "host-local, 1000 leases ADD".
std::string label(const Row& row);

/// "bridge ADD 3.1 ms: 1.2x the kernel's own, 0.2x the reference's", of the medians.
std::string sentence(const Row& row);

}  // namespace cni::bench
