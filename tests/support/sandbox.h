#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace cni::test {

/// Moves this process to a host of its own: new user, network and mount namespaces, this user
/// mapped to root, `lo` up, empty file systems on /run and /var/lib/cni. Nothing done there is
/// seen by the machine, and nothing of it is left when the process ends. Needs no privilege.
///
/// Every call makes a fresh host, so tests may follow each other in one process; the user
/// namespace is made once. Threads must not have been started before.
///
/// Why it was not possible, when the machine does not allow user namespaces; throws Error when
/// anything else goes wrong.
std::optional<std::string> enter_sandbox();

/// The same as RootlessKit makes it for rootless runtimes: of a user that is not root on the
/// machine (nobody, when this process is), and with a network namespace made in the same step as
/// the user namespace, before the user is mapped. Some files below /proc/net then belong to nobody
/// inside and cannot be read. To be the first sandbox of its process. The folders that are named
/// stay reachable; where this process is root, /mnt is a folder that cannot be looked into.
std::optional<std::string> enter_rootless_sandbox(const std::vector<std::string>& folders);

/// For tests that run on such a host. Skipped, with the reason, where there can be none.
class SandboxTest : public ::testing::Test {
protected:
    void SetUp() override;
};

/// Skips the test, whose SetUp calls it, where the kernel has no VLAN filtering on bridges.
void skip_without_vlan_filtering();

/// For tests that need more than many kernels have (VLAN filtering on a bridge stands for it).
/// Suites on it are called Vm...: see tests/vm/README.md. Skipped where the kernel cannot do it.
class VmTest : public SandboxTest {
protected:
    void SetUp() override;
};

/// For tests that want the machine itself, and no sandbox on it: in the guest of tests/vm alone,
/// where /run and /var/lib/cni are theirs. Skipped everywhere else.
class GuestTest : public ::testing::Test {
protected:
    void SetUp() override;
    void TearDown() override;
};

}  // namespace cni::test
