#include "sys/reaper.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/file.h"

namespace cni {
namespace {

constexpr const char* path = "/run/cnixx.orphan";
// Padded to this, so that one write replaces all of the earlier one.
constexpr std::size_t line_size = 80;
constexpr std::size_t most_lines = 8;

struct Life {
    char state;
    std::uint64_t start;  ///< ticks since the machine's start
};

// Field 3 and 22 of proc_pid_stat(5), the second of which, in parentheses, may hold anything.
std::optional<Life> life_of(pid_t pid) {
    constexpr std::size_t limit = 4096;
    const std::string stat = read_file(cat("/proc/", pid, "/stat"), limit).value_or("");
    const auto end_of_name = stat.rfind(')');
    if (end_of_name == stat.npos) return {};
    const auto fields = split(std::string_view(stat).substr(end_of_name + 1), ' ');
    constexpr std::size_t state = 1, start = 20;
    if (fields.size() <= start || fields[state].empty()) return {};
    const auto ticks = parse_int<std::uint64_t>(fields[start]);
    if (!ticks) return {};
    return Life{fields[state][0], *ticks};
}

// Inodes of namespaces that are gone are used again: process 1 tells them apart.
std::string this_place() {
    struct stat status {};
    ::stat("/proc/self/ns/pid", &status);
    const auto first = life_of(1);
    return cat(status.st_ino, " ", first ? first->start : 0);
}

struct Record {
    pid_t pid;
    std::uint64_t start;
    bool is_proven;
    std::string place;
};

std::optional<Record> parse_record(std::string_view line) {
    const auto words = split(trim(line), ' ');
    if (words.size() != 5) return {};
    const auto pid = parse_int<pid_t>(words[0]);
    const auto start = parse_int<std::uint64_t>(words[1]);
    if (!pid || !start) return {};
    return Record{*pid, *start, words[2] == "1", cat(words[3], " ", words[4])};
}

using Records = std::array<std::optional<Record>, most_lines>;

Records read_records(int file) {
    Records records;
    char text[line_size * most_lines];
    const ssize_t size = ::pread(file, text, sizeof text, 0);
    std::string_view rest(text, size > 0 ? static_cast<std::size_t>(size) : 0);
    for (std::size_t i = 0; i < most_lines && !rest.empty(); ++i) {
        records[i] = parse_record(rest.substr(0, line_size));
        rest.remove_prefix(std::min(line_size, rest.size()));
    }
    return records;
}

// Its own, else a free one, else that of some other namespace: most are gone by then.
std::size_t line_for(const std::string& place, const Records& records) {
    const auto first = [&](const auto& predicate) {
        return static_cast<std::size_t>(std::ranges::find_if(records, predicate) - records.begin());
    };
    std::size_t line = first([&](const auto& r) { return r && r->place == place; });
    if (line == most_lines) line = first([](const auto& r) { return !r; });
    return line < most_lines ? line : std::hash<std::string>()(place) % most_lines;
}

}  // namespace

Reaper::Reaper() {
    try {
        file_ = open_private_file(path);
        place_ = this_place();
        look();
    } catch (const Error&) {
        takes_one_ = false;
    }
}

// Twice when the record is to be replaced: once more when nobody else can do so.
void Reaper::look() {
    for (const bool is_locked : {false, true}) {
        const Records records = read_records(file_.get());
        line_ = line_for(place_, records);
        auto record = records[line_];
        if (record && record->place != place_) record.reset();
        const auto life = record ? life_of(record->pid) : std::nullopt;
        const bool is_there = life && life->start == record->start;
        if (is_there) {
            takes_one_ = record->is_proven && life->state != 'Z' && life->state != 'X';
            return;
        }
        is_proven_ = record.has_value();
        if (is_locked) {
            // Nobody is seen to go where nobody is seen at all.
            takes_one_ = is_next_ = life_of(::getpid()).has_value();
        } else if (change_lock(file_.get(), F_OFD_SETLK, F_WRLCK, 0) < 0) {
            // Somebody else is about to name one.
            takes_one_ = is_proven_;
            return;
        }
    }
}

void Reaper::note(pid_t orphan) noexcept {
    if (!is_next_) return;
    try {
        if (const auto life = life_of(orphan)) {
            const std::string text =
                cat(orphan, " ", life->start, " ", is_proven_ ? 1 : 0, " ", place_);
            if (write_line(text)) noted_ = orphan;
        }
    } catch (...) {
        // Then the next one is watched.
    }
    // The orphan has inherited it.
    change_lock(file_.get(), F_OFD_SETLK, F_UNLCK, 0);
}

void Reaper::forget(pid_t orphan) noexcept {
    if (orphan == noted_) write_line("");
}

bool Reaper::write_line(std::string_view text) noexcept {
    char line[line_size];
    std::fill_n(line, line_size - 1, ' ');
    line[line_size - 1] = '\n';
    text.copy(line, line_size - 1);
    return ::pwrite(file_.get(), line, line_size, static_cast<off_t>(line_ * line_size)) > 0;
}

}  // namespace cni
