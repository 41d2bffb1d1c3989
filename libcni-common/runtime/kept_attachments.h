#pragma once

#include <cstdint>
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

/// What is in a results directory.
struct KeptAttachments {
    std::vector<KeptAttachment> list;   ///< in the order of file names
    std::vector<std::string> problems;  ///< a sentence about each file that makes no sense
};

/// Reads all of <base>/results and changes nothing. A directory that is missing holds nothing; one
/// that others could tamper with, or that cannot be read, is one of the problems. Does not throw
/// for anything that is in there.
KeptAttachments list_kept_attachments(const std::string& base);

}  // namespace cni
