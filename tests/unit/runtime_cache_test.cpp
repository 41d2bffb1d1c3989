// The files that keep results, in libcni's format.
#include "runtime/cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base64.h"
#include "support/recording.h"
#include "support/thrown.h"

namespace cni {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* entry = "results/net1-cnitool-3153e3b71ea596a0a0e0-net0";

NetworkList network(const std::string& version) {
    return NetworkList::parse(
        cat(R"({"cniVersion":")", version, R"(","name":"net1","plugins":[{"type":"a"}]})"));
}

RuntimeConf attachment() {
    return {.container_id = "cnitool-3153e3b71ea596a0a0e0",
            .netns = "/run/netns/n1",
            .ifname = "net0",
            .args = {{"A", "b"}, {"C", "d"}},
            .capability_args = Json::parse(R"({"other":1e3,"ips":["1.2.3.4"]})", "test")};
}

VersionedResult result(const std::string& text) {
    return VersionedResult::parse(Json::parse(text, "test"), "1.0.0");
}

mode_t mode_of(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 0777;
}

class Cache : public ::testing::Test {
protected:
    std::string base() const { return cat(dir_.path(), "/var/lib/cni"); }
    std::string path(const std::string& name) const { return cat("var/lib/cni/", name); }
    test::TempDir dir_;
    ResultCache cache_{base()};
};

TEST(Base64, PadsToFours) {
    EXPECT_EQ(base64(""), "");
    EXPECT_EQ(base64("f"), "Zg==");
    EXPECT_EQ(base64("fo"), "Zm8=");
    EXPECT_EQ(base64("foo"), "Zm9v");
    EXPECT_EQ(base64("\xff\xfe\xfd\xfb"), "//79+w==");
}

TEST_F(Cache, WritesWhatLibcniWrites) {
    cache_.store(network("1.1.0"), attachment(),
                 result(R"({"cniVersion":"1.1.0","ips":[{"address":"10.0.0.2/24"}]})"));
    EXPECT_EQ(dir_.read(path(entry)),
              R"({"kind":"cniCacheV1","containerId":"cnitool-3153e3b71ea596a0a0e0","config":")" +
                  base64(network("1.1.0").text) +
                  R"(","ifName":"net0","networkName":"net1","netns":"/run/netns/n1",)"
                  R"("cniArgs":[["A","b"],["C","d"]],)"
                  R"("capabilityArgs":{"ips":["1.2.3.4"],"other":1e3},)"
                  R"("result":{"cniVersion":"1.1.0","ips":[{"address":"10.0.0.2/24"}]}})");
}

TEST_F(Cache, SortsTheKeysOfOldResultsAndLeavesOutWhatIsNotSet) {
    RuntimeConf bare{
        .container_id = "c", .netns = {}, .ifname = "eth0", .args = {}, .capability_args = {}};
    cache_.store(network("0.4.0"), bare,
                 result(R"({"cniVersion":"0.4.0","interfaces":[{"name":"eth0","mac":"m"}]})"));
    EXPECT_THAT(dir_.read(path("results/net1-c-eth0")),
                ::testing::EndsWith(
                    R"("ifName":"eth0","networkName":"net1","result":{"cniVersion":"0.4.0",)"
                    R"("dns":{},"interfaces":[{"mac":"m","name":"eth0"}]}})"));
}

// An id and a name of 250 bytes each are valid, and a file name has 255 at most.
TEST_F(Cache, KeepsWhatHasLongNames) {
    for (const std::size_t length : {100u, 235u, 240u, 243u, 250u, 4000u}) {
        RuntimeConf conf = attachment();
        conf.container_id = std::string(length, 'i');
        NetworkList list = network("1.0.0");
        cache_.store(list, conf, result("{}"));
        RuntimeConf other = conf;
        other.container_id += "j";
        EXPECT_TRUE(cache_.load(list, conf)) << length;
        EXPECT_FALSE(cache_.load(list, other)) << length;
        ASSERT_EQ(cache_.attachments("net1").size(), 1u) << length;
        EXPECT_EQ(cache_.attachments("net1")[0].container_id, conf.container_id);
        cache_.remove(list, conf);
        EXPECT_THAT(dir_.names(path("results")), IsEmpty()) << length;

        list.name = std::string(length, 'n');
        cache_.store(list, attachment(), result("{}"));
        EXPECT_EQ(cache_.attachments(list.name).size(), 1u) << length;
        EXPECT_THAT(cache_.attachments("net1"), IsEmpty()) << length;
        cache_.remove(list, attachment());
    }
}

TEST_F(Cache, KeepsItsFilesToItself) {
    cache_.store(network("1.0.0"), attachment(), result("{}"));
    EXPECT_EQ(mode_of(cat(base(), "/results")), 0700u);
    EXPECT_EQ(mode_of(cat(base(), "/", entry)), 0600u);
}

TEST_F(Cache, ReplacesAnEntryWithoutALeftover) {
    // As a store leaves them that was killed before it renamed.
    dir_.write(path("results/.net1-cnitool-3153e3b71ea596a0a0e0-net0.tmp"), "half");
    dir_.write(path(entry), "old");
    cache_.store(network("1.0.0"), attachment(), result("{}"));
    EXPECT_THAT(dir_.names(path("results")), ElementsAre("net1-cnitool-3153e3b71ea596a0a0e0-net0"));
}

