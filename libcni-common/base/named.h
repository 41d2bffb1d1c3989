#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace cni {

/// One row of the table that tells what the values of an enumeration are called. A table is an
/// array of them: configurations are read, and values and errors printed, by the same one.
template <typename T>
struct Named {
    std::string_view name;
    T value;
};

/// nullopt for a name that is not in the table. Upper case differs from lower case.
template <typename T, std::size_t n>
constexpr std::optional<T> find_value(const Named<T> (&table)[n], std::string_view name) {
    for (const Named<T>& row : table)
        if (row.name == name) return row.value;
    return {};
}

/// "unknown" for a value that is not in the table, as a newer kernel may have.
template <typename T, std::size_t n>
constexpr std::string_view name_of(const Named<T> (&table)[n], T value) {
    for (const Named<T>& row : table)
        if (row.value == value) return row.name;
    return "unknown";
}

/// All names in the order of the table: for choices of a configuration, and for errors.
template <typename T, std::size_t n>
constexpr std::array<std::string_view, n> names_of(const Named<T> (&table)[n]) {
    std::array<std::string_view, n> names;
    for (std::size_t i = 0; i < n; ++i) names[i] = table[i].name;
    return names;
}

}  // namespace cni
