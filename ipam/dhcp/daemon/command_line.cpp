#include "command_line.h"

#include <cmath>
#include <string_view>

#include "../config.h"
#include "base/named.h"
#include "base/warn.h"

namespace cni::dhcp {
namespace {

constexpr std::string_view usage =
    "Usage of daemon:\n"
    "  -broadcast\n"
    "        ask servers to broadcast their answers\n"
    "  -hostprefix string\n"
    "        what is put before the paths of the socket, the state and network namespaces\n"
    "  -pidfile string\n"
    "        where to write the process id: an absolute path\n"
    "  -resendmax duration\n"
    "        longest wait for an answer (default 1m2s)\n"
    "  -resendtimeout duration\n"
    "        how long a first lease is tried for (default 3m28s)\n"
    "  -socketpath string\n"
    "        where to listen (default /run/cni/dhcp.sock)\n"
    "  -statedir string\n"
    "        where leases are kept over a restart (default: the path of the socket with .leases)\n"
    "  -timeout duration\n"
    "        first wait for an answer (default 4s)";

constexpr Named<double> units[] = {{"ns", 1e-6}, {"us", 1e-3}, {"ms", 1},
                                   {"s", 1e3},   {"m", 6e4},   {"h", 3.6e6}};

// Digits with at most one dot among them.
std::optional<double> take_number(std::string_view& text) {
    double number = 0, place = 0;
    std::size_t used = 0;
    for (; used < text.size(); ++used) {
        const char c = text[used];
        if (c == '.' && place == 0) {
            place = 1;
        } else if (c >= '0' && c <= '9') {
            number = number * 10 + (c - '0');
            place *= 10;
        } else {
            break;
        }
    }
    if (used == 0 || used > 12) return {};
    text.remove_prefix(used);
    return place == 0 ? number : number / place;
}

// "1m2s", "500ms", "1.5s".
std::optional<Duration> parse_duration(std::string_view text) {
    if (text.empty()) return {};
    double sum = 0;
    while (!text.empty()) {
        const auto number = take_number(text);
        const auto unit = text.substr(0, text.find_first_of("0123456789."));
        const auto value = find_value(units, unit);
        if (!number || !value) return {};
        sum += *number * *value;
        text.remove_prefix(unit.size());
    }
    constexpr double longest = 1e12;
    if (sum < 1 || sum > longest) return {};
    return Duration(std::lround(sum));
}

std::optional<bool> parse_flag(std::string_view text) {
    constexpr Named<bool> flags[] = {
        {"", true},     {"1", true},      {"t", true},     {"true", true}, {"T", true},
        {"TRUE", true}, {"True", true},   {"0", false},    {"f", false},   {"false", false},
        {"F", false},   {"FALSE", false}, {"False", false}};
    return find_value(flags, text);
}

// The words, one after the other.
class Parser {
public:
    explicit Parser(const std::vector<std::string>& words) : words_(words) {}

    // "" when all is understood.
    std::string parse(CommandLine& line) {
        while (place_ < words_.size()) {
            std::string problem = parse_flag_word(line);
            if (!problem.empty()) return problem;
        }
        return {};
    }

private:
    // "-x value", "--x value", "-x=value", "--x=value".
    std::string parse_flag_word(CommandLine& line) {
        const std::string& word = words_[place_++];
        const std::size_t dashes = word.starts_with("--") ? 2 : word.starts_with('-') ? 1 : 0;
        if (dashes == 0) return cat("unexpected argument: ", word);
        const std::string text = word.substr(dashes);
        const auto equals = text.find('=');
        const std::string name = text.substr(0, equals);
        std::optional<std::string> value;
        if (equals != text.npos) value = text.substr(equals + 1);
        if (name == "broadcast") return set_broadcast(line, value.value_or(""));
        if (!value && place_ < words_.size()) value = words_[place_++];
        if (!value) return cat("flag needs an argument: -", name);
        return set(line, name, *value);
    }

    static std::string set_broadcast(CommandLine& line, const std::string& value) {
        const auto flag = parse_flag(value);
        if (!flag) return cat("invalid boolean value ", quote(value), " for -broadcast");
        line.broadcast = *flag;
        return {};
    }

    static std::string set(CommandLine& line, const std::string& name, const std::string& value) {
        const Named<std::string*> texts[] = {{"pidfile", &line.pid_file},
                                             {"socketpath", &line.socket_path},
                                             {"statedir", &line.state_dir},
                                             {"hostprefix", &line.host_prefix}};
        if (const auto text = find_value(texts, name)) {
            **text = value;
            return {};
        }
        const Named<Duration*> durations[] = {{"timeout", &line.manners.first_wait},
                                              {"resendmax", &line.manners.longest_wait},
                                              {"resendtimeout", &line.manners.patience}};
        const auto place = find_value(durations, name);
        if (!place) return cat("flag provided but not defined: -", name);
        const auto duration = parse_duration(value);
        if (!duration) return cat("invalid value ", quote(value), " for flag -", name);
        **place = *duration;
        return {};
    }

    const std::vector<std::string>& words_;
    std::size_t place_ = 0;
};

}  // namespace

std::optional<CommandLine> parse_command_line(const std::vector<std::string>& words) {
    CommandLine line;
    line.socket_path = default_socket_path;
    const std::string problem = Parser(words).parse(line);
    if (!problem.empty()) {
        warn({problem, "\n", usage});
        return {};
    }
    if (line.state_dir.empty()) line.state_dir = cat(line.socket_path, ".leases");
    line.socket_path = cat(line.host_prefix, line.socket_path);
    line.state_dir = cat(line.host_prefix, line.state_dir);
    return line;
}

}  // namespace cni::dhcp
