#include "netlink/tc/filter.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>

#include <array>
#include <cstring>

#include "netlink/tc/qdisc.h"

namespace cni {
namespace {

constexpr std::string_view u32 = "u32", mirred = "mirred";
// Of either kind of ingress qdisc: ingress_tcf_block() and clsact_tcf_block(),
// net/sched/sch_ingress.c.
constexpr std::uint32_t ingress_parent = TC_H_MAKE(TC_H_INGRESS, TC_H_MIN_INGRESS);
constexpr std::uint16_t first_priority = 1;

NlMessage message_of(int type, int flags, const Link& link, const Filter& filter) {
    tcmsg header{};
    header.tcm_family = AF_UNSPEC;
    header.tcm_ifindex = link.index;
    header.tcm_parent = ingress_parent;
    header.tcm_handle = filter.handle;
    header.tcm_info =
        TC_H_MAKE(std::uint32_t{filter.priority} << 16, std::uint32_t{htons(filter.protocol)});
    NlMessage message(type, flags);
    message.header(header);
    if (!filter.kind.empty()) message.put_string(TCA_KIND, filter.kind);
    return message;
}

// A selector of one key without any bits, with which everything agrees.
constexpr std::size_t everything_size = sizeof(tc_u32_sel) + sizeof(tc_u32_key);

void put_everything(NlMessage& message) {
    std::array<std::uint8_t, everything_size> everything{};
    tc_u32_sel selector{};
    selector.flags = TC_U32_TERMINAL;
    selector.nkeys = 1;
    std::memcpy(everything.data(), &selector, sizeof selector);
    message.put(TCA_U32_SEL, everything);
}

void put_redirection(NlMessage& message, const Link& target) {
    tc_mirred parameters{};
    parameters.action = TC_ACT_STOLEN;
    parameters.eaction = TCA_EGRESS_REDIR;
    parameters.ifindex = static_cast<std::uint32_t>(target.index);
    constexpr int first_action = 1;
    message.nest(first_action, [&] {
        message.put_string(TCA_ACT_KIND, std::string(mirred));
        message.nest(TCA_ACT_OPTIONS,
                     [&] { message.put(TCA_MIRRED_PARMS, &parameters, sizeof parameters); });
    });
}

bool takes_everything(const NlAttributes<TCA_U32_MAX>& settings) {
    const auto bytes = settings.bytes(TCA_U32_SEL);
    if (bytes.size() != everything_size || settings[TCA_U32_LINK] || settings[TCA_U32_MARK])
        return false;
    tc_u32_key key;
    std::memcpy(&key, bytes.data() + sizeof(tc_u32_sel), sizeof key);
    return key.mask == 0;
}

// The first one is what happens: nothing is left for others.
std::optional<int> parse_redirection(const nlattr* actions) {
    const NlAttributes<1> list(actions);
    const NlAttributes<TCA_ACT_MAX> action(list[1]);
    if (action.string(TCA_ACT_KIND) != mirred) return {};
    const NlAttributes<TCA_MIRRED_MAX> settings(action[TCA_ACT_OPTIONS]);
    const auto* parameters = settings.get<tc_mirred>(TCA_MIRRED_PARMS);
    if (!parameters || parameters->eaction != TCA_EGRESS_REDIR) return {};
    return static_cast<int>(parameters->ifindex);
}

// The kernel tells also of what holds filters: of a kind with a priority, and of a table of u32.
void collect(std::vector<Filter>& found, const nlmsghdr* message) {
    if (nlmsg_datalen(message) < static_cast<int>(sizeof(tcmsg))) return;
    const auto* header = static_cast<const tcmsg*>(nlmsg_data(message));
    const NlAttributes<TCA_MAX> attributes(message, sizeof(tcmsg));
    Filter filter{.kind = std::string(attributes.string(TCA_KIND)),
                  .priority = static_cast<std::uint16_t>(header->tcm_info >> 16),
                  .protocol = ntohs(static_cast<std::uint16_t>(header->tcm_info)),
                  .handle = header->tcm_handle};
    if (filter.handle == 0) return;
    if (filter.kind == u32) {
        const NlAttributes<TCA_U32_MAX> settings(attributes[TCA_OPTIONS]);
        if (settings[TCA_U32_DIVISOR]) return;
        if (takes_everything(settings))
            filter.redirected_to = parse_redirection(settings[TCA_U32_ACT]);
    }
    found.push_back(std::move(filter));
}

}  // namespace

NlRequest redirect(const Link& link, const Link& target) {
    NlMessage message = message_of(
        RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, link,
        Filter{.kind = std::string(u32), .priority = first_priority, .protocol = ETH_P_ALL});
    message.nest(TCA_OPTIONS, [&] {
        put_everything(message);
        message.nest(TCA_U32_ACT, [&] { put_redirection(message, target); });
    });
    return {std::move(message), cat("redirect what ", link.name, " receives to ", target.name)};
}

NlRequest remove_filter(const Link& link, const Filter& filter) {
    return {message_of(RTM_DELTFILTER, 0, link, filter),
            cat("delete filter ", filter.kind, " of ", link.name),
            ENOENT,
            {EINVAL, ENODEV}};
}

std::vector<Filter> filters(Rtnl& rtnl, const Link& link) {
    std::vector<Filter> found;
    rtnl.dump([&] { return message_of(RTM_GETTFILTER, 0, link, Filter{}); },
              cat("list filters of ", link.name), [&](const nlmsghdr* m) { collect(found, m); },
              [&] { found.clear(); });
    return found;
}

std::set<int> redirection_targets(Rtnl& rtnl) {
    std::set<int> targets;
    for (const Qdisc& qdisc : qdiscs(rtnl)) {
        if (qdisc.kind != "ingress" && qdisc.kind != "clsact") continue;
        for (const Filter& filter : filters(rtnl, {.index = qdisc.link}))
            if (filter.redirected_to) targets.insert(*filter.redirected_to);
    }
    return targets;
}

}  // namespace cni
