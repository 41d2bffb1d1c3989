// Mistakes in configuration files, each with its place.
#include "runtime/validate/validate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cnitool/plugins.h"
#include "runtime/validate/nearest.h"
#include "support/mistakes.h"
#include "support/recording.h"

namespace cni {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Validate : public ::testing::Test {
protected:
    /// "line:column: message" of all that is wrong in one file.
    std::vector<std::string> problems(const std::string& file, const std::string& text,
                                      const std::string& plugin_path = "") {
        Validator validator(tool::known_plugins, plugin_path);
        validator.check_file(dir_.write(file, text));
        return lines(validator, cat(dir_.path(), "/", file, ":"));
    }
    /// Of one plugin as the whole configuration.
    std::vector<std::string> plugin(const std::string& members) {
        return problems("p.conf", cat("{\"cniVersion\":\"1.0.0\",\"name\":\"n\",\n", members, "}"));
    }
    static std::vector<std::string> lines(const Validator& validator, const std::string& prefix) {
        std::vector<std::string> out;
        for (const Problem& problem : validator.problems()) {
            const std::string line = problem.to_string();
            EXPECT_TRUE(line.starts_with(prefix)) << line;
            out.push_back(line.substr(prefix.size()));
        }
        return out;
    }
    test::TempDir dir_;
};

TEST_F(Validate, AcceptsWhatIsRight) {
    EXPECT_THAT(plugin(R"("type":"bridge","bridge":"cni0","isGateway":true,"ipMasq":true,"vlan":7,
        "ipam":{"type":"host-local","subnet":"10.22.0.0/16","routes":[{"dst":"0.0.0.0/0"}]})"),
                IsEmpty());
    EXPECT_THAT(plugin(R"("TYPE":"bridge","ISGATEWAY":null)"), IsEmpty());
    EXPECT_THAT(plugin(R"("type":"sample","anotherAwesomeArg":"a","logFile":"/var/log/cni.log")"),
                IsEmpty());
    EXPECT_THAT(plugin(R"("$schema":"conf.json","type":"loopback")"), IsEmpty());
    EXPECT_THAT(problems("s.conflist", R"({"$schema":"conflist.json","cniVersion":"1.0.0",
        "name":"s","plugins":[{"type":"loopback"}]})"),
                IsEmpty());
}

TEST_F(Validate, NamesTheUsualMistakesInJson) {
    EXPECT_THAT(problems("a.conf", "{\n  \"name\": \"n,\n  \"type\": \"t\"\n}"),
                ElementsAre("2:11: the quote that ends this string is missing"));
    EXPECT_THAT(problems("a.conf", "{\n  \"name\": n\",\n}"),
                ElementsAre("2:11: the quote before n is missing"));
    EXPECT_THAT(problems("a.conf", "{\n  \"name: \"n\"\n}"),
                ElementsAre("2:11: a \":\" is missing before n, or a quote"));
    EXPECT_THAT(problems("a.conf", "{\n  # why\n}"), ElementsAre("2:3: JSON has no comments"));
    EXPECT_THAT(problems("a.conf", "{ \"a\": 1, // why\n}"),
                ElementsAre("1:11: JSON has no comments"));
    EXPECT_THAT(problems("a.conf", "{ \"a\": 1, /* why */\n}"),
                ElementsAre("1:11: JSON has no comments"));
    EXPECT_THAT(problems("a.conf", "{\n  \"a\": 1,\n}"),
                ElementsAre("2:9: the comma before } is one too many"));
    EXPECT_THAT(problems("a.conf", "{\"a\": [1,2, ]}"),
                ElementsAre("1:11: the comma before ] is one too many"));
    EXPECT_THAT(problems("a.conf", "{\n  \"a\": 1\n  \"b\": 2\n}"),
                ElementsAre("3:3: a comma is missing before this"));
    EXPECT_THAT(problems("a.conf", "{'a': 1}"), ElementsAre("1:2: strings stand in double quotes"));
    EXPECT_THAT(problems("a.conf", "{\"a\": True}"),
                ElementsAre("1:7: the word True needs quotes; only true, false and null stand "
                            "without"));
    EXPECT_THAT(problems("a.conf", "{\"a\": {}"),
                ElementsAre("1:9: the file ends too early: a } is missing"));
    EXPECT_THAT(problems("a.conf", " \n"), ElementsAre(HasSubstr("the file is empty")));
    EXPECT_THAT(problems("a.conf", "{\"a\":\"b\tc\"}"),
                ElementsAre("1:6: a tab in a string must be written \\t"));
    EXPECT_THAT(problems("a.conf", "[]"), ElementsAre(HasSubstr("1:1: must be a JSON object")));
}

