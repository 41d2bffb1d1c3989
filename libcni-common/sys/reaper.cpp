#include "sys/reaper.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/file.h"

namespace cni {
namespace {

constexpr const char* path = "/run/cnixx.orphan";
// Padded to this, so that one write replaces all of the earlier one.
constexpr std::size_t record_size = 48;

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

struct Record {
    pid_t pid;
    std::uint64_t start;
    bool is_proven;
};

std::optional<Record> read_record(int file) {
    char text[record_size];
    const ssize_t size = ::pread(file, text, sizeof text, 0);
    if (size <= 0) return {};
    const auto words = split(trim({text, static_cast<std::size_t>(size)}), ' ');
    if (words.size() != 3) return {};
    const auto pid = parse_int<pid_t>(words[0]);
    const auto start = parse_int<std::uint64_t>(words[1]);
    if (!pid || !start) return {};
    return Record{*pid, *start, words[2] == "1"};
}

}  // namespace

Reaper::Reaper() {
    try {
        file_ = open_private_file(path);
        look();
    } catch (const Error&) {
        takes_one_ = false;
    }
}

// Twice when the record is to be replaced: once more when nobody else can do so.
void Reaper::look() {
    for (const bool is_locked : {false, true}) {
        const auto record = read_record(file_.get());
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
            std::string text = cat(orphan, " ", life->start, " ", is_proven_ ? 1 : 0);
            text.resize(record_size - 1, ' ');
            text += '\n';
            if (::pwrite(file_.get(), text.data(), text.size(), 0) > 0) noted_ = orphan;
        }
    } catch (...) {
        // Then the next one is watched.
    }
    // The orphan has inherited it.
    change_lock(file_.get(), F_OFD_SETLK, F_UNLCK, 0);
}

void Reaper::forget(pid_t orphan) noexcept {
    if (orphan == noted_) [[maybe_unused]]
        const int rc = ::ftruncate(file_.get(), 0);
}

}  // namespace cni
