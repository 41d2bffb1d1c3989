#include <unistd.h>

#include <ctime>

#include "base/error.h"
#include "base/file.h"
#include "call.h"
#include "cni/args.h"
#include "node/pods.h"
#include "state.h"
#include "verb.h"

namespace cni::tool {
namespace {

constexpr Option valid_option{0, "valid", "ID:IFNAME", "keep this attachment; may be repeated"};
constexpr Option all_option{0, "all", "", "no attachment is valid: tell the plugins so"};
constexpr Option list_option{0, "from-list", "", "keep the attachments that stdin lists"};
constexpr Option crictl_option{0, "from-crictl", "",
                               "keep the pods that stdin lists, as crictl pods -o json does"};
constexpr Option options[] = {valid_option, all_option,      list_option, crictl_option,
                              cache_option, data_dir_option, time_option};

AttachmentId parse_attachment(const std::string& text) {
    // Neither an id nor an interface name holds a colon.
    const auto parts = split(text, ':');
    if (parts.size() != 2 || parts[0].empty() || parts[1].empty())
        throw Error(Code::invalid_environment, cat("--valid ", text, " must read ID:IFNAME"));
    return {std::string(parts[0]), std::string(parts[1])};
}

// A line that names nothing there can be would let something valid be deleted.
AttachmentId parse_line(std::string_view line, std::size_t number) {
    const auto parts = split(line, ':');
    if (parts.size() != 2 || !is_valid_identifier(parts[0]) || !is_ifname(parts[1]))
        throw Error(Code::invalid_environment,
                    cat("line ", number, " of the list must read ID:IFNAME, not ", quote(line)));
    return {std::string(parts[0]), std::string(parts[1])};
}

// A list of nothing is what a command that failed leaves: only --all says that nothing is valid.
std::vector<AttachmentId> read_list() {
    const std::string text = read_all(STDIN_FILENO, max_json_size, "the list on stdin");
    std::vector<AttachmentId> valid;
    std::size_t number = 0;
    for (const auto line : split(text, '\n')) {
        ++number;
        if (const auto words = trim(line); !words.empty())
            valid.push_back(parse_line(words, number));
    }
    if (valid.empty())
        throw Error(Code::invalid_environment, "the list on stdin is empty",
                    "--all says that no attachment is valid");
    return valid;
}

// A list without pods is what a runtime tells that was just started anew: --all says it once more.
std::vector<AttachmentId> ask_crictl(const CommandLine& line) {
    const std::vector<std::string> pods =
        parse_pods(read_all(STDIN_FILENO, max_json_size, "the list of crictl on stdin"));
    if (pods.empty() && !line.has(all_option.name))
        throw Error(Code::invalid_environment, "crictl lists no pod",
                    "--from-crictl --all says that there is none");
    SparedByPods spared =
        spared_by(pods, survey(state_folders(line), ""), line.operands()[0], std::time(nullptr));
    print_problems(spared.reasons);
    return std::move(spared.valid);
}

std::optional<std::vector<AttachmentId>> valid_attachments(const CommandLine& line) {
    const auto texts = line.all(valid_option.name);
    if (line.has(crictl_option.name)) {
        if (!texts.empty() || line.has(list_option.name))
            throw Error(Code::invalid_environment,
                        "--from-crictl excludes --valid and --from-list");
        return ask_crictl(line);
    }
    if (line.has(list_option.name)) {
        if (!texts.empty() || line.has(all_option.name))
            throw Error(Code::invalid_environment, "--from-list excludes --valid and --all");
        return read_list();
    }
    if (!texts.empty() && line.has(all_option.name))
        throw Error(Code::invalid_environment, "--valid and --all exclude each other");
    if (texts.empty() && !line.has(all_option.name)) return {};
    std::vector<AttachmentId> valid;
    for (const std::string& text : texts) valid.push_back(parse_attachment(text));
    return valid;
}

int run(const CommandLine& line) {
    const auto valid = valid_attachments(line);
    const Call call = Call::network(line);
    call.runtime.gc(call.list, valid);
    return 0;
}

}  // namespace

const Verb gc_verb{
    .name = "gc",
    .operands = "NETWORK [NETNS]",
    .min_operands = 1,
    .max_operands = 2,
    .summary = "delete attachments that are no longer valid",
    .help =
        "Deletes every kept attachment to NETWORK except those given by --valid, or by lines\n"
        "ID:IFNAME on stdin with --from-list, then (from cniVersion 1.1.0) lets the plugins\n"
        "remove what belongs to no valid one. Without these and --all every kept attachment is\n"
        "deleted, but the plugins get no list, so they keep what this tool does not know about.\n"
        "With --from-crictl stdin lists the pods of a runtime: crictl pods -o json | cnitool gc\n"
        "NETWORK --from-crictl. What lives is kept then whatever the list says, and so is what "
        "was\n"
        "made in the last five minutes.\n"
        "NETNS is not used. Does nothing for a network with disableGC.\n",
    .example = "crictl pods -o json | cnitool gc mynet --from-crictl",
    .options = options,
    .run = run,
};

}  // namespace cni::tool
