package nft

import (
	"encoding/binary"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

const (
	table = "nlkit"

	policyAccept = 1 // NF_ACCEPT in include/uapi/linux/netfilter.h

	portOffset = 2 // of the destination port in the headers of TCP, UDP, SCTP …
)

// chainMessage is the place of the chain's message in what messages returns.
const chainMessage = 2

// messages returns the batch that makes the rule, and its table and chain
// where they are not there yet.
func (r LogRule) messages() ([]netlink.Message, error) {
	hook, err := r.hookNum()
	if err != nil {
		return nil, err
	}
	newTable, err := r.message(unix.NFT_MSG_NEWTABLE, netlink.Create, func(e *netlink.AttributeEncoder) {
		e.String(unix.NFTA_TABLE_NAME, table)
	})
	if err != nil {
		return nil, err
	}
	newChain, err := r.message(unix.NFT_MSG_NEWCHAIN, netlink.Create, func(e *netlink.AttributeEncoder) {
		e.String(unix.NFTA_CHAIN_TABLE, table)
		e.String(unix.NFTA_CHAIN_NAME, r.chain())
		nest(e, unix.NFTA_CHAIN_HOOK, func(e *netlink.AttributeEncoder) {
			e.Uint32(unix.NFTA_HOOK_HOOKNUM, hook)
			e.Uint32(unix.NFTA_HOOK_PRIORITY, uint32(r.Priority))
			if r.Device != "" {
				e.String(unix.NFTA_HOOK_DEV, r.Device)
			}
		})
		e.Uint32(unix.NFTA_CHAIN_POLICY, policyAccept)
		e.String(unix.NFTA_CHAIN_TYPE, "filter")
	})
	if err != nil {
		return nil, err
	}
	newRule, err := r.message(unix.NFT_MSG_NEWRULE, netlink.Create|netlink.Append|netlink.Acknowledge, func(e *netlink.AttributeEncoder) {
		e.String(unix.NFTA_RULE_TABLE, table)
		e.String(unix.NFTA_RULE_CHAIN, r.chain())
		nest(e, unix.NFTA_RULE_EXPRESSIONS, r.expressions)
	})
	if err != nil {
		return nil, err
	}
	return []netlink.Message{
		batch(unix.NFNL_MSG_BATCH_BEGIN),
		newTable, newChain, newRule,
		batch(unix.NFNL_MSG_BATCH_END),
	}, nil
}

// expressions encodes the rule proper: its matches, then the log.
func (r LogRule) expressions(e *netlink.AttributeEncoder) {
	if r.L4Proto != 0 {
		expression(e, "meta", func(e *netlink.AttributeEncoder) {
			e.Uint32(unix.NFTA_META_DREG, unix.NFT_REG_1)
			e.Uint32(unix.NFTA_META_KEY, unix.NFT_META_L4PROTO)
		})
		equal(e, []byte{r.L4Proto})
	}
	if r.DstPort != 0 {
		expression(e, "payload", func(e *netlink.AttributeEncoder) {
			e.Uint32(unix.NFTA_PAYLOAD_DREG, unix.NFT_REG_1)
			e.Uint32(unix.NFTA_PAYLOAD_BASE, unix.NFT_PAYLOAD_TRANSPORT_HEADER)
			e.Uint32(unix.NFTA_PAYLOAD_OFFSET, portOffset)
			e.Uint32(unix.NFTA_PAYLOAD_LEN, 2)
		})
		equal(e, binary.BigEndian.AppendUint16(nil, r.DstPort))
	}
	expression(e, "log", func(e *netlink.AttributeEncoder) {
		// The group is what makes it NFLOG, and not the kernel's own log.
		e.Uint16(unix.NFTA_LOG_GROUP, r.Group)
		if r.Prefix != "" {
			e.String(unix.NFTA_LOG_PREFIX, r.Prefix)
		}
		if r.Snaplen != 0 {
			e.Uint32(unix.NFTA_LOG_SNAPLEN, r.Snaplen)
		}
		if r.QThreshold != 0 {
			e.Uint16(unix.NFTA_LOG_QTHRESHOLD, r.QThreshold)
		}
	})
}

// equal encodes the comparison of register 1 with a value.
func equal(e *netlink.AttributeEncoder, value []byte) {
	expression(e, "cmp", func(e *netlink.AttributeEncoder) {
		e.Uint32(unix.NFTA_CMP_SREG, unix.NFT_REG_1)
		e.Uint32(unix.NFTA_CMP_OP, unix.NFT_CMP_EQ)
		nest(e, unix.NFTA_CMP_DATA, func(e *netlink.AttributeEncoder) {
			e.Bytes(unix.NFTA_DATA_VALUE, value)
		})
	})
}

func expression(e *netlink.AttributeEncoder, name string, data func(*netlink.AttributeEncoder)) {
	nest(e, unix.NFTA_LIST_ELEM, func(e *netlink.AttributeEncoder) {
		e.String(unix.NFTA_EXPR_NAME, name)
		nest(e, unix.NFTA_EXPR_DATA, data)
	})
}

func nest(e *netlink.AttributeEncoder, typ uint16, fn func(*netlink.AttributeEncoder)) {
	e.Nested(typ, func(e *netlink.AttributeEncoder) error {
		fn(e)
		return nil
	})
}

// message returns a request of the nf_tables subsystem.
func (r LogRule) message(typ uint16, flags netlink.HeaderFlags, attrs func(*netlink.AttributeEncoder)) (netlink.Message, error) {
	e := netlink.NewAttributeEncoder()
	// All of nf_tables is in network byte order.
	e.ByteOrder = binary.BigEndian
	attrs(e)
	b, err := e.Encode()
	if err != nil {
		return netlink.Message{}, err
	}
	return netlink.Message{
		Header: netlink.Header{
			Type:  netlink.HeaderType(unix.NFNL_SUBSYS_NFTABLES<<8 | typ),
			Flags: netlink.Request | flags,
		},
		Data: append(nfgenmsg(uint8(r.Family), 0), b...),
	}, nil
}

// batch returns the message that begins or ends a batch for nf_tables.
func batch(typ netlink.HeaderType) netlink.Message {
	return netlink.Message{
		Header: netlink.Header{Type: typ, Flags: netlink.Request},
		Data:   nfgenmsg(unix.AF_UNSPEC, unix.NFNL_SUBSYS_NFTABLES),
	}
}

// nfgenmsg encodes a struct nfgenmsg (include/uapi/linux/netfilter/nfnetlink.h).
func nfgenmsg(family uint8, resID uint16) []byte {
	return binary.BigEndian.AppendUint16([]byte{family, unix.NFNETLINK_V0}, resID)
}
