#include <algorithm>

#include "base/hash.h"
#include "base/state_files.h"
#include "base/undo.h"
#include "base/warn.h"
#include "loan.h"
#include "sys/machine.h"

namespace cni::host_device {
namespace {

constexpr const char* folder = "/run/cni/host-device";
constexpr std::string_view suffix = ".json", temporary_suffix = ".tmp";

// No part can hold a slash, so different attachments never hash the same text.
std::string hash_of(const std::string& network, const AttachmentId& attachment) {
    return sha512_hex(cat(network, "/", attachment.container_id, "/", attachment.ifname))
        .substr(0, 64);
}

std::string temporary_name(const std::string& hash) {
    return cat(".", hash, temporary_suffix);
}

// One of an earlier boot tells of what is no more.
std::optional<Loan> load(const StateFiles& files, const std::string& name) {
    const auto text = files.read(name);
    if (!text) return {};
    Loan loan = Loan::parse(*text, files.path_of(name));
    const std::string boot = boot_id();
    if (!boot.empty() && !loan.place.boot_id.empty() && boot != loan.place.boot_id) return {};
    return loan;
}

// Passing troubles (base/passing.h) pass on: the next call may have none.
std::optional<Loan> load_if_readable(const StateFiles& files, const std::string& name) {
    try {
        return load(files, name);
    } catch (const SysError&) {
        throw;
    } catch (const Error& error) {
        warn(error.what());
        return {};
    }
}

}  // namespace

void save_loan(const Loan& loan) {
    const std::string hash = hash_of(loan.network, loan.attachment);
    StateFiles::make(folder).write(cat(hash, suffix), temporary_name(hash), loan.print());
}

std::optional<Loan> find_loan(const Request& request) {
    const auto files = StateFiles::find(folder);
    if (!files) return {};
    const std::string& network = request.conf.name;
    auto loan = load_if_readable(*files, cat(hash_of(network, request.attachment()), suffix));
    if (!loan || loan->network != network || loan->attachment != request.attachment()) return {};
    return loan;
}

void forget_loan(const std::string& network, const AttachmentId& attachment) {
    const auto files = StateFiles::find(folder);
    if (!files) return;
    const std::string hash = hash_of(network, attachment);
    files->remove(cat(hash, suffix));
    files->remove(temporary_name(hash));
}

std::vector<Loan> stale_loans(const std::string& network, const std::vector<AttachmentId>& valid) {
    std::vector<Loan> stale;
    const auto files = StateFiles::find(folder);
    if (!files) return stale;
    for (const std::string& name : files->names()) {
        if (!name.ends_with(suffix)) continue;
        auto loan = load_if_readable(*files, name);
        if (loan && loan->network == network && std::ranges::count(valid, loan->attachment) == 0)
            stale.push_back(std::move(*loan));
    }
    return stale;
}

}  // namespace cni::host_device
