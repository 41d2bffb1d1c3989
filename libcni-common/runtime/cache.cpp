#include "runtime/cache.h"

#include <limits.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/state_dir.h"
#include "cni/json_writer.h"
#include "cni/version.h"
#include "runtime/base64.h"
#include "runtime/cache_entry.h"

namespace cni {
namespace {

constexpr const char* folder = "results";
constexpr mode_t directory_mode = 0700;

// Of a file whose name would be too long, with nothing in it of what makes the other names: none of
// those is without a "-".
constexpr std::string_view hashed_prefix = "long.";

std::string hashed(std::string_view name) {
    return cat(hashed_prefix, sha512_hex(name).substr(0, 64));
}

// Neither ids nor names of networks have a longest one.
std::string file_name(const NetworkList& list, const RuntimeConf& conf) {
    require_valid(list.name, conf);
    std::string name = cat(list.name, "-", conf.container_id, "-", conf.ifname);
    return name.size() > NAME_MAX ? hashed(name) : name;
}

std::string entry_text(const NetworkList& list, const RuntimeConf& conf,
                       const VersionedResult& result) {
    JsonWriter out(JsonWriter::Layout::compact);
    out.begin_object()
        .member("kind", cache_entry_kind)
        .member("containerId", conf.container_id)
        .member("config", base64(list.text))
        .member("ifName", conf.ifname)
        .member("networkName", list.name);
    if (!conf.netns.empty()) out.member("netns", conf.netns);
    if (!conf.args.empty()) {
        out.key("cniArgs").begin_array();
        for (const auto& [key, value] : conf.args)
            out.begin_array().value(key).value(value).end_array();
        out.end_array();
    }
    if (!conf.capability_args.members().empty())
        out.key("capabilityArgs").raw(conf.capability_args.dump());
    // Sorted keys, whatever the version.
    const Json sorted = Json::parse(result.print_compact(), "result");
    return out.key("result").raw(sorted.dump()).end_object().take();
}

// nullopt for a file that is not an attachment to `network`.
std::optional<RuntimeConf> read_attachment(const Fd& dir, const std::string& file,
                                           std::string_view network) {
    try {
        const auto text = read_cache_file(dir, file, file);
        if (!text) return {};
        const Json json = Json::parse(*text, "cached attachment");
        if (!is_cache_entry(json) || json.string_or("networkName", "") != network) return {};
        RuntimeConf conf = read_cache_entry(json);
        if (conf.ifname.empty()) return {};
        return conf;
    } catch (const Error&) {
        return {};
    }
}

// Always the same one, so that what a killed ADD left is found by the next ADD or DEL.
std::string temporary_name(const std::string& name) {
    std::string temporary = cat(".", name, ".tmp");
    return temporary.size() > NAME_MAX ? cat(".", hashed(name), ".tmp") : temporary;
}

}  // namespace

void ResultCache::store(const NetworkList& list, const RuntimeConf& conf,
                        const VersionedResult& result) const {
    const std::string name = file_name(list, conf);
    const std::string text = entry_text(list, conf, result);
    const Fd base = open_state_dir(base_, Holds::directories, directory_mode);
    const Fd dir = open_state_dir_in(base, folder, path_of({}), directory_mode);
    replace_file(dir.get(), name, temporary_name(name), text, 0600, path_of(name));
}

std::string ResultCache::path_of(std::string_view name) const {
    return cat(base_, "/", folder, name.empty() ? "" : "/", name);
}

std::optional<Fd> ResultCache::find_dir() const {
    const auto base = find_state_dir(base_, Holds::directories);
    if (!base) return {};
    return find_state_dir_in(*base, folder, path_of({}));
}

std::optional<VersionedResult> ResultCache::load(const NetworkList& list,
                                                 const RuntimeConf& conf) const {
    const std::string name = file_name(list, conf);
    const auto dir = find_dir();
    const auto text = dir ? read_cache_file(*dir, name, path_of(name)) : std::nullopt;
    if (!text) return {};
    const Json result = cached_result(Json::parse(*text, "decode"));
    // So old containers survive a new version in the configuration.
    require_supported(list.cni_version);
    return VersionedResult{Result::parse(result, "0.1.0"), list.cni_version};
}

void ResultCache::remove(const NetworkList& list, const RuntimeConf& conf) const {
    const std::string name = file_name(list, conf);
    const auto dir = find_dir();
    if (!dir) return;
    for (const std::string& file : {name, temporary_name(name)})
        if (::unlinkat(dir->get(), file.c_str(), 0) < 0 && errno != ENOENT)
            throw SysError(cat("remove ", path_of(file)), errno);
}

std::vector<RuntimeConf> ResultCache::attachments(std::string_view network) const {
    std::vector<RuntimeConf> out;
    const auto dir = find_dir();
    auto listed = find_dir();  // the position in a directory is that of its descriptor
    if (!dir || !listed) return out;
    for (const std::string& file : list_dir(std::move(*listed), path_of({}))) {
        // The name begins with the network's: the other files need not be read.
        if (!file.starts_with(cat(network, "-")) && !file.starts_with(hashed_prefix)) continue;
        if (auto conf = read_attachment(*dir, file, network)) out.push_back(std::move(*conf));
    }
    return out;
}

}  // namespace cni