TEST_F(Validate, TellsMisspeltKeysFromForeignOnes) {
    EXPECT_THAT(plugin(R"("type":"bridge","isGatway":true)"),
                ElementsAre("2:17: unknown key \"isGatway\", did you mean \"isGateway\"?"));
    EXPECT_THAT(plugin(R"("type":"bridge","vendorThing":true)"),
                ElementsAre("2:17: warning: unknown key \"vendorThing\": plugins ignore it"));
    EXPECT_THAT(plugin(R"("type":"bridge","mtu":1,"MTU":2)"),
                ElementsAre("2:25: key \"MTU\" is given twice: the last one counts"));
}

TEST_F(Validate, ChecksTypesRangesAndAddresses) {
    for (const auto& [members, expected, place] : test::plugin_mistakes)
        EXPECT_THAT(plugin(members), ElementsAre(HasSubstr(expected))) << members;
}

TEST_F(Validate, WarnsOfDhcpWhereContainersShareAMac) {
    EXPECT_THAT(plugin(R"("type":"ipvlan","ipam":{"type":"dhcp"})"),
                ElementsAre(HasSubstr("warning: interfaces of a master share its MAC address")));
    EXPECT_THAT(plugin(R"("type":"macvlan","ipam":{"type":"dhcp"})"), IsEmpty());
    EXPECT_THAT(plugin(R"("type":"ipvlan","mode":"l4","isolation":"x")"),
                ElementsAre(HasSubstr("must be one of \"\", \"l2\""),
                            HasSubstr("must be one of \"\", \"bridge\"")));
}

TEST_F(Validate, ChecksIpamByItsType) {
    for (const auto& [ipam, expected, place] : test::ipam_mistakes)
        EXPECT_THAT(plugin(cat(R"("type":"bridge","ipam":)", ipam)),
                    ElementsAre(HasSubstr(expected)))
            << ipam;
}

TEST_F(Validate, RefusesTheRangesThatHostLocalRefuses) {
    const std::pair<const char*, const char*> cases[] = {
        {R"("subnet":"10.1.0.7/24")", "2:42: Network has host bits set"},
        {R"("subnet":"::ffff:10.1.0.0/120")", "2:42: IPNet IP and Mask version mismatch"},
        {R"("subnet":"10.1.0.0/24","rangeEnd":"10.1.0.0")", "RangeEnd 10.1.0.0 not in network"},
        {R"("subnet":"10.1.0.0/24","rangeStart":"fd00::1")", "RangeStart fd00::1 not in network"},
        {R"("subnet":"10.1.0.0/24","rangeStart":"10.1.0.1","rangeEnd":"10.1.0.1")",
         "2:14: no IP addresses available in range set: 10.1.0.1-10.1.0.1"},
        {R"("ranges":[[{"subnet":"10.1.0.0/24","rangeStart":"10.1.0.9","rangeEnd":"10.1.0.9"}],
                      [{"subnet":"10.2.0.0/24","gateway":"10.1.0.9"}]])",
         "no IP addresses available in range set: 10.1.0.9-10.1.0.9"},
        {R"("ranges":[[{"subnet":"10.1.0.0/24"}],[]])", "empty range set"},
        {R"("ranges":[[{"subnet":"10.1.0.0/24"},{"subnet":"fd00::/64"}]])", "mixed address"},
        {R"("ranges":[[{"subnet":"10.1.0.0/24"},{"subnet":"10.1.0.0/25"}]])", "overlap"},
        {R"("subnet":"10.1.0.0/24","ranges":[[{"subnet":"10.1.0.0/25"}]])",
         "range set 0 overlaps with 1"},
    };
    for (const auto& [ipam, expected] : cases)
        EXPECT_THAT(plugin(cat(R"("type":"ptp","ipam":{"type":"host-local",)", ipam, "}")),
                    ElementsAre(HasSubstr(expected)))
            << ipam;
}

