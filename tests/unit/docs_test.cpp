#include <gmock/gmock.h>

#include <fcntl.h>

#include <algorithm>
#include <set>

#include "base/file.h"
#include "cnitool/plugins.h"

namespace cni::test {
namespace {

using Words = std::set<std::string, std::less<>>;

const std::string folder = CNIXX_SOURCE_DIR "/docs/plugins";

std::vector<std::string> names_in(const std::string& path) {
    return list_dir(open_at(AT_FDCWD, path.c_str(), O_RDONLY | O_DIRECTORY, 0, path), path);
}

std::string text_of(const std::string& path) {
    return read_file(path, 1u << 20).value();
}

std::vector<std::string> pages() {
    std::vector<std::string> types;
    for (const std::string& name : names_in(folder))
        types.push_back(name.substr(0, name.rfind(".md")));
    return types;
}

/// What stands between backticks.
std::vector<std::string> quoted_words(std::string_view text) {
    std::vector<std::string> words;
    const auto parts = split(text, '`');
    for (std::size_t i = 1; i < parts.size(); i += 2) words.emplace_back(parts[i]);
    return words;
}

/// The words of the first column of the first table under "## Keys".
std::vector<std::string> documented_keys(const std::string& type) {
    const std::string page = text_of(cat(folder, "/", type, ".md"));
    std::vector<std::string> keys;
    bool in_section = false, in_table = false;
    for (const std::string_view line : split(page, '\n')) {
        if (line.starts_with("## ")) in_section = line == "## Keys";
        if (in_table && !line.starts_with('|')) break;
        in_table = in_section && line.starts_with('|');
        if (in_table && line.starts_with("| `"))
            for (std::string& word : quoted_words(line.substr(0, line.find(" | ", 2))))
                keys.push_back(std::move(word));
    }
    return keys;
}

Words names_of(std::span<const Key> keys) {
    Words names;
    for (const Key& key : keys) names.emplace(key.name);
    return names;
}

/// Whether the word is another source of a value (runtimeConfig.mac, `MAC` in `CNI_ARGS`).
bool is_parameter(std::string_view word) {
    return word.starts_with("runtimeConfig.") || word.starts_with("args.cni.") ||
           std::none_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

/// The names of steps in a source file: literals on a line with `step(...)`.
void collect_steps(const std::string& path, Words& names) {
    const std::string source = text_of(path);
    for (const std::string_view line : split(source, '\n')) {
        const auto call = line.find("step(");
        if (call == line.npos || !line.ends_with(");")) continue;
        const auto parts = split(line.substr(call), '"');
        for (std::size_t i = 1; i < parts.size(); i += 2)
            if (!parts[i - 1].ends_with("== ")) names.emplace(parts[i]);
    }
}

/// Of the sources in all folders of a folder.
Words steps_in(const std::string& parent) {
    Words names;
    for (const std::string& name : names_in(parent)) {
        if (name == "CMakeLists.txt") continue;
        for (const std::string& file : names_in(cat(parent, "/", name)))
            if (file.ends_with(".cpp")) collect_steps(cat(parent, "/", name, "/", file), names);
    }
    return names;
}

void expect_row(const std::string& page, const std::string& name) {
    if (text_of(page).find(cat("| `", name, "` |")) == std::string::npos)
        ADD_FAILURE() << page << " lacks a row for " << name;
}

TEST(Docs, EachPluginHasAPageAndARowInTheReadme) {
    for (const char* parent : {"/plugins", "/ipam"}) {
        for (const std::string& type : names_in(cat(CNIXX_SOURCE_DIR, parent))) {
            if (type == "CMakeLists.txt") continue;
            EXPECT_THAT(pages(), ::testing::Contains(type)) << "docs/plugins lacks its page";
            expect_row(CNIXX_SOURCE_DIR "/README.md", type);
        }
    }
}

// One sentence says it in the README, in help and in schemas.
TEST(Docs, TheReadmeSaysOfEachPluginWhatThePluginSays) {
    std::string readme = text_of(CNIXX_SOURCE_DIR "/README.md");
    std::erase(readme, '`');
    for (const auto plugins : {tool::known_plugins.plugins, tool::known_plugins.ipam})
        for (const PluginKeys* keys : plugins)
            EXPECT_THAT(readme,
                        ::testing::HasSubstr(cat("| ", keys->type, " | ", keys->about, " |")));
}

TEST(Docs, EachExampleHasARow) {
    const std::string examples = CNIXX_SOURCE_DIR "/conf-examples";
    for (const std::string& file : names_in(examples))
        if (file != "README.md") expect_row(cat(examples, "/README.md"), file);
}

TEST(Docs, EachPageHasTheKeysThatTheProgramsKnow) {
    for (const std::string& type : pages()) {
        const PluginKeys* ipam = tool::known_plugins.find_ipam(type);
        const PluginKeys* keys = ipam ? ipam : tool::known_plugins.find_plugin(type);
        if (!keys) {
            ADD_FAILURE() << "there is " << type << ".md, but no keys.cpp says the keys of "
                          << type;
            continue;
        }
        Words missing = names_of(keys->keys);
        missing.erase("type");
        Words known = names_of(keys->keys);
        if (!ipam) known.merge(names_of(common_schema().keys));
        for (std::string word : documented_keys(type)) {
            if (ipam && word.starts_with("ipam.")) word.erase(0, 5);
            missing.erase(word);
            EXPECT_TRUE(known.contains(word) || is_parameter(word))
                << type << ".md has a key " << word << " that keys.cpp does not know";
        }
        EXPECT_THAT(missing, ::testing::IsEmpty()) << type << ".md lacks these keys";
    }
}

TEST(Docs, EachStepOfTheLogHasARow) {
    Words used{"undo"};
    for (const char* parent : {"/libcni-common", "/plugins", "/ipam"})
        used.merge(steps_in(cat(CNIXX_SOURCE_DIR, parent)));
    Words documented;
    const std::string page = text_of(CNIXX_SOURCE_DIR "/docs/logging.md");
    const auto section = std::string_view(page).substr(page.find("## Steps"));
    for (const std::string_view line : split(section, '\n'))
        if (line.starts_with("| `"))
            for (std::string& word : quoted_words(line.substr(0, line.find(" | ", 2))))
                documented.insert(std::move(word));
    EXPECT_EQ(documented, used);
}

}  // namespace
}  // namespace cni::test
