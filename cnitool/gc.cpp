#include "base/error.h"
#include "call.h"
#include "verb.h"

namespace cni::tool {
namespace {

constexpr Option valid_option{0, "valid", "ID:IFNAME", "keep this attachment; may be repeated"};
constexpr Option all_option{0, "all", "", "no attachment is valid: tell the plugins so"};
constexpr Option options[] = {valid_option, all_option, time_option};

AttachmentId parse_attachment(const std::string& text) {
    // Neither an id nor an interface name holds a colon.
    const auto parts = split(text, ':');
    if (parts.size() != 2 || parts[0].empty() || parts[1].empty())
        throw Error(Code::invalid_environment, cat("--valid ", text, " must read ID:IFNAME"));
    return {std::string(parts[0]), std::string(parts[1])};
}

std::optional<std::vector<AttachmentId>> valid_attachments(const CommandLine& line) {
    const auto texts = line.all(valid_option.name);
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
        "Deletes every kept attachment to NETWORK except those given by --valid, then (from\n"
        "cniVersion 1.1.0) lets the plugins remove what belongs to no valid one. Without\n"
        "--valid and --all every kept attachment is deleted, but the plugins get no list, so\n"
        "they keep what this tool does not know about. NETNS is not used. Does nothing for a\n"
        "network with disableGC.\n",
    .options = options,
    .run = run,
};

}  // namespace cni::tool
