#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "netfilter/owner.h"
#include "netlink/link.h"
#include "rules/backend.h"

/// What comes in from outside of the host has no business with 127.0.0.0/8 (RFC 1122, 3.2.1.3), and
/// the kernel would drop it; but port mappings translate it before the kernel looks, and
/// route_localnet tells the kernel not to look. The guard drops it ahead of both, by source and by
/// destination, whatever interface it comes in through.
///
/// It is there as long as somebody needs it, and says who that is.
namespace cni::portmap {

/// An interface by its name and number: it is gone when another one bears the name.
struct LinkName {
    int index = 0;
    std::string name;
    bool operator==(const LinkName&) const = default;

    /// "12:cni0"
    std::string to_string() const { return cat(index, ':', name); }
    /// From the first word of a text; nullopt when that is none.
    static std::optional<LinkName> parse(std::string_view text);
};

/// An attachment that needs the guard, with the end of its pair that has route_localnet, if any.
/// The hashes are found without its configuration.
struct Holder {
    std::string hashes;  ///< netfilter/owner.h
    std::optional<LinkName> link = {};
    std::string text = {};  ///< for people: owner_text

    /// "12:veth0 8e48f37d5de60467-f4d01f2ef4b92245, net: net1, if: eth0, id: c1": at most what a
    /// comment takes. Without a link it begins with the hashes.
    std::string comment() const;
    static std::optional<Holder> parse(std::string_view comment);
};

/// The guard in one of the places where it can be. Each change is one commit, made anew when others
/// were faster. Throws SysError, Error.
class Guard {
public:
    virtual ~Guard() = default;

    /// Makes it as far as it is missing, and keeps it for the attachment or for a link that is
    /// shared, instead of what either had before.
    virtual void hold(const Holder& holder) = 0;
    virtual void hold(const LinkName& shared) = 0;

    virtual std::optional<Holder> find(const std::string& hashes) = 0;
    /// The guard goes with the last one. No-op when there is none.
    virtual void release(const std::string& hashes) = 0;
    virtual void release(const LinkName& shared) = 0;

    /// Those that are shared: a few.
    virtual std::vector<LinkName> links() = 0;
    /// Lists all: for GC.
    virtual std::vector<Holder> holders() = 0;

    /// What of it is missing or damaged; nullopt: nothing.
    virtual std::optional<std::string> fault() = 0;
};

/// Where rules of the backend are, in `nft` (which stays open) or the legacy tables.
std::unique_ptr<Guard> guard_in(nft::Connection& nft, Backend backend);

}  // namespace cni::portmap
