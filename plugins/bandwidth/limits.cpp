#include "limits.h"

#include <algorithm>

#include "attach/check.h"
#include "bucket.h"
#include "detour.h"
#include "netlink/tc/qdisc.h"

namespace cni::bandwidth {
namespace {

// 0: that one is gone. On the end of a container's pair nobody else would have left it there.
bool is_own(const Filter& filter, const std::vector<Link>& detours) {
    if (!filter.redirected_to) return false;
    return *filter.redirected_to == 0 ||
           std::ranges::find(detours, *filter.redirected_to, &Link::index) != detours.end();
}

// With the last one at its place goes what holds them, which is empty then.
NlRequest removal_of(Filter filter, const Link& end, const std::vector<Filter>& others) {
    const bool is_alone = std::ranges::none_of(others, [&](const Filter& other) {
        return other.priority == filter.priority && other.protocol == filter.protocol;
    });
    if (is_alone) filter.handle = 0;
    return remove_filter(end, filter);
}

std::vector<NlRequest> removals_from(Rtnl& host, const Link& end,
                                     const std::vector<Filter>& filters,
                                     const std::vector<Link>& detours) {
    std::vector<NlRequest> removals;
    const auto root = find_root_qdisc(host, end);
    if (root && is_root_tbf(*root)) removals.push_back(remove_root_tbf(end));
    std::vector<Filter> own = filters, others = filters;
    std::erase_if(own, [&](const Filter& filter) { return !is_own(filter, detours); });
    std::erase_if(others, [&](const Filter& filter) { return is_own(filter, detours); });
    for (const Filter& filter : own) removals.push_back(removal_of(filter, end, others));
    const bool is_used = !own.empty() || !detours.empty();
    if (is_used && others.empty()) removals.push_back(remove_ingress_qdisc(end));
    return removals;
}

Error not_limited(const Link& link, const std::optional<Qdisc>& root) {
    return check_failure(cat("what leaves ", link.name, " is not limited"),
                         root ? cat("its qdisc is ", root->to_string()) : "it has no qdisc");
}

void check_bucket(Rtnl& host, const Link& link, const Limit& limit, std::uint32_t mtu) {
    const auto root = find_root_qdisc(host, link);
    if (!root || !root->tbf) throw not_limited(link, root);
    if (!is_bucket_of(*root->tbf, limit, mtu))
        throw check_failure(cat("what leaves ", link.name, " has another limit"),
                            cat("its rate is ", root->tbf->rate, " bytes per second, ",
                                root->tbf->limit, " bytes may wait"));
}

Link get_detour(Rtnl& host, const Request& request, const Link& end) {
    const auto present = filters(host, end);
    for (const Link& detour : find_detours(host, request, present))
        for (const Filter& filter : present)
            if (filter.redirected_to == detour.index) return detour;
    throw check_failure(cat("what ", end.name, " receives is not redirected to an IFB"));
}

void check_detour(Rtnl& host, const Request& request, const Link& end, const Limit& limit) {
    const Link detour = get_detour(host, request, end);
    if (!detour.is_up()) throw check_failure(cat("interface ", detour.name, " is down"));
    check_bucket(host, detour, limit, end.mtu);
}

}  // namespace

// In this order: nothing is redirected to what does not let it through.
std::optional<Link> add_limits(Rtnl& host, const Request& request, const Config& config,
                               const Link& end) {
    std::vector<NlRequest> requests;
    std::optional<Link> detour;
    if (config.egress) {
        detour = make_detour(host, request, end.mtu);
        requests.push_back(add_root_tbf(*detour, bucket_of(*config.egress, end.mtu)));
        requests.push_back(set_up(*detour));
        requests.push_back(ensure_ingress_qdisc(end));
        requests.push_back(redirect(end, *detour));
    }
    if (config.ingress) requests.push_back(add_root_tbf(end, bucket_of(*config.ingress, end.mtu)));
    host.transact(requests);
    return detour;
}

void check_limits(Rtnl& host, const Request& request, const Config& config, const Link& end) {
    if (config.ingress) check_bucket(host, end, *config.ingress, end.mtu);
    if (config.egress) check_detour(host, request, end, *config.egress);
}

// In this order: nothing is redirected to what is gone.
void remove_limits(Departure& departure, const Request& request, const std::optional<Link>& end) {
    Rtnl& host = departure.host();
    const auto present = end ? filters(host, *end) : std::vector<Filter>();
    const auto detours = find_detours(host, request, present);
    if (end) host.transact(removals_from(host, *end, present, detours));
    departure.remove(detours);
}

}  // namespace cni::bandwidth
