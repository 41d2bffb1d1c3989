#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "cni/plugin.h"

namespace cni {

/// One operation, as the log and traces tell it.
struct Operation {
    std::string_view plugin;
    const Request& request;
    std::int64_t time = 0;  ///< when it began: microseconds since 1970
    /// Microseconds; nullopt when it failed before it began.
    std::optional<std::int64_t> duration = {};
    std::span<const Step> steps = {};
    std::string_view traceparent = {};  ///< "" for none
    const Error* error = nullptr;       ///< null: it succeeded
    std::string_view unlocked = {};     ///< why there was no AttachmentLock; "" when there was
};

}  // namespace cni
