#pragma once

#include <string>

#include "bench/measure.h"

namespace cni::bench {

/// For the terminal: tables, and a sentence for each row.
std::string as_text(const Measurements& measurements);
/// Which machine it was, and the same tables in Markdown.
std::string as_markdown(const Measurements& measurements, const Options& options);
/// Everything, with the time of each attachment.
std::string as_json(const Measurements& measurements, const Options& options);

}  // namespace cni::bench
