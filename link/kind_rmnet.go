package link

import (
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// RmNet is one of the connections that share a Qualcomm modem (multiplexing and
// aggregation protocol), on top of the modem's link, which [WithParent] names and
// it cannot do without. All links on top of one modem share the booleans; each new
// one sets them, to the kernel's defaults too. `ip link add link PARENT NAME type
// rmnet mux_id ID`
//
// [Set] can change all of it.
//
// Source: IFLA_RMNET_*, include/uapi/linux/if_link.h.
type RmNet struct {
	// MuxID is the modem's number of the connection, 0 to 254. It is always sent,
	// since the kernel insists on it: a change of the booleans alone has to repeat
	// it (IFLA_RMNET_MUX_ID).
	MuxID uint16
	// IngressDeaggregation takes apart received packets that hold several; the
	// kernel's default is true (RMNET_FLAGS_INGRESS_DEAGGREGATION).
	IngressDeaggregation *bool
	// IngressCommands obeys the modem's requests to pause; the kernel's default is
	// false (RMNET_FLAGS_INGRESS_MAP_COMMANDS).
	IngressCommands *bool
	// IngressChecksumV4 accepts the modem's checks of checksums in trailers; the
	// kernel's default is false (RMNET_FLAGS_INGRESS_MAP_CKSUMV4).
	IngressChecksumV4 *bool
	// EgressChecksumV4 leaves checksums to the modem, by a header of version 4; the
	// kernel's default is false (RMNET_FLAGS_EGRESS_MAP_CKSUMV4).
	EgressChecksumV4 *bool
	// IngressChecksumV5 accepts the modem's checks of checksums in headers of version
	// 5; the kernel's default is false (RMNET_FLAGS_INGRESS_MAP_CKSUMV5). Linux 5.14.
	IngressChecksumV5 *bool
	// EgressChecksumV5 leaves checksums to the modem, by a header of version 5; the
	// kernel's default is false (RMNET_FLAGS_EGRESS_MAP_CKSUMV5). Linux 5.14.
	EgressChecksumV5 *bool
}

// Kind returns "rmnet".
func (*RmNet) Kind() string { return "rmnet" }

func (*RmNet) addressLen() int { return 0 } // it has no address

func (v *RmNet) appendData(b []byte) ([]byte, error) { return rmnetAttrs.Append(b, v) }

var rmnetAttrs = attr.Table[RmNet]{
	attr.U16(uapi.IFLA_RMNET_MUX_ID, "IFLA_RMNET_MUX_ID", func(v *RmNet) *uint16 { return &v.MuxID }).Required().Max(254),
	maskedBits(uapi.IFLA_RMNET_FLAGS, "IFLA_RMNET_FLAGS", []maskedBit[RmNet]{
		{uapi.RMNET_FLAGS_INGRESS_DEAGGREGATION, func(v *RmNet) **bool { return &v.IngressDeaggregation }},
		{uapi.RMNET_FLAGS_INGRESS_MAP_COMMANDS, func(v *RmNet) **bool { return &v.IngressCommands }},
		{uapi.RMNET_FLAGS_INGRESS_MAP_CKSUMV4, func(v *RmNet) **bool { return &v.IngressChecksumV4 }},
		{uapi.RMNET_FLAGS_EGRESS_MAP_CKSUMV4, func(v *RmNet) **bool { return &v.EgressChecksumV4 }},
		{uapi.RMNET_FLAGS_INGRESS_MAP_CKSUMV5, func(v *RmNet) **bool { return &v.IngressChecksumV5 }},
		{uapi.RMNET_FLAGS_EGRESS_MAP_CKSUMV5, func(v *RmNet) **bool { return &v.EgressChecksumV5 }},
	}),
}
