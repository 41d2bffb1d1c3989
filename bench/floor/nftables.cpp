#include "nftables.h"

namespace cni::floor {

Batch::Batch(std::uint8_t family, std::string_view table) : family_(family), table_(table) {
    mark(NFNL_MSG_BATCH_BEGIN);
}

const Datagram& Batch::end() {
    mark(NFNL_MSG_BATCH_END);
    return datagram_;
}

void Batch::add_chain(std::string_view name) {
    message(NFT_MSG_NEWCHAIN, NLM_F_CREATE).put_text(NFTA_CHAIN_NAME, name);
}

void Batch::add_chain(std::string_view name, std::uint32_t hook, int priority) {
    add_chain(name);
    datagram_
        .nest(NFTA_CHAIN_HOOK,
              [&] {
                  datagram_.put_be32(NFTA_HOOK_HOOKNUM, hook)
                      .put_be32(NFTA_HOOK_PRIORITY, static_cast<std::uint32_t>(priority));
              })
        .put_text(NFTA_CHAIN_TYPE, "nat");
}

void Batch::add_set(std::string_view name, std::uint32_t key_length, std::uint32_t data_length) {
    message(NFT_MSG_NEWSET, NLM_F_CREATE)
        .put_text(NFTA_SET_NAME, name)
        .put_be32(NFTA_SET_ID, ++sets_)
        .put_be32(NFTA_SET_KEY_LEN, key_length)
        .put_be32(NFTA_SET_FLAGS, data_length ? NFT_SET_MAP : 0);
    if (data_length)
        datagram_.put_be32(NFTA_SET_DATA_TYPE, 0).put_be32(NFTA_SET_DATA_LEN, data_length);
}

void Batch::remove_rule(std::string_view chain, std::uint64_t handle) {
    message(NFT_MSG_DELRULE, 0)
        .put_text(NFTA_RULE_CHAIN, chain)
        .put(NFTA_RULE_HANDLE, ::htobe64(handle));
}

void Batch::load_meta(std::uint32_t key, std::uint32_t reg) {
    expression("meta", [&] { put_register(NFTA_META_DREG, reg).put_be32(NFTA_META_KEY, key); });
}

void Batch::load_ct(std::uint32_t key, std::uint32_t reg) {
    expression("ct", [&] { put_register(NFTA_CT_DREG, reg).put_be32(NFTA_CT_KEY, key); });
}

void Batch::load_payload(nft_payload_bases base, std::uint32_t offset, std::uint32_t length,
                         std::uint32_t reg) {
    expression("payload", [&] {
        put_register(NFTA_PAYLOAD_DREG, reg)
            .put_be32(NFTA_PAYLOAD_BASE, base)
            .put_be32(NFTA_PAYLOAD_OFFSET, offset)
            .put_be32(NFTA_PAYLOAD_LEN, length);
    });
}

void Batch::load_address_type(std::uint32_t reg) {
    expression("fib", [&] {
        put_register(NFTA_FIB_DREG, reg)
            .put_be32(NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE)
            .put_be32(NFTA_FIB_FLAGS, NFTA_FIB_F_DADDR);
    });
}

void Batch::mask(std::uint32_t reg, std::uint32_t bits) {
    expression("bitwise", [&] {
        put_register(NFTA_BITWISE_SREG, reg);
        put_register(NFTA_BITWISE_DREG, reg).put_be32(NFTA_BITWISE_LEN, sizeof bits);
        value(NFTA_BITWISE_MASK, bits);
        value(NFTA_BITWISE_XOR, std::uint32_t{0});
    });
}

void Batch::require_in(std::string_view set, std::uint32_t reg) {
    expression("lookup",
               [&] { put_register(NFTA_LOOKUP_SREG, reg).put_text(NFTA_LOOKUP_SET, set); });
}

void Batch::translate(std::string_view map, std::uint32_t reg) {
    expression("lookup", [&] {
        put_register(NFTA_LOOKUP_SREG, reg).put_text(NFTA_LOOKUP_SET, map);
        put_register(NFTA_LOOKUP_DREG, reg);
    });
}

void Batch::redirect(std::uint32_t reg) {
    expression("nat", [&] {
        datagram_.put_be32(NFTA_NAT_TYPE, NFT_NAT_DNAT).put_be32(NFTA_NAT_FAMILY, family_);
        put_register(NFTA_NAT_REG_ADDR_MIN, reg);
        put_register(NFTA_NAT_REG_PROTO_MIN, reg + 1);
    });
}

void Batch::masquerade() {
    expression("masq", [] {});
}

void Batch::verdict(int code, std::string_view chain) {
    expression("immediate", [&] {
        datagram_.put_be32(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT).nest(NFTA_IMMEDIATE_DATA, [&] {
            datagram_.nest(NFTA_DATA_VERDICT, [&] {
                datagram_.put_be32(NFTA_VERDICT_CODE, static_cast<std::uint32_t>(code));
                if (!chain.empty()) datagram_.put_text(NFTA_VERDICT_CHAIN, chain);
            });
        });
    });
}

Datagram& Batch::message(int type, int flags) {
    const nfgenmsg header{.nfgen_family = family_, .version = NFNETLINK_V0, .res_id = 0};
    return datagram_.message(NFNL_SUBSYS_NFTABLES << 8 | type, flags, header)
        .put_text(NFTA_TABLE_NAME, table_);
}

void Batch::mark(int type) {
    const nfgenmsg header{
        .nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0, .res_id = htons(NFNL_SUBSYS_NFTABLES)};
    datagram_.message(type, 0, header);
}

}  // namespace cni::floor
