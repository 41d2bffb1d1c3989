#include "guard_earlier.h"

#include <net/if.h>

#include <algorithm>

#include "guard.h"
#include "netfilter/nft_commit.h"
#include "netfilter/nft_match.h"
#include "nftables/layout.h"

namespace cni::portmap {
namespace {

constexpr const char* guarded = "guarded_interfaces";
constexpr const char* chain = "guard_localnet";

nft::Table table() {
    return nftables::table_of(Family::v4);
}

bool is_hashes(const std::string& text) {
    return text.size() == owner_hashes_length &&
           text.find_first_not_of("0123456789abcdef-") == text.npos;
}

void adopt(Guard& guard, const nft::Element& element) {
    const std::string name(element.key.begin(), std::ranges::find(element.key, 0));
    const LinkName link{static_cast<int>(::if_nametoindex(name.c_str())), name};
    if (link.index == 0) return;
    // The owner's hashes, of an attachment with an interface of the host to itself.
    if (element.comment.empty())
        guard.hold(link);
    else if (is_hashes(element.comment))
        guard.hold(Holder{.hashes = element.comment, .link = link});
}

bool is_all_there_is(nft::Connection& nft) {
    return nft.sets(table()).size() == 1 &&
           std::ranges::all_of(nft.chains(table()),
                               [](const nft::ListedChain& c) { return c.name == chain; });
}

}  // namespace

void adopt_earlier_guard(nft::Connection& nft) {
    if (!nft.has_set(table(), guarded)) return;
    const auto guard = guard_in(nft, choose_backend(nft, {}));
    for (const nft::Element& element : nft.elements(table(), guarded)) adopt(*guard, element);
    nft::commit_unchanged(nft, "the guard of 127.0.0.0/8 is renewed", [&](nft::Batch& batch) {
        if (!nft.has_set(table(), guarded)) return;
        if (is_all_there_is(nft)) {
            batch.delete_table(table());
            return;
        }
        if (nft.find_chain(table(), chain))
            batch.flush_chain(table(), chain).delete_chain(table(), chain);
        batch.delete_set(table(), guarded);
    });
}

bool is_guarded_as_earlier(nft::Connection& nft, const std::string& ifname) {
    const auto there = nft.find_chain(table(), chain);
    return there && there->uses > 0 &&
           nft.find_element(table(), guarded, nft::interface_name(ifname));
}

}  // namespace cni::portmap