TEST_F(Validate, RefusesWhatAPluginRefusesOfItsConfiguration) {
    const std::pair<std::string, const char*> cases[] = {
        {R"("type":"tuning","mac":"01:00:5e:00:00:01")", "cannot have the MAC address"},
        {R"("type":"tuning","sysctl":{"net.core.somaxconn":" "})", "2:27: \"sysctl.net.core"},
        {R"("type":"tuning","sysctl":{"net.core.a":"1","net.core.a":"2"})",
         "2:44: duplicated sysctl keys are not allowed"},
        {R"("type":"tuning","txQLen":4294967295)", "must be between 0 and 2147483647"},
        {cat(R"("type":"sample","anotherAwesomeArg":")", std::string(256, 'a'), "\""),
         "a label has at most 255 bytes"},
        {R"("type":"ptp","ipam":{"type":"static","addresses":[{"address":""}]})",
         "2:52: the 'address' field is expected to be in CIDR notation"},
        {R"("type":"portmap","snat":true,"conditionsV4":["-j","ACCEPT"])",
         "2:30: \"conditionsV4\""},
    };
    for (const auto& [members, expected] : cases)
        EXPECT_THAT(plugin(members), ElementsAre(HasSubstr(expected))) << members;
    EXPECT_THAT(plugin(R"("type":"tuning","mtu":70000)"), IsEmpty()) << "some links take it";
}

TEST_F(Validate, TellsAsManyMistakesAtOnceAsItCan) {
    EXPECT_THAT(problems("a.conflist", R"({"cniVersion":"1.0.0","name":"n","plugins":[
{"type":"bridge","hairpinMode":true,
"promiscMode":true,"vlanTrunk":[{"minID":5},
{"minID":4,"maxID":3}],"ipam":{"type":"host-local","ranges":[[
{"subnet":"10.1.0.7/24"},
{"subnet":"10.2.0.1/31"}]]}},
{"type":"ptp","ipMasq":7,
"ipam":{"type":"host-local","ranges":[]}},
{"type":"tuning","sysctl":{"kernel.a":"1",
"vm.b":"2"},
"mac":"00:00:00:00:00:00"}]})"),
                ElementsAre(HasSubstr("3:33: minID and maxID"), HasSubstr("4:1: minID is greater"),
                            HasSubstr("5:2: Network has host bits set"),
                            HasSubstr("6:2: Network has host bits set"),
                            HasSubstr("7:15: \"plugins[1].ipMasq\" must be true or false"),
                            HasSubstr("8:1: no IP ranges specified"),
                            HasSubstr("9:28: invalid net sysctl key: \"kernel/a\""),
                            HasSubstr("10:1: invalid net sysctl key: \"vm/b\""),
                            HasSubstr("11:1: an interface cannot have the MAC address")));
    EXPECT_THAT(plugin(R"("type":"bridge","hairpinMode":true,
"promiscMode":true,"isGatway":true,
"ipam":{"type":"host-local","subnet":"10.1.0.0/24",
"gatway":"10.1.0.1","ranges":[[{"subnet":"10.1.0.0/25"}]]})"),
                ElementsAre(HasSubstr("3:1: cannot set hairpin mode"), HasSubstr("did you mean"),
                            HasSubstr("4:1: range set 0 overlaps"), HasSubstr("did you mean")));
}

