#include "cni/outlook.h"

#include "base/error.h"

namespace cni {

Outlook::Outlook(const Request& its_request, std::string plugin, bool its_container, Find find,
                 std::vector<Foreseen>& steps)
    : request(its_request),
      has_container(its_container),
      plugin_(std::move(plugin)),
      find_(find),
      steps_(steps) {}

void Outlook::add(Foreseen::Act act, std::string_view kind, std::string name, std::string text) {
    steps_.push_back({act, kind, std::move(name), std::move(text), plugin_});
}

void Outlook::foresee_other(Outlook& other, std::string_view kind, const std::string& type) {
    if (const Foresee foresee = find_(type)) {
        add(Foreseen::Act::run, kind, type, "");
        foresee(other);
        is_known = is_known && other.is_known;
    } else {
        add(Foreseen::Act::run, kind, type, "it is not of this suite: what it does is not known");
        is_known = false;
    }
}

Result Outlook::foresee_ipam() {
    const std::string type = request.conf.ipam_type();
    if (type.empty()) {
        Result{}.require_printable(request.conf.cni_version);
        return {};
    }
    Outlook ipam(request, type, has_container, find_, steps_);
    foresee_other(ipam, "IPAM plugin", type);
    if (is_known && ipam.result.ips.empty())
        throw Error(Code::internal, "IPAM plugin returned missing IP config",
                    cat("IPAM plugin ", type, " would give no address"));
    return ipam.result;
}

void Outlook::foresee_delegate(const std::string& type, const NetConf& conf) {
    const Request its{.args = request.args, .conf = conf};
    Outlook other(its, type, has_container, find_, steps_);
    other.result = result;
    foresee_other(other, "plugin", type);
    result = other.result;
}

Interface Outlook::on_host(std::string name) const {
    Interface interface;
    interface.name = std::move(name);
    return interface;
}

Interface Outlook::in_container() const {
    Interface interface;
    interface.name = request.args.ifname;
    interface.sandbox = request.args.netns;
    return interface;
}

}  // namespace cni
