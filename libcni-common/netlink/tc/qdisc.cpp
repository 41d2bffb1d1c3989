#include "netlink/tc/qdisc.h"

#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

namespace cni {
namespace {

constexpr std::uint32_t root_handle = TC_H_MAKE(1U << 16, 0U);
constexpr std::uint32_t ingress_handle = TC_H_MAKE(TC_H_INGRESS, 0U);
constexpr std::string_view ingress = "ingress";

NlMessage message_of(int type, int flags, const Link& link, std::uint32_t parent,
                     std::uint32_t handle = 0) {
    tcmsg header{};
    header.tcm_family = AF_UNSPEC;
    header.tcm_ifindex = link.index;
    header.tcm_parent = parent;
    header.tcm_handle = handle;
    NlMessage message(type, flags);
    message.header(header);
    return message;
}

NlRequest removal(const Link& link, std::uint32_t parent, std::uint32_t handle,
                  std::string_view kind) {
    NlMessage message = message_of(RTM_DELQDISC, 0, link, parent, handle);
    message.put_string(TCA_KIND, std::string(kind));
    // EINVAL: it is of another kind, or called otherwise (tc_get_qdisc(), net/sched/sch_api.c).
    return {std::move(message),
            cat("delete qdisc ", kind, " of ", link.name),
            ENOENT,
            {EINVAL, ENODEV}};
}

Qdisc parse_qdisc(const nlmsghdr* message) {
    Qdisc qdisc;
    if (nlmsg_datalen(message) < static_cast<int>(sizeof(tcmsg))) return qdisc;
    const auto* header = static_cast<const tcmsg*>(nlmsg_data(message));
    const NlAttributes<TCA_MAX> attributes(message, sizeof(tcmsg));
    qdisc.link = header->tcm_ifindex;
    qdisc.handle = header->tcm_handle;
    qdisc.kind = attributes.string(TCA_KIND);
    if (qdisc.kind == Tbf::name) qdisc.tbf = TbfSettings::parse(attributes[TCA_OPTIONS]);
    return qdisc;
}

}  // namespace

std::string Qdisc::to_string() const {
    char number[9];
    const auto end = std::to_chars(number, std::end(number), handle >> 16, 16).ptr;
    return cat(kind, " ", std::string_view(number, end), ":");
}

NlRequest add_root_tbf(const Link& link, const Tbf& tbf) {
    NlMessage message =
        message_of(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, link, TC_H_ROOT, root_handle);
    message.put_string(TCA_KIND, std::string(Tbf::name));
    message.nest(TCA_OPTIONS, [&] { tbf.put(message); });
    return {std::move(message), cat("limit what leaves ", link.name)};
}

NlRequest remove_root_tbf(const Link& link) {
    return removal(link, TC_H_ROOT, root_handle, Tbf::name);
}

NlRequest ensure_ingress_qdisc(const Link& link) {
    NlMessage message =
        message_of(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, link, TC_H_INGRESS, ingress_handle);
    message.put_string(TCA_KIND, std::string(ingress));
    return {std::move(message), cat("prepare ", link.name, " for filters"), EEXIST};
}

NlRequest remove_ingress_qdisc(const Link& link) {
    return removal(link, TC_H_INGRESS, ingress_handle, ingress);
}

std::optional<Qdisc> find_root_qdisc(Rtnl& rtnl, const Link& link) {
    std::optional<Qdisc> found;
    // Kernels tell everybody of it but who asks, unless that one wants an echo. EINVAL: it is one
    // that is not told of.
    const NlRequest query{message_of(RTM_GETQDISC, NLM_F_ECHO, link, TC_H_ROOT),
                          cat("find the root qdisc of ", link.name),
                          ENOENT,
                          {ENODEV, EINVAL}};
    rtnl.request(query, [&](const nlmsghdr* m) { found = parse_qdisc(m); });
    if (found && found->handle == 0) return {};
    return found;
}

std::vector<Qdisc> qdiscs(Rtnl& rtnl) {
    std::vector<Qdisc> found;
    rtnl.dump([] { return message_of(RTM_GETQDISC, 0, {}, 0); }, "list qdiscs",
              [&](const nlmsghdr* m) { found.push_back(parse_qdisc(m)); }, [&] { found.clear(); });
    return found;
}

bool is_root_tbf(const Qdisc& qdisc) {
    return qdisc.tbf && qdisc.handle == root_handle;
}

}  // namespace cni
