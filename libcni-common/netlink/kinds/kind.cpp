#include "netlink/kinds/kind.h"

#include <linux/if_link.h>

namespace cni {
namespace {

template <typename... Known>
LinkKind parse_as(std::variant<OtherKind, Known...>* /*list*/, std::string_view name,
                  const nlattr* settings) {
    LinkKind kind;
    const bool is_known = ((name == Known::name && (kind = Known::parse(settings), true)) || ...);
    return is_known ? kind : OtherKind{std::string(name)};
}

}  // namespace

void put_kind(NlMessage& message, const NewKind& kind) {
    message.nest(IFLA_LINKINFO, [&] {
        message.put_string(IFLA_INFO_KIND, std::string(name_of(kind)));
        std::visit([&](const auto& its) { its.put(message); }, kind);
    });
}

LinkKind parse_kind(std::string_view name, const nlattr* settings) {
    return parse_as(static_cast<LinkKind*>(nullptr), name, settings);
}

}  // namespace cni
