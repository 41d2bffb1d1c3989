#include "resolv_conf.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"

namespace cni::host_local {
namespace {

constexpr std::size_t max_size = 1 << 20;

std::vector<std::string> fields_of(std::string_view line) {
    constexpr std::string_view space = " \t\v\f\r";
    std::vector<std::string> fields;
    for (std::size_t end = 0;;) {
        const auto begin = line.find_first_not_of(space, end);
        if (begin == line.npos) return fields;
        end = std::min(line.find_first_of(space, begin), line.size());
        fields.emplace_back(line.substr(begin, end - begin));
    }
}

void append_rest(std::vector<std::string>& list, const std::vector<std::string>& fields) {
    list.insert(list.end(), fields.begin() + 1, fields.end());
}

void parse_line(Dns& dns, std::string_view line) {
    if (line.empty() || line[0] == '#' || line[0] == ';') return;
    const auto fields = fields_of(line);
    if (fields.size() < 2) return;
    if (fields[0] == "nameserver") dns.nameservers.push_back(fields[1]);
    if (fields[0] == "domain") dns.domain = fields[1];
    if (fields[0] == "search") append_rest(dns.search, fields);
    if (fields[0] == "options") append_rest(dns.options, fields);
}

}  // namespace

Dns parse_resolv_conf(std::string_view text) {
    Dns dns;
    for (const std::string_view line : split(text, '\n')) parse_line(dns, trim(line));
    return dns;
}

Dns read_resolv_conf(const std::string& path) {
    if (path.empty()) return {};
    const Fd file = open_at(AT_FDCWD, path.c_str(), O_RDONLY | O_NONBLOCK, 0, path);
    struct stat status;
    checked(::fstat(file.get(), &status), "stat ", path);
    // Whoever has it open for writing could let us wait for ever.
    if (S_ISFIFO(status.st_mode)) return {};
    return parse_resolv_conf(read_all(file.get(), max_size, path));
}

}  // namespace cni::host_local
