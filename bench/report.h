#pragma once

#include <string>

#include "bench/measure.h"

namespace cni::bench {

/// For the terminal.
std::string as_text(const Measurements& measurements);
/// The same as Markdown tables.
std::string as_markdown(const Measurements& measurements);
/// Everything, with the time of each attachment.
std::string as_json(const Measurements& measurements, const Options& options);

}  // namespace cni::bench
