#include "runtime/validate/plugin_keys.h"

namespace cni {
namespace {

constexpr Key address_keys[] = {{"address", cidr, true}, {"gateway", ip}, {"version", text}};
constexpr ObjectSchema address_schema{address_keys};
constexpr Type address = object(address_schema);

constexpr Key keys[] = {{"type", text},
                        {"addresses", list_of(address)},
                        {"routes", list_of(route)},
                        {"dns", object(dns_schema)}};
const IpamKeys known("static", keys);

}  // namespace
}  // namespace cni