TEST_F(Cache, RemovesAnEntryAndWhatAKilledStoreLeft) {
    dir_.write(path("results/.net1-cnitool-3153e3b71ea596a0a0e0-net0.tmp"), "half");
    cache_.remove(network("1.0.0"), attachment());
    EXPECT_THAT(dir_.names(path("results")), IsEmpty());
    cache_.remove(network("1.0.0"), attachment());
}

TEST_F(Cache, NeedsNoDirectoryToForgetOrToFindNothing) {
    cache_.remove(network("1.0.0"), attachment());
    EXPECT_FALSE(cache_.load(network("1.0.0"), attachment()));
    EXPECT_THAT(cache_.attachments("net1"), IsEmpty());
    EXPECT_FALSE(dir_.has("var"));
}

TEST_F(Cache, ConvertsTheResultToTheListsVersion) {
    cache_.store(
        network("0.4.0"), attachment(),
        result(R"({"cniVersion":"0.4.0","ips":[{"version":"4","address":"10.0.0.2/24"}]})"));
    const auto loaded = cache_.load(network("1.0.0"), attachment());
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->result.print_compact(loaded->version),
              R"({"cniVersion":"1.0.0","ips":[{"address":"10.0.0.2/24"}]})");
}

TEST_F(Cache, ReadsTheFormatFromBeforeEntries) {
    dir_.write(path(entry), R"({"cniVersion":"0.4.0","ips":[{"address":"10.0.0.2/24"}]})");
    EXPECT_EQ(cache_.load(network("1.0.0"), attachment())->result.ips.size(), 1u);
    dir_.write(path(entry), R"({"ip4":{"ip":"10.0.0.2/24"}})");
    EXPECT_EQ(cache_.load(network("1.0.0"), attachment())->result.ips.size(), 1u);
}

TEST_F(Cache, AnEntryWithoutResultIsAnEmptyOne) {
    dir_.write(path(entry), R"({"kind":"cniCacheV1"})");
    EXPECT_EQ(cache_.load(network("1.0.0"), attachment())->result, Result{});
}

TEST_F(Cache, SaysWhyAnEntryCannotBeRead) {
    dir_.write(path(entry), "{");
    EXPECT_THROW(cache_.load(network("1.0.0"), attachment()), Error);
    dir_.write(path(entry), R"({"kind":"cniCacheV1","result":{"cniVersion":"9.0.0"}})");
    try {
        cache_.load(network("1.0.0"), attachment());
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.msg, "unsupported CNI result version \"9.0.0\"");
    }
}

TEST_F(Cache, ListsTheAttachmentsOfANetworkInOrderWithTheirArguments) {
    RuntimeConf other = attachment();
    other.container_id = "a";
    cache_.store(network("1.0.0"), attachment(), result("{}"));
    cache_.store(network("1.0.0"), other, result("{}"));
    const auto found = cache_.attachments("net1");
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].container_id, "a");
    EXPECT_EQ(found[1].id(), attachment().id());
    EXPECT_EQ(found[1].netns, "/run/netns/n1");
    EXPECT_EQ(found[1].args, attachment().args);
    EXPECT_EQ(found[1].capability_args.dump(), attachment().capability_args.dump());
}

TEST_F(Cache, ListsNothingButEntriesOfThatNetwork) {
    dir_.write(path("results/net1-c1-eth0"), "junk");
    dir_.write(path("results/net1-c2-eth0"), R"({"cniVersion":"1.0.0"})");
    dir_.write(path("results/net1-c3-eth0"),
               R"({"kind":"cniCacheV1","containerId":"c3","networkName":"net1"})");
    dir_.write(path("results/net1-c4-eth0"),
               R"({"kind":"cniCacheV1","containerId":"c4","networkName":"net1-c4","ifName":"e"})");
    dir_.write(path("results/.net1-c5-eth0.tmp"),
               R"({"kind":"cniCacheV1","containerId":"c5","networkName":"net1","ifName":"e"})");
    EXPECT_THAT(cache_.attachments("net1"), IsEmpty());
}

TEST_F(Cache, LinksAreNotFollowed) {
    dir_.write("victim", R"({"kind":"cniCacheV1","containerId":"c1","networkName":"net1",)"
                         R"("ifName":"eth0"})");
    dir_.write(path("results/x"), "");
    const std::string file = cat(base(), "/", entry);
    ASSERT_EQ(::symlink(cat(dir_.path(), "/victim").c_str(), file.c_str()), 0);
    EXPECT_EQ(test::thrown([&] { cache_.load(network("1.0.0"), attachment()); }).msg,
              cat("open ", file, ": Too many levels of symbolic links"));
    EXPECT_THAT(cache_.attachments("net1"), IsEmpty());
    const std::string before = dir_.read("victim");
    cache_.store(network("1.0.0"), attachment(), result("{}"));
    cache_.remove(network("1.0.0"), attachment());
    EXPECT_EQ(dir_.read("victim"), before);
}

TEST_F(Cache, NamesThatCouldLeadElsewhereAreRefused) {
    RuntimeConf bad = attachment();
    bad.container_id = "../../etc/x";
    EXPECT_THROW(cache_.store(network("1.0.0"), bad, result("{}")), Error);
    bad = attachment();
    bad.ifname = "a/b";
    EXPECT_THROW(cache_.remove(network("1.0.0"), bad), Error);
    EXPECT_FALSE(dir_.has("var"));
}

}  // namespace
}  // namespace cni
