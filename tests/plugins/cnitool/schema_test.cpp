// `cnitool schema`, with another program that knows JSON Schema: it takes what is right, and sees
// the mistakes that keys and types of values show. It needs the package python3-jsonschema.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/text.h"
#include "support/mistakes.h"
#include "support/plugin_run.h"
#include "support/process.h"
#include "support/recording.h"

namespace cni::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Finished tool(const std::vector<std::string>& words) {
    Program program{.argv = {cat(bin_dir(), "/cnitool")}};
    program.argv.insert(program.argv.end(), words.begin(), words.end());
    return run(program);
}

json schema_of(const std::string& kind) {
    const Finished printed = tool({"schema", kind});
    EXPECT_TRUE(printed.ok()) << printed.err;
    return json::parse(printed.out);
}

const std::vector<std::string> plugins = {
    "bandwidth",   "bridge",     "debug",  "dhcp",     "dummy",   "firewall", "flannel",
    "host-device", "host-local", "ipvlan", "loopback", "macvlan", "portmap",  "ptp",
    "sample",      "sbr",        "static", "tap",      "tuning",  "vlan",     "vrf"};

json plugin(const std::string& members) {
    return json::parse(cat(R"({"cniVersion":"1.0.0","name":"n",)", members, "}"));
}

json with_ipam(const std::string& ipam) {
    return plugin(cat(R"("type":"bridge","ipam":)", ipam));
}

json list(const std::string& members) {
    return json::parse(cat("{", members, "}"));
}

class CnitoolSchema : public ::testing::Test {
protected:
    void SetUp() override {
        if (!run({.argv = {"python3", "-c", "import jsonschema"}}).ok())
            GTEST_SKIP() << "there is no python3-jsonschema: scripts/setup --test installs it";
        for (const char* kind : {"conflist", "conf"}) schemas_[kind] = schema_of(kind);
    }
    /// What the other program finds wrong.
    std::vector<std::string> problems(const std::string& kind, const json& document) const {
        return problems_of_all(json::array({json::array({kind, document})})).at(0);
    }
    std::vector<std::vector<std::string>> problems_of_all(const json& documents) const {
        const json task = {{"schemas", schemas_}, {"documents", documents}};
        const std::string script = CNIXX_SOURCE_DIR "/tests/plugins/cnitool/check_documents.py";
        return json::parse(output_of({"python3", script}, task.dump()));
    }
    /// Whether documents are taken for right ones.
    void expect(const std::string& kind,
                const std::vector<std::pair<json, bool>>& documents) const {
        json tasks = json::array();
        for (const auto& [document, is_right] : documents)
            tasks.push_back(json::array({kind, document}));
        const auto found = problems_of_all(tasks);
        for (std::size_t i = 0; i < documents.size(); ++i)
            EXPECT_EQ(found[i].empty(), documents[i].second)
                << documents[i].first << " " << ::testing::PrintToString(found[i]);
    }
    json schemas_;
};

TEST_F(CnitoolSchema, EachPluginHasOneOfItsOwn) {
    for (const std::string& type : plugins) {
        schemas_[type] = schema_of(type);
        EXPECT_EQ(schemas_[type]["properties"]["type"]["const"], type);
        EXPECT_THAT(schemas_[type]["description"], HasSubstr(cat("docs/plugins/", type, ".md")));
    }
    EXPECT_THAT(problems("conf", plugin(R"("type":"loopback")")), IsEmpty()) << "all are schemas";
}

TEST_F(CnitoolSchema, TheExamplesAreRight) {
    const std::string folder = CNIXX_SOURCE_DIR "/conf-examples";
    const auto names =
        list_dir(open_at(AT_FDCWD, folder.c_str(), O_RDONLY | O_DIRECTORY, 0, folder), folder);
    std::vector<std::string> seen;
    json documents = json::array();
    for (const std::string& name : names) {
        if (name.ends_with(".md")) continue;
        const std::string text = read_file(cat(folder, "/", name), 1u << 20).value();
        documents.push_back(json::array({name.substr(name.rfind('.') + 1), json::parse(text)}));
        seen.push_back(name);
    }
    const auto found = problems_of_all(documents);
    for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_THAT(found[i], IsEmpty()) << seen[i];
    EXPECT_GE(seen.size(), 20u);
}

