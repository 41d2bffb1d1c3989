#include "plugin_version.h"

#include "base/error.h"
#include "base/release.h"
#include "sys/process.h"

namespace cni::tool {
namespace {

// "1.9.1" of "1.9.1", "1.9.1-rc1" or "1.9.1+k3s1": what is behind the numbers counts for nothing.
std::optional<PluginVersion::Numbers> parse_numbers(std::string_view text) {
    const auto parts = split(text.substr(0, text.find_first_not_of("0123456789.")), '.');
    PluginVersion::Numbers numbers{};
    if (parts.size() != numbers.size()) return {};
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const auto number = parse_int<unsigned>(parts[i]);
        if (!number) return {};
        numbers[i] = *number;
    }
    return numbers;
}

std::string_view after(std::string_view line, std::string_view mark) {
    const auto at = line.find(mark);
    return at == line.npos ? "" : line.substr(at + mark.size());
}

std::string text_of(const PluginVersion::Numbers& numbers) {
    return cat(numbers[0], ".", numbers[1], ".", numbers[2]);
}

}  // namespace

std::optional<PluginVersion> PluginVersion::parse(std::string_view said) {
    PluginVersion version;
    bool is_known = false;
    for (const std::string_view line : split(said, '\n')) {
        if (line.starts_with("CNI ") && !is_known) {
            const auto reference = parse_numbers(after(line, " plugin v"));
            if (!reference) return {};
            version.reference = *reference;
            is_known = true;
        }
        if (line.starts_with("cnixx "))
            version.own = parse_numbers(after(line, "cnixx ")).value_or(Numbers{});
    }
    if (!is_known) return {};
    return version;
}

PluginVersion PluginVersion::ours() {
    return {parse_numbers(reference_release).value(), parse_numbers(release).value()};
}

std::optional<PluginVersion> PluginVersion::ask(const std::string& path) {
    const Limits limits{.time = std::chrono::seconds(10), .output = 1u << 16};
    try {
        return parse(Child::spawn({path}, {}, limits).wait().diagnostics);
    } catch (const Error&) {
        return {};  // of another libc, another machine; whatever it is, it is kept
    }
}

std::string PluginVersion::to_string() const {
    const std::string text = cat("v", text_of(reference));
    return own == Numbers{} ? text : cat(text, " (cnixx ", text_of(own), ")");
}

}  // namespace cni::tool
