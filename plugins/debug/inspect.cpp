#include "inspect.h"

#include "config.h"

namespace cni::debug {

void foresee(Outlook& outlook) {
    const Config config = parse_config(outlook.request.conf, "addHooks");
    if (!config.output.empty()) outlook.set("file", config.output, "the call is appended");
    for (const Hook& hook : config.hooks) {
        std::string words;
        for (const std::string& word : hook) words += cat(words.empty() ? "" : " ", word);
        outlook.add(Foreseen::Act::run, "program", words, "in the container");
    }
}

}  // namespace cni::debug
