package link

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// VLAN is a tagged network on top of the link that [WithParent] names, which it
// cannot do without. `ip link add link PARENT NAME type vlan id ID`
//
// [Set] can change the flags and the maps, not ID and Protocol.
//
// Source: IFLA_VLAN_*, include/uapi/linux/if_link.h.
type VLAN struct {
	// ID is the number of the VLAN, 0 to 4094; it is always sent (IFLA_VLAN_ID).
	ID uint16
	// Protocol is the type of the tag; the default is [VLAN8021Q]
	// (IFLA_VLAN_PROTOCOL).
	Protocol VLANProtocol
	// ReorderHeader hides the tag from packet sockets; the kernel's default is true
	// (VLAN_FLAG_REORDER_HDR).
	ReorderHeader *bool
	// GVRP announces the VLAN by GVRP; the kernel's default is false
	// (VLAN_FLAG_GVRP).
	GVRP *bool
	// LooseBinding makes the link independent of the parent's state; the kernel's
	// default is false (VLAN_FLAG_LOOSE_BINDING).
	LooseBinding *bool
	// MVRP announces the VLAN by MVRP; the kernel's default is false
	// (VLAN_FLAG_MVRP).
	MVRP *bool
	// BridgeBinding makes the state follow the ports of the parent, a bridge, that
	// are members of the VLAN; the kernel's default is false
	// (VLAN_FLAG_BRIDGE_BINDING).
	BridgeBinding *bool
	// EgressQoS maps the priority of packets to that in the tag, 0 to 7. What is
	// sent is added to the map; To 0 removes (IFLA_VLAN_EGRESS_QOS).
	EgressQoS []VLANQoS
	// IngressQoS maps the priority in the tag, 0 to 7, to that of packets. What is
	// sent is added to the map; To 0 removes (IFLA_VLAN_INGRESS_QOS).
	IngressQoS []VLANQoS
}

// VLANQoS is one entry of a map of priorities.
type VLANQoS struct {
	From uint32 // the priority that is looked up
	To   uint32 // the priority that it becomes
}

// VLANProtocol is the type of a VLAN's tag.
//
// Source: ETH_P_8021Q and ETH_P_8021AD, include/uapi/linux/if_ether.h.
type VLANProtocol uint16

// The types of tags.
const (
	VLAN8021Q  VLANProtocol = uapi.ETH_P_8021Q  // ETH_P_8021Q: the usual tag
	VLAN8021AD VLANProtocol = uapi.ETH_P_8021AD // ETH_P_8021AD: the outer tag of two (QinQ)
)

var vlanProtocols = enum.Words[VLANProtocol]{
	Type: "VLANProtocol",
	Words: []enum.Word[VLANProtocol]{
		{Value: VLAN8021Q, Name: "802.1Q"}, {Value: VLAN8021AD, Name: "802.1ad"},
	},
}

// String returns iproute2's word, "802.1Q" or "802.1ad".
func (p VLANProtocol) String() string { return vlanProtocols.String(p) }

// MarshalText is String.
func (p VLANProtocol) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what String returned.
func (p *VLANProtocol) UnmarshalText(text []byte) error { return vlanProtocols.Parse(text, p) }

// Kind returns "vlan".
func (*VLAN) Kind() string { return "vlan" }

func (v *VLAN) appendData(b []byte) ([]byte, error) { return vlanAttrs.Append(b, v) }

var vlanAttrs = attr.Table[VLAN]{
	attr.BE16(uapi.IFLA_VLAN_PROTOCOL, "IFLA_VLAN_PROTOCOL", func(v *VLAN) *VLANProtocol { return &v.Protocol }),
	attr.U16(uapi.IFLA_VLAN_ID, "IFLA_VLAN_ID", func(v *VLAN) *uint16 { return &v.ID }).Required().Max(4094),
	maskedBits(uapi.IFLA_VLAN_FLAGS, "IFLA_VLAN_FLAGS", []maskedBit[VLAN]{
		{uapi.VLAN_FLAG_REORDER_HDR, func(v *VLAN) **bool { return &v.ReorderHeader }},
		{uapi.VLAN_FLAG_GVRP, func(v *VLAN) **bool { return &v.GVRP }},
		{uapi.VLAN_FLAG_LOOSE_BINDING, func(v *VLAN) **bool { return &v.LooseBinding }},
		{uapi.VLAN_FLAG_MVRP, func(v *VLAN) **bool { return &v.MVRP }},
		{uapi.VLAN_FLAG_BRIDGE_BINDING, func(v *VLAN) **bool { return &v.BridgeBinding }},
	}),
	qosMap(uapi.IFLA_VLAN_INGRESS_QOS, "IFLA_VLAN_INGRESS_QOS",
		func(v *VLAN) *[]VLANQoS { return &v.IngressQoS }, func(m *VLANQoS) *uint32 { return &m.From }),
	qosMap(uapi.IFLA_VLAN_EGRESS_QOS, "IFLA_VLAN_EGRESS_QOS",
		func(v *VLAN) *[]VLANQoS { return &v.EgressQoS }, func(m *VLANQoS) *uint32 { return &m.To }),
}

// qosMap is a row of a nest of struct ifla_vlan_qos_mapping. inTag returns the half of
// an entry that stands in the tag, where the kernel would take its lowest three bits.
func qosMap(typ uint16, name string, field func(*VLAN) *[]VLANQoS, inTag func(*VLANQoS) *uint32) attr.Row[VLAN] {
	const maxInTag = 7
	return attr.Custom(typ, name,
		func(b []byte, v *VLAN) ([]byte, error) {
			if len(*field(v)) == 0 {
				return b, nil
			}
			b, start := attr.BeginNested(b, typ)
			for _, m := range *field(v) {
				if n := *inTag(&m); n > maxInTag {
					return b, attr.Refuse("the priority %d in a tag, the largest is %d", n, maxInTag)
				}
				p := binary.NativeEndian.AppendUint32(nil, m.From)
				b = attr.AppendBytes(b, uapi.IFLA_VLAN_QOS_MAPPING, binary.NativeEndian.AppendUint32(p, m.To))
			}
			return attr.EndNested(b, start)
		},
		func(p []byte, v *VLAN) error {
			list := []VLANQoS(nil)
			s := attr.Scan(p)
			for s.Next() {
				if s.Type() != uapi.IFLA_VLAN_QOS_MAPPING {
					continue
				}
				m := s.Bytes()
				if len(m) < 8 {
					return short(m, 8)
				}
				list = append(list, VLANQoS{binary.NativeEndian.Uint32(m), binary.NativeEndian.Uint32(m[4:])})
			}
			*field(v) = list
			return s.Err()
		}).Sample(func(r *rand.Rand, v *VLAN) {
		list := []VLANQoS{{From: r.Uint32(), To: r.Uint32()}, {From: r.Uint32(), To: r.Uint32()}}
		for i := range list {
			*inTag(&list[i]) %= maxInTag + 1
		}
		*field(v) = list
	})
}
