#include "support/model_events.h"

#include "base/text.h"
#include "support/guest.h"

namespace cni::test {
namespace {

// What is done more often stands here more often.
constexpr const char* to_containers[] = {
    "add",    "add",         "add",         "del",           "del",
    "check",  "kill-add",    "kill-del",    "add-reference", "del-reference",
    "rename", "delete-link", "delete-port", "drop-netns"};
constexpr const char* to_the_host[] = {
    "gc",     "gc",       "status",          "reboot",     "nftables",      "iptables",
    "legacy", "edit-mtu", "edit-masquerade", "edit-range", "delete-bridge", "forget"};

int hours(std::mt19937& random) {
    return static_cast<int>(random() % 400) - 200;
}

Event draw_event(std::mt19937& random) {
    if (can_set_clock() && random() % 5 == 0) return {"clock", "", hours(random)};
    if (random() % 3 == 0) return {to_the_host[random() % std::size(to_the_host)]};
    Event event{to_containers[random() % std::size(to_containers)],
                tenant_names[random() % std::size(tenant_names)]};
    if (event.what.starts_with("kill")) event.number = 1 + static_cast<int>(random() % 1500);
    return event;
}

}  // namespace

std::string to_string(const Sequence& sequence) {
    std::string text;
    for (const Event& each : sequence)
        text += cat(each.what, each.whom.empty() ? "" : " ", each.whom,
                    each.number == 0 ? "" : cat(" ", each.number), "\n");
    return text;
}

Sequence parse_sequence(const std::string& text) {
    Sequence sequence;
    for (const std::string_view line : split(text, '\n')) {
        if (line.empty()) continue;
        Event event;
        for (const std::string_view word : split(line, ' ')) {
            const auto number = parse_int<int>(word);
            if (number)
                event.number = *number;
            else
                (event.what.empty() ? event.what : event.whom) = word;
        }
        sequence.push_back(event);
    }
    return sequence;
}

Sequence draw_sequence(std::mt19937& random, std::size_t length) {
    Sequence sequence(length);
    for (Event& event : sequence) event = draw_event(random);
    return sequence;
}

}  // namespace cni::test