TEST_F(Validate, RefusesMoreAddressesThanAVersionHas) {
    const char* of_host_local =
        R"({"type":"host-local","ranges":[[{"subnet":"10.1.0.0/24"}],[{"subnet":"10.2.0.0/24"}]]})";
    const char* of_static =
        R"({"type":"static","addresses":[{"address":"fd00::5/64"},{"address":"fd00::6/64"}]})";
    for (const char* ipam : {of_host_local, of_static}) {
        const auto in = [&](const char* version) {
            return problems("a.conflist", cat("{\"cniVersion\":", quote(version),
                                              R"(,"name":"n","plugins":[{"type":"ptp",
"ipam":)",
                                              ipam, "}]}"));
        };
        EXPECT_THAT(in("0.3.0"), IsEmpty());
        EXPECT_THAT(in("0.2.0"), ElementsAre("2:1: CNI version 0.2.0 does not support more than 1 "
                                             "address per family"));
    }
    EXPECT_THAT(problems("b.conf", R"({"cniVersion":"0.2.0","name":"n","type":"ptp",
"ipam":{"type":"static","addresses":[{"address":"10.1.0.5/24"},{"address":"fd00::5/64"}]}})"),
                IsEmpty());
}

TEST_F(Validate, AcceptsTheRangesThatHostLocalAccepts) {
    for (const char* ipam :
         {R"("subnet":"fd00::/64","gateway":"fe80::1")",
          R"("subnet":"10.1.0.0/24","gateway":"192.0.2.1")",
          R"("subnet":"10.1.0.0/24","rangeStart":"10.1.0.0","rangeEnd":"10.1.0.255")",
          R"("ranges":[[{"subnet":"10.1.0.0/24","rangeEnd":"10.1.0.9"},
                        {"subnet":"10.1.0.0/24","rangeStart":"10.1.0.20"}],[{"subnet":"fd00::/64"}]])"})
        EXPECT_THAT(plugin(cat(R"("type":"ptp","ipam":{"type":"host-local",)", ipam, "}")),
                    IsEmpty())
            << ipam;
    const auto with = [&](const char* capability) {
        return plugin(cat(R"("type":"ptp","capabilities":{)", capability,
                          R"(:true},"ipam":{"type":"host-local"})"));
    };
    EXPECT_THAT(with("\"ipRanges\""), IsEmpty()) << "the runtime brings them";
    EXPECT_THAT(with("\"ips\""), ElementsAre(HasSubstr("needs the key \"subnet\"")));
}

TEST_F(Validate, UnknownPluginsAreOnlyRemarkedUpon) {
    EXPECT_THAT(plugin(R"("type":"calico","anything":1)"),
                ElementsAre("2:1: warning: plugin \"calico\" is not known: its keys are not "
                            "checked"));
    EXPECT_THAT(plugin(R"("type":"bridge","ipam":{"type":"whereabouts","x":1})"),
                ElementsAre(HasSubstr("warning: IPAM plugin \"whereabouts\" is not known")));
}

TEST_F(Validate, KeysOfListsAreCaseSensitive) {
    EXPECT_THAT(problems("a.conflist",
                         "{\n\"cniversion\":\"1.0.0\",\"name\":\"n\",\n"
                         "\"plugins\":[{\"type\":\"loopback\"}]}"),
                ElementsAre("2:1: key \"cniversion\" is not seen in a list: write "
                            "\"cniVersion\""));
}

TEST_F(Validate, ListsAndSinglesHaveTheirOwnFiles) {
    EXPECT_THAT(problems("a.json", R"({"cniVersion":"1.0.0","name":"n",
"plugins":[{"type":"loopback"}]})"),
                ElementsAre("2:1: a list of plugins must be in a file ending in .conflist"));
    EXPECT_THAT(problems("a.conflist", R"({"cniVersion":"1.0.0","name":"n","type":"loopback"})"),
                ::testing::Contains(HasSubstr("a single plugin configuration must be in a file "
                                              "ending in .conf")));
}

TEST_F(Validate, NamesMustBeThereAndUsable) {
    EXPECT_THAT(problems("a.conf", R"({"cniVersion":"1.0.0","type":"loopback"})"),
                ElementsAre("1:1: no \"name\" for the network"));
    EXPECT_THAT(problems("a.conf",
                         "{\"cniVersion\":\"1.0.0\",\n\"name\":\"my net\","
                         "\"type\":\"loopback\"}"),
                ElementsAre(HasSubstr("2:1: network name \"my net\" must be of letters")));
}