TEST_F(CnitoolSchema, WhatKeysAndTypesShowIsSeen) {
    json documents = json::array();
    std::vector<Mistake> mistakes;
    for (const Mistake& mistake : plugin_mistakes) {
        documents.push_back(json::array({"conf", plugin(mistake.json)}));
        mistakes.push_back(mistake);
    }
    for (const Mistake& mistake : ipam_mistakes) {
        documents.push_back(json::array({"conf", with_ipam(mistake.json)}));
        mistakes.push_back(mistake);
    }
    const auto found = problems_of_all(documents);
    for (std::size_t i = 0; i < mistakes.size(); ++i) {
        if (mistakes[i].place == Mistake::in_schema)
            EXPECT_THAT(found[i], Not(IsEmpty())) << mistakes[i].json;
        else
            EXPECT_THAT(found[i], IsEmpty()) << mistakes[i].json;
    }
}

TEST_F(CnitoolSchema, NetworksAreAsValidateWantsThem) {
    expect(
        "conflist",
        {
            {list(R"("name":"n","cniVersion":"1.0.0","plugins":[{"type":"loopback"}])"), true},
            {list(
                 R"("$schema":"x","name":"n","disableCheck":"TRUE","plugins":[{"type":"a","b":1}])"),
             true},
            {list(R"("name":"n","cniVersion":"2.0.0","cniVersions":["1.0.0"])"), true},
            {list(R"("name":"n","cniVersion":"2.0.0")"), false},
            {list(R"("name":"n","cniversion":"1.0.0")"), false},
            {list(R"("name":"n","plugins":[])"), false},
            {list(R"("name":"n","plugins":[{}])"), false},
            {list(R"("name":"n","plugins":[{"type":"bridge","isGatway":true}])"), false},
            {list(R"("name":"my net","plugins":[{"type":"loopback"}])"), false},
            {list(R"("plugins":[{"type":"loopback"}])"), false},
            {list(R"("name":"n","type":"loopback")"), false},
            {list(R"("name":"n","disableGC":"maybe")"), false},
        });
    expect("conf",
           {
               {plugin(R"("$schema":"x","type":"bridge","ipam":{"type":"whereabouts","range":1})"),
                true},
               {plugin(R"("type":"bridge","ipam":{})"), true},
               {list(R"("cniVersion":"1.0.0","type":"loopback")"), false},
               {list(R"("cniVersion":"9.0.0","name":"n","type":"loopback")"), false},
               {plugin(R"("type":"loopback","plugins":[])"), false},
           });
}

TEST_F(CnitoolSchema, AddressesAreKnownByTheirGrammar) {
    std::vector<std::pair<json, bool>> documents;
    const auto add = [&](const char* address, bool is_right) {
        documents.emplace_back(plugin(cat(R"("type":"sbr","gateways":[")", address, "\"]")),
                               is_right);
    };
    for (const char* address :
         {"10.0.0.1", "::1", "fd00::1:2", "::ffff:10.0.0.1", "255.255.255.255"})
        add(address, true);
    for (const char* address :
         {"10.0.0", "10.0.0.256", "010.0.0.1", "host", "10.0.0.1/8", "fd00::g"})
        add(address, false);
    expect("conf", documents);
}

TEST(CnitoolSchemaCommand, WithoutAWordItIsOfAListAndAMisspeltOneIsToldTheNearest) {
    EXPECT_EQ(tool({"schema"}).out, tool({"schema", "conflist"}).out);
    const Finished unknown = tool({"schema", "brige"});
    EXPECT_EQ(unknown.exit_code(), 1);
    EXPECT_THAT(unknown.err, HasSubstr("no schema of \"brige\", did you mean \"bridge\"?"));
}

}  // namespace
}  // namespace cni::test
