#include <gtest/gtest.h>

#include "plugins/bridge/gateway.h"

namespace cni::bridge {
namespace {

IpConfig ip(const char* address, const char* gateway = nullptr) {
    IpConfig result;
    result.address = Prefix::parse(address).value();
    if (gateway) result.gateway = Ip::parse(gateway);
    return result;
}

Route route(const char* dst, const char* gw = nullptr) {
    Route result;
    result.dst = Prefix::parse(dst).value();
    if (gw) result.gw = Ip::parse(gw);
    return result;
}

Result completed(Result result, const Config& config) {
    complete_ipam_result(result, config);
    return result;
}

Config config(bool is_gateway, bool is_default_gateway) {
    Config result;
    result.is_gateway = is_gateway;
    result.is_default_gateway = is_default_gateway;
    return result;
}
const Config no_gateway = config(false, false), gateway = config(true, false),
             default_gateway = config(true, true);

Result result_of(std::vector<IpConfig> ips, std::vector<Route> routes = {}) {
    Result result;
    result.ips = std::move(ips);
    result.routes = std::move(routes);
    return result;
}

TEST(BridgeGateway, AddressesBelongToTheContainersInterface) {
    const Result result = completed(result_of({ip("10.1.2.2/24"), ip("fd00::2/64")}), no_gateway);
    for (const IpConfig& each : result.ips) EXPECT_EQ(each.interface, 2);
    EXPECT_FALSE(result.ips[0].gateway);
    EXPECT_TRUE(result.routes.empty());
}

TEST(BridgeGateway, IsTheFirstAddressOfTheSubnetUnlessIpamNamesOne) {
    const Result result = completed(
        result_of({ip("10.1.2.9/24"), ip("fd00::9/64"), ip("10.3.0.2/16", "10.3.0.254")}), gateway);
    EXPECT_EQ(result.ips[0].gateway, Ip::parse("10.1.2.1"));
    EXPECT_EQ(result.ips[1].gateway, Ip::parse("fd00::1"));
    EXPECT_EQ(result.ips[2].gateway, Ip::parse("10.3.0.254"));
}

TEST(BridgeGateway, DefaultRouteIsAddedOncePerFamily) {
    const Result result = completed(
        result_of({ip("10.1.2.2/24"), ip("10.1.3.2/24"), ip("fd00::2/64")}), default_gateway);
    EXPECT_EQ(result.routes,
              (std::vector<Route>{route("0.0.0.0/0", "10.1.2.1"), route("::/0", "fd00::1")}));
}

TEST(BridgeGateway, DefaultRouteOfIpamIsKeptOrCompleted) {
    const Result with_gateway = result_of({ip("10.1.2.2/24")}, {route("0.0.0.0/0", "10.1.2.7")});
    EXPECT_EQ(completed(with_gateway, default_gateway).routes, with_gateway.routes);
    const Result without = result_of({ip("10.1.2.2/24")}, {route("0.0.0.0/0")});
    EXPECT_EQ(completed(without, default_gateway).routes,
              (std::vector<Route>{route("0.0.0.0/0", "10.1.2.1")}));
    EXPECT_EQ(completed(without, gateway).routes, without.routes);
}

TEST(BridgeGateway, AddressesOfTheBridgeHaveTheContainersPrefixLength) {
    const Result result =
        result_of({ip("10.1.2.2/24", "10.1.2.1"), ip("fd00::2/64"), ip("10.9.0.2/16", "fd00::1")});
    EXPECT_EQ(gateway_addresses(result),
              (std::vector<Prefix>{Prefix::parse("10.1.2.1/24").value()}));
}

}  // namespace
}  // namespace cni::bridge
