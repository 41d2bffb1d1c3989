#pragma once

// Ahead of the kernel's headers, which define the same things unless it came first.
#include <net/if.h>

#include <libiptc/libiptc.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

// Unlike its sister it leaves this to others.
extern "C" {
#include <libiptc/libip6tc.h>
}

#include "base/contains.h"
#include "base/error.h"
#include "net/ip.h"

/// libiptc, for the files that work with it.
namespace cni::ipt {

/// The two libraries under the same names.
struct Ip4tc {
    using Entry = ipt_entry;
    static constexpr Family family = Family::v4;
    static constexpr const char* name = "iptables";
    static constexpr const char* module_prefix = "iptable_";
    static constexpr auto init = iptc_init;
    static constexpr auto release = iptc_free;
    static constexpr auto is_chain = iptc_is_chain;
    static constexpr auto is_builtin = iptc_builtin;
    static constexpr auto policy = iptc_get_policy;
    static constexpr auto get_references = iptc_get_references;
    static constexpr auto first_chain = iptc_first_chain;
    static constexpr auto next_chain = iptc_next_chain;
    static constexpr auto first_rule = iptc_first_rule;
    static constexpr auto next_rule = iptc_next_rule;
    static constexpr auto target = iptc_get_target;
    static constexpr auto insert = iptc_insert_entry;
    static constexpr auto append = iptc_append_entry;
    static constexpr auto remove = iptc_delete_num_entry;
    static constexpr auto flush = iptc_flush_entries;
    static constexpr auto create_chain = iptc_create_chain;
    static constexpr auto delete_chain = iptc_delete_chain;
    static constexpr auto commit = iptc_commit;
};
struct Ip6tc {
    using Entry = ip6t_entry;
    static constexpr Family family = Family::v6;
    static constexpr const char* name = "ip6tables";
    static constexpr const char* module_prefix = "ip6table_";
    static constexpr auto init = ip6tc_init;
    static constexpr auto release = ip6tc_free;
    static constexpr auto is_chain = ip6tc_is_chain;
    static constexpr auto is_builtin = ip6tc_builtin;
    static constexpr auto policy = ip6tc_get_policy;
    static constexpr auto get_references = ip6tc_get_references;
    static constexpr auto first_chain = ip6tc_first_chain;
    static constexpr auto next_chain = ip6tc_next_chain;
    static constexpr auto first_rule = ip6tc_first_rule;
    static constexpr auto next_rule = ip6tc_next_rule;
    static constexpr auto target = ip6tc_get_target;
    static constexpr auto insert = ip6tc_insert_entry;
    static constexpr auto append = ip6tc_append_entry;
    static constexpr auto remove = ip6tc_delete_num_entry;
    static constexpr auto flush = ip6tc_flush_entries;
    static constexpr auto create_chain = ip6tc_create_chain;
    static constexpr auto delete_chain = ip6tc_delete_chain;
    static constexpr auto commit = ip6tc_commit;
};

template <typename Lib>
struct Release {
    void operator()(xtc_handle* handle) const { Lib::release(handle); }
};
template <typename Lib>
using TableHandle = std::unique_ptr<xtc_handle, Release<Lib>>;

/// A copy of the table as it is now. The kernel loads one that is missing. Throws SysError.
template <typename Lib>
TableHandle<Lib> open_table(const std::string& name) {
    TableHandle<Lib> handle(Lib::init(name.c_str()));
    const int error = errno;
    if (handle) return handle;
    const bool missing = error == ENOENT || error == ENOPROTOOPT || error == ENOTSUP;
    throw SysError(cat("read ", Lib::name, "' table ", name), error,
                   missing
                       ? cat("the kernel has no such table; modprobe ", Lib::module_prefix, name)
                       : iptc_strerror(error));
}

/// A chain's name as libiptc takes it.
class Label {
public:
    explicit Label(const std::string& chain) {
        if (chain.size() >= sizeof text_)
            throw Error(Code::internal, cat("the name of chain ", chain, " is too long"));
        chain.copy(text_, chain.size());
    }
    // An argument of libiptc, as which it is written. NOLINTNEXTLINE(google-explicit-constructor)
    operator const char*() const { return text_; }

private:
    xt_chainlabel text_{};
};

/// The verdict or chain that the entry ends in; nullopt when its target is an extension.
template <typename Lib>
std::optional<std::string_view> label_of_target(const typename Lib::Entry& entry,
                                                xtc_handle* handle) {
    constexpr std::array<std::string_view, 5> own = {"", "ACCEPT", "DROP", "RETURN", "QUEUE"};
    const char* label = Lib::target(&entry, handle);
    if (!contains(own, label) && !Lib::is_chain(label, handle)) return {};
    return label;
}

}  // namespace cni::ipt
