#include <sys/statvfs.h>

#include <algorithm>
#include <map>

#include "checks.h"

namespace cni::tool {
namespace {

// Of a hundred.
constexpr std::uint64_t nearly_full = 90;
constexpr std::uint64_t scarce = 2;

std::string described(const NodeAttachment& attachment) {
    return cat(attachment.network, " ", attachment.id.container_id, " ", attachment.id.ifname);
}

std::string removal_of(const NodeAttachment& attachment) {
    return cat("let its runtime remove it, or cnitool gc ", attachment.network,
               " --valid ID:IFNAME of each that lives");
}

bool has(const NodeAttachment& attachment, Fault fault) {
    return std::ranges::find(attachment.faults, fault) != attachment.faults.end();
}

struct FaultText {
    Fault fault;
    std::string_view cause;
};
// Those of leases are told by check_leases, with their proof.
constexpr FaultText fault_texts[] = {
    {Fault::namespace_gone, "the namespace of an attachment is gone, and it was not detached"},
    {Fault::link_gone, "the interface of an attachment is gone"},
    {Fault::other_link, "the interface of an attachment is another one than was attached"},
    {Fault::address_gone, "an interface has lost an address that it was given"},
    {Fault::link_without_lease, "an address in use is not leased: another container may get it"},
    {Fault::result_gone, "no runtime has kept the result of an attachment: nobody detaches it"},
};

void check_attachments(const Patient& patient, Findings& findings) {
    for (const NodeAttachment& one : patient.node.list)
        for (const auto& [fault, cause] : fault_texts) {
            // Of a lease alone the check of leases tells.
            if (!has(one, fault) || (!one.kept && !one.is_alive())) continue;
            add_warning(findings, name_of(fault_names, fault), std::string(cause), described(one),
                        removal_of(one));
        }
}

void check_leases(const Patient& patient, Findings& findings) {
    for (const auto& [lease, state, proof] : patient.leases)
        if (state == LeaseState::dead)
            add_warning(findings, "dead-lease",
                        cat("address ", lease.ip.to_string(), " of ", lease.network,
                            " is leased to ", lease.owner->container_id, ", which is gone"),
                        proof,
                        cat("cnitool ipam release ", lease.network, " ", lease.ip.to_string()));
}

void check_duplicates(const Patient& patient, Findings& findings) {
    std::map<std::pair<std::string, Ip>, const NodeAttachment*> bearers;
    for (const NodeAttachment& one : patient.node.list)
        for (const Prefix& prefix : one.link_addresses) {
            const auto [at, is_first] = bearers.try_emplace({one.network, prefix.ip}, &one);
            if (is_first) continue;
            add_error(findings, "duplicate-address",
                      cat("two containers have the address ", prefix.ip.to_string()),
                      cat(described(*at->second), "; ", described(one)), "stop one of the two");
        }
}

std::uint64_t percent(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 100 : part * 100 / whole;
}

}  // namespace

void check_ranges(const Patient& patient, Findings& findings) {
    const LeasedAddresses leases(patient.leases);
    for (const NetworkRange& range : patient.ranges) {
        const auto size = range.size();
        const std::uint64_t used = range.used(leases);
        if (!size || percent(used, *size) < nearly_full) continue;
        const std::string what = cat("range ", range.start.to_string(), "-", range.end.to_string(),
                                     " of network ", range.network);
        const std::string evidence = cat(used, " of ", *size, " addresses are leased");
        const std::string remedy =
            cat("cnitool ipam check ", range.network, "; else add a range to the network");
        if (used >= *size)
            add_error(findings, "range-exhausted", cat(what, " is exhausted: the next ADD fails"),
                      evidence, remedy);
        else
            add_warning(findings, "range-nearly-exhausted", cat(what, " is nearly exhausted"),
                        evidence, remedy);
    }
}

void check_leftovers(const Patient& patient, Findings& findings) {
    check_attachments(patient, findings);
    check_leases(patient, findings);
    check_duplicates(patient, findings);
    for (const std::string& problem : patient.node.problems)
        add_warning(findings, "unreadable-state", "a file of state makes no sense", problem,
                    "remove it when no container needs it");
}

void check_space(const Patient&, Findings& findings) {
    for (const std::string path : {"/var/lib/cni", "/run"}) {
        struct statvfs space {};
        if (::statvfs(path.c_str(), &space) < 0) continue;
        const bool is_full =
            space.f_blocks != 0 && percent(space.f_bavail, space.f_blocks) < scarce;
        const bool has_few = space.f_files != 0 && percent(space.f_favail, space.f_files) < scarce;
        if (is_full || has_few)
            add_error(findings, "no-space",
                      cat("the file system of ", path, " is full: leases cannot be written"),
                      cat(space.f_bavail, " blocks and ", space.f_favail, " inodes are free"),
                      cat(has_few ? "df -i " : "df ", path));
    }
}

}  // namespace cni::tool
