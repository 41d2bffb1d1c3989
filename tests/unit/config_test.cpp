#include "cni/config.h"

#include <gmock/gmock.h>

#include "support/thrown.h"

namespace cni {
namespace {

using test::thrown;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// A configuration of this version with further members.
NetConf conf(std::string_view version, std::string_view members) {
    return NetConf::parse(
        cat(R"({"cniVersion": ")", version, R"(", "name": "net", )", members, "}"));
}
NetConf conf(std::string_view members) {
    return conf("1.1.0", members);
}

TEST(NetConf, KeepsTheTextAndReadsNameAndVersion) {
    const std::string text = "{\"cniVersion\":\"0.4.0\", \"name\":\"net\" }\n";
    const NetConf parsed = NetConf::parse(text);
    EXPECT_EQ(parsed.text, text);
    EXPECT_EQ(parsed.name, "net");
    EXPECT_EQ(parsed.cni_version, "0.4.0");
}

TEST(NetConf, VersionIsTheFirstWhenAbsentEmptyOrNull) {
    for (const char* text : {R"({"name": "n"})", R"({"name": "n", "cniVersion": ""})",
                             R"({"name": "n", "cniVersion": null})"})
        EXPECT_EQ(NetConf::parse(text).cni_version, "0.1.0") << text;
    // Whether it is spoken depends on the command.
    EXPECT_EQ(NetConf::parse(R"({"name": "n", "cniVersion": "9.9.9"})").cni_version, "9.9.9");
    EXPECT_EQ(NetConf::parse(R"({"NAME": "n", "CNIVERSION": "1.0.0"})").cni_version, "1.0.0");
}

TEST(NetConf, VersionIsAString) {
    const Error error = thrown([] { NetConf::parse(R"({"name": "n", "cniVersion": 1})"); });
    EXPECT_EQ(error.code, Code::decoding_failure);
    EXPECT_THAT(error.msg, StartsWith("decoding version from network config: "));
}

TEST(NetConf, IsAnObjectOrNull) {
    for (const char* text : {"[]", "1", "\"x\"", "true"}) {
        const Error error = thrown([&] { NetConf::parse(text); });
        EXPECT_EQ(error.code, Code::decoding_failure);
        EXPECT_THAT(error.msg,
                    StartsWith("error unmarshall network config: must be a JSON object"));
    }
    EXPECT_EQ(thrown([] { NetConf::parse("null"); }).msg, "missing network name");
    EXPECT_THAT(thrown([] { NetConf::parse(""); }).msg,
                StartsWith("error unmarshall network config: line 1, column 1"));
}

TEST(NetConf, NameIsRequired) {
    for (const char* text : {"{}", R"({"name": ""})", R"({"name": null})"}) {
        const Error error = thrown([&] { NetConf::parse(text); });
        EXPECT_EQ(error.code, Code::invalid_config) << text;
        EXPECT_EQ(error.msg, "missing network name") << text;
    }
    const Error chars = thrown([] { NetConf::parse(R"({"name": "a b"})"); });
    EXPECT_EQ(chars.code, Code::invalid_config);
    EXPECT_EQ(chars.msg, "invalid characters found in network name");
    EXPECT_EQ(chars.details, "a b");
    const Error type = thrown([] { NetConf::parse(R"({"name": 5})"); });
    EXPECT_EQ(type.code, Code::decoding_failure);
    EXPECT_THAT(type.msg, StartsWith("error unmarshall network config: "));
}

TEST(NetConf, IpamTypeIsEmptyWithoutIpam) {
    EXPECT_EQ(conf(R"("ipam": {"type": "static"})").ipam_type(), "static");
    EXPECT_EQ(conf(R"("ipam": {})").ipam_type(), "");
    EXPECT_EQ(conf(R"("ipam": null)").ipam_type(), "");
    EXPECT_EQ(thrown([] { conf(R"("ipam": "static")").ipam_type(); }).code, Code::invalid_config);
    EXPECT_EQ(thrown([] { conf(R"("ipam": {"type": 1})").ipam_type(); }).msg,
              "\"ipam.type\" must be a string, not a number");
}

TEST(NetConf, DnsCountsOnceItHoldsAListOrADomain) {
    EXPECT_FALSE(conf(R"("a": 1)").dns());
    EXPECT_FALSE(conf(R"("dns": {})").dns());
    EXPECT_FALSE(conf(R"("dns": {"domain": ""})").dns());
    EXPECT_TRUE(conf(R"("dns": {"nameservers": []})").dns());
    EXPECT_EQ(conf(R"("dns": {"domain": "x"})").dns()->domain, "x");
    EXPECT_THAT(conf(R"("dns": {"search": ["a", "b"]})").dns()->search, ElementsAre("a", "b"));
}

TEST(NetConf, AttachmentsTellNoInformationFromNothingValid) {
    EXPECT_FALSE(conf(R"("a": 1)").valid_attachments());
    EXPECT_THAT(*conf(R"("cni.dev/valid-attachments": null)").valid_attachments(), IsEmpty());
    EXPECT_THAT(*conf(R"("cni.dev/valid-attachments": [])").valid_attachments(), IsEmpty());
    EXPECT_THAT(*conf(R"("cni.dev/valid-attachments": [{"containerID": "c", "ifname": "eth0"}])")
                     .valid_attachments(),
                ElementsAre(AttachmentId{"c", "eth0"}));
    EXPECT_EQ(thrown([] { conf(R"("cni.dev/valid-attachments": {})").valid_attachments(); }).code,
              Code::invalid_config);
}

// An entry that names nothing would let GC remove what a container still uses.
TEST(NetConf, AttachmentsMustBeComplete) {
    for (const char* entry : {"null", "{}", R"({"containerID": "c"})", R"({"ifname": "eth0"})",
                              R"({"containerID": "", "ifname": "eth0"})"}) {
        const NetConf parsed = conf(cat(R"("cni.dev/valid-attachments": [)", entry, "]"));
        const Error error = thrown([&] { parsed.valid_attachments(); });
        EXPECT_EQ(error.code, Code::invalid_config) << entry;
        EXPECT_THAT(error.msg, HasSubstr("cni.dev/valid-attachments[0]")) << entry;
    }
}

TEST(NetConf, RuntimeConfigAndArgsAreLookedUpByKey) {
    const NetConf parsed =
        conf(R"("runtimeConfig": {"MAC": "x"}, "args": {"cni": {"ips": ["10.0.0.1"]}})");
    EXPECT_EQ(parsed.runtime_config("mac")->as_string(), "x");
    EXPECT_FALSE(parsed.runtime_config("ips"));
    EXPECT_EQ(parsed.cni_args_config("ips")->path(), "args.cni.ips");
    EXPECT_FALSE(conf(R"("args": null)").cni_args_config("ips"));
    EXPECT_EQ(thrown([] { conf(R"("runtimeConfig": [])").runtime_config("mac"); }).code,
              Code::invalid_config);
}

TEST(PrevResult, NullIsNone) {
    EXPECT_FALSE(conf(R"("a": 1)").prev_result());
    EXPECT_FALSE(conf(R"("prevResult": null)").prev_result());
    EXPECT_EQ(conf(R"("prevResult": {})").prev_result(), Result{});
    EXPECT_EQ(thrown([] { conf(R"("prevResult": [])").prev_result(); }).code, Code::invalid_config);
}

TEST(PrevResult, IsOfTheFamilyOfTheConfiguration) {
    struct Case {
        const char *config, *own;
        bool fits;
    };
    const Case cases[] = {
        {"0.1.0", "0.2.0", true},  {"0.2.0", "", true},       {"0.2.0", "0.3.0", false},
        {"0.3.0", "0.4.0", true},  {"0.4.0", "0.3.1", true},  {"0.4.0", "", false},
        {"0.4.0", "1.0.0", false}, {"1.0.0", "1.1.0", true},  {"1.1.0", "1.0.0", true},
        {"1.1.0", "0.4.0", false}, {"1.1.0", "9.9.9", false}, {"1.1.0", "", false},
    };
    for (const Case& c : cases) {
        const NetConf parsed =
            conf(c.config, cat(R"("prevResult": {"cniVersion": ")", c.own, "\"}"));
        if (c.fits) {
            EXPECT_EQ(parsed.prev_result(), Result{}) << c.config << " " << c.own;
            continue;
        }
        const Error error = thrown([&] { parsed.prev_result(); });
        EXPECT_EQ(error.code, Code::invalid_config);
        EXPECT_THAT(error.msg, StartsWith("could not parse prevResult: result type supports ["));
        EXPECT_THAT(error.msg, HasSubstr(cat("but unmarshalled CNIVersion is \"", c.own, "\"")));
    }
}

TEST(PrevResult, RefusalListsTheVersionsOfTheFamily) {
    const auto refused = [](const char* version, const char* own) {
        return thrown([&] {
                   conf(version, cat(R"("prevResult": {"cniVersion": ")", own, "\"}"))
                       .prev_result();
               })
            .msg;
    };
    EXPECT_THAT(refused("1.1.0", "0.4.0"), HasSubstr("[1.0.0 1.1.0]"));
    EXPECT_THAT(refused("0.4.0", "1.1.0"), HasSubstr("[0.3.0 0.3.1 0.4.0]"));
    EXPECT_THAT(refused("0.2.0", "1.1.0"), HasSubstr("[0.1.0 0.2.0]"));
}

TEST(PrevResult, WithoutVersionIsOfTheConfigurations) {
    const Result legacy =
        *conf("0.2.0", R"("prevResult": {"ip4": {"ip": "10.0.0.1/8"}})").prev_result();
    EXPECT_EQ(legacy.ips.size(), 1u);
    const Result modern =
        *conf("1.0.0", R"("prevResult": {"ip4": {"ip": "10.0.0.1/8"}})").prev_result();
    EXPECT_EQ(modern.ips.size(), 0u);
}

TEST(PrevResult, UnreadableOnesAreNoneForDel) {
    for (const char* prev : {"[]", R"({"cniVersion": "0.4.0"})", R"({"ips": [null]})"})
        EXPECT_FALSE(conf(cat("\"prevResult\": ", prev)).prev_result_if_readable()) << prev;
    EXPECT_TRUE(conf(R"("prevResult": {})").prev_result_if_readable());
}

}  // namespace
}  // namespace cni
