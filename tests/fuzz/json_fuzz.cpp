// JSON text: what is read is written as text that reads the same, and any bytes can be written.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "cni/json.h"
#include "cni/json_writer.h"

namespace {

void expect_round_trip(std::string_view text) {
    try {
        const std::string written = cni::Json::parse(text, "input").dump();
        if (cni::Json::parse(written, "output").dump() != written) std::abort();
    } catch (const cni::JsonSyntaxError& error) {
        if (error.offset > text.size() || error.msg.size() > 400) std::abort();
    }
}

void expect_writable(std::string_view text) {
    cni::JsonWriter out(cni::JsonWriter::Layout::indented);
    const std::string written = out.begin_array().value(text).end_array().take();
    if (!cni::Json::parse(written, "string").as_list()[0].is_string()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    expect_round_trip(text);
    expect_writable(text);
    return 0;
}
