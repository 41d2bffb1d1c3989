#pragma once

#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <vector>

#include "iptables/table.h"
#include "netns/ipt_samples.h"
#include "support/process.h"
#include "support/sandbox.h"
#include "support/thrown.h"

namespace cni::ipt {

using test::output_of;
using test::run;
using Strings = std::vector<std::string>;

/// Table nat of one flavour, with the chains A and B, from this program and from the iptables
/// program.
class IptTableTest : public test::SandboxTest {
protected:
    explicit IptTableTest(Flavour flavour) : flavour_(flavour) {}

    void SetUp() override {
        SandboxTest::SetUp();
        if (!IsSkipped()) start();
    }
    void start() {
        connection_.emplace();
        for (const Family family : {Family::v4, Family::v6})
            for (const char* chain : {"A", "B"}) iptables(family, {"-N", chain});
    }

    Flavour flavour() const { return flavour_; }
    nft::Connection& connection() { return *connection_; }
    void change(const std::function<void(Table&)>& body, Family family = Family::v4) {
        ipt::change(*connection_, flavour_, {family, TableName::nat}, body);
    }

    std::string program(Family family) const {
        return cat(family == Family::v4 ? "iptables" : "ip6tables",
                   flavour_ == Flavour::legacy ? "-legacy" : "-nft");
    }
    std::string iptables(Family family, std::vector<std::string> args) const {
        args.insert(args.begin(), {program(family), "-t", "nat"});
        return output_of(args);
    }
    /// With a rule as iptables-save prints it.
    bool succeeds(Family family, const std::string& command) const {
        const std::string text = cat(program(family), " -t nat ", command);
        return run({.argv = {"sh", "-c", text}}).ok();
    }
    /// As programs do that do not know the lock of the legacy tables; `change` holds it.
    void append_without_lock(const std::string& text) const {
        output_of(
            {"sh", "-c",
             cat("XTABLES_LOCKFILE=/run/another ", program(Family::v4), " -t nat -A ", text)});
    }
    /// The rules of a chain, as iptables-save prints them.
    Strings shown(Family family, const std::string& chain) const {
        Strings out;
        const std::string text = output_of({cat(program(family), "-save"), "-t", "nat"});
        const std::string start = cat("-A ", chain, " ");
        for (const auto line : split(text, '\n'))
            if (line.starts_with(start)) out.emplace_back(line.substr(start.size()));
        return out;
    }

private:
    Flavour flavour_;
    std::optional<nft::Connection> connection_;
};

inline const Rule plain = rule([](Rule& r) {
    r.source = {prefix("10.0.0.1/32")};
    r.target = Jump{"B"};
});
inline const Rule other = rule([](Rule& r) {
    r.source = {prefix("10.0.0.2/32")};
    r.target = Verdict::accept;
});
inline constexpr char plain_text[] = "-s 10.0.0.1/32 -j B";
inline constexpr char other_text[] = "-s 10.0.0.2/32 -j ACCEPT";

}  // namespace cni::ipt
