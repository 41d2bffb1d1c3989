#pragma once

#include <map>
#include <string>
#include <string_view>

#include "cni/json.h"

namespace cni {

/// A configuration that is put together: the JSON text of each member of an object.
///
/// Plugins find keys in any letter case, so that a "CNIVersion" beside "cniVersion" would be a
/// second value: setting or removing a key does so to all that differ in letter case alone.
class JsonObject {
public:
    JsonObject() = default;
    /// What `json`, an object or null, has; of repeated keys the last.
    explicit JsonObject(const Json& json);

    /// null counts as absent.
    bool has(std::string_view key) const;
    /// `json` is JSON text (compact).
    void set(std::string_view key, std::string json);
    void set_text(std::string_view key, std::string_view text);
    /// As set(), unless it has the key.
    void set_default(std::string_view key, std::string json);
    void remove(std::string_view key);
    bool empty() const { return members_.empty(); }

    /// Compact, keys sorted.
    std::string text() const;

private:
    std::map<std::string, std::string> members_;
};

}  // namespace cni
