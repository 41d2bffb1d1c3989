#include "runtime/cache.h"

#include <fcntl.h>
#include <limits.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/state_dir.h"
#include "cni/json_writer.h"
#include "cni/version.h"
#include "runtime/base64.h"

namespace cni {
namespace {

constexpr const char* folder = "results";
constexpr mode_t directory_mode = 0700;
constexpr std::string_view entry_kind = "cniCacheV1";
// An entry holds its configuration in base64 beside the result.
constexpr std::size_t max_entry_size = 2 * max_json_size;

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
        .member("kind", entry_kind)
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

bool is_entry(const Json& json) {
    const auto kind = json.find("kind");
    return kind && kind->is_string() && kind->as_string() == entry_kind;
}

RuntimeConf read_conf(const Json& entry) {
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

// nullopt when there is none.
std::optional<std::string> read(const Fd& dir, const std::string& name, const std::string& path) {
    constexpr int safely = O_NOFOLLOW | O_NONBLOCK;
    const Fd file(::openat(dir.get(), name.c_str(), O_RDONLY | O_CLOEXEC | safely));
    if (!file && errno == ENOENT) return {};
    checked(file.get(), "open ", path);
    return read_all(file.get(), max_entry_size, path);
}

// nullopt for a file that is not an attachment to `network`.
std::optional<RuntimeConf> read_attachment(const Fd& dir, const std::string& file,
                                           std::string_view network) {
    try {
        const auto text = read(dir, file, file);
        if (!text) return {};
        const Json json = Json::parse(*text, "cached attachment");
        if (!is_entry(json) || json.string_or("networkName", "") != network) return {};
        RuntimeConf conf = read_conf(json);
        if (conf.ifname.empty()) return {};
        return conf;
    } catch (const Error&) {
        return {};
    }
}

// The reference writes entries of its own kind; before that, the file was the result itself.
Json result_of(const Json& json) {
    return is_entry(json) ? json.find("result").value_or(Json()) : json;
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
    const auto text = dir ? read(*dir, name, path_of(name)) : std::nullopt;
    if (!text) return {};
    const Json result = result_of(Json::parse(*text, "decode"));
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
