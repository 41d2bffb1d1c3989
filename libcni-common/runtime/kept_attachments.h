#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cni/result.h"
#include "runtime/runtime_conf.h"

namespace cni {

/// An attachment as some runtime has kept it. Its names are validated, its paths are not.
struct KeptAttachment {
    std::string path;  ///< of the file
    std::string network;
    RuntimeConf conf;
    std::string list;  ///< text of the network's list at the time of ADD; "" when unknown
    std::optional<Result> result;  ///< nullopt: none, or one that cannot be read
    std::int64_t since = 0;        ///< when the file was written, in s since the epoch
};

/// Reads all of <base>/results, in the order of file names, and changes nothing. A directory that
/// is missing holds nothing. The result is a sentence about each file that makes no sense, and
/// about a directory that others could tamper with, or that cannot be read: does not throw for
/// anything that is in there.
std::vector<std::string> read_kept_attachments(const std::string& base,
                                               const std::function<void(KeptAttachment)>& take);

}  // namespace cni
