#include "runtime/conf_dir.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include <optional>

#include "base/contains.h"
#include "base/file.h"
#include "base/warn.h"
#include "cni/args.h"

namespace cni {
namespace {

bool is_directory(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

// As the reference: ".conf" alone is a file with that extension.
std::string_view extension(std::string_view file) {
    const auto dot = file.rfind('.');
    return dot == file.npos ? std::string_view() : file.substr(dot);
}

// With the file named.
Error naming(const Error& error, const std::string& path) {
    const std::string where = cat("file ", path);
    return {error.code, error.msg, error.details.empty() ? where : cat(error.details, "; ", where)};
}

PluginConf load_member(const std::string& folder, const std::string& file) {
    try {
        return PluginConf::parse(read_conf(folder, file));
    } catch (const Error& error) {
        throw naming(error, cat(folder, "/", file));
    }
}

// The plugins of <dir>/<network>/ come after the inlined ones.
void load_folder(NetworkList& list, const std::string& dir) {
    // A network name must not lead out of the directory; it is refused once the network is used.
    // There can be no directory of a name that is too long either.
    if (!is_valid_identifier(list.name) || list.name.size() > NAME_MAX) return;
    const std::string folder = cat(dir, "/", list.name);
    for (const std::string& file : conf_files(folder, {".conf"}))
        list.plugins.push_back(load_member(folder, file));
}

void complete(NetworkList& list, const std::string& dir, const std::string& file) {
    if (!list.load_only_inlined) load_folder(list, dir);
    if (list.plugins.empty())
        throw naming(Error(Code::invalid_config, "no plugin configs found"), cat(dir, "/", file));
}

/// Looks through files for a network, past those that cannot be it.
class Search {
public:
    /// What they refer to must outlive the object.
    Search(const std::string& dir, std::string_view name) : dir_(dir), name_(name) {}

    /// The first of these lists that is the network.
    std::optional<NetworkList> find_list(const std::vector<std::string>& files) {
        for (const std::string& file : files) {
            auto list =
                read(file, [](const std::string& text) { return NetworkList::parse(text); });
            if (!list) continue;
            complete(*list, dir_, file);
            return list;
        }
        return {};
    }
    /// The first of these single configurations that is.
    std::optional<NetworkList> find_single(const std::vector<std::string>& files) {
        for (const std::string& file : files)
            if (auto list = read(file, NetworkList::wrap)) return list;
        return {};
    }
    /// What is wrong with the files before that.
    const std::vector<std::string>& broken() const { return broken_; }

private:
    template <typename Parse>
    std::optional<NetworkList> read(const std::string& file, Parse parse) {
        std::string text;
        try {
            text = read_conf(dir_, file);
            NetworkList list = parse(text);
            if (list.name == name_) return list;
        } catch (const Error& error) {
            const std::string path = cat(dir_, "/", file);
            // Names stand in quotes in any JSON, however broken.
            if (text.find(quote(name_)) != text.npos) throw naming(error, path);
            broken_.push_back(naming(error, path).what());
        }
        return {};
    }
    const std::string& dir_;
    std::string_view name_;
    std::vector<std::string> broken_;
};

}  // namespace

std::vector<std::string> conf_files(const std::string& dir,
                                    std::initializer_list<std::string_view> extensions) {
    auto fd = find_at(AT_FDCWD, dir.c_str(), O_RDONLY | O_DIRECTORY, dir);
    if (!fd) return {};
    std::vector<std::string> names = list_dir(std::move(*fd), dir);
    std::erase_if(names, [&](const std::string& name) {
        return !contains(extensions, extension(name)) || is_directory(cat(dir, "/", name));
    });
    return names;
}

std::string read_conf(const std::string& dir, const std::string& file) {
    const std::string path = cat(dir, "/", file);
    // Not blocking: a FIFO must not hold up who lists networks.
    const Fd fd = open_at(AT_FDCWD, path.c_str(), O_RDONLY | O_NONBLOCK, 0, path);
    return read_all(fd.get(), max_json_size, path);
}

NetworkList load_network(const std::string& dir, std::string_view name) {
    const auto lists = conf_files(dir, {".conflist"});
    const auto singles = conf_files(dir, {".conf", ".json"});
    if (lists.empty() && singles.empty())
        throw NoNetwork(Code::invalid_config, cat("no net configurations found in ", dir));
    Search search(dir, name);
    auto network = search.find_list(lists);
    if (!network) network = search.find_single(singles);
    if (!network)
        throw NoNetwork(Code::invalid_config,
                        cat("no net configuration with name ", quote(name), " in ", dir),
                        join(search.broken(), "; "));
    for (const std::string& file : search.broken()) warn({"passed over: ", file});
    return std::move(*network);
}

}  // namespace cni
