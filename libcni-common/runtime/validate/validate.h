#pragma once

#include <map>
#include <string>
#include <vector>

#include "runtime/validate/plugin_keys.h"
#include "runtime/validate/problem.h"

namespace cni {

/// Checks configuration files before a runtime reads them: syntax, names, versions, whether the
/// plugins are installed, and of those that are known the keys, their types and whatever else their
/// parsers refuse.
class Validator {
public:
    /// Who gives a network without one its name.
    enum class Namer { nobody, multus };

    /// `known` must outlive the object. `plugin_path` is CNI_PATH; "" does not look for plugins.
    Validator(const KnownPlugins& known, std::string plugin_path, Namer namer = Namer::nobody)
        : known_(known), plugin_path_(std::move(plugin_path)), namer_(namer) {}

    /// Every .conflist, .conf and .json file of a directory, in the order libcni reads them, and
    /// the plugin folders of its lists. Throws SysError when it cannot be listed.
    void check_dir(const std::string& dir);
    /// One file; a network name that was seen in another file before is a problem.
    void check_file(const std::string& path);
    /// The same for `text`, as if the file at `path` held it.
    void check_text(const std::string& path, const std::string& text);

    /// What was found, file by file.
    const std::vector<Problem>& problems() const { return problems_; }
    bool has_errors() const;
    std::size_t files() const { return files_; }

private:
    /// What a file is by its name or place.
    enum class Role { list, single, member };  ///< member: in the plugin folder of a list
    /// What a plugin is told about the network that it is a part of.
    struct Network {
        std::string name, version;
    };
    void check_text(const std::string& path, const std::string& text, Role role,
                    const Network& of_list = {});
    void check_document(const Json& json, Role role, const Network& of_list, Problems& problems);
    void check_single(const Json& json, Problems& problems);
    void check_list(const Json& list, Problems& problems);
    void check_folder(const std::string& list_path, const Json& list, Problems& problems);
    void check_plugin_of(const Network& network, const Json& plugin, Problems& problems);
    void check_installed(const Json& object, Problems& problems);
    void check_name(const Json& network, Problems& problems);

    const KnownPlugins& known_;
    std::string plugin_path_;
    Namer namer_;
    std::map<std::string, std::string> networks_;  // name to the file that has it
    std::vector<Problem> problems_;
    std::size_t files_ = 0;
};

}  // namespace cni
