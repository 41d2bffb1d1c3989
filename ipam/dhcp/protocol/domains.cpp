#include "domains.h"

#include <algorithm>

#include "base/text.h"

namespace cni::dhcp {
namespace {

constexpr std::size_t longest_name = 253, longest_label = 63;
constexpr std::size_t most_names = 64;

bool stands_in_names(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

bool is_label(std::string_view label) {
    return !label.empty() && label.size() <= longest_label &&
           std::ranges::all_of(label, stands_in_names);
}

/// Reads names of a list, one after the other.
class DomainReader {
public:
    explicit DomainReader(View list) : list_(list) {}

    bool at_end() const { return next_ == list_.size(); }

    /// nullopt if it is none.
    std::optional<std::string> name() {
        std::string name;
        std::size_t begin = next_;
        bool jumped = false;
        auto end = read_labels(begin, name);
        while (end && list_[*end] != 0) {
            const auto target = target_of(*end);
            // Each pointer leads to before what led to it: there is an end.
            if (!target || *target >= begin) return {};
            if (!jumped) next_ = *end + 2;
            jumped = true;
            begin = *target;
            end = read_labels(begin, name);
        }
        if (!end) return {};
        if (!jumped) next_ = *end + 1;
        if (!is_domain_name(name)) return {};
        return name;
    }

private:
    static constexpr std::size_t pointer = 0xc0;

    // Where what ends the labels is: zero, or a pointer to more of them.
    std::optional<std::size_t> read_labels(std::size_t at, std::string& name) const {
        for (; at < list_.size(); at += 1 + list_[at]) {
            if (list_[at] == 0 || list_[at] >= pointer) return at;
            if (!append_label(at + 1, list_[at], name)) return {};
        }
        return {};
    }
    bool append_label(std::size_t at, std::size_t size, std::string& name) const {
        if (size > list_.size() - at || name.size() + size > longest_name) return false;
        if (!name.empty()) name += '.';
        name.append(reinterpret_cast<const char*>(&list_[at]), size);
        return true;
    }
    std::optional<std::size_t> target_of(std::size_t at) const {
        if (at + 1 >= list_.size()) return {};
        return (list_[at] - pointer) << 8 | list_[at + 1];
    }

    View list_;
    std::size_t next_ = 0;
};

}  // namespace

bool is_domain_name(std::string_view name) {
    return name.size() <= longest_name && std::ranges::all_of(split(name, '.'), is_label);
}

std::optional<std::vector<std::string>> parse_domains(View list) {
    std::vector<std::string> names;
    DomainReader reader(list);
    while (!reader.at_end()) {
        auto name = reader.name();
        if (!name || names.size() == most_names) return {};
        names.push_back(std::move(*name));
    }
    return names;
}

}  // namespace cni::dhcp
