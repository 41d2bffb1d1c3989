#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "attachments.h"

namespace cni::tool {

/// What files tell of attachments: kept results and leases, joined.
class Records {
public:
    /// Of one network alone unless it is "".
    explicit Records(std::string_view network) : network_(network) {}

    /// The kept results of a cache. The first that tells of an attachment counts.
    void read_cache(const std::string& base);
    /// The leases of all networks of a data directory.
    void read_leases(const std::string& data_dir);
    /// Where else the lists of kept results say that leases are.
    std::vector<std::string> data_dirs_of_lists() const;

    /// The attachment, made when nothing has told of it yet.
    NodeAttachment& get(const std::string& network, const AttachmentId& id);
    bool wants(std::string_view network) const { return network_.empty() || network == network_; }

    std::map<std::pair<std::string, AttachmentId>, NodeAttachment> attachments;
    std::vector<std::string> problems;

private:
    void add_lease(host_local::LeaseView lease);

    std::string network_;
};

/// The data directories of host-local that a network's list names; those that are no absolute
/// paths are left out, and text that is no list has none.
std::vector<std::string> data_dirs_of(const std::string& list);

/// Whether the network of the list has its addresses from host-local.
bool uses_host_local(const std::string& list);

}  // namespace cni::tool
