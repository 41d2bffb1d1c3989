#include "runtime/validate/schema.h"

#include <algorithm>
#include <set>

#include "cni/args.h"
#include "net/mac.h"
#include "runtime/validate/key_tables.h"
#include "runtime/validate/nearest.h"

namespace cni {
namespace {

const Key* find_key(const ObjectSchema& schema, std::string_view name) {
    for (const Key& key : schema.keys)
        if (lower(key.name) == lower(name)) return &key;
    return schema.common ? find_key(*schema.common, name) : nullptr;
}

std::vector<std::string_view> key_names(const ObjectSchema& schema) {
    std::vector<std::string_view> names;
    if (schema.common) names = key_names(*schema.common);
    for (const Key& key : schema.keys) names.push_back(key.name);
    return names;
}

void require_choice(const Json& json, const Type& type) {
    const std::string text = json.as_string();
    if (std::find(type.choices.begin(), type.choices.end(), text) != type.choices.end()) return;
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

void check_list(const Json& json, const Type& type, Problems& problems) {
    problems.attempt(json, [&] {
        for (const Json& element : json.as_list()) {
            if (element.is_null())
                problems.error(element, element.invalid("must not be null").msg);
            else
                check_value(element, *type.element, problems);
        }
    });
}

void check_map(const Json& json, const Type& type, Problems& problems) {
    problems.attempt(json, [&] {
        for (const auto& [key, value] : json.members()) check_value(value, *type.element, problems);
    });
}

void check_ipam(const Json& json, const Json& plugin, Problems& problems) {
    const auto type = json.find("type");
    if (!type || !type->is_string()) {
        if (!json.members().empty()) problems.error(json, "\"ipam\" has no \"type\"");
    } else if (const ObjectSchema* schema = ipam_schema(type->as_string())) {
        check_object(json, *schema, problems);
        if (schema->check_within) schema->check_within(json, plugin, problems);
    } else {
        problems.warning(*type, cat("IPAM plugin ", quote(type->as_string()),
                                    " is not known: its keys are not checked"));
    }
}

void check_ipam_of(const Json& plugin, const Json& ipam, Problems& problems) {
    if (ipam.is_null()) return;
    problems.attempt(ipam, [&] { check_ipam(ipam.require_object(), plugin, problems); });
}

void report_unknown(const Json& at, std::string_view name, const ObjectSchema& schema,
                    Problems& problems) {
    if (const auto meant = nearest(name, key_names(schema)))
        problems.error(at, cat("unknown key ", quote(name), ", did you mean ", quote(*meant), "?"));
    else
        problems.warning(at, cat("unknown key ", quote(name), ": plugins ignore it"));
}

void check_required(const Json& json, const ObjectSchema& schema, Problems& problems) {
    for (const Key& key : schema.keys)
        if (key.required && !json.find(key.name))
            problems.error(json, cat(describe(json), " needs the key ", quote(key.name)));
}

}  // namespace

void check_value(const Json& json, const Type& type, Problems& problems) {
    if (json.is_null()) return;
    switch (type.kind) {
        case Kind::any:
            return;
        case Kind::list:
            return check_list(json, type, problems);
        case Kind::map:
            return check_map(json, type, problems);
        case Kind::object:
            return check_object(json, *type.object, problems);
        default:
            return problems.attempt(json, [&] { require_simple(json, type); });
    }
}

void check_object(const Json& json, const ObjectSchema& schema, Problems& problems) {
    if (!json.is_object()) return problems.attempt(json, [&] { json.require_object(); });
    std::set<std::string> seen;
    for (const auto& [name, value] : json.members()) {
        if (!seen.insert(lower(name)).second)
            problems.error(value, cat("key ", quote(name), " is given twice: the last one counts"));
        const Key* key = find_key(schema, name);
        if (key && key->type.kind == Kind::ipam)
            check_ipam_of(json, value, problems);
        else if (key)
            check_value(value, key->type, problems);
        else
            report_unknown(value, name, schema, problems);
    }
    check_required(json, schema, problems);
    if (schema.check) schema.check(json, problems);
}

}  // namespace cni
