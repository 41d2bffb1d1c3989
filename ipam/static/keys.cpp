#include "cni/version.h"
#include "runtime/validate/plugin_keys.h"

namespace cni {
namespace {

constexpr Key address_keys[] = {{"address", cidr, true}, {"gateway", ip}, {"version", text}};
constexpr ObjectSchema address_schema{address_keys};
constexpr Type address = object(address_schema);

void require_expressible(const Json& ipam, const std::string& version) {
    const auto list = ipam.find("addresses");
    if (!list || !list->is_array()) return;
    std::vector<Family> families;
    for (const Json& entry : list->as_list())
        if (entry.is_object())
            if (const auto prefix = Prefix::parse(text_of(entry, "address")))
                families.push_back(prefix->ip.family());
    require_one_per_family(families, version);
}

constexpr Key keys[] = {{"type", text},
                        {"addresses", list_of(address)},
                        {"routes", list_of(route)},
                        {"dns", object(dns_schema)}};
const IpamKeys known("static", keys, nullptr, require_expressible);

}  // namespace
}  // namespace cni
