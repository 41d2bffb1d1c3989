#include "bench/report.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "bench/wording.h"

namespace cni::bench {
namespace {

using Cells = std::vector<std::string>;
using Table = std::vector<Cells>;  // the first row is the heading

// Of a row without a floor, one that took no time.
Cost floor_of(const Row& row) {
    return row.floor.value_or(Cost{});
}

std::string cell(double value, int digits) {
    return value > 0 ? number(value, digits) : "-";
}

Table times(const Measurements& measurements) {
    Table table{{"operation", "ours ms", "p90", "theirs ms", "p90", "floor ms", "p90",
                 "ours/theirs", "ours/floor"}};
    for (const Row& row : measurements.rows) {
        const Times &ours = row.ours.times, &theirs = row.theirs.times;
        const Times floor = floor_of(row).times;
        table.push_back({label(row), number(ours.median(), 2), number(ours.p90(), 2),
                         number(theirs.median(), 2), number(theirs.p90(), 2),
                         cell(floor.median(), 2), cell(floor.p90(), 2),
                         ratio(ours.median(), theirs.median()),
                         ratio(ours.median(), floor.median())});
    }
    return table;
}

Cells at_once(const Row& row, std::size_t i) {
    const Storm &ours = row.ours.at_once[i], &theirs = row.theirs.at_once[i];
    const Storm floor = row.floor ? row.floor->at_once[i] : Storm{};
    const double our = ours.times.median(), their = theirs.times.median();
    return {label(row),
            cat(ours.width),
            number(our, 2),
            number(ours.times.p90(), 2),
            number(their, 2),
            number(theirs.times.p90(), 2),
            cell(floor.times.median(), 2),
            ratio(our, their),
            ratio(our, floor.times.median()),
            number(ours.per_second, 0),
            number(theirs.per_second, 0),
            cell(floor.per_second, 0),
            cat(ours.failed),
            cat(theirs.failed),
            row.floor ? cat(floor.failed) : "-"};
}

Table at_once(const Measurements& measurements) {
    Table table{{"at once", "width", "ours ms", "p90", "theirs ms", "p90", "floor ms",
                 "ours/theirs", "ours/floor", "ours /s", "theirs /s", "floor /s", "ours failed",
                 "theirs failed", "floor failed"}};
    for (const Row& row : measurements.rows)
        for (std::size_t i = 0; i < row.ours.at_once.size(); ++i) table.push_back(at_once(row, i));
    return table;
}

Table costs(const Measurements& measurements) {
    Table table{{"resources", "ours KiB", "theirs KiB", "floor KiB", "ours/theirs", "ours execs",
                 "theirs execs", "floor execs"}};
    for (const Row& row : measurements.rows) {
        const Cost floor = floor_of(row);
        table.push_back({label(row), cat(row.ours.peak_kib), cat(row.theirs.peak_kib),
                         cell(static_cast<double>(floor.peak_kib), 0),
                         ratio(static_cast<double>(row.ours.peak_kib),
                               static_cast<double>(row.theirs.peak_kib)),
                         cat(row.ours.executions), cat(row.theirs.executions),
                         cell(floor.executions, 0)});
    }
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

// Whoever built its kernel has named it behind the version.
std::string machine() {
    utsname system{};
    ::uname(&system);
    const std::string_view release(system.release);
    return cat("Linux ", release.substr(0, release.find('-')), ", ",
               ::sysconf(_SC_NPROCESSORS_ONLN), " processors");
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
    for (const Row& row : measurements.rows) text += cat(sentence(row), "\n");
    return text;
}

std::string as_markdown(const Measurements& measurements, const Options& options) {
    std::string text =
        cat("Measured on ", machine(), ": ", options.rounds, " attachments of each row.\n\n");
    for (const Table& table : tables(measurements)) text += cat(markdown(table), "\n");
    return text;
}

std::string as_json(const Measurements& measurements, const Options& options) {
    utsname system{};
    ::uname(&system);
    nlohmann::json document = {
        {"kernel", system.release}, {"processors", ::sysconf(_SC_NPROCESSORS_ONLN)},
        {"ours", options.ours},     {"theirs", options.theirs},
        {"floor", options.floor},   {"rounds", options.rounds}};
    for (const Row& row : measurements.rows)
        document["rows"].push_back({{"chain", row.chain},
                                    {"operation", row.operation},
                                    {"load", row.amount},
                                    {"ours", as_object(row.ours)},
                                    {"theirs", as_object(row.theirs)},
                                    {"floor", row.floor ? as_object(*row.floor) : nullptr}});
    for (const Size& size : measurements.sizes)
        document["sizes"].push_back(
            {{"executable", size.executable}, {"ours", size.ours}, {"theirs", size.theirs}});
    return document.dump(2);
}

}  // namespace cni::bench
