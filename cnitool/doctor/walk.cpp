#include "walk.h"

namespace cni::tool {
namespace {

// As the kernel has it: it refuses deeper ones.
constexpr int depth_max = 16;

bool is_jump(const Decision& decision) {
    return decision.act == Act::jump || decision.act == Act::go_to;
}

class Walk {
public:
    Walk(const Packet& packet, const Hooked& hooked, std::size_t before)
        : packet_(packet), hooked_(hooked), before_(before) {}

    Ruling through(const std::string& chain, int depth) {
        Ruling out;
        std::size_t number = 0;
        for (const nft::Rule& rule : hooked_.rules(chain)) {
            if (++number >= before_ && depth == 0) break;
            const Decision decision = judge(rule, packet_, hooked_.element_of);
            if (decision.holds == Truth::no || decision.act == Act::none) continue;
            const bool is_sure = decision.holds == Truth::yes;
            if (decision.act == Act::back && is_sure && depth > 0) break;
            Ruling ruling = ruling_of(decision, chain, number, depth);
            ruling.number_base = number;
            out.is_doubtful = out.is_doubtful || ruling.is_doubtful;
            if (is_sure && (ruling.act != Act::none || decision.act == Act::go_to)) {
                ruling.is_doubtful = out.is_doubtful;
                return ruling;
            }
            // One that drops leaves no hope to what comes later.
            const bool spares = ruling.act != Act::none && ruling.act != Act::drop;
            out.is_doubtful = out.is_doubtful || spares;
        }
        return out;
    }

private:
    Ruling ruling_of(const Decision& decision, const std::string& chain, std::size_t number,
                     int depth) {
        if (!is_jump(decision)) return {.act = decision.act, .chain = chain, .number = number};
        if (depth == depth_max) return {};
        return through(decision.chain, depth + 1);
    }

    const Packet& packet_;
    const Hooked& hooked_;
    const std::size_t before_;
};

}  // namespace

Ruling ruling_on(const Packet& packet, const Hooked& hooked, std::size_t before) {
    Ruling ruling = Walk(packet, hooked, before).through(hooked.chain, 0);
    // What comes back from a base chain, or goes on at its end, is the policy's.
    if (ruling.act != Act::none && ruling.act != Act::back) return ruling;
    if (ruling.act == Act::none) ruling.chain = hooked.chain;
    if (hooked.policy == Act::drop) ruling.act = Act::drop;
    return ruling;
}

std::size_t find_jump(const Packet& packet, const Hooked& hooked, std::string_view prefix,
                      std::size_t from) {
    std::size_t number = 0;
    for (const nft::Rule& rule : hooked.rules(hooked.chain)) {
        if (++number <= from) continue;
        const Decision decision = judge(rule, packet, hooked.element_of);
        if (decision.holds != Truth::no && is_jump(decision) && decision.chain.starts_with(prefix))
            return number;
    }
    return 0;
}

}  // namespace cni::tool
