#pragma once

#include <string>

#include "cni/result.h"
#include "gob.h"

namespace cni::dhcp {

/// Definitions of the types of a result, which come before the first one.
std::string result_types();
/// A result: its addresses, routes and DNS settings.
std::string encode_result(const Result& result);
/// The same read. Throws Error(decoding_failure) when it holds what is no address.
Result decode_result(const gob::Value& value);

}  // namespace cni::dhcp
