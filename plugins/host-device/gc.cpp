#include "attach/removal.h"
#include "commands.h"
#include "loan.h"
#include "move.h"

namespace cni::host_device {
namespace {

void take_back_stale(const Request& request, const std::vector<AttachmentId>& valid) {
    Rtnl host;
    Failures failures;
    for (const Loan& loan : stale_loans(request.conf.name, valid))
        failures.attempt([&] {
            take_back(host, find_borrower({}, loan).get(), loan);
            forget_loan(loan.network, loan.attachment);
        });
    failures.throw_if_any();
}

}  // namespace

void gc(const Request& request) {
    StaleRemoval removal(request);
    removal.attempt([&](const std::vector<AttachmentId>& valid) {
        request.step("remove stale links");
        take_back_stale(request, valid);
    });
    removal.addresses();
    removal.finish();
}

}  // namespace cni::host_device
