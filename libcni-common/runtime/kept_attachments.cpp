#include "runtime/kept_attachments.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/state_dir.h"
#include "runtime/base64.h"
#include "runtime/cache_entry.h"

namespace cni {
namespace {

std::optional<Fd> find_results(const std::string& base) {
    const auto dir = find_state_dir(base, Holds::directories);
    if (!dir) return {};
    return find_state_dir_in(*dir, "results", cat(base, "/results"));
}

std::int64_t written_at(const Fd& dir, const std::string& name) {
    struct stat status {};
    const int rc = ::fstatat(dir.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW);
    return rc < 0 ? 0 : std::int64_t{status.st_mtime};
}

// One that cannot be read does not hide the attachment.
std::optional<Result> read_result(const Json& entry, const std::string& path,
                                  std::vector<std::string>& problems) {
    try {
        const Json result = cached_result(entry);
        if (result.is_null()) return {};
        return Result::parse(result, "0.1.0");
    } catch (const Error& error) {
        problems.push_back(cat("the result in ", path, " cannot be read: ", error.what()));
        return {};
    }
}

// nullopt when the file is gone already.
std::optional<KeptAttachment> read_kept(const Fd& dir, const std::string& name,
                                        const std::string& path,
                                        std::vector<std::string>& problems) {
    const auto text = read_cache_file(dir, name, path);
    if (!text) return {};
    const Json json = Json::parse(*text, path);
    if (!is_cache_entry(json))
        throw Error(Code::decoding_failure, "it does not say of which attachment it is",
                    "libcni writes that since version 0.8");
    KeptAttachment kept{.path = path,
                        .network = json.string_or("networkName", ""),
                        .conf = read_cache_entry(json),
                        .list = from_base64(json.string_or("config", "")).value_or(""),
                        .result = {},
                        .since = written_at(dir, name)};
    require_valid(kept.network, kept.conf);
    kept.result = read_result(json, path, problems);
    return kept;
}

void read_all_kept(const Fd& dir, const std::string& path,
                   const std::function<void(KeptAttachment)>& take,
                   std::vector<std::string>& problems) {
    // A descriptor of its own: the position in a directory is that of its descriptor.
    const auto names = list_dir(open_at(dir.get(), ".", O_RDONLY | O_DIRECTORY, 0, path), path);
    for (const std::string& name : names) {
        if (name.starts_with('.')) continue;  // half written, by a call that was killed
        const std::string file = cat(path, "/", name);
        try {
            if (auto one = read_kept(dir, name, file, problems)) take(*std::move(one));
        } catch (const Error& error) {
            problems.push_back(cat(file, " is no kept result: ", error.what()));
        }
    }
}

}  // namespace

std::vector<std::string> read_kept_attachments(const std::string& base,
                                               const std::function<void(KeptAttachment)>& take) {
    std::vector<std::string> problems;
    try {
        if (const auto dir = find_results(base))
            read_all_kept(*dir, cat(base, "/results"), take, problems);
    } catch (const Error& error) {
        problems.push_back(cat("kept results are not read: ", error.what()));
    }
    return problems;
}

}  // namespace cni
