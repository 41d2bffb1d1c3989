#include "guard.h"

#include "iptables/guard.h"
#include "nftables/guard.h"

namespace cni::portmap {

std::optional<LinkName> LinkName::parse(std::string_view text) {
    const std::string_view word = text.substr(0, text.find(' '));
    const auto colon = word.find(':');
    if (colon == word.npos || colon + 1 == word.size()) return {};
    const auto index = parse_int<int>(word.substr(0, colon));
    if (!index) return {};
    return LinkName{*index, std::string(word.substr(colon + 1))};
}

std::string Holder::comment() const {
    return cut_comment(cat(link ? cat(link->to_string(), ' ') : "", hashes, ", ", text));
}

std::optional<Holder> Holder::parse(std::string_view comment) {
    Holder out;
    out.link = LinkName::parse(comment);
    if (out.link) comment.remove_prefix(comment.find(' ') + 1);
    out.hashes = comment.substr(0, owner_hashes_length);
    if (out.hashes.size() < owner_hashes_length) return {};
    return out;
}

std::unique_ptr<Guard> guard_in(nft::Connection& nft, Backend backend) {
    if (backend == Backend::nftables) return nftables::guard(nft);
    return iptables::guard(nft, flavour_of(backend));
}

}  // namespace cni::portmap
