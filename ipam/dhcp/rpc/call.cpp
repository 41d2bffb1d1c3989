#include "call.h"

#include <limits>
#include <utility>

#include "result_codec.h"

namespace cni::dhcp {
namespace {

using gob::StructWriter;
using gob::Value;

constexpr std::string_view connect_line = "CONNECT /_goRPC_ HTTP/1.0";
constexpr std::string_view connected_line = "HTTP/1.0 200 Connected to Go RPC";
constexpr std::string_view end_of_head = "\n\n";
constexpr std::size_t max_head = 1024;

enum CallType : int { request_type = 64, arguments_type, response_type, empty_type };

constexpr gob::Field request_fields[] = {{"ServiceMethod", gob::string_id}, {"Seq", gob::uint_id}};
constexpr gob::Field response_fields[] = {
    {"ServiceMethod", gob::string_id}, {"Seq", gob::uint_id}, {"Error", gob::string_id}};
constexpr gob::Field arguments_fields[] = {
    {"ContainerID", gob::string_id}, {"Netns", gob::string_id}, {"IfName", gob::string_id},
    {"Args", gob::string_id},        {"Path", gob::string_id},  {"StdinData", gob::bytes_id}};

// Sent once, before the first of its kind.
std::string once(bool& was_sent, std::string definition) {
    return std::exchange(was_sent, true) ? std::string() : std::move(definition);
}

// Moves what belongs to the head there, and leaves the rest. The line ends may have carriage
// returns. True once the head is whole.
bool collect_head(std::string& head, std::string_view& received) {
    while (!received.empty() && !head.ends_with(end_of_head)) {
        if (head.size() == max_head)
            throw Error(Code::decoding_failure,
                        "the other side of the socket does not speak the "
                        "protocol of DHCP plugin and daemon");
        if (received[0] != '\r') head.push_back(received[0]);
        received.remove_prefix(1);
    }
    return head.ends_with(end_of_head);
}

void require_first_line(std::string_view head, std::string_view wanted) {
    if (head.starts_with(wanted)) return;
    throw Error(Code::decoding_failure,
                cat("the other side of the socket does not speak the protocol of DHCP plugin and "
                    "daemon: it said ",
                    quote(head.substr(0, head.find('\n')))));
}

Call read_call(const Value& request, const Value& arguments) {
    return {.method = request["ServiceMethod"].bytes,
            .sequence = static_cast<std::uint64_t>(request["Seq"].number),
            .arguments = {.container_id = arguments["ContainerID"].bytes,
                          .netns = arguments["Netns"].bytes,
                          .ifname = arguments["IfName"].bytes,
                          .cni_args = arguments["Args"].bytes,
                          .path = arguments["Path"].bytes,
                          .config = arguments["StdinData"].bytes}};
}

}  // namespace

std::optional<Call> ServerSession::next(std::string_view received) {
    if (!is_greeted_) {
        if (!collect_head(head_, received)) return {};
        require_first_line(head_, connect_line);
        is_greeted_ = true;
        greeting_ = cat(connected_line, end_of_head);
    }
    decoder_.feed(received);
    if (!request_) request_ = decoder_.next();
    if (!request_) return {};
    const auto arguments = decoder_.next();
    if (!arguments) return {};
    return read_call(*std::exchange(request_, std::nullopt), *arguments);
}

std::string ServerSession::take_greeting() {
    return std::exchange(greeting_, {});
}

std::string ServerSession::encode_response(const Call& call, std::string_view error) {
    const std::string response = gob::encode_struct(response_type, [&](StructWriter& out) {
        out.text(0, call.method);
        out.unsigned_number(1, call.sequence);
        out.text(2, error);
    });
    return cat(
        once(has_sent_response_, gob::define_struct(response_type, "Response", response_fields)),
        response);
}

std::string ServerSession::encode_result(const Call& call, const Result& result) {
    return cat(encode_response(call, {}), once(has_sent_result_, result_types()),
               cni::dhcp::encode_result(result));
}

std::string ServerSession::encode_no_result(const Call& call, std::string_view error) {
    return cat(encode_response(call, error),
               once(has_sent_empty_, gob::define_struct(empty_type, {}, {})),
               gob::encode_struct(empty_type, [](StructWriter&) {}));
}

std::string ServerSession::encode_empty(const Call& call) {
    return encode_no_result(call, {});
}

std::string ServerSession::encode_error(const Call& call, std::string_view message) {
    return encode_no_result(call, message.empty() ? "unknown error" : message);
}

std::string ClientSession::greeting() {
    return cat(connect_line, end_of_head);
}

std::string ClientSession::encode(const Call& call) {
    const std::string request = gob::encode_struct(request_type, [&](StructWriter& out) {
        out.text(0, call.method);
        out.unsigned_number(1, call.sequence);
    });
    const Arguments& a = call.arguments;
    const std::string arguments = gob::encode_struct(arguments_type, [&](StructWriter& out) {
        int field = 0;
        for (const std::string* text :
             {&a.container_id, &a.netns, &a.ifname, &a.cni_args, &a.path, &a.config})
            out.text(field++, *text);
    });
    return cat(gob::define_struct(request_type, "Request", request_fields), request,
               gob::define_struct(arguments_type, "CmdArgs", arguments_fields), arguments);
}

bool ClientSession::is_greeted(std::string_view received) {
    if (is_greeted_) {
        decoder_.feed(received);
        return true;
    }
    if (!collect_head(head_, received)) return false;
    require_first_line(head_, connected_line);
    is_greeted_ = true;
    decoder_.feed(received);
    return true;
}

std::optional<ClientSession::Answer> ClientSession::next(std::string_view received) {
    if (!is_greeted(received)) return {};
    if (!response_) response_ = decoder_.next();
    if (!response_) return {};
    const auto reply = decoder_.next();
    if (!reply) return {};
    Answer answer{.error = (*response_)["Error"].bytes, .result = {}};
    if (answer.error.empty()) answer.result = decode_result(*reply);
    return answer;
}

}  // namespace cni::dhcp
