// Where the installer asks Kubernetes: what kubectl proxy hands on, over a socket.
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "install_fixture.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

/// A process that takes one connection, reads a request, and answers with this.
class Proxy {
public:
    Proxy(const std::string& path, std::string request_file, std::string answer) : path_(path) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.data(), path.size());
        const Fd socket(checked(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
        checked(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
                "bind ", path);
        checked(::listen(socket.get(), 1), "listen");
        pid_ = checked(::fork(), "fork");
        if (pid_ == 0) serve(socket, request_file, answer);
    }
    ~Proxy() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        ::unlink(path_.c_str());
    }

private:
    [[noreturn]] static void serve(const Fd& socket, const std::string& request_file,
                                   const std::string& answer) {
        const Fd connection(::accept4(socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
        char request[4096];
        const ssize_t size = ::read(connection.get(), request, sizeof request);
        const Fd file(::open(request_file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        if (size > 0 && ::write(file.get(), request, static_cast<std::size_t>(size)) == size)
            for (const char c : answer)  // in the smallest bites there can be
                if (::write(connection.get(), &c, 1) != 1) break;
        ::_exit(0);
    }

    std::string path_;
    pid_t pid_ = -1;
};

class InstallApi : public InstallTest {
protected:
    std::vector<std::string> words(const std::string& node = "node-3.example") const {
        return {"--conflist",   path("template/10-pods.conflist"),
                "--api-socket", path("api"),
                "--node",       node};
    }
    Finished install_with(const std::string& answer) const {
        const Proxy proxy(path("api"), path("request"), answer);
        return install(words());
    }
    void expect_failure(const std::string& answer, const std::string& text) const {
        const Finished refused = install_with(answer);
        EXPECT_EQ(refused.exit_code(), 1);
        EXPECT_THAT(refused.err, HasSubstr(text));
        EXPECT_EQ(describe("net.d/10-pods.conflist"), before_.at("net.d/10-pods.conflist"));
    }
    static constexpr const char* ok = "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n";
};

TEST_F(InstallApi, WaitsUntilTheNodeHasAPodCidr) {
    const Finished done =
        install_with(cat(ok, R"({"type":"ADDED","object":{"kind":"Node","spec":{}}})", "\n",
                         R"({"type":"BOOKMARK","object":{"kind":"Node"}})", "\n",
                         R"({"type":"MODIFIED","object":{"spec":{"podCIDR":"10.244.7.0/24",)",
                         R"("podCIDRs":["10.244.7.0/24","fd00:7::/64"]}}})", "\n"));
    EXPECT_TRUE(done.ok()) << done.err;
    EXPECT_EQ(done.err, "node node-3.example has no podCIDR yet: waiting\n");
    EXPECT_THAT(dir_.read("net.d/10-pods.conflist"),
                HasSubstr(R"([[{"subnet":"10.244.7.0/24"}],[{"subnet":"fd00:7::/64"}]])"));
    EXPECT_THAT(dir_.read("request"),
                StartsWith("GET /api/v1/nodes?watch=true&fieldSelector=metadata.name%3D"
                           "node-3.example HTTP/1.0\r\nHost: localhost\r\n"));
}

TEST_F(InstallApi, AnOldServerHasOnePodCidr) {
    EXPECT_TRUE(
        install_with(
            cat(ok, R"({"type":"ADDED","object":{"spec":{"podCIDR":"10.9.0.0/24"}}})", "\n"))
            .ok());
    EXPECT_THAT(dir_.read("net.d/10-pods.conflist"), HasSubstr(R"([[{"subnet":"10.9.0.0/24"}]])"));
}

TEST_F(InstallApi, ItsRefusalsAreTold) {
    expect_failure("HTTP/1.0 403 Forbidden\r\n\r\n{\"message\":\"no watch\"}",
                   "watch node node-3.example: the API says 403 Forbidden");
    expect_failure("HTTP/1.0 403 Forbidden\r\n\r\n{\"message\":\"no watch\"}", "no watch");
    expect_failure(cat(ok, R"({"type":"ERROR","object":{"message":"too old"}})", "\n"), "too old");
    expect_failure(ok, "ended the connection before node node-3.example had a podCIDR");
    expect_failure("", "no API of Kubernetes");
    expect_failure("SSH-2.0-x\r\n\r\n", "no API of Kubernetes");
    expect_failure(cat(ok, "{\n"), "what the API says of node node-3.example");
    expect_failure(cat(ok, R"({"type":"ADDED","object":{"spec":{"podCIDRs":["x"]}}})", "\n"),
                   "names \"x\", which is no CIDR");
}

TEST_F(InstallApi, TheNameOfANodeCannotBeARequest) {
    for (const char* name : {"", "a b", "a&b", "a\r\nb", "A"}) {
        const Finished refused = install(words(name));
        EXPECT_EQ(refused.exit_code(), 1) << name;
        EXPECT_THAT(refused.err, HasSubstr("cannot be the name of a node"));
    }
}

TEST_F(InstallApi, TheProxyMayComeLater) {
    Process waiting = Process::start(tool("install", words()));
    const Proxy proxy(
        path("api"), path("request"),
        cat(ok, R"({"type":"ADDED","object":{"spec":{"podCIDR":"10.9.0.0/24"}}})", "\n"));
    const Finished done = waiting.wait();
    EXPECT_TRUE(done.ok()) << done.err;
}

}  // namespace
}  // namespace cni::test
