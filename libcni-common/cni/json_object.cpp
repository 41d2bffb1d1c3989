#include "cni/json_object.h"

#include <algorithm>

#include "cni/json_writer.h"

namespace cni {
namespace {

auto is_called(std::string_view key) {
    return [name = lower(key)](const auto& member) { return lower(member.first) == name; };
}

}  // namespace

JsonObject::JsonObject(const Json& json) {
    for (const auto& [key, value] : json.members()) members_[key] = value.dump();
}

bool JsonObject::has(std::string_view key) const {
    const auto is_it = is_called(key);
    return std::ranges::any_of(
        members_, [&](const auto& member) { return is_it(member) && member.second != "null"; });
}

void JsonObject::set(std::string_view key, std::string json) {
    remove(key);
    members_[std::string(key)] = std::move(json);
}

void JsonObject::set_text(std::string_view key, std::string_view text) {
    set(key, JsonWriter(JsonWriter::Layout::compact).value(text).take());
}

void JsonObject::set_default(std::string_view key, std::string json) {
    if (!has(key)) set(key, std::move(json));
}

void JsonObject::remove(std::string_view key) {
    std::erase_if(members_, is_called(key));
}

std::string JsonObject::text() const {
    JsonWriter out(JsonWriter::Layout::compact);
    out.begin_object();
    for (const auto& [key, json] : members_) out.key(key).raw(json);
    return out.end_object().take();
}

}  // namespace cni
