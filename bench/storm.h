#pragma once

#include <string>
#include <vector>

#include "bench/chain.h"

namespace cni::bench {

/// Times of the same operation, done many times.
struct Times {
    std::vector<double> milliseconds = {};

    double median() const { return quantile(0.5); }
    double p90() const { return quantile(0.9); }

private:
    double quantile(double q) const;
};

/// Operations of which `width` were on their way at any time.
struct Storm {
    unsigned width = 0;
    Times times;  ///< of those that succeeded
    double per_second = 0;
    unsigned failed = 0;
    std::string first_failure = {};
};

/// Each operation is timed from before its first process is made until its last has ended. One that
/// fails is counted and not continued.
Storm run_at_once(std::vector<ChainRun> operations, unsigned width);

}  // namespace cni::bench
