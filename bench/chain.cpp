#include "bench/chain.h"

#include <fcntl.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "base/file.h"

namespace cni::bench {
namespace {

constexpr Chain all[] = {
    {.name = "loopback", .plugins = R"([{"type": "loopback"}])"},
    {.name = "host-local",
     .plugins = R"([{"type": "host-local", "ipam": {"type": "host-local", "subnet": "$subnet",
                     "dataDir": "$data"}}])",
     .varies_leases = true},
    {.name = "bridge", .plugins = R"([{"type": "bridge", "bridge": "$bridge", "isGateway": true,
                     "ipam": {"type": "host-local", "subnet": "$subnet", "dataDir": "$data",
                              "routes": [{"dst": "0.0.0.0/0"}]}}])"},
    {.name = "bridge-masq",
     .plugins = R"([{"type": "bridge", "bridge": "$bridge", "isGateway": true, "ipMasq": true,
                     "ipam": {"type": "host-local", "subnet": "$subnet", "dataDir": "$data",
                              "routes": [{"dst": "0.0.0.0/0"}]}}])"},
};

void replace_all(std::string& text, std::string_view what, const std::string& with) {
    for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; at += with.size())
        text.replace(at, what.size(), with);
}

}  // namespace

std::span<const Chain> chains() {
    return all;
}

const Chain* find_chain(std::string_view name) {
    const auto found = std::ranges::find(all, name, &Chain::name);
    return found == std::end(all) ? nullptr : found;
}

Side::Side(std::string name, std::string folder, int number, const Chain& chain)
    : name_(std::move(name)), folder_(std::move(folder)), number_(number) {
    std::string text(chain.plugins);
    replace_all(text, "$bridge", cat("bench", number));
    replace_all(text, "$subnet", cat("10.", 64 * (number + 1), ".0.0/12"));
    replace_all(text, "$data", cat("/var/lib/cni/", name_));
    plugins_ = nlohmann::json::parse(text);
}

std::string Side::data_dir() const {
    return cat("/var/lib/cni/", name_);
}

std::string Side::network() const {
    return cat("bench-", name_);
}

std::vector<std::string> Side::executables() const {
    std::vector<std::string> result;
    const auto add = [&](const nlohmann::json& object) {
        const std::string type = object.value("type", "");
        if (!type.empty() && std::ranges::find(result, type) == result.end())
            result.push_back(type);
    };
    for (const auto& plugin : plugins_) {
        add(plugin);
        if (plugin.contains("ipam")) add(plugin["ipam"]);
    }
    return result;
}

std::string Side::address(unsigned offset) const {
    return cat("10.", 64 * static_cast<unsigned>(number_ + 1) + (offset >> 16), ".",
               (offset >> 8) & 255, ".", offset & 255);
}

Call Side::call(std::size_t index, std::string_view command, const std::string& container,
                const std::string& netns, const nlohmann::json& previous) const {
    nlohmann::json config = plugins_[index];
    config["cniVersion"] = "1.0.0";
    config["name"] = network();
    if (!previous.is_null()) config["prevResult"] = previous;
    const char* path = ::getenv("PATH");
    return {.executable = cat(folder_, "/", config["type"].get<std::string>()),
            .environment = {cat("PATH=", path ? path : ""), cat("CNI_COMMAND=", command),
                            cat("CNI_CONTAINERID=", container), cat("CNI_NETNS=", netns),
                            config["type"] == "loopback" ? "CNI_IFNAME=lo" : "CNI_IFNAME=eth0",
                            cat("CNI_PATH=", folder_)},
            .config = config.dump()};
}

void make_leases(const Side& side, unsigned count) {
    if (count == 0) return;
    const Fd dir = open_dir(cat(side.data_dir(), "/", side.network()), 0755);
    const auto write = [&](const std::string& name, const std::string& content) {
        const Fd file = open_at(dir.get(), name.c_str(), O_WRONLY | O_CREAT, 0600, name);
        write_all(file.get(), content, name);
    };
    // .0 is the network's and .1 the gateway's.
    for (unsigned i = 0; i < count; ++i) write(side.address(i + 2), cat("other", i, "\r\neth0"));
    write("last_reserved_ip.0", side.address(count + 1));
}

}  // namespace cni::bench
