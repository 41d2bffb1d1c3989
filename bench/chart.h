#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bench/measure.h"

namespace cni::bench {

/// Places of values on a logarithmic axis of whole decades.
class Axis {
public:
    /// At least one decade, with room for both values, which are above 0.
    Axis(double lowest, double highest, double length);

    /// From 0 to the length; values beside the axis are at its ends.
    double at(double value) const;
    /// The powers of 10 on it.
    std::vector<double> ticks() const;

private:
    int first_, last_;  ///< exponents
    double length_;
};

/// For the text of an XML document.
std::string escaped(std::string_view text);

/// A picture of the medians: bars of ours, theirs and the floor for each row, to be read on light
/// and on dark pages.
std::string as_svg(const Measurements& measurements);

}  // namespace cni::bench
