#include "node_watch.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>

#include "base/await_path.h"
#include "base/error.h"
#include "base/file.h"
#include "base/warn.h"

namespace cni::tool {
namespace {

constexpr std::size_t longest_line = max_json_size;
constexpr int seconds_of_patience = 60;

// RFC 1123, as Kubernetes has it: nothing in it means anything in a request.
void require_node_name(std::string_view name) {
    const auto is_allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
    };
    if (name.empty() || name.size() > 253 || !std::ranges::all_of(name, is_allowed))
        throw Error(Code::invalid_environment, cat(quote(name), " cannot be the name of a node"));
}

Fd open_socket() {
    return Fd(checked(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "open a socket"));
}

// Somebody may listen there only later.
Fd dial(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        throw Error(Code::invalid_environment, cat("the path of a socket is too long: ", path));
    std::memcpy(address.sun_path, path.data(), path.size());
    Fd socket;
    const auto has_answered = [&] {
        socket = open_socket();
        return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address),
                         sizeof address) == 0;
    };
    // A socket has its name a moment before somebody listens, and that is no event.
    for (int second = 0; second < seconds_of_patience; ++second)
        if (await_path(path, has_answered, std::chrono::seconds(1))) return socket;
    throw Error(Code::try_again_later, cat("connect to ", path, ": nobody answers"),
                "kubectl proxy --unix-socket is to run beside this: see its log");
}

/// Lines of what a server says, until it says no more.
class Lines {
public:
    explicit Lines(Fd socket) : socket_(std::move(socket)) {}

    /// Without its end; nullopt at the end of the connection.
    std::optional<std::string> next() {
        std::size_t end;
        while ((end = text_.find('\n', searched_)) == text_.npos) {
            searched_ = text_.size();
            if (!read_more()) return {};
        }
        std::string line = text_.substr(0, end);
        text_.erase(0, end + 1);
        searched_ = 0;
        if (line.ends_with('\r')) line.pop_back();
        return line;
    }
    /// What is left, to the end of the connection.
    std::string rest() {
        while (read_more()) {
        }
        return text_;
    }

private:
    bool read_more() {
        if (text_.size() > longest_line)
            throw Error(Code::io_failure, "the answer of the API has a line without end");
        std::array<char, 8192> buffer;
        ssize_t n;
        do n = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
        while (n < 0 && errno == EINTR);
        checked(n, "read the answer of the API");
        text_.append(buffer.data(), static_cast<std::size_t>(n));
        return n > 0;
    }

    Fd socket_;
    std::string text_;
    std::size_t searched_ = 0;
};

// HTTP/1.0: the body is what comes until the connection ends, and in no chunks.
std::string request_for(const std::string& node) {
    return cat("GET /api/v1/nodes?watch=true&fieldSelector=metadata.name%3D", node,
               " HTTP/1.0\r\nHost: localhost\r\nAccept: application/json\r\n\r\n");
}

// "HTTP/1.1 200 OK", and then lines up to an empty one.
void pass_head(Lines& lines, const std::string& node) {
    const std::string status = lines.next().value_or("");
    for (auto line = lines.next(); line && !line->empty(); line = lines.next()) {
    }
    const auto parts = split(status, ' ');
    if (parts.size() < 2 || !parts[0].starts_with("HTTP/"))
        throw Error(Code::io_failure, "what answers is no API of Kubernetes", quote(status));
    if (parts[1] == "200") return;
    const bool is_refusal = parts[1] == "401" || parts[1] == "403";
    throw Error(Code::plugin_not_available,
                cat("watch node ", node, ": the API says ", status.substr(parts[0].size() + 1)),
                cat(is_refusal ? "the account wants the verb watch of nodes, and the proxy is to "
                                 "accept /api/v1/nodes; "
                               : "",
                    lines.rest()));
}

PodCidrs read_event(const std::string& line, const std::string& node) {
    const Json event = Json::parse(line, cat("what the API says of node ", node));
    const std::string type = event.require_object().string_or("type", "");
    const auto object = event.find_exact("object");
    if (type == "ERROR")
        throw Error(Code::plugin_not_available, cat("watch node ", node, ": the API fails"),
                    object ? object->string_or("message", "") : "");
    if (!object || type == "DELETED" || type == "BOOKMARK") return {};
    return pod_cidrs_of(*object);
}

}  // namespace

PodCidrs await_pod_cidrs(const std::string& socket_path, const std::string& node) {
    require_node_name(node);
    Fd socket = dial(socket_path);
    write_all(socket.get(), request_for(node), socket_path);
    Lines lines(std::move(socket));
    pass_head(lines, node);
    bool has_told = false;
    while (const auto line = lines.next()) {
        if (line->empty()) continue;
        PodCidrs cidrs = read_event(*line, node);
        if (!cidrs.empty()) return cidrs;
        if (!std::exchange(has_told, true)) warn({"node ", node, " has no podCIDR yet: waiting"});
    }
    throw Error(Code::try_again_later,
                cat("the API ended the connection before node ", node, " had a podCIDR"),
                "does the controller manager run with --allocate-node-cidrs?");
}

}  // namespace cni::tool
