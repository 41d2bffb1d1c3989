#pragma once

#include <string>
#include <string_view>

#include "cni/json.h"

namespace cni {

/// Where a text stops to be JSON, and why in the words of who wrote it: "JSON has no comments".
struct SyntaxHint {
    std::size_t offset;
    std::string message;
};
SyntaxHint explain(std::string_view text, const JsonSyntaxError& error);

}  // namespace cni
