#include "base/contains.h"
#include "base/undo.h"
#include "cni/delegate.h"
#include "commands.h"
#include "compose.h"
#include "record.h"

namespace cni::flannel {
namespace {

bool is_valid(const AttachmentId& attachment, const std::vector<AttachmentId>& valid) {
    if (!attachment.ifname.empty()) return contains(valid, attachment);
    // The reference plugin does not say which interface.
    return std::ranges::find(valid, attachment.container_id, &AttachmentId::container_id) !=
           valid.end();
}

// A call about the attachment of a record, whose namespace is not looked for: it may be somebody
// else's by now.
Request call_about(const Record& record, const Request& request) {
    Request other = request;
    other.args.container_id = record.attachment.container_id;
    other.args.ifname = record.is_nameless() ? "eth0" : record.attachment.ifname;
    other.args.netns.clear();
    return other;
}

// The delegate's GC does not know delegates of earlier configurations, and many have none.
void remove_stale(const Request& request, const std::vector<AttachmentId>& valid,
                  Failures& failures) {
    const std::string dir = data_dir_of(request.conf);
    for (const auto& [name, record] : list_records(dir, request.conf.name)) {
        if (is_valid(record.attachment, valid)) continue;
        failures.attempt([&, &name = name, &record = record] {
            const Request other = call_about(record, request);
            Delegate(other, record.type).run("DEL", record.config.text());
            remove_record(dir, name);
        });
    }
}

void forward(const Request& request) {
    const Config config = parse_config(request.conf);
    const JsonObject composed = compose(request.conf, config, find_subnet_env(config));
    Delegate(request, config.type).run("GC", text_for_call(composed, request.conf));
}

}  // namespace

void gc(const Request& request) {
    Failures failures;
    request.step("remove stale records");
    failures.attempt([&] {
        if (const auto valid = request.conf.valid_attachments())
            remove_stale(request, *valid, failures);
    });
    failures.attempt([&] { forward(request); });
    failures.throw_if_any();
}

}  // namespace cni::flannel
