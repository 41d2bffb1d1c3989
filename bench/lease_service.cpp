#include "bench/lease_service.h"

#include <unistd.h>

#include "base/error.h"
#include "support/dhcp.h"

namespace cni::bench {
namespace {

std::string socket_of(const Side& side) {
    return cat(side.data_dir(), "/dhcp.sock");
}

test::Process start_server(const Side& side) {
    constexpr unsigned first = 256, last = 60000;
    test::output_of(
        {"ip", "address", "add", cat(side.address(1), "/12"), "dev", side.master_peer()});
    return test::start_dnsmasq(
        Netns::current(), side.master_peer(),
        cat(side.address(first), ",", side.address(last), ",255.240.0.0,1h"));
}

test::Process start_daemon(const Side& side) {
    test::Process daemon = test::Process::start(
        {.argv = {cat(side.folder(), "/dhcp"), "daemon", "-socketpath", socket_of(side)}});
    test::comes_true([&] { return ::access(socket_of(side).c_str(), F_OK) == 0; });
    return daemon;
}

}  // namespace

LeaseService::LeaseService(const Side& side)
    : thread_([this, side] {
          const test::Process server = start_server(side), daemon = start_daemon(side);
          is_up_.release();
          is_to_end_.acquire();
      }) {
    is_up_.acquire();
}

LeaseService::~LeaseService() {
    is_to_end_.release();
    thread_.join();
}

}  // namespace cni::bench
