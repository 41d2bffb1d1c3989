#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bench/call.h"

namespace cni::bench {

/// What is measured: the plugins an attachment goes through, as a network configuration list has
/// them. In the text, "$bridge", "$subnet" and "$data" are put in for each side.
struct Chain {
    std::string_view name;
    std::string_view plugins;
    /// Measured at each of the given numbers of leases made before.
    bool varies_leases = false;
};

std::span<const Chain> chains();
/// nullptr: no such chain.
const Chain* find_chain(std::string_view name);

/// One folder of plugins on one chain; what it makes is named after it, so that two of them stay
/// out of each other's way on one host.
class Side {
public:
    /// `number` is 0 or 1.
    Side(std::string name, std::string folder, int number, const Chain& chain);

    const std::string& name() const { return name_; }
    const std::string& folder() const { return folder_; }
    std::string data_dir() const;
    std::string network() const;
    std::size_t length() const { return plugins_.size(); }
    /// The executables of the chain, delegates included, each once.
    std::vector<std::string> executables() const;
    /// The address `offset` above the subnet's.
    std::string address(unsigned offset) const;

    /// The call of plugin `index`. `previous` is the result so far, null for none.
    Call call(std::size_t index, std::string_view command, const std::string& container,
              const std::string& netns, const nlohmann::json& previous) const;

private:
    std::string name_, folder_;
    int number_;
    nlohmann::json plugins_;
};

/// Makes `count` leases of other containers, as a node has them: the files that host-local keeps.
void make_leases(const Side& side, unsigned count);

}  // namespace cni::bench
