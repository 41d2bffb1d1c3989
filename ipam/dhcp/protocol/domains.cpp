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
        std::size_t at = next_;
        // Each pointer leads to before the one that led here: there is an end.
        std::size_t before = next_;
        bool jumped = false;
        while (true) {
            if (at >= list_.size()) return {};
            const std::size_t size = list_[at++];
            constexpr std::size_t pointer = 0xc0;
            if (size >= pointer) {
                if (at >= list_.size()) return {};
                const std::size_t target = (size - pointer) << 8 | list_[at++];
                if (!jumped) next_ = at;
                jumped = true;
                if (target >= before) return {};
                at = before = target;
                continue;
            }
            if (size == 0) break;
            if (size > list_.size() - at || name.size() + size > longest_name) return {};
            if (!name.empty()) name += '.';
            name.append(reinterpret_cast<const char*>(&list_[at]), size);
            at += size;
        }
        if (!jumped) next_ = at;
        if (!is_domain_name(name)) return {};
        return name;
    }

private:
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
