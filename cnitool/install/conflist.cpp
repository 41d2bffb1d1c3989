#include "conflist.h"

#include "base/error.h"
#include "cni/json_writer.h"

namespace cni::tool {
namespace {

bool lacks_addresses(const Json& ipam) {
    return ipam.is_object() && ipam.string_or("type", "") == "host-local" && !ipam.find("subnet") &&
           !ipam.find("ranges");
}

void write_set(JsonWriter& writer, const PodCidrs& cidrs, Family family) {
    bool has_begun = false;
    for (const Prefix& cidr : cidrs) {
        if (cidr.ip.family() != family) continue;
        if (!has_begun) writer.begin_array();
        has_begun = true;
        writer.begin_object().member("subnet", cidr.to_string()).end_object();
    }
    if (has_begun) writer.end_array();
}

std::string ranges_text(const PodCidrs& cidrs) {
    JsonWriter writer(JsonWriter::Layout::compact);
    writer.begin_array();
    for (const Family family : both_families) write_set(writer, cidrs, family);
    return writer.end_array().take();
}

}  // namespace

ConflistTemplate::ConflistTemplate(std::string text, std::string_view what)
    : text_(std::move(text)) {
    const Json list = Json::parse(text_, what);
    const auto plugins = list.is_object() ? list.find_exact("plugins") : std::nullopt;
    if (!plugins)
        throw Error(Code::invalid_config, cat(what, " is no network list"),
                    "it wants a key \"plugins\", a list of them");
    for (const Json& plugin : plugins->as_list()) {
        const auto ipam = plugin.require_object().find("ipam");
        // Its place is that of the key, in which there can be no brace.
        if (ipam && lacks_addresses(*ipam)) gaps_.push_back(text_.find('{', ipam->offset()) + 1);
    }
}

std::string ConflistTemplate::fill(const PodCidrs& cidrs) const {
    const std::string ranges = cat("\"ranges\": ", ranges_text(cidrs), ", ");
    std::string text = text_;
    for (auto gap = gaps_.rbegin(); gap != gaps_.rend(); ++gap) text.insert(*gap, ranges);
    return text;
}

}  // namespace cni::tool
