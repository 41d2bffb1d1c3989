#include "support/test_netns.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

#include "base/error.h"
#include "base/file.h"

namespace cni::test {
namespace {

// Comes home by itself: `Netns::run` only enters namespaces that exist.
Netns make_at(const std::string& path) {
    const Netns home = Netns::current();
    open_at(AT_FDCWD, path.c_str(), O_CREAT | O_EXCL | O_RDONLY, 0444, path);
    checked(::unshare(CLONE_NEWNET), "make a network namespace");
    const int rc = ::mount("/proc/thread-self/ns/net", path.c_str(), nullptr, MS_BIND, nullptr);
    const int error = errno;
    checked(::setns(home.fd(), CLONE_NEWNET), "return to the host's network namespace");
    if (rc < 0) throw SysError(cat("mount ", path), error);
    return Netns::open(path);
}

std::string without_length(const std::string& address) {
    return address.substr(0, address.find('/'));
}

void add_address(const std::string& link, const std::string& address) {
    // nodad: usable at once.
    output_of({"ip", "address", "add", address, "dev", link, "nodad"});
}

}  // namespace

TestNetns::TestNetns(std::string name)
    : name_(std::move(name)), netns_(make_at(cat("/run/netns/", name_))) {}

TestNetns::~TestNetns() {
    if (!mounted_) return;
    ::umount2(path().c_str(), MNT_DETACH);
    ::unlink(path().c_str());
}

void TestNetns::unmount() {
    checked(::umount2(path().c_str(), MNT_DETACH), "unmount ", path());
    checked(::unlink(path().c_str()), "unlink ", path());
    mounted_ = false;
}

std::string TestNetns::output_of(const std::vector<std::string>& argv) const {
    return run([&] { return test::output_of(argv); });
}

Outside::Outside(const OutsideOptions& options) : options_(options), netns_("outside") {
    output_of({"ip", "link", "add", "uplink", "type", "veth", "peer", "name", "eth0", "netns",
               netns_.name()});
    add_address("uplink", options_.host_address);
    if (!options_.host_address6.empty()) add_address("uplink", options_.host_address6);
    output_of({"ip", "link", "set", "uplink", "up"});
    netns_.run([&] {
        output_of({"ip", "link", "set", "lo", "up"});
        add_address("eth0", options_.outside_address);
        if (!options_.outside_address6.empty()) add_address("eth0", options_.outside_address6);
        output_of({"ip", "link", "set", "eth0", "up"});
    });
}

std::string Outside::address() const {
    return without_length(options_.outside_address);
}
std::string Outside::address6() const {
    return without_length(options_.outside_address6);
}
std::string Outside::host_address() const {
    return without_length(options_.host_address);
}
std::string Outside::host_address6() const {
    return without_length(options_.host_address6);
}

}  // namespace cni::test