TEST_F(Validate, VersionsMustBeSupported) {
    EXPECT_THAT(problems("a.conf",
                         "{\"name\":\"n\",\"type\":\"loopback\",\n"
                         "\"cniVersion\":\"9.2.0\"}"),
                ElementsAre("2:1: cniVersion \"9.2.0\" is not supported; supported are 0.1.0, "
                            "0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0"));
    EXPECT_THAT(problems("b.conf", R"({"name":"n","type":"loopback"})"),
                ElementsAre(HasSubstr("warning: no \"cniVersion\"")));
    const auto list = [](const char* versions) {
        return cat(R"({"name":"n","plugins":[{"type":"loopback"}],)", versions, "}");
    };
    EXPECT_THAT(problems("a.conflist", list(R"("cniVersion":"2.0.0","cniVersions":["1.0.0"])")),
                IsEmpty());
    EXPECT_THAT(problems("b.conflist", list(R"("cniVersions":["2.0.0"])")),
                ElementsAre(HasSubstr("no version is supported")));
    EXPECT_THAT(problems("c.conflist", list(R"("cniVersions":["1.0.0","one"])")),
                ElementsAre(HasSubstr("\"one\" is not a version")));
}

TEST_F(Validate, NamesOfBridgesAreThoseOfInterfaces) {
    EXPECT_THAT(plugin(R"("type":"bridge","bridge":"br-0123456789ab")"), IsEmpty());
    for (const char* name : {"br-0123456789abc", "a/b", "a b", ".."})
        EXPECT_THAT(plugin(cat(R"("type":"bridge","bridge":")", name, "\"")),
                    ElementsAre(HasSubstr("\"bridge\" must be the name of an interface")))
            << name;
    EXPECT_THAT(plugin(R"("type":"bridge","bridge":"")"), ElementsAre(HasSubstr("\"bridge\"")));
}

TEST_F(Validate, KernelParametersAreThoseOfTheNetwork) {
    EXPECT_THAT(plugin(R"("type":"tuning","sysctl":{"net.ipv4.conf.IFNAME.forwarding":"1",
                          "net/ipv4/conf/eth0.7/forwarding":"1"})"),
                IsEmpty());
    for (const char* name : {"kernel.domainname", "net", "fs/net"})
        EXPECT_EQ(plugin(cat(R"("type":"tuning","sysctl":{")", name, R"(":"1"})")).size(), 1u)
            << name;
}

TEST_F(Validate, AVersionMustExpressAResultWithoutAddresses) {
    constexpr const char* cannot = "1:1: cannot convert: no valid IP addresses";
    const auto layer2 = [&](const char* version) {
        return problems("a.conf", cat("{\"name\":\"n\",\"type\":\"bridge\"", version, "}"));
    };
    EXPECT_THAT(layer2(R"(,"cniVersion":"0.3.0")"), IsEmpty());
    EXPECT_THAT(layer2(R"(,"cniVersion":"0.2.0")"), ElementsAre(HasSubstr(cannot)));
    EXPECT_THAT(layer2(""), Contains(HasSubstr(cannot)));
    EXPECT_THAT(layer2(R"(,"ipam":{"type":"host-local","subnet":"10.1.2.0/24"})"),
                ElementsAre(HasSubstr("warning: no \"cniVersion\"")));
    const auto list = [&](const char* versions) {
        return problems("a.conflist",
                        cat("{\"name\":\"n\",\"plugins\":[{\"type\":\"bridge\"}],", versions, "}"));
    };
    EXPECT_THAT(list(R"("cniVersion":"0.2.0","cniVersions":["1.0.0"])"), IsEmpty());
    EXPECT_THAT(list(R"("cniVersion":"0.2.0")"),
                ElementsAre(HasSubstr("cannot convert: no valid IP addresses")));
}

TEST_F(Validate, PluginsInTheFolderOfAListSpeakItsVersion) {
    dir_.write("n/10.conf", R"({"type":"bridge"})");
    Validator validator(tool::known_plugins, "");
    validator.check_file(dir_.write("a.conflist", R"({"cniVersions":["0.2.0"],"name":"n"})"));
    EXPECT_THAT(lines(validator, cat(dir_.path(), "/n/10.conf:")),
                ElementsAre(HasSubstr("1:1: cannot convert: no valid IP addresses")));
}

