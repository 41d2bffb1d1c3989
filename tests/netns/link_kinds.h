#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "netlink/link.h"
#include "support/process.h"
#include "support/sandbox.h"
#include "support/test_netns.h"

namespace cni::test {

/// A link that others can be made on.
inline Link make_parent(Rtnl& rtnl) {
    return rtnl.make_link({.name = "uplink", .kind = Veth{.peer = {.name = "uplink1"}}});
}

/// The kernel tells of a link what it was made with.
template <typename Kind>
void expect_kind(const Link& link, const Kind& expected) {
    ASSERT_TRUE(link.is<Kind>()) << link.name << " is of kind " << link.kind_name();
    EXPECT_EQ(*link.as<Kind>(), expected) << link.name;
}

/// What ip(8) shows of its kind, and of its settings.
inline nlohmann::json parse_shown(const std::string& text) {
    return nlohmann::json::parse(text)[0]["linkinfo"];
}
inline std::string shown_kind(const std::string& ifname) {
    return parse_shown(output_of({"ip", "-d", "-j", "link", "show", ifname}))["info_kind"];
}
inline nlohmann::json shown_settings(const TestNetns& netns, const std::string& ifname) {
    return parse_shown(netns.output_of({"ip", "-d", "-j", "link", "show", ifname}))["info_data"];
}

}  // namespace cni::test
