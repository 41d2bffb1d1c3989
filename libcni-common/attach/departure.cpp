#include "attach/departure.h"

#include "cni/args.h"
#include "netfilter/closing.h"
#include "sys/raw_call.h"

namespace cni {
namespace {

bool has_to_await_kernel() {
    const std::string wish = environment_variable("CNI_AWAIT_KERNEL");
    return wish.empty() ? CNIXX_AWAIT_KERNEL : wish != "0";
}

}  // namespace

Departure::Departure() : may_leave_(!has_to_await_kernel()) {}

Departure::~Departure() {
    if (!nft_ || is_held_ || !may_leave_) return;
    if (nft_->has_deleted()) nft::note_deletion();
    if (nft::closing_takes_time()) leave(nullptr, -1);
}

Rtnl& Departure::host() {
    if (!host_) host_.emplace();
    return *host_;
}

nft::Connection& Departure::nft() {
    if (!nft_) nft_.emplace();
    return *nft_;
}

void Departure::remove(const std::vector<Link>& links) {
    if (links.empty()) return;
    settle();
    LinkRemoval removal(host(), links);
    if (begin(removal, host().fd()) && meanwhile_)
        unsettled_.emplace(std::move(removal));
    else
        removal.finish();
}

void Departure::remove(Container& container, const std::vector<Link>& links) {
    if (links.empty()) return;
    LinkRemoval removal = container.run([&] { return LinkRemoval(container.rtnl, links); });
    begin(removal, container.rtnl.fd());
    removal.finish();
}

// Whether nothing can keep them.
bool Departure::begin(LinkRemoval& removal, int socket) {
    if (!may_leave_ || !removal.is_announced() || !leave(&removal, socket)) return false;
    if (meanwhile_) meanwhile_();
    return removal.await(orphan_->end());
}

void Departure::settle() {
    if (unsettled_) std::exchange(unsettled_, std::nullopt)->finish();
}

void Departure::run_beside_orphan(const std::function<void()>& body) {
    // Longer than an orphan takes, unless it is held up.
    constexpr std::chrono::seconds longest{1};
    try {
        return body();
    } catch (const SysError& error) {
        if (error.error != EAGAIN || !orphan_) throw;
    }
    orphan_->await(longest);
    body();
}

// The removal comes first: what was deleted from nf_tables is given up meanwhile.
bool Departure::leave(const LinkRemoval* removal, int socket) noexcept try {
    NlSocket* const netfilter = nft_ ? nft_->find_socket() : nullptr;
    if (netfilter && nft_->has_deleted()) nft::note_deletion();
    may_leave_ = false;
    const auto question = removal ? removal->question() : std::nullopt;
    if (removal && !question) return false;
    const auto begin = [question, socket] {
        if (question) question->ask();
        // The container's namespace may go.
        if (socket >= 0) raw_call(SYS_close, socket);
    };
    const auto go_on = [waits = netfilter != nullptr] {
        if (waits) nft::await_common_closing();
    };
    auto orphan = Orphan::leave({socket, netfilter ? netfilter->fd() : -1}, begin, go_on);
    if (!orphan) return false;
    orphan_.emplace(*std::move(orphan));
    may_leave_ = true;
    is_held_ = is_held_ || netfilter;
    return true;
} catch (...) {
    return false;
}

}  // namespace cni
