#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bench/chain.h"
#include "bench/storm.h"

namespace cni::bench {

struct Options {
    std::string ours, theirs;                          ///< folders of plugins
    std::string floor;                                 ///< another one; "": none
    unsigned rounds = 50;                              ///< attachments per row
    std::vector<unsigned> widths{1, 2, 4, 8, 16, 32};  ///< operations at once; may be empty
    std::vector<unsigned> loads{0, 1000, 10000};
    std::vector<const Chain*> chains;
};

/// What one folder needed for one kind of operation: ADD or DEL of the whole chain.
struct Cost {
    Times times = {};  ///< one per attachment, one after the other
    std::vector<Storm> at_once = {};
    int executions = 0;
    long peak_kib = 0;
};

struct Row {
    std::string chain;
    std::string operation;
    Load load = Load::none;
    unsigned amount = 0;  ///< of the load
    Cost ours = {}, theirs = {};
    std::optional<Cost> floor = {};
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
