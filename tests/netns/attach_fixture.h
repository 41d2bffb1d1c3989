#pragma once

#include <gtest/gtest.h>

#include <string>

#include "cni/plugin.h"
#include "container/container.h"
#include "support/process.h"
#include "support/sandbox.h"
#include "support/test_netns.h"
#include "support/thrown.h"

namespace cni::test {

/// A host on which the recipe of interface plugins is followed for eth0 of a container.
class AttachTest : public SandboxTest {
protected:
    static Request request(const TestNetns& container, const std::string& keys = {}) {
        Request request;
        request.conf = NetConf::parse(
            cat(R"({"cniVersion": "1.1.0", "name": "net1", "type": "x")", keys, "}"));
        request.args.container_id = container.name();
        request.args.netns = container.path();
        request.args.ifname = "eth0";
        return request;
    }
    static Container open(const TestNetns& container) { return Container(request(container).args); }
    static void shell(const std::string& commands) { output_of({"sh", "-ec", commands}); }
};

}  // namespace cni::test
