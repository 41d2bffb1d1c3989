#include "installation.h"

#include <fcntl.h>

#include "../plugins.h"
#include "base/contains.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/warn.h"
#include "conflist.h"
#include "kept_dir.h"
#include "node_watch.h"
#include "plugin_version.h"
#include "runtime/conf_dir.h"
#include "runtime/validate/validate.h"

namespace cni::tool {
namespace {

constexpr const char* own_name = "cnitool";

// Of this suite, whatever else may be in a folder.
bool is_plugin(std::string_view name) {
    for (const auto list : {known_plugins.plugins, known_plugins.ipam})
        for (const PluginKeys* plugin : list)
            if (plugin->type == name) return true;
    return false;
}

/// What is installed: the plugins beside this program, and the program.
class Source {
public:
    explicit Source(const InstallOptions& options)
        : path_(options.source),
          dir_(open_at(AT_FDCWD, path_.c_str(), O_RDONLY | O_DIRECTORY, 0, path_)) {
        for (const std::string& name : names())
            if (is_wanted(name, options.only)) digests_[name] = sha512_hex(read(name));
        require_found(options.only);
    }

    const KeptDir::Digests& digests() const { return digests_; }
    std::string read(const std::string& name) const {
        const Fd file = open_at(dir_.get(), name.c_str(), O_RDONLY, 0, path_of(name));
        return read_all(file.get(), largest_plugin, path_of(name));
    }
    /// Others may have the names of our plugins: iproute2 has a bridge.
    void require_ours() const {
        for (const auto& [name, digest] : digests_) {
            if (name == own_name) continue;
            const auto version = PluginVersion::ask(path_of(name));
            if (version != PluginVersion::ours())
                throw Error(Code::invalid_environment,
                            cat(path_of(name), " is not of this release"),
                            version ? cat("it is ", version->to_string()) : "it says no version");
        }
    }

private:
    static bool is_wanted(const std::string& name, const std::vector<std::string>& only) {
        return (name == own_name || is_plugin(name)) && (only.empty() || contains(only, name));
    }
    void require_found(const std::vector<std::string>& only) const {
        for (const std::string& name : only)
            if (!digests_.contains(name))
                throw Error(Code::invalid_environment,
                            cat("there is no plugin ", name, " in ", path_));
        if (only.empty() && digests_.size() == digests_.count(own_name))
            throw Error(Code::invalid_environment, cat("there are no plugins in ", path_),
                        "they are to be beside cnitool, as in the archive that is published");
    }
    std::vector<std::string> names() const {
        return list_dir(open_at(dir_.get(), ".", O_RDONLY | O_DIRECTORY, 0, path_), path_);
    }
    std::string path_of(const std::string& name) const { return cat(path_, "/", name); }

