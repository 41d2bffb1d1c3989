#include "record_interface.h"

#include "interface.h"
#include "log.h"

namespace cni::dhcp {
namespace {

// Of several routes some may be there, and some of the earlier ones gone.
ChangeOutcome put_back(const Record& record, const Result& borne, const Result& tried,
                       std::string trouble) {
    try {
        if (auto interface = Interface::find(record.netns, record.place))
            interface->replace(tried, borne);
    } catch (const Error& error) {
        trouble += cat("; ", error.what());
    }
    return {Change::missed, trouble};
}

ChangeOutcome take_off(const Record& record, Result& borne, const Result& now,
                       const std::string& trouble) {
    try {
        if (auto interface = Interface::find(record.netns, record.place)) {
            interface->remove(borne.addresses());
            interface->remove(now.addresses());
        }
        borne = {};
        return {Change::undone, trouble};
    } catch (const Error& error) {
        return {Change::missed, cat(trouble, "; ", error.what())};
    }
}

}  // namespace

bool bears(const Record& record, const std::vector<Prefix>& addresses) {
    try {
        auto interface = Interface::find(record.netns, record.place);
        return !interface || interface->has_all(addresses);
    } catch (const Error& error) {
        log(record.holder.text(), error.what());
        return true;
    }
}

bool is_gone(const Record& record) {
    try {
        return !Interface::find(record.netns, record.place);
    } catch (const Error& error) {
        log(record.holder.text(), error.what());
        return false;
    }
}

ChangeOutcome change_interface(const Record& record, Result& borne, const Result& now) {
    if (borne == now) return {Change::made};
    try {
        auto interface = Interface::find(record.netns, record.place);
        if (!interface) return {Change::undone, "the interface is gone"};
        interface->replace(borne, now);
        borne = now;
        return {Change::made};
    } catch (const Error& error) {
        if (borne.addresses() == now.addresses()) return put_back(record, borne, now, error.what());
        return take_off(record, borne, now, error.what());
    }
}

}  // namespace cni::dhcp
