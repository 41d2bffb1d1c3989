// Ahead of the kernel's headers, which define the same things unless it came first.
#include <netinet/in.h>

#include "netfilter/conntrack.h"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include <optional>

namespace cni {
namespace {

// What a filter compares (kernel: net/netfilter/nf_internals.h).
constexpr std::uint32_t compares_protocol = 1 << 3;
constexpr std::uint32_t compares_destination_port = 1 << 5;

NlMessage conntrack_message(int type, Family family) {
    NlMessage message(NFNL_SUBSYS_CTNETLINK << 8 | type, 0);
    const int af = Ip::any(family).af();
    message.header(nfgenmsg{
        .nfgen_family = static_cast<std::uint8_t>(af), .version = NFNETLINK_V0, .res_id = 0});
    return message;
}

/// A filter compares with one value only. Kernels before 5.8 know none and list all.
void put_filter(NlMessage& m, std::uint8_t protocol, const std::set<std::uint16_t>& ports) {
    const bool one_port = ports.size() == 1;
    m.nest(CTA_TUPLE_ORIG, [&] {
        m.nest(CTA_TUPLE_PROTO, [&] {
            m.put_u8(CTA_PROTO_NUM, protocol);
            if (one_port) m.put_be16(CTA_PROTO_DST_PORT, *ports.begin());
        });
    });
    const std::uint32_t compared = compares_protocol | (one_port ? compares_destination_port : 0);
    m.nest(CTA_FILTER,
           [&] { m.put_u32(CTA_FILTER_ORIG_FLAGS, compared).put_u32(CTA_FILTER_REPLY_FLAGS, 0); });
}

/// One direction of a flow.
class Tuple {
public:
    explicit Tuple(const nlattr* nest)
        : attributes_(nest),
          ip_(attributes_[CTA_TUPLE_IP] ? Addresses(attributes_[CTA_TUPLE_IP])
                                        : nothing<Addresses>()),
          ports_(attributes_[CTA_TUPLE_PROTO] ? Ports(attributes_[CTA_TUPLE_PROTO])
                                              : nothing<Ports>()) {}

    std::uint8_t protocol() const { return ports_.get_or<std::uint8_t>(CTA_PROTO_NUM, 0); }
    std::uint16_t port(int attribute) const {
        return ntohs(ports_.get_or<std::uint16_t>(attribute, 0));
    }
    std::optional<Ip> address(Family family, int v4, int v6) const {
        const auto bytes = ip_.bytes(family == Family::v4 ? v4 : v6);
        if (bytes.size() != Ip::any(family).size()) return {};
        return Ip::from_bytes(family, bytes.data());
    }

private:
    using Addresses = NlAttributes<CTA_IP_MAX>;
    using Ports = NlAttributes<CTA_PROTO_MAX>;
    template <typename T>
    static T nothing() {
        return T(nullptr, 0);
    }
    NlAttributes<CTA_TUPLE_MAX> attributes_;
    Addresses ip_;
    Ports ports_;
};

std::optional<Flow> parse_flow(Family family, const NlAttributes<CTA_MAX>& entry) {
    if (!entry[CTA_TUPLE_ORIG] || !entry[CTA_TUPLE_REPLY]) return {};
    const Tuple original(entry[CTA_TUPLE_ORIG]), reply(entry[CTA_TUPLE_REPLY]);
    const auto destination = original.address(family, CTA_IP_V4_DST, CTA_IP_V6_DST);
    const auto answers_from = reply.address(family, CTA_IP_V4_SRC, CTA_IP_V6_SRC);
    if (!destination || !answers_from) return {};
    return Flow{original.protocol(), *destination, original.port(CTA_PROTO_DST_PORT), *answers_from,
                reply.port(CTA_PROTO_SRC_PORT)};
}

// How many requests are in memory at a time.
constexpr std::size_t portion = 512;

}  // namespace

/// Whoever reaches a port can make hundreds of thousands of flows: no more is kept of each than
/// what it is deleted by.
struct Conntrack::Found {
    Found(const Flow& its_flow, const NlAttributes<CTA_MAX>& entry) : flow(its_flow) {
        const auto bytes = entry.bytes(CTA_TUPLE_ORIG);
        tuple.assign(bytes.begin(), bytes.end());
        if (const auto* its = entry.get<std::uint32_t>(CTA_ID)) id = *its;
        if (const auto* its = entry.get<std::uint16_t>(CTA_ZONE)) zone = *its;
    }
    /// Of this very entry: another flow may have the same addresses and ports by then. Without a
    /// tuple the kernel would delete them all.
    NlRequest deletion(Family family) const {
        NlMessage message = conntrack_message(IPCTNL_MSG_CT_DELETE, family);
        message.put(CTA_TUPLE_ORIG | NLA_F_NESTED, tuple);
        if (id) message.put(CTA_ID, &*id, sizeof *id);
        if (zone) message.put(CTA_ZONE, &*zone, sizeof *zone);
        return {std::move(message), "delete a flow from conntrack", ENOENT};
    }

    Flow flow;
    std::vector<std::uint8_t> tuple;
    std::optional<std::uint32_t> id;
    std::optional<std::uint16_t> zone;
};

std::vector<Conntrack::Found> Conntrack::list(Family family, std::uint8_t protocol,
                                              const std::set<std::uint16_t>& ports) {
    std::vector<Found> out;
    NlMessage message = conntrack_message(IPCTNL_MSG_CT_GET, family);
    put_filter(message, protocol, ports);
    // EINVAL: nfnetlink knows no such subsystem.
    socket_->dump_once({std::move(message), "list the flows of conntrack", EINVAL},
                       [&](const nlmsghdr* answer) {
                           const NlAttributes<CTA_MAX> entry(answer, sizeof(nfgenmsg));
                           const auto flow = parse_flow(family, entry);
                           if (flow && flow->protocol == protocol && ports.contains(flow->port))
                               out.emplace_back(*flow, entry);
                       });
    return out;
}

std::size_t Conntrack::remove(Family family, std::uint8_t protocol,
                              const std::set<std::uint16_t>& ports,
                              const std::function<bool(const Flow&)>& stale) {
    if (!socket_ || ports.empty()) return 0;
    std::size_t count = 0;
    std::vector<NlRequest> deletions;
    const auto flush = [&] {
        socket_->transact(deletions);
        count += deletions.size();
        deletions.clear();
    };
    for (const Found& found : list(family, protocol, ports)) {
        if (!stale(found.flow)) continue;
        deletions.push_back(found.deletion(family));
        if (deletions.size() == portion) flush();
    }
    flush();
    return count;
}

}  // namespace cni
