#include "runtime/validate/schema.h"

#include <algorithm>
#include <set>

#include "base/contains.h"
#include "cni/args.h"
#include "net/mac.h"
#include "runtime/validate/nearest.h"

namespace cni {
namespace {

void require_choice(const Json& json, const Type& type) {
    const std::string text = json.as_string();
    if (contains(type.choices, text)) return;
    std::string choices;
    for (const auto choice : type.choices)
        choices += cat(choices.empty() ? "" : ", ", quote(choice));
    throw json.invalid(cat("must be one of ", choices));
}

void require_flag_or_text(const Json& json) {
    if (!json.is_string())
        json.as_bool();
    else if (const std::string word = lower(json.as_string()); word != "true" && word != "false")
        throw json.invalid("must be true or false");
}

void require_absolute_path(const Json& json) {
    const std::string path = json.as_string();
    if (!path.empty() && !path.starts_with('/')) throw json.invalid("must be an absolute path");
}

// As accessors read addresses: "" is unset.
void require_address(const Json& json, const Type& type) {
    const std::string text = json.as_string();
    if (text.empty()) return;
    switch (type.kind) {
        case Kind::ip:
            json.as_ip();
            return;
        case Kind::cidr:
            json.as_prefix();
            return;
        default:
            if (!Mac::parse(text))
                throw json.invalid("must be a MAC address like 02:00:00:00:00:01");
    }
}

void require_ifname(const Json& json) {
    if (!is_ifname(json.as_string()))
        throw json.invalid(
            "must be the name of an interface: 1 to 15 bytes without \"/\", \":\" or white space");
}

void require_simple(const Json& json, const Type& type) {
    switch (type.kind) {
        case Kind::flag:
            json.as_bool();
            return;
        case Kind::flag_or_text:
            require_flag_or_text(json);
            return;
        case Kind::integer:
            json.as_int(type.min, type.max);
            return;
        case Kind::text:
            json.as_string();
            return;
        case Kind::absolute_path:
            require_absolute_path(json);
            return;
        case Kind::choice:
            require_choice(json, type);
            return;
        case Kind::ifname:
            require_ifname(json);
            return;
        case Kind::ip:
        case Kind::cidr:
        case Kind::mac:
            require_address(json, type);
            return;
        default:
            return;
    }
}

bool check_list(const Json& json, const Type& type, Problems& problems) {
    bool is_right = true;
    const bool is_list = problems.attempt(json, [&] {
        for (const Json& element : json.as_list()) {
            if (element.is_null()) problems.error(element, element.invalid("must not be null").msg);
            is_right &= !element.is_null() && check_value(element, *type.element, problems);
        }
    });
    return is_list && is_right;
}

bool check_map(const Json& json, const Type& type, Problems& problems) {
    bool is_right = true;
    const bool is_map = problems.attempt(json, [&] {
        for (const auto& [key, value] : json.members())
            is_right &= check_value(value, *type.element, problems);
    });
    return is_map && is_right;
}

// What is in it depends on the plugin that it is for.
void require_ipam(const Json& json) {
    const auto type = json.require_object().find("type");
    if (type ? !type->is_string() : !json.members().empty())
        throw ConfigError(json, "\"ipam\" has no \"type\"");
}

void report_unknown(const Json& at, std::string_view name, const ObjectSchema& schema,
                    Problems& problems) {
    if (const auto meant = nearest(name, schema.names()))
        problems.error(at, cat("unknown key ", quote(name), ", did you mean ", quote(*meant), "?"));
    else
        problems.warning(at, cat("unknown key ", quote(name), ": plugins ignore it"));
}

bool check_required(const Json& json, const ObjectSchema& schema, Problems& problems) {
    bool is_complete = true;
    for (const Key& key : schema.keys) {
        if (!key.required || json.find(key.name)) continue;
        problems.error(json, cat(describe(json), " needs the key ", quote(key.name)));
        is_complete = false;
    }
    return is_complete;
}

bool has_shape(const Json& json, const Type& type, Problems& problems) {
    switch (type.kind) {
        case Kind::any:
        case Kind::parsed_integer:
            return true;
        case Kind::list:
            return check_list(json, type, problems);
        case Kind::map:
            return check_map(json, type, problems);
        case Kind::object:
            return check_object(json, *type.object, problems);
        case Kind::ipam:
            return problems.attempt(json, [&] { require_ipam(json); });
        default:
            return problems.attempt(json, [&] { require_simple(json, type); });
    }
}

}  // namespace

const Key* ObjectSchema::find(std::string_view name) const {
    for (const Key& key : keys)
        if (lower(key.name) == lower(name)) return &key;
    return common ? common->find(name) : nullptr;
}

std::vector<std::string_view> ObjectSchema::names() const {
    std::vector<std::string_view> all = common ? common->names() : std::vector<std::string_view>{};
    for (const Key& key : keys) all.push_back(key.name);
    return all;
}

bool check_value(const Json& json, const Type& type, Problems& problems) {
    if (json.is_null()) return true;
    if (!has_shape(json, type, problems)) return false;
    if (!type.check) return true;
    const std::size_t before = problems.errors();
    type.check(json, problems);
    return problems.errors() == before;
}

bool check_object(const Json& json, const ObjectSchema& schema, Problems& problems) {
    if (!json.is_object()) return problems.attempt(json, [&] { json.require_object(); });
    bool is_right = true;
    std::set<std::string> seen;
    for (const auto& [name, value] : json.members()) {
        if (!seen.insert(lower(name)).second)
            problems.error(value, cat("key ", quote(name), " is given twice: the last one counts"));
        if (const Key* key = schema.find(name))
            is_right &= check_value(value, key->type, problems);
        else
            report_unknown(value, name, schema, problems);
    }
    return check_required(json, schema, problems) && is_right;
}

}  // namespace cni
