#include "runtime/conf_dir.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/contains.h"
#include "base/file.h"
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

// What `read` throws, with the file named.
template <typename Read>
auto naming(const std::string& dir, const std::string& file, Read read) {
    try {
        return read(read_conf(dir, file));
    } catch (const Error& error) {
        const std::string where = cat("file ", dir, "/", file);
        throw Error(error.code, error.msg,
                    error.details.empty() ? where : cat(error.details, "; ", where));
    }
}

// The plugins of <dir>/<network>/ come after the inlined ones.
void load_folder(NetworkList& list, const std::string& dir) {
    // A network name must not lead out of the directory; it is refused once the network is used.
    // There can be no directory of a name that is too long either.
    if (!is_valid_identifier(list.name) || list.name.size() > NAME_MAX) return;
    const std::string folder = cat(dir, "/", list.name);
    for (const std::string& file : conf_files(folder, {".conf"}))
        list.plugins.push_back(
            naming(folder, file, [](const std::string& text) { return PluginConf::parse(text); }));
}

NetworkList load_list(const std::string& dir, const std::string& file) {
    return naming(dir, file, [&](std::string text) {
        NetworkList list = NetworkList::parse(std::move(text));
        if (!list.load_only_inlined) load_folder(list, dir);
        if (list.plugins.empty()) throw Error(Code::invalid_config, "no plugin configs found");
        return list;
    });
}

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
    for (const std::string& file : lists)
        if (NetworkList list = load_list(dir, file); list.name == name) return list;
    const auto singles = conf_files(dir, {".conf", ".json"});
    for (const std::string& file : singles) {
        NetworkList list =
            naming(dir, file, [](const std::string& t) { return NetworkList::wrap(t); });
        if (list.name == name) return list;
    }
    if (lists.empty() && singles.empty())
        throw Error(Code::invalid_config, cat("no net configurations found in ", dir));
    throw Error(Code::invalid_config,
                cat("no net configuration with name ", quote(name), " in ", dir));
}

}  // namespace cni
