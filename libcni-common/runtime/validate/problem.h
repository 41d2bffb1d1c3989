#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cni/json.h"

namespace cni {

/// Something wrong with a configuration file. A warning is about what the plugins accept but its
/// author may not have meant.
struct Problem {
    std::string file;
    TextPosition position;
    std::string message;
    bool warning = false;

    /// "file:line:column: message", with "warning: " before the message of one.
    std::string to_string() const;
    bool operator==(const Problem&) const = default;
};

/// How messages call a value: "ipam.ranges[0]" in quotes, or "the configuration" for all of it.
std::string describe(const Json& json);

/// Collects the problems of one file, each of them once.
class Problems {
public:
    /// `text` must outlive the object.
    Problems(std::string file, std::string_view text) : file_(std::move(file)), text_(text) {}

    void error(std::size_t offset, std::string message) { add(offset, std::move(message), false); }
    void error(const Json& at, std::string message) { error(at.offset(), std::move(message)); }
    void warning(std::size_t offset, std::string message) { add(offset, std::move(message), true); }
    void warning(const Json& at, std::string message) { warning(at.offset(), std::move(message)); }

    /// Runs `step`; what it throws is a problem of the value that the error names, or of `at`.
    /// Returns whether there was none.
    template <typename Step>
    bool attempt(const Json& at, Step step) {
        try {
            step();
            return true;
        } catch (const ConfigError& thrown) {
            error(thrown.offset, thrown.what());
        } catch (const Error& thrown) {
            error(at, thrown.what());
        }
        return false;
    }

    const std::string& file() const { return file_; }
    bool has_errors() const { return errors() != 0; }
    std::size_t errors() const;
    /// In the order of their places.
    std::vector<Problem> take();

private:
    void add(std::size_t offset, std::string message, bool warning);
    std::string file_;
    std::string_view text_;
    std::vector<Problem> found_;
};

}  // namespace cni