    std::string path_;
    Fd dir_;
    KeptDir::Digests digests_;
};

void refuse_newer(const KeptDir& bin, const KeptDir::Digests& digests) {
    const PluginVersion ours = PluginVersion::ours();
    for (const auto& [name, digest] : digests) {
        const std::string path = cat(bin.path(), "/", name);
        const auto theirs = obstacle_to(X_OK, path) ? std::nullopt : PluginVersion::ask(path);
        if (theirs && *theirs > ours)
            throw Error(Code::unsupported_field,
                        cat(path, " is ", theirs->to_string(), ", newer than ", ours.to_string()),
                        "--replace-newer puts ours in its place, --plugin names others alone");
    }
}

void install_plugins(const InstallOptions& options) {
    const Source source(options);
    source.require_ours();
    KeptDir bin = KeptDir::open(options.bin_dir);
    if (!options.replaces_newer) refuse_newer(bin, source.digests());
    bin.prepare(source.digests());
    for (const auto& [name, digest] : source.digests()) bin.put(name, source.read(name), 0755);
    bin.settle(source.digests());
}

std::string name_of_conflist(const InstallOptions& options) {
    const std::string& path = options.conflist;
    return path.substr(path.rfind('/') + 1);
}

ConflistTemplate read_template(const InstallOptions& options) {
    auto text = read_file(options.conflist, max_json_size);
    if (!text) throw SysError(cat("open ", options.conflist), ENOENT);
    if (!options.conflist.ends_with(".conflist"))
        throw Error(Code::invalid_environment,
                    cat("the name of ", options.conflist, " is to end in .conflist"));
    return ConflistTemplate(*std::move(text), options.conflist);
}

PodCidrs find_pod_cidrs(const InstallOptions& options) {
    PodCidrs cidrs = parse_pod_cidrs(options.pod_cidr, "--pod-cidr");
    if (cidrs.empty() && !options.pod_cidr_file.empty()) {
        const auto text = read_file(options.pod_cidr_file, 1u << 16);
        if (text) cidrs = parse_pod_cidrs(*text, options.pod_cidr_file);
    }
    if (cidrs.empty() && !options.api_socket.empty())
        cidrs = await_pod_cidrs(options.api_socket, options.node);
    if (cidrs.empty())
        throw Error(Code::invalid_environment,
                    cat(options.conflist, " leaves the addresses to be told, and none are"),
                    "--pod-cidr, --pod-cidr-file or --api-socket tells the podCIDR of the node");
    return cidrs;
}

// With everything that `cnitool validate` finds, and with the plugins in place.
void require_valid(const InstallOptions& options, const std::string& text) {
    Validator validator(known_plugins, options.bin_dir);
    validator.check_text(cat(options.conf_dir, "/", name_of_conflist(options)), text);
    if (!validator.has_errors()) return;
    std::vector<std::string> problems;
    for (const Problem& problem : validator.problems()) problems.push_back(problem.to_string());
    throw Error(Code::invalid_config, cat("no plugin could do with ", options.conflist),
                join(problems, "; "));
}

void install_conflist(const InstallOptions& options, const ConflistTemplate& wanted) {
    const std::string text =
        wanted.is_whole() ? wanted.fill({}) : wanted.fill(find_pod_cidrs(options));
    require_valid(options, text);
    KeptDir conf = KeptDir::open(options.conf_dir);
    const KeptDir::Digests digests = {{name_of_conflist(options), sha512_hex(text)}};
    conf.prepare(digests);
    conf.put(name_of_conflist(options), text, 0644);
    conf.settle(digests);
}

std::vector<std::string> names_of(const std::optional<KeptDir>& dir) {
    return dir ? dir->names() : std::vector<std::string>{};
}

void restore_all(KeptDir& dir) {
    for (const std::string& name : dir.names())
        if (!dir.restore(name))
            warn({dir.path(), "/", name, " is somebody else's by now, and stays"});
    dir.forget();
}

}  // namespace

void install(const InstallOptions& options) {
    std::optional<ConflistTemplate> wanted;
    if (!options.conflist.empty()) wanted = read_template(options);
    install_plugins(options);
    if (wanted) install_conflist(options, *wanted);
}

std::vector<std::string> missing(const InstallOptions& options) {
    std::vector<std::string> found;
    const Fd bin =
        open_at(AT_FDCWD, options.bin_dir.c_str(), O_RDONLY | O_DIRECTORY, 0, options.bin_dir);
    const Source source(options);
    for (const auto& [name, digest] : source.digests())
        if (digest_of(bin.get(), name, name) != digest)
            found.push_back(cat(options.bin_dir, "/", name, " is not the one that is to be there"));
    if (options.conflist.empty()) return found;
    const std::string name = name_of_conflist(options);
    const auto conf = KeptDir::find(options.conf_dir);
    if (!conf || !conf->is_ours(name))
        found.push_back(cat(options.conf_dir, "/", name, " is not the one that is to be there"));
    return found;
}

// A conflist that is there names plugins that are there: it goes first, and that from before, which
// may want plugins from before, comes last.
void uninstall(const std::string& bin_dir, const std::string& conf_dir) {
    auto conf = KeptDir::find(conf_dir);
    for (const std::string& name : names_of(conf)) conf->remove(name);
    if (auto bin = KeptDir::find(bin_dir)) restore_all(*bin);
    if (conf) restore_all(*conf);
}

}  // namespace cni::tool
