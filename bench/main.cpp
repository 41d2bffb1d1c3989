// cnixx-bench: the time of whole operations of two folders of plugins, side by side.
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>

#include <cstdio>

#include "base/error.h"
#include "base/file.h"
#include "bench/chart.h"
#include "bench/measure.h"
#include "bench/report.h"

namespace cni::bench {
namespace {

constexpr const char* usage =
    R"(usage: cnixx-bench --ours DIR --theirs DIR [OPTION...]

Times ADD and DEL of the plugins in two folders, taking turns, in private
namespaces: no root is needed and nothing of the machine is touched.

  --chain NAME[,NAME...]  loopback host-local static bridge bridge-masq ptp macvlan
                          host-device tuning flannel sbr bandwidth full-nftables
                          full-iptables full-legacy podman-nftables podman-iptables
                          (default: all of these) ports-nftables ports-iptables
                          ports-legacy vlan ipvlan dummy tap dhcp
  --floor DIR             what the kernel's part of an operation costs by itself:
                          see bench/README.md (those built beside this; none)
  --loads N[,N...]        leases of others made beforehand for host-local, and
                          unrelated rules for the full chains (0,1000,10000)
  --rounds N              attachments of each row, 2 to 500 (50)
  --at-once N[,N...]      operations at the same time, 0 for none (1,2,4,8,16,32)
  --json FILE             everything that was measured
  --markdown FILE         the tables
  --svg FILE              a chart of them
)";

struct Arguments {
    Options options;
    std::string json_file, markdown_file, svg_file;
};

[[noreturn]] void reject(const std::string& reason) {
    throw Error(Code::invalid_environment, reason, usage);
}

unsigned parse_number(std::string_view text, unsigned min, unsigned max) {
    const auto value = parse_int<unsigned>(text);
    if (!value || *value < min || *value > max)
        reject(cat(quote(text), " is not a number from ", min, " to ", max));
    return *value;
}

std::string parse_folder(const char* text) {
    char* const path = ::realpath(text, nullptr);
    if (!path) throw SysError(cat("find folder ", text), errno);
    std::string result(path);
    ::free(path);
    return result;
}

std::vector<const Chain*> parse_chains(std::string_view text) {
    std::vector<const Chain*> result;
    for (const std::string_view name : split(text, ',')) {
        const Chain* chain = find_chain(name);
        if (!chain) reject(cat("no chain ", quote(name)));
        result.push_back(chain);
    }
    return result;
}

std::vector<unsigned> parse_numbers(std::string_view text, unsigned max) {
    std::vector<unsigned> result;
    for (const std::string_view number : split(text, ','))
        result.push_back(parse_number(number, 0, max));
    return result;
}

// The subnet of the measurement has 2^20 addresses.
constexpr unsigned most_loads = 1'000'000;
constexpr unsigned most_at_once = 500;

void take(Arguments& arguments, int option, const char* value) {
    switch (option) {
        case 'o':
            arguments.options.ours = parse_folder(value);
            break;
        case 't':
            arguments.options.theirs = parse_folder(value);
            break;
        case 'f':
            arguments.options.floor = std::string_view(value) == "none" ? "" : parse_folder(value);
            break;
        case 'c':
            arguments.options.chains = parse_chains(value);
            break;
        case 'l':
            arguments.options.loads = parse_numbers(value, most_loads);
            break;
        case 'r':
            arguments.options.rounds = parse_number(value, 2, 500);
            break;
        case 'a':
            arguments.options.widths = parse_numbers(value, most_at_once);
            std::erase(arguments.options.widths, 0u);
            break;
        case 'j':
            arguments.json_file = value;
            break;
        case 'm':
            arguments.markdown_file = value;
            break;
        case 's':
            arguments.svg_file = value;
            break;
        default:
            reject("wrong arguments");
    }
}

Arguments parse(int argc, char** argv) {
    constexpr option known[] = {{"ours", required_argument, nullptr, 'o'},
                                {"theirs", required_argument, nullptr, 't'},
                                {"floor", required_argument, nullptr, 'f'},
                                {"chain", required_argument, nullptr, 'c'},
                                {"loads", required_argument, nullptr, 'l'},
                                {"rounds", required_argument, nullptr, 'r'},
                                {"at-once", required_argument, nullptr, 'a'},
                                {"json", required_argument, nullptr, 'j'},
                                {"markdown", required_argument, nullptr, 'm'},
                                {"svg", required_argument, nullptr, 's'},
                                {}};
    Arguments arguments;
    arguments.options.floor = CNIXX_FLOOR_DIR;
    for (const Chain& chain : chains())
        if (!chain.on_request) arguments.options.chains.push_back(&chain);
    for (int option; (option = ::getopt_long(argc, argv, "", known, nullptr)) != -1;)
        take(arguments, option, ::optarg);
    if (::optind < argc) reject(cat("what is ", quote(argv[::optind]), "?"));
    if (arguments.options.ours.empty() || arguments.options.theirs.empty())
        reject("--ours and --theirs are needed");
    return arguments;
}

// Opened before namespaces are entered, where paths may lead elsewhere.
Fd open_output(const std::string& path) {
    if (path.empty()) return {};
    return open_at(AT_FDCWD, path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644, path);
}

void run(int argc, char** argv) {
    const Arguments arguments = parse(argc, argv);
    const Fd json = open_output(arguments.json_file);
    const Fd markdown = open_output(arguments.markdown_file);
    const Fd svg = open_output(arguments.svg_file);
    const Measurements measurements = measure(arguments.options);
    write_all(1, as_text(measurements), "stdout");
    if (json) write_all(json.get(), as_json(measurements, arguments.options), "the JSON file");
    if (markdown)
        write_all(markdown.get(), as_markdown(measurements, arguments.options),
                  "the Markdown file");
    if (svg) write_all(svg.get(), as_svg(measurements), "the SVG file");
}

}  // namespace
}  // namespace cni::bench

int main(int argc, char** argv) {
    try {
        cni::bench::run(argc, argv);
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "cnixx-bench: %s\n", error.what());
        return 1;
    }
}
