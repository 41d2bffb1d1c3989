#pragma once

#include <map>
#include <string>
#include <vector>

#include "bench/chain.h"

namespace cni::bench {

struct Options {
    std::string ours, theirs;  ///< folders of plugins
    unsigned rounds = 50;      ///< attachments per row
    unsigned width = 16;       ///< calls at once; 0: no such rows
    std::vector<unsigned> loads{0, 1000, 10000};
    std::vector<const Chain*> chains;
};

/// What one folder needed for one kind of operation: ADD or DEL of the whole chain.
struct Cost {
    std::vector<double> milliseconds;  ///< one per attachment
    double at_once = 0;                ///< operations per second
    int executions = 0;
    long peak_kib = 0;

    double median() const { return quantile(0.5); }
    double p90() const { return quantile(0.9); }

private:
    double quantile(double q) const;
};

struct Row {
    std::string chain;
    std::string operation;
    Load load = Load::none;
    unsigned amount = 0;  ///< of the load
    Cost ours, theirs;
};

struct Size {
    std::string executable;
    long ours = 0, theirs = 0;  ///< bytes
};

struct Measurements {
    std::vector<Row> rows;
    std::vector<Size> sizes;
};

/// Runs everything, each chain on a host of its own. Throws Error when a plugin fails.
Measurements measure(const Options& options);

}  // namespace cni::bench
