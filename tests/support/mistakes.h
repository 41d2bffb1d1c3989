#pragma once

namespace cni::test {

/// Something wrong with a configuration.
struct Mistake {
    /// Whether the keys and types of values show it, or the plugin's parser alone.
    enum Place { in_schema, in_parser };

    const char* json;
    const char* message;  ///< a part of what `cnitool validate` says, once
    Place place;
};

/// Of a plugin: members of its object, beside the network's.
inline constexpr Mistake plugin_mistakes[] = {
    {R"("type":"bridge","ipMasq":"yes")", "\"ipMasq\" must be true or false, not a string",
     Mistake::in_schema},
    {R"("type":"bridge","vlan":4095)", "\"vlan\" must be between 0 and 4094", Mistake::in_schema},
    {R"("type":"bridge","mtu":1.5)", "\"mtu\" must be an integer", Mistake::in_schema},
    {R"("type":"bridge","ipMasqBackend":"nft")", "must be one of \"\", \"iptables\"",
     Mistake::in_schema},
    {R"("type":"bridge","vlanTrunk":[{"minID":5,"maxID":4}])", "minID is greater than maxID",
     Mistake::in_parser},
    {R"("type":"bridge","vlanTrunk":[{"minID":5}])", "configured simultaneously",
     Mistake::in_parser},
    {R"("type":"bridge","vlanTrunk":[{}])", "needs \"id\"", Mistake::in_parser},
    {R"("type":"bridge","vlanTrunk":[null])", "must not be null", Mistake::in_schema},
    {R"("type":"bridge","hairpinMode":true,"promiscMode":true)", "hairpin mode and promisc",
     Mistake::in_parser},
    {R"("type":"macvlan","mac":"02:00")", "\"mac\" must be a MAC address", Mistake::in_schema},
    {R"("type":"macvlan","mode":"brige")", "must be one of \"\", \"bridge\"", Mistake::in_schema},
    {R"("type":"tuning","sysctl":{"net.core.somaxconn":500})", "must be a string",
     Mistake::in_schema},
    {R"("type":"vlan","ipam":{"type":"dhcp"})", "needs the key \"master\"", Mistake::in_schema},
    {R"("type":"ptp")", "needs \"ipam\" with a \"type\"", Mistake::in_parser},
    {R"("type":"vrf")", "needs the key \"vrfname\"", Mistake::in_schema},
    {R"("type":"host-device")", "specify either \"device\"", Mistake::in_parser},
    {R"("type":"bandwidth","ingressRate":1)", "burst must also be set", Mistake::in_parser},
    {R"("type":"flannel","delegate":{"name":"x"})", "must not have 'name' field",
     Mistake::in_parser},
    {R"("type":"portmap","conditionsV4":"-s 1.2.3.4")", "must be a list", Mistake::in_schema},
    {R"("type":"portmap","markMasqBit":1,"externalSetMarkChain":"X")",
     "Cannot specify externalSetMarkChain and markMasqBit", Mistake::in_parser},
    {R"("type":"portmap","markMasqBit":32,"externalSetMarkChain":"X")", "between 0 and 31",
     Mistake::in_schema},
    {R"("type":"portmap","externalSetMarkChain":"KUBE-MARK-MASQUERADE-OF-MINE-X")",
     "\"externalSetMarkChain\" is longer than 28 bytes", Mistake::in_parser},
    {R"("type":"portmap","backend":"nftables","conditionsV4":["-s","10.0.0.0/8"])",
     "iptables-specific options [conditionsV4]", Mistake::in_parser},
    {R"("type":"portmap","conditionsV6":["-j","ACCEPT"])",
     "\"conditionsV6\": word \"-j\" is not understood", Mistake::in_parser},
    {R"("type":"sbr","gateways":["10.0.0.0/8"])", "invalid IP address: 10.0.0.0/8",
     Mistake::in_schema},
    {R"("type":"firewall","ingressPolicy":"closed")", "must be one of", Mistake::in_schema},
    {R"("type":"firewall","egress":[{"protocol":"gre"}])", "egress[0].protocol\" must be one of",
     Mistake::in_parser},
    {R"("type":"firewall","ingress":[{},{"port":[80]}])", "has an unknown key \"port\"",
     Mistake::in_parser},
    {R"("type":"firewall","backend":"iptables","gate":true)", "needs the backend \"nftables",
     Mistake::in_parser},
    {R"("type":"loopback","capabilities":{"mac":"yes"})", "must be true or false",
     Mistake::in_schema},
    {R"("type":"loopback","dns":{"nameservers":"1.1.1.1"})", "must be a list", Mistake::in_schema},
    {R"("type":"loopback","logFile":"cni.log")", "\"logFile\" must be an absolute path",
     Mistake::in_schema},
    {R"("type":"loopback","logFile":true)", "must be a string", Mistake::in_schema},
};

/// Of an IPAM plugin: the whole of "ipam".
inline constexpr Mistake ipam_mistakes[] = {
    {R"({"type":"host-local"})", "needs the key \"subnet\" or \"ranges\"", Mistake::in_parser},
    {R"({"type":"host-local","subnet":"10.1.0.0/33"})", "invalid CIDR address: 10.1.0.0/33",
     Mistake::in_schema},
    {R"({"type":"host-local","subnet":"10.1.0.1/31"})", "Network has host bits set",
     Mistake::in_parser},
    {R"({"type":"host-local","subnet":"10.1.0.0/24","exclude":["10.1.0.0/24"]})",
     "no IP addresses available in range set", Mistake::in_parser},
    {R"({"type":"host-local","subnet":"10.1.0.0/24","exclude":["10.1.0.1/24"]})",
     "\"ipam.exclude[0]\" \"10.1.0.1/24\" has host bits set", Mistake::in_parser},
    {R"({"type":"host-local","subnet":"10.1.0.0/24","reserve":[{"pod":"a/b"}]})",
     "\"ipam.reserve[0]\" needs the key \"address\"", Mistake::in_schema},
    {R"({"type":"host-local","subnet":"10.1.0.0/24","reserve":[{"address":"10.1.0.9","pod":"b"}]})",
     "\"ipam.reserve[0].pod\" \"b\" is no pod", Mistake::in_parser},
    {R"({"type":"host-local","subnet":"10.1.0.0/24","reserve":[{"address":"10.2.0.9","pod":"a/b"}]})",
     "\"ipam.reserve[0]\": address 10.2.0.9 is in none of the ranges", Mistake::in_parser},
    {R"({"type":"host-local","subnet":"10.1.0.0/24","sticky":"name"})", "must be one of",
     Mistake::in_schema},
    {R"({"type":"host-local","subnet":"10.1.0.0/24","strategy":"best"})", "must be one of",
     Mistake::in_schema},
    {R"({"type":"host-local","subnet":"10.1.0.0/24","cooldown":604801})", "ipam.cooldown",
     Mistake::in_schema},
    {R"({"type":"host-local","subnet":"10.1.0.0/24","wholeSubnet":1})", "must be true or false",
     Mistake::in_schema},
    {R"({"type":"host-local","subnet":"10.1.0.0/16","rangeStart":"10.2.0.1"})",
     "RangeStart 10.2.0.1 not in network 10.1.0.0/16", Mistake::in_parser},
    {R"({"type":"host-local","subnet":"10.1.0.0/16","rangeStart":"10.1.0.9","rangeEnd":"10.1.0.8"})",
     "the range would begin with 10.1.0.9 and end with 10.1.0.8", Mistake::in_parser},
    {R"({"type":"host-local","ranges":[[{"rangeStart":"10.1.0.1"}]]})",
     "\"ipam.ranges[0][0]\" needs the key \"subnet\"", Mistake::in_schema},
    {R"({"type":"host-local","ranges":[{"subnet":"10.1.0.0/16"}]})", "must be a list",
     Mistake::in_schema},
    {R"({"type":"host-local","subnet":"10.1.0.0/16","routes":[{"gw":"10.1.0.1"}]})",
     "needs the key \"dst\"", Mistake::in_schema},
    {R"({"type":"host-local","subnets":"10.1.0.0/16","ranges":[[{"subnet":"10.0.0.0/8"}]]})",
     "did you mean \"subnet\"?", Mistake::in_schema},
    {R"({"type":"static","addresses":[{"address":"10.0.0.1"}]})", "invalid CIDR address",
     Mistake::in_schema},
    {R"({"type":"dhcp","provide":[{"value":"x"}]})", "needs the key \"option\"",
     Mistake::in_schema},
    {R"({"subnet":"10.1.0.0/16"})", "\"ipam\" has no \"type\"", Mistake::in_schema},
    {R"("host-local")", "must be an object", Mistake::in_schema},
};

}  // namespace cni::test
