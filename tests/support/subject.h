#pragma once

#include "support/chain_fixture.h"

namespace cni::test {

/// What is tried: the chain as cnitool runs it, or a plugin alone, as a runtime would call it;
/// bridge also with what does not go together, each attachment with a bridge of its own there.
enum class Subject {
    chain,
    bridge,
    bridge_promiscuous,
    bridge_vlan,  ///< needs VLAN filtering
    ptp,
    macvlan,      ///< on the host's uplink
    ipvlan,       ///< likewise; many kernels lack it
    vlan,         ///< likewise
    dummy,        ///< many kernels lack it
    host_device,  ///< each attachment has a device of its own
    flannel,      ///< with bridge as its delegate
    tap,          ///< with a bridge in the container
    portmap,
    firewall,
    bandwidth,
    firewall_rules,  ///< with declared rules and a gate, behind ptp
    tuning,
    sbr,
    vrf,  ///< needs a stock kernel
    host_local,
    host_local_policy,  ///< with all that is remembered of addresses
    static_addresses,
    loopback
};
inline constexpr Subject all_subjects[] = {Subject::chain,
                                           Subject::bridge,
                                           Subject::bridge_promiscuous,
                                           Subject::bridge_vlan,
                                           Subject::ptp,
                                           Subject::macvlan,
                                           Subject::ipvlan,
                                           Subject::vlan,
                                           Subject::dummy,
                                           Subject::host_device,
                                           Subject::flannel,
                                           Subject::tap,
                                           Subject::portmap,
                                           Subject::firewall,
                                           Subject::firewall_rules,
                                           Subject::tuning,
                                           Subject::sbr,
                                           Subject::vrf,
                                           Subject::host_local,
                                           Subject::host_local_policy,
                                           Subject::static_addresses,
                                           Subject::loopback,
                                           Subject::bandwidth};
std::string to_string(Subject subject);
/// VLAN filtering, or kinds of links that many kernels lack.
bool needs_stock_kernel(Subject subject);
/// So that each ADD makes the bridge, too.
bool has_own_bridge(Subject subject);
/// So that it is to be tried in each way.
bool makes_rules(Subject subject);
/// Executes others, or leaves an orphan, which may be what something happens to. Not said of bridge
/// with VLANs: it does so as the other one does, and where it runs time is scarce; nor of vlan and
/// dummy, likewise.
bool starts_processes(Subject subject);

/// Calls of a subject with all that it is able to do, in both families. Attachment::result is what
/// a runtime would have kept, {} of none.
class SubjectCalls : protected ChainCalls {
protected:
    /// Of the folder, our own or that of the distribution's package.
    void choose(Subject subject, Way way, const std::string& folder);
    Subject subject() const { return subject_; }

    /// What the plugins before this one in a network do, and what it takes for granted. The world
    /// (support/test_netns.h) is to be there.
    void prepare(Attachment& a);
    /// Removes what DEL leaves for other containers and no other one uses, so that the next ADD
    /// makes it again: the attachment's own bridge, where it has one.
    void remove_shared(const Attachment& a) const;
    /// The call of a runtime; `command` is ADD, CHECK or DEL.
    Program program(const std::string& command, const Attachment& a) const;
    Finished call(const std::string& command, const Attachment& a) const {
        return run(program(command, a));
    }
    /// Throws Error when it fails.
    void attach(Attachment& a) const;
    /// Throws Error when it fails; nothing is kept from then on.
    void detach(Attachment& a) const;

    /// What CHECK says; "" when it is content. The distribution's portmap is not content with IPv6
    /// whatever is there, so its package is not asked.
    std::string fault_seen_by_check(const Attachment& a) const;
    /// Why the attachment does not do what it is for; "" when it does. CHECK, and packets where
    /// there can be any.
    std::string fault_of(const Attachment& a, const Outside& world) const;

private:
    static json add_ptp(const Attachment& a);
    json network(const Attachment& a) const;
    std::string masquerading_fault_of(const Attachment& a, const Outside& world) const;
    std::string direct_fault_of(const Attachment& a, const Outside& world) const;
    std::string mapping_fault_of(const Attachment& a, const Outside& world) const;

    Subject subject_ = Subject::chain;
};

}  // namespace cni::test
