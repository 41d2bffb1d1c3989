#include "changed_subnet.h"

#include "base/contains.h"

namespace cni::flannel {

std::string subnets_text(const std::vector<Prefix>& subnets) {
    std::vector<std::string> texts;
    for (const Prefix& subnet : subnets) texts.push_back(subnet.to_string());
    return join(texts, ", ");
}

std::string lost_subnets(const Record& record, const SubnetEnv& env) {
    std::vector<Prefix> lost;
    for (const Prefix& subnet : record.subnets)
        if (!contains(env.subnets, subnet)) lost.push_back(subnet);
    return subnets_text(lost);
}

}  // namespace cni::flannel
