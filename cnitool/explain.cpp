#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "call.h"
#include "cni/delegate.h"
#include "cni/json_writer.h"
#include "foresights.h"
#include "node/origin.h"
#include "output/text.h"
#include "state.h"
#include "verb.h"

namespace cni::tool {
namespace {

constexpr Option id_option{'c', "container-id", "ID",
                           "of the container; many names follow from it"};
constexpr Option options[] = {output_option, ifname_option, id_option};

// Of a container that nobody has named.
constexpr const char* example_id = "example";

/// One plugin of the list.
struct Explained {
    std::string type;
    std::string executable;  ///< "" when there is none
    bool is_known;           ///< of this suite
    std::vector<Foreseen> steps;
    std::optional<Error> failure = {};  ///< with which ADD would end here
};

struct Explanation {
    std::vector<Explained> plugins;
    bool is_known = true;

    bool fails() const { return !plugins.empty() && plugins.back().failure; }
};

std::string executable_of(Explained& plugin, const std::string& path) {
    try {
        return find_plugin(plugin.type, path);
    } catch (const Error& error) {
        plugin.steps.push_back(
            {Foreseen::Act::note, "", "", cat("ADD fails: ", error.what()), plugin.type});
        return {};
    }
}

void find_executable(Explained& plugin, const std::string& path) {
    if (path.empty()) return;
    plugin.executable = executable_of(plugin, path);
    if (plugin.is_known && !plugin.executable.empty() && is_written_in_go(plugin.executable))
        plugin.steps.push_back({Foreseen::Act::note, "", "",
                                "this executable is not of this suite: what follows is what that "
                                "of this suite would do",
                                plugin.type});
}

Request request_of(const Call& call, const PluginConf& plugin,
                   const std::optional<VersionedResult>& before) {
    const PluginInput input{.prev_result = before,
                            .capability_args = call.conf.capability_args,
                            .valid_attachments = {}};
    Request request{.args = {}, .conf = NetConf::parse(input.text(call.list, plugin))};
    request.args.command = "ADD";
    request.args.container_id = call.conf.container_id;
    request.args.netns = call.conf.netns;
    request.args.ifname = call.conf.ifname;
    request.args.cni_args = call.conf.args_text();
    request.args.path = variable_or("CNI_PATH", "");
    return request;
}

class Explainer {
public:
    Explainer(const Call& call, bool has_container) : call_(call), has_container_(has_container) {}

    Explanation run() {
        for (const PluginConf& plugin : call_.list.plugins) {
            explain(plugin);
            if (all_.fails()) break;
        }
        return std::move(all_);
    }

private:
    void explain(const PluginConf& plugin) {
        const auto foresee = find_foresight(plugin.type);
        all_.plugins.push_back(
            {.type = plugin.type, .executable = {}, .is_known = foresee != nullptr, .steps = {}});
        Explained& its = all_.plugins.back();
        find_executable(its, variable_or("CNI_PATH", ""));
        if (!foresee) {
            all_.is_known = false;
            return;
        }
        try {
            ask(foresee, plugin, its);
        } catch (const Error& error) {
            its.failure = error;
        }
    }

    void ask(Outlook::Foresee foresee, const PluginConf& plugin, Explained& its) {
        const Request request = request_of(call_, plugin, before_);
        Outlook outlook(request, plugin.type, has_container_, find_foresight, its.steps);
        outlook.is_known = all_.is_known;
        if (before_) outlook.result = before_->result;
        foresee(outlook);
        all_.is_known = outlook.is_known;
        before_ = {outlook.result, request.conf.cni_version};
    }

