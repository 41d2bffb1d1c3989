#include "base/undo.h"
#include "cni/delegate.h"
#include "commands.h"
#include "compose.h"
#include "record.h"

namespace cni::flannel {

Result add(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf);
    request.step("await subnet file");
    const SubnetEnv env = await_subnet_env(config);
    Delegate delegate(request, config.type);
    delegate.prepare("ADD");
    const Record record = new_record(request, config.type, compose(request.conf, config, env));
    const RecordFile file(config.data_dir, request);

    request.step("save record");
    const auto earlier = file.load().record;
    Undo undo(request.steps);
    file.save(record);
    undo.on_failure("delete what the delegate made", [&] {
        // What was there before is not this ADD's to delete.
        if (earlier && !earlier->is_nameless()) return file.save(*earlier);
        if (!earlier) delegate.run("DEL", text_for_call(record.config, request.conf));
        file.remove();
    });
    Result result = delegate.add(record.config.text());
    undo.commit();
    return result;
}

}  // namespace cni::flannel
