#include "complete.h"

#include <fcntl.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "call.h"
#include "ipam/host-local/inspect.h"
#include "plugins.h"
#include "runtime/conf_dir.h"
#include "verb.h"

namespace cni::tool {
namespace {

struct Candidate {
    std::string word;
    std::string meaning = {};
};
using Candidates = std::vector<Candidate>;

void add_all(Candidates& to, std::initializer_list<std::string_view> words) {
    for (const std::string_view word : words) to.push_back({std::string(word)});
}

// What cannot be read has no candidates: a shell waits for an answer, and nobody for an error.
template <typename F>
void attempt(F&& body) {
    try {
        body();
    } catch (const Error&) {
    }
}

void add_networks(Candidates& to) {
    const std::string dir = conf_dir();
    std::set<std::string> names;
    for (const std::string& file : conf_files(dir, {".conflist", ".conf", ".json"}))
        attempt(
            [&] { names.insert(Json::parse(read_conf(dir, file), file).string_or("name", "")); });
    for (const std::string& name : names)
        if (!name.empty()) to.push_back({name});
}

void add_namespaces(Candidates& to) {
    const std::string folder = "/run/netns";
    for (const std::string& name :
         list_dir(open_at(AT_FDCWD, folder.c_str(), O_RDONLY | O_DIRECTORY, 0, folder), folder))
        to.push_back({cat(folder, "/", name)});
}

void add_addresses(Candidates& to, const std::string& network) {
    const std::string dir(host_local::default_data_dir);
    for (const auto& lease : host_local::list_leases({dir, network}))
        to.push_back({lease.ip.to_string(), lease.owner ? lease.owner->container_id : ""});
}

void add_plugins(Candidates& to) {
    for (const auto plugins : {known_plugins.plugins, known_plugins.ipam})
        for (const PluginKeys* keys : plugins)
            to.push_back({std::string(keys->type), std::string(keys->about)});
}

/// For one of the words that a command's usage has in capitals; others stand for themselves.
void add_for(Candidates& to, std::string_view what, const std::string& before) {
    if (what == "NETWORK") return add_networks(to);
    if (what == "NETNS") return add_namespaces(to);
    if (what == "IP") return add_addresses(to, before);
    if (what == "PLUGIN" || what == "TYPE") return add_plugins(to);
    if (what == "DIR") return add_all(to, {":dirs"});
    if (what == "FILE") return add_all(to, {":files"});
    if (what == "FORMAT") return add_all(to, {"json", "table"});
    const bool is_word = std::ranges::none_of(what, [](char c) { return c >= 'A' && c <= 'Z'; });
    if (is_word) to.push_back({std::string(what)});
}

void add_for_alternatives(Candidates& to, std::string_view what, const std::string& before) {
    for (const std::string_view each : split(what, '|'))
        attempt([&] { add_for(to, each, before); });
}

/// "show|check|release" out of "show|check|release [NETWORK] [IP]"; "" behind the last.
std::string operand_at(const Verb& verb, std::size_t number) {
    const auto all = split(verb.operands, ' ');
    if (verb.operands.empty()) return {};
    const bool repeats = all.back().find("...") != std::string_view::npos;
    if (number >= all.size() && !repeats) return {};
    std::string operand(all[std::min(number, all.size() - 1)]);
    std::erase_if(operand, [](char c) { return c == '[' || c == ']' || c == '.'; });
    return operand;
}

const Option* find_option(const Verb& verb, std::string_view word) {
    for (const Option& option : verb.options) {
        const bool is_long = word.starts_with("--") && word.substr(2) == option.name;
        const bool is_short =
            word.size() == 2 && word[0] == '-' && option.letter != 0 && word[1] == option.letter;
        if (is_long || is_short) return &option;
    }
    return nullptr;
}

void add_options(Candidates& to, const Verb& verb) {
    for (const Option& option : verb.options)
        to.push_back({cat("--", option.name), std::string(option.help)});
    to.push_back({"--help", "print this text"});
}

/// The words before the last, without options and what belongs to them. Where the last one belongs
/// to an option, that.
struct Before {
    std::vector<std::string> operands = {};
    const Option* option = nullptr;
};

Before read_before(const Verb& verb, std::span<const std::string_view> words) {
    Before before;
    for (const std::string_view word : words) {
        // bash makes a word of it.
        if (word == "=") continue;
        if (before.option) {
            before.option = nullptr;
        } else if (word.starts_with('-')) {
            const Option* option = find_option(verb, word);
            if (option && !option->argument.empty()) before.option = option;
        } else {
            before.operands.emplace_back(word);
        }
    }
    return before;
}

Candidates candidates_of(const Verb& verb, std::span<const std::string_view> words) {
    Candidates found;
    const Before before = read_before(verb, words.first(words.size() - 1));
    if (before.option) {
        add_for_alternatives(found, before.option->argument, "");
    } else if (words.back().starts_with('-')) {
        add_options(found, verb);
    } else {
        const std::string last = before.operands.empty() ? "" : before.operands.back();
        add_for_alternatives(found, operand_at(verb, before.operands.size()), last);
    }
    return found;
}

Candidates commands() {
    Candidates found;
    for (const Verb* verb : all_verbs())
        found.push_back({std::string(verb->name), std::string(verb->summary)});
    found.push_back({"help", "tell the commands"});
    return found;
}

Candidates candidates_for(std::span<const std::string_view> words) {
    if (words.empty()) return {};
    if (words.size() == 1) return commands();
    for (const Verb* verb : all_verbs())
        if (verb->name == words[0]) return candidates_of(*verb, words.subspan(1));
    return {};
}

}  // namespace

std::string complete(std::span<const std::string_view> words) {
    std::string text;
    const std::string_view begun = words.empty() || words.back() == "=" ? "" : words.back();
    for (const auto& [word, meaning] : candidates_for(words)) {
        // Names come from files, which may hold anything.
        const bool is_plain = std::ranges::all_of(word, [](char c) { return c > ' ' && c < 0x7f; });
        if (!is_plain || !(word.starts_with(':') || word.starts_with(begun))) continue;
        text += cat(word, meaning.empty() ? "" : "\t", meaning, "\n");
    }
    return text;
}

}  // namespace cni::tool