    const Call& call_;
    const bool has_container_;
    std::optional<VersionedResult> before_;
    Explanation all_;
};

std::string line_of(const Foreseen& step, const std::string& type) {
    std::string words = step.name.empty()
                            ? std::string(name_of(acts, step.act))
                            : cat(name_of(acts, step.act), " ", step.kind, " ", step.name);
    if (!step.text.empty()) words += cat(": ", step.text);
    return cat("   ", step.plugin == type ? "" : cat("  ", step.plugin, ": "), printable(words),
               "\n");
}

std::string text_of(const Explained& plugin, std::size_t number) {
    std::string text =
        cat(number, ". ", printable(plugin.type),
            plugin.executable.empty() ? "" : cat(", ", printable(plugin.executable)), "\n");
    for (const Foreseen& step : plugin.steps) text += line_of(step, plugin.type);
    if (!plugin.is_known) text += "   not of this suite: what it does is not known\n";
    if (plugin.failure) text += cat("   ADD fails: ", printable(plugin.failure->what()), "\n");
    return text;
}

std::string text_of(const Call& call, bool has_container, const Explanation& all) {
    std::string text = cat("ADD of network ", call.list.name, ", container ",
                           call.conf.container_id, ", interface ", call.conf.ifname,
                           has_container ? "" : " (as an example: NETNS names one)", "\n");
    std::size_t number = 0;
    for (const Explained& plugin : all.plugins) text += text_of(plugin, ++number);
    return text;
}

void write(JsonWriter& out, const Foreseen& step) {
    out.begin_object().member("plugin", step.plugin).member("act", name_of(acts, step.act));
    if (!step.kind.empty()) out.member("kind", step.kind);
    if (!step.name.empty()) out.member("name", step.name);
    if (!step.text.empty()) out.member("text", step.text);
    out.end_object();
}

void write(JsonWriter& out, const Explained& plugin) {
    out.begin_object().member("type", plugin.type).member("known", plugin.is_known);
    if (!plugin.executable.empty()) out.member("executable", plugin.executable);
    out.key("steps").begin_array();
    for (const Foreseen& step : plugin.steps) write(out, step);
    out.end_array();
    if (plugin.failure) out.member("error", plugin.failure->what());
    out.end_object();
}

std::string json_of(const Call& call, const Explanation& all) {
    JsonWriter out(JsonWriter::Layout::indented);
    out.begin_object()
        .member("network", call.list.name)
        .member("containerID", call.conf.container_id)
        .member("ifname", call.conf.ifname)
        .member("complete", all.is_known && !all.fails());
    out.key("plugins").begin_array();
    for (const Explained& plugin : all.plugins) write(out, plugin);
    return cat(printable_json(out.end_array().end_object().take()), "\n");
}

// As `add` names it, so that this tells the names that `add` gives.
Call call_of(const CommandLine& line, bool has_container) {
    Call call = has_container ? Call::attachment(line)
                              : Call::attachment(line, cat("/run/netns/", example_id));
    if (!has_container) call.conf.container_id = example_id;
    call.conf.container_id = line.last_or(id_option.name, call.conf.container_id);
    require_valid(call.list.name, call.conf);
    return call;
}

int run(const CommandLine& line) {
    const bool as_json = wants_json(line);
    const bool has_container = line.operands().size() > 1;
    const Call call = call_of(line, has_container);
    const Explanation all = Explainer(call, has_container).run();
    write_all(STDOUT_FILENO, as_json ? json_of(call, all) : text_of(call, has_container, all),
              "stdout");
    return all.fails() ? 1 : 0;
}

}  // namespace

const Verb explain_verb{
    .name = "explain",
    .operands = "NETWORK [NETNS]",
    .min_operands = 1,
    .max_operands = 2,
    .summary = "tell what ADD would do here, step by step",
    .help =
        "Tells what each plugin of NETWORK would make, set and use on this host, by name: "
        "bridges,\n"
        "host's ends, the addresses that are next, tables and chains, and why this backend. Runs\n"
        "no plugin and changes nothing. With NETNS the names are those that add would give, and\n"
        "what is in there is looked at. Exit status 1 when ADD would fail.\n",
    .example = "cnitool explain mynet /run/netns/c1",
    .options = options,
    .run = run,
};

}  // namespace cni::tool
