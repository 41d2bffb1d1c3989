#include "runtime/cache_entry.h"

#include <fcntl.h>

#include "base/file.h"

namespace cni {
namespace {

// An entry holds its configuration in base64 beside the result.
constexpr std::size_t max_entry_size = 2 * max_json_size;

}  // namespace

bool is_cache_entry(const Json& json) {
    const auto kind = json.find("kind");
    return kind && kind->is_string() && kind->as_string() == cache_entry_kind;
}

RuntimeConf read_cache_entry(const Json& entry) {
    RuntimeConf conf{.container_id = entry.string_or("containerId", ""),
                     .netns = entry.string_or("netns", ""),
                     .ifname = entry.string_or("ifName", ""),
                     .args = {},
                     .capability_args = entry.find("capabilityArgs").value_or(Json())};
    conf.capability_args.require_object();
    for (const Json& pair : entry.list("cniArgs")) {
        const auto halves = pair.as_list();
        if (halves.size() != 2) throw pair.invalid("must be a pair");
        conf.args.emplace_back(halves[0].as_string(), halves[1].as_string());
    }
    return conf;
}

// The reference writes entries of its own kind; before that, the file was the result itself.
Json cached_result(const Json& json) {
    return is_cache_entry(json) ? json.find("result").value_or(Json()) : json;
}

std::optional<std::string> read_cache_file(const Fd& dir, const std::string& name,
                                           const std::string& path) {
    constexpr int safely = O_NOFOLLOW | O_NONBLOCK;
    const Fd file(::openat(dir.get(), name.c_str(), O_RDONLY | O_CLOEXEC | safely));
    if (!file && errno == ENOENT) return {};
    checked(file.get(), "open ", path);
    return read_all(file.get(), max_entry_size, path);
}

}  // namespace cni
