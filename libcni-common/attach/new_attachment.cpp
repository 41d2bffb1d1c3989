#include "attach/new_attachment.h"

#include "attach/announcement.h"
#include "attach/configure.h"
#include "attach/host_link.h"
#include "attach/owners.h"
#include "base/random.h"
#include "cni/version.h"
#include "rules/masquerading.h"

namespace cni {
namespace {

std::string joined(const std::string& explanation, const std::string& details) {
    if (explanation.empty() || details.empty()) return cat(explanation, details);
    return cat(explanation, "; ", details);
}

// A number that neither the host nor a container has given so far, as they count from 1.
int random_index() {
    constexpr std::uint32_t first = 1u << 20, last = 1u << 24;
    return static_cast<int>(first + draw_random<std::uint32_t>() % (last - first));
}

// Kernels before 6.15 look on the host, where the request is sent, whether there is a link of that
// name; but not when it is to have a number of its own: then for one of that number. rtnl_newlink()
// in net/core/rtnetlink.c.
void create(Rtnl& from, NewLink link) {
    constexpr int attempts = 3;
    for (int attempt = 1;; ++attempt) {
        try {
            return from.apply(add_link(link));
        } catch (const NlError& error) {
            const bool is_other = error.error == EEXIST && link.netns && from.find(link.name);
            if (!is_other || attempt == attempts) throw;
        }
        link.index = random_index();
    }
}

Interface describe(const Link& link, const Request& request, const std::string& sandbox) {
    Interface interface;
    interface.name = link.name;
    interface.mac = link.address_text();
    interface.sandbox = sandbox;
    if (!at_least(request.conf.cni_version, "1.1.0")) return interface;
    interface.mtu = link.mtu;
    interface.pci_id = link.pci_id();
    return interface;
}

Ipam prepared_ipam(const Request& request) {
    Ipam ipam(request);
    ipam.prepare("ADD");
    return ipam;
}

}  // namespace

// For a pair, the words of the reference plugins.
void require_new_interface(Container& container, std::string_view kind) {
    const std::string& name = container.ifname;
    if (!container.find_interface()) return;
    throw Error(Code::internal,
                kind == Veth::name
                    ? cat("container veth name (", quote(name), ") peer provided already exists")
                    : cat("failed to create ", kind, " ", name, ": ", errno_text(EEXIST)),
                cat("the container of ", container.netns.path(), " has an interface ", name,
                    ": DEL the attachment before it is added again"));
}

NewAttachment::NewAttachment(const Request& its_request, std::string_view kind)
    : ipam_(prepared_ipam(its_request)),
      request(its_request),
      container(its_request.args),
      dns_(its_request.conf.dns()),
      undo_(its_request.steps) {
    require_new_interface(container, kind);
}

void NewAttachment::start_ipam() {
    if (!ipam_.configured()) return Result{}.require_printable(request.conf.cni_version);
    if (!ipam_.needs_link()) allocate();
}

void NewAttachment::allocate() {
    allocation_.emplace(ipam_.start_add());
    undo_.on_failure("release the addresses",
                     [this] { release_addresses(host, request, *allocation_); });
}

void NewAttachment::await_ipam() {
    if (!allocation_) return;
    given_ = allocation_->finish();
    allocation_->confirm();
}

Result NewAttachment::finish_ipam() {
    if (given_) return *given_;
    if (!allocation_ && ipam_.configured()) allocate();
    if (allocation_) given_ = allocation_->finish();
    return given_.value_or(Result{});
}

VethPair NewAttachment::make_veth_pair(const VethPairOptions& options) {
    VethPair veth = cni::make_veth_pair(host, container, request, options);
    undo_.on_failure("delete the veth pair",
                     [this, link = veth.host] { host.apply(remove_link(link)); });
    return veth;
}

Link NewAttachment::make_link(Rtnl& from, NewLink link) {
    link.name = container.ifname;
    if (&from != &container.rtnl) link.netns = &container.netns;
    return make_link(name_of(link.kind), [&] { create(from, link); });
}

Link NewAttachment::make_link(std::string_view kind, const std::function<void()>& make) {
    request.step("make link");
    // Before: the kernel may have made it though no answer comes.
    undo_.on_failure("delete the link", [this, kind = std::string(kind)] {
        const auto made = container.find_interface();
        if (made && made->kind_name() == kind && !name_is_taken_)
            container.rtnl.apply(remove_link(*made));
    });
    try {
        make();
    } catch (const SysError& error) {
        name_is_taken_ = error.error == EEXIST;
        throw;
    }
    Link made = container.get_interface();
    made.alias = host_link_alias(request.conf.name, request.attachment());
    container.rtnl.apply(set_alias(made, made.alias));
    return made;
}

Link NewAttachment::make_link(const Parent& parent, NewLink link, const Explain& explain) {
    const std::string act = cat("failed to create ", name_of(link.kind), " ", container.ifname,
                                " on ", parent.link.name);
    link.parent = parent.link.index;
    try {
        return make_link(parent.rtnl, std::move(link));
    } catch (const NlError& error) {
        throw NlError(act, error.error, joined(explain(error.error, parent.link), error.details));
    }
}

void NewAttachment::masquerade(const std::optional<std::string>& backend, const Result& result) {
    request.step("add masquerading");
    const Owner owner = owner_of(request);
    undo_.on_failure("remove the masquerading", [this, owner, result] {
        remove_masquerading(nft(), owner, known_addresses(result, owner.ifname));
    });
    add_masquerading(nft(), backend, owner, result.addresses());
}

void NewAttachment::on_failure(std::string act, std::function<void()> action) {
    undo_.on_failure(std::move(act), std::move(action));
}

Interface NewAttachment::on_host(const Link& link) const {
    return describe(link, request, {});
}

Interface NewAttachment::in_container(const Link& link) const {
    return describe(link, request, request.args.netns);
}

Link NewAttachment::current(const Link& link) {
    return ipam_.needs_link() ? container.rtnl.get(link.name) : link;
}

Result NewAttachment::finish(Result result, std::vector<Interface> interfaces) {
    result.interfaces = std::move(interfaces);
    if (dns_) result.dns = *dns_;
    if (allocation_) allocation_->confirm();
    undo_.commit();
    return result;
}

Result NewAttachment::finish_with(const Link& link) {
    prepare_interface(container, link, Dad::off);
    Result result = finish_ipam();
    request.step("configure interface");
    for (IpConfig& ip : result.ips) ip.interface = 0;
    configure_interface(container, link, result, Dad::off);
    request.step("describe");
    await_addresses(container, result);
    announce_addresses(container);
    return finish(std::move(result), {in_container(current(link))});
}

}  // namespace cni
