#include "service.h"

#include <utility>

#include "../config.h"
#include "../protocol/options4.h"
#include "base/contains.h"
#include "base/hash.h"
#include "cni/args.h"
#include "interface.h"
#include "log.h"
#include "record_interface.h"

namespace cni::dhcp {
namespace {

// Of one writer: this daemon.
constexpr const char* draft = ".new";

// The name of a record's file. Ids may be longer than names of files.
std::string file_of(const Holder& holder) {
    return sha512_hex(holder.text()).substr(0, 32);
}

Holder holder_of(const Arguments& arguments, const NetConf& conf) {
    if (!is_valid_identifier(arguments.container_id))
        throw Error(Code::invalid_environment,
                    cat("invalid container id ", quote(arguments.container_id)));
    require_valid_ifname(arguments.ifname);
    return {arguments.container_id, conf.name, arguments.ifname};
}

NetConf parse_conf(const Arguments& arguments) {
    return NetConf::parse(arguments.config);
}

// Its settings win over what the server says: CHECK compares with them.
bool has_own_mtu(const NetConf& conf) {
    return conf.mtu() != 0;
}

// Whether a record is of the interface that another one is of.
bool is_same_interface(const Record& one, const Record& other) {
    return one.place.is_in(other.place) && one.place.ifindex == other.place.ifindex;
}

}  // namespace

Service::Service(Loop& loop, Settings settings, StateFiles files)
    : loop_(loop),
      settings_(std::move(settings)),
      files_(std::move(files)),
      links_(loop, [this](const Holder& holder) { look_after(holder); }) {}

// ------------------------------------------------------------------ what is kept

void Service::store(const Record& record) {
    files_.write(file_of(record.holder), draft, print(record));
}

void Service::ended(Keeper& keeper) {
    const Holder holder = keeper.record().holder;
    const auto found = keepers_.find(holder);
    if (found == keepers_.end() || found->second.get() != &keeper) return;
    keepers_.erase(found);
    links_.remove(holder);
    forget(file_of(holder));
}

void Service::forget(const std::string& file) {
    try {
        files_.remove(file);
    } catch (const Error& error) {
        log({}, error.what());
    }
}

void Service::resume() {
    for (const std::string& file : files_.names()) {
        try {
            resume(file);
        } catch (const SysError& error) {
            // A lease may be in it that a container has.
            log({}, cat("leave ", files_.path_of(file), " to the next start: ", error.what()));
        } catch (const Error& error) {
            log({}, cat("forget ", files_.path_of(file), ": ", error.what()));
            forget(file);
        }
    }
    log({}, cat("leases that are kept: ", keepers_.size()));
}

void Service::resume(const std::string& file) {
    Record record = parse_record(files_.read(file).value_or(""));
    if (file != file_of(record.holder)) throw Error(Code::internal, "it is of somebody else");
    if (is_gone(record))
        throw Error(Code::internal, cat("the interface of ", record.holder.text(), " is gone"));
    add(std::move(record)).resume();
}

Keeper& Service::add(Record record) {
    watch(record);
    auto& place = keepers_[record.holder];
    place = std::make_unique<Keeper>(loop_, *this, settings_.manners, std::move(record));
    return *place;
}

// Without it, that the interface is gone is noticed when something is to be said.
void Service::watch(const Record& record) {
    try {
        if (const auto interface = Interface::find(record.netns, record.place))
            links_.add(record.holder, interface->netns(), record.place.ifindex);
    } catch (const Error& error) {
        log(record.holder.text(), error.what());
    }
}

void Service::look_after(const Holder& holder) {
    const auto found = keepers_.find(holder);
    if (found != keepers_.end() && is_gone(found->second->record()))
        found->second->end("the interface is gone");
}

// ------------------------------------------------------------------ what is asked for

void Service::handle(const Call& call, WaiterId who, const Done& done) {
    try {
        dispatch(call, who, done);
    } catch (const Error& error) {
        done({.error = error.what()});
    }
}

void Service::dispatch(const Call& call, WaiterId who, const Done& done) {
    if (call.method == method::allocate) return allocate(call.arguments, who, done);
    if (call.method == method::check) return check(call.arguments, done);
    if (call.method == method::release) return release(call.arguments, done);
    if (call.method == method::collect) return collect(call.arguments, done);
    throw Error(Code::internal, cat("rpc: can't find method ", call.method));
}

Record Service::new_record(const Arguments& arguments) const {
    const NetConf conf = parse_conf(arguments);
    const Config config = parse_config(conf, arguments.cni_args);
    Record record{.holder = holder_of(arguments, conf),
                  .netns = cat(settings_.host_prefix, arguments.netns),
                  .place = {},
                  .mac = {},
                  .provided = config.provided,
                  .requested = config.requested,
                  .priority = config.priority,
                  .wants_broadcast = settings_.wants_broadcast,
                  .lease = {},
                  .wanted = config.leases,
                  .provided6 = config.provided6,
                  .requested6 = config.requested6};
    Interface interface = Interface::open(record.netns, arguments.ifname);
    if (config.leases != Leases::ipv4) interface.allow_ipv6();
    interface.bring_up();
    record.place = interface.place();
    record.mac = interface.link().mac;
    // It drops what comes to an address that it does not have yet.
    if (interface.link().is<Ipvlan>()) record.wants_broadcast = true;
    if (has_own_mtu(conf)) std::erase(record.requested, option4::interface_mtu);
    return record;
}

// What the configuration says of options counts the first time, unless the interface was made anew
// since: to the server it is the same client then.
void Service::allocate(const Arguments& arguments, WaiterId who, const Done& done) {
    Record record = new_record(arguments);
    const auto found = keepers_.find(record.holder);
    const bool is_kept =
        found != keepers_.end() && is_same_interface(found->second->record(), record);
    if (found != keepers_.end() && !is_kept) found->second->end("the interface was made anew");
    waiting_.insert_or_assign(who, record.holder);
    const auto finish = [this, who, done](const Outcome& outcome) {
        waiting_.erase(who);
        done(outcome);
    };
    if (is_kept) return found->second->await(who, finish);
    Keeper& keeper = add(std::move(record));
    keeper.await(who, finish);
    try {
        keeper.acquire();
    } catch (const Error& error) {
        keeper.end(error.what());
    }
}

void Service::check(const Arguments& arguments, const Done& done) {
    const NetConf conf = parse_conf(arguments);
    const Holder holder = holder_of(arguments, conf);
    const auto found = keepers_.find(holder);
    const auto result = found != keepers_.end() ? found->second->result() : std::nullopt;
    if (!result) throw Error(Code::internal, cat("there is no lease of ", holder.text()));
    const Record& record = found->second->record();
    auto interface = Interface::find(record.netns, record.place);
    if (!interface)
        throw Error(Code::internal, cat("the interface that the lease of ", holder.text(),
                                        " was made for is gone"));
    for (const Prefix& address : result->addresses())
        if (!interface->has_address(address.ip))
            throw Error(Code::internal,
                        cat("interface ", interface->link().name,
                            " lacks the address of its lease, ", address.to_string()));
    done({.error = {}, .result = *result});
}

void Service::release(const Arguments& arguments, const Done& done) {
    const NetConf conf = parse_conf(arguments);
    const auto found = keepers_.find(holder_of(arguments, conf));
    if (found != keepers_.end()) found->second->release("the lease was released");
    done({});
}

void Service::collect(const Arguments& arguments, const Done& done) {
    const NetConf conf = parse_conf(arguments);
    const auto valid = conf.valid_attachments();
    std::vector<Holder> stale;
    for (const auto& [holder, keeper] : keepers_)
        if (valid && holder.network == conf.name &&
            !contains(*valid, AttachmentId{holder.container_id, holder.ifname}))
            stale.push_back(holder);
    for (const Holder& holder : stale)
        if (const auto found = keepers_.find(holder); found != keepers_.end())
            found->second->release("its attachment is not valid any more");
    done({});
}

void Service::abandon(WaiterId who) {
    const auto waiting = waiting_.find(who);
    if (waiting == waiting_.end()) return;
    const auto found = keepers_.find(waiting->second);
    waiting_.erase(waiting);
    if (found != keepers_.end()) found->second->abandon(who);
}

void Service::stop() {
    while (!waiting_.empty()) {
        const auto found = keepers_.find(waiting_.begin()->second);
        waiting_.erase(waiting_.begin());
        if (found != keepers_.end()) found->second->stop("the DHCP daemon is stopping: try again");
    }
}

}  // namespace cni::dhcp