TEST_F(Validate, NetworksOfMultusNeedNoName) {
    for (const char* file : {"a.conf", "a.conflist"}) {
        Validator validator(tool::known_plugins, "", Validator::Namer::multus);
        const char* text = file == std::string_view("a.conf")
                               ? R"({"cniVersion":"1.0.0","type":"loopback"})"
                               : R"({"cniVersion":"1.0.0","plugins":[{"type":"loopback"}]})";
        validator.check_file(dir_.write(file, text));
        EXPECT_THAT(lines(validator, cat(dir_.path(), "/", file, ":")),
                    ElementsAre(HasSubstr("warning: no \"name\"")));
        EXPECT_FALSE(validator.has_errors());
    }
}

TEST_F(Validate, PluginsOfAListAreCheckedWhereTheyStand) {
    EXPECT_THAT(problems("a.conflist", R"({"cniVersion":"1.0.0","name":"n","plugins":[
{"type":"loopback"},
{"name":"x"},
7,
{"type":"bridge","mtu":"big"}]})"),
                ElementsAre(HasSubstr("3:1: \"plugins[1]\" needs the key \"type\""),
                            HasSubstr("4:1: \"plugins[2]\" must be an object"),
                            HasSubstr("5:18: \"plugins[3].mtu\" must be an integer")));
    EXPECT_THAT(problems("b.conflist", R"({"cniVersion":"1.0.0","name":"n","plugins":[]})"),
                ElementsAre(HasSubstr("no plugins in list")));
    EXPECT_THAT(problems("c.conflist", R"({"cniVersion":"1.0.0","name":"n","disableGC":"no",
"plugins":[{"type":"loopback"}]})"),
                ElementsAre(HasSubstr("\"disableGC\" must be true or false")));
}

TEST_F(Validate, TheFolderOfAListIsCheckedToo) {
    dir_.write("n/10.conf", R"({"type":"bridge","isGateway":1})");
    Validator validator(tool::known_plugins, "");
    validator.check_file(dir_.write("a.conflist", R"({"cniVersion":"1.0.0","name":"n"})"));
    EXPECT_EQ(validator.files(), 2u);
    EXPECT_THAT(lines(validator, cat(dir_.path(), "/n/10.conf:")),
                ElementsAre(HasSubstr("1:18: \"isGateway\" must be true or false")));
    EXPECT_THAT(problems("b.conflist", R"({"cniVersion":"1.0.0","name":"empty"})"),
                ElementsAre(HasSubstr("no \"plugins\", and none in ")));
}

TEST_F(Validate, ANetworkIsInOneFileOnly) {
    const char* text = R"({"cniVersion":"1.0.0","name":"n","type":"loopback"})";
    dir_.write("10.conf", text);
    dir_.write("20.conf", text);
    Validator validator(tool::known_plugins, "");
    validator.check_dir(dir_.path());
    EXPECT_THAT(lines(validator, cat(dir_.path(), "/20.conf:")),
                ElementsAre(cat("1:23: network \"n\" is already in ", dir_.path(), "/10.conf")));
    EXPECT_TRUE(validator.has_errors());
}

TEST_F(Validate, PluginsMustBeInstalledWhenThePathIsKnown) {
    const test::RecordingPlugins installed({"bridge"});
    const char* text = R"({"cniVersion":"1.0.0","name":"n","type":"bridge",
"ipam":{"type":"host-local","subnet":"10.0.0.0/8"}})";
    EXPECT_THAT(problems("a.conf", text, installed.path()),
                ElementsAre(HasSubstr("2:9: failed to find plugin \"host-local\"")));
    EXPECT_THAT(problems("a.conf", text), IsEmpty());
}

TEST(Nearest, FindsWhatWasMeant) {
    const std::vector<std::string_view> keys = {"isGateway", "isDefaultGateway", "mtu"};
    EXPECT_EQ(nearest("isgatewy", keys), "isGateway");
    EXPECT_EQ(nearest("mtuu", keys), "mtu");
    EXPECT_EQ(nearest("comment", keys), std::nullopt);
    EXPECT_EQ(nearest("", keys), std::nullopt);
}

}  // namespace
}  // namespace cni
