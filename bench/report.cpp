#include "bench/report.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace cni::bench {
namespace {

using Cells = std::vector<std::string>;
using Table = std::vector<Cells>;  // the first row is the heading

std::string number(double value, int digits) {
    char buffer[32];
    std::snprintf(buffer, sizeof buffer, "%.*f", digits, value);
    return buffer;
}

std::string ratio(double ours, double theirs) {
    return theirs > 0 ? number(ours / theirs, 2) : "-";
}

std::string label(const Row& row) {
    const char* const unit = row.load == Load::rules    ? " rules"
                             : row.load == Load::checks ? " attachments"
                                                        : " leases";
    const std::string at = row.amount ? cat(", ", row.amount, unit) : "";
    return cat(row.chain, at, " ", row.operation);
}

Table times(const Measurements& measurements) {
    Table table{{"operation", "ours ms", "p90", "theirs ms", "p90", "ratio"}};
    for (const Row& row : measurements.rows)
        table.push_back({label(row), number(row.ours.times.median(), 2),
                         number(row.ours.times.p90(), 2), number(row.theirs.times.median(), 2),
                         number(row.theirs.times.p90(), 2),
                         ratio(row.ours.times.median(), row.theirs.times.median())});
    return table;
}

Table at_once(const Measurements& measurements) {
    Table table{{"at once", "width", "ours ms", "p90", "theirs ms", "p90", "ratio", "ours /s",
                 "theirs /s", "ours failed", "theirs failed"}};
    for (const Row& row : measurements.rows)
        for (std::size_t i = 0; i < row.ours.at_once.size(); ++i) {
            const Storm &ours = row.ours.at_once[i], &theirs = row.theirs.at_once[i];
            const Times &our = ours.times, &their = theirs.times;
            table.push_back({label(row), cat(ours.width), number(our.median(), 2),
                             number(our.p90(), 2), number(their.median(), 2),
                             number(their.p90(), 2), ratio(our.median(), their.median()),
                             number(ours.per_second, 0), number(theirs.per_second, 0),
                             cat(ours.failed), cat(theirs.failed)});
        }
    return table;
}

Table costs(const Measurements& measurements) {
    Table table{{"resources", "ours KiB", "theirs KiB", "ratio", "ours execs", "theirs execs"}};
    for (const Row& row : measurements.rows)
        table.push_back({label(row), cat(row.ours.peak_kib), cat(row.theirs.peak_kib),
                         ratio(static_cast<double>(row.ours.peak_kib),
                               static_cast<double>(row.theirs.peak_kib)),
                         cat(row.ours.executions), cat(row.theirs.executions)});
    return table;
}

Table sizes(const Measurements& measurements) {
    Table table{{"executable", "ours KiB", "theirs KiB", "ratio"}};
    for (const Size& size : measurements.sizes)
        table.push_back({size.executable, cat(size.ours / 1024), cat(size.theirs / 1024),
                         ratio(static_cast<double>(size.ours), static_cast<double>(size.theirs))});
    return table;
}

std::vector<Table> tables(const Measurements& measurements) {
    std::vector<Table> result{times(measurements), at_once(measurements), costs(measurements),
                              sizes(measurements)};
    std::erase_if(result, [](const Table& table) { return table.size() == 1; });
    return result;
}

std::vector<std::size_t> widths(const Table& table) {
    std::vector<std::size_t> result(table[0].size());
    for (const Cells& cells : table)
        for (std::size_t i = 0; i < cells.size(); ++i)
            result[i] = std::max(result[i], cells[i].size());
    return result;
}

// The first column is text, the others are numbers.
std::string aligned(const Table& table) {
    const auto width = widths(table);
    std::string text;
    for (const Cells& cells : table) {
        text += cat(cells[0], std::string(width[0] - cells[0].size(), ' '));
        for (std::size_t i = 1; i < cells.size(); ++i)
            text += cat(std::string(width[i] - cells[i].size() + 2, ' '), cells[i]);
        text += "\n";
    }
    return text;
}

std::string markdown(const Table& table) {
    std::string text = cat("| ", join(table[0], " | "), " |\n|---");
    for (std::size_t i = 1; i < table[0].size(); ++i) text += "|---:";
    text += "|\n";
    for (auto row = table.begin() + 1; row != table.end(); ++row)
        text += cat("| ", join(*row, " | "), " |\n");
    return text;
}

nlohmann::json as_object(const Times& times) {
    return {{"median_ms", times.median()}, {"p90_ms", times.p90()}, {"ms", times.milliseconds}};
}

nlohmann::json as_object(const Cost& cost) {
    nlohmann::json object = as_object(cost.times);
    object["executions"] = cost.executions;
    object["peak_kib"] = cost.peak_kib;
    for (const Storm& storm : cost.at_once) {
        nlohmann::json entry = as_object(storm.times);
        entry["width"] = storm.width;
        entry["per_s"] = storm.per_second;
        entry["failed"] = storm.failed;
        if (storm.failed) entry["first_failure"] = storm.first_failure;
        object["at_once"].push_back(entry);
    }
    return object;
}

}  // namespace

std::string as_text(const Measurements& measurements) {
    std::string text;
    for (const Table& table : tables(measurements)) text += cat(aligned(table), "\n");
    return text;
}

std::string as_markdown(const Measurements& measurements) {
    std::string text;
    for (const Table& table : tables(measurements)) text += cat(markdown(table), "\n");
    return text;
}

std::string as_json(const Measurements& measurements, const Options& options) {
    utsname system{};
    ::uname(&system);
    nlohmann::json document = {{"kernel", system.release},
                               {"processors", ::sysconf(_SC_NPROCESSORS_ONLN)},
                               {"ours", options.ours},
                               {"theirs", options.theirs},
                               {"rounds", options.rounds}};
    for (const Row& row : measurements.rows)
        document["rows"].push_back({{"chain", row.chain},
                                    {"operation", row.operation},
                                    {"load", row.amount},
                                    {"ours", as_object(row.ours)},
                                    {"theirs", as_object(row.theirs)}});
    for (const Size& size : measurements.sizes)
        document["sizes"].push_back(
            {{"executable", size.executable}, {"ours", size.ours}, {"theirs", size.theirs}});
    return document.dump(2);
}

}  // namespace cni::bench
