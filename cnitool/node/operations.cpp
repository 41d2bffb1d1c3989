#include "operations.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "cni/args.h"
#include "cni/json.h"

namespace cni::tool {
namespace {

constexpr std::size_t piece = std::size_t{64} << 10;
constexpr std::size_t longest_line = std::size_t{1} << 20;

class Log {
public:
    /// The rest of a line may come with the next piece.
    void read(std::string_view text) {
        for (auto end = text.find('\n'); end != text.npos; end = text.find('\n')) {
            begun_ += text.substr(0, end);
            if (begun_.size() <= longest_line) count(begun_);
            begun_.clear();
            text.remove_prefix(end + 1);
        }
        if (begun_.size() <= longest_line) begun_ += text;
    }
    std::map<OperationKind, OperationTotals> take() { return std::move(all_); }

private:
    // Others may write what they like: only names that need no escape become labels.
    void count(const std::string& line) try {
        const Json json = Json::parse(line, "line");
        const OperationKind kind{json.string_or("plugin", ""), json.string_or("command", ""),
                                 json.string_or("outcome", "") == "failure"};
        if (!is_valid_identifier(kind.plugin) || !is_valid_identifier(kind.command)) return;
        OperationTotals& totals = all_[kind];
        ++totals.count;
        if (!json.find("durationUs")) return;
        ++totals.timed;
        totals.microseconds +=
            static_cast<std::uint64_t>(json.int_or("durationUs", 0, std::int64_t{1} << 50, 0));
    } catch (const Error&) {
    }

    std::string begun_;
    std::map<OperationKind, OperationTotals> all_;
};

}  // namespace

std::map<OperationKind, OperationTotals> read_operations(const std::string& path) {
    const Fd file = open_at(AT_FDCWD, path.c_str(), O_RDONLY | O_NONBLOCK, 0, path);
    Log log;
    std::string buffer(piece, 0);
    while (true) {
        const ssize_t n = checked(::read(file.get(), buffer.data(), buffer.size()), "read ", path);
        if (n == 0) break;
        log.read(std::string_view(buffer).substr(0, static_cast<std::size_t>(n)));
    }
    return log.take();
}

}  // namespace cni::tool
