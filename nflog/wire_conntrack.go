package nflog

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// conntrackAttrs are the attributes in NFULA_CT.
var conntrackAttrs = attr.Table[Conntrack]{
	attr.Inline(uapi.CTA_TUPLE_ORIG, "CTA_TUPLE_ORIG", tupleAttrs, func(c *Conntrack) *Tuple { return &c.Original }),
	attr.Inline(uapi.CTA_TUPLE_REPLY, "CTA_TUPLE_REPLY", tupleAttrs, func(c *Conntrack) *Tuple { return &c.Reply }),
	attr.BE16(uapi.CTA_ZONE, "CTA_ZONE", func(c *Conntrack) *uint16 { return &c.Zone }),
	attr.BE32(uapi.CTA_ID, "CTA_ID", func(c *Conntrack) *uint32 { return &c.ID }),
	attr.BE32(uapi.CTA_STATUS, "CTA_STATUS", func(c *Conntrack) *ConntrackStatus { return &c.Status }),
	attr.Custom(uapi.CTA_TIMEOUT, "CTA_TIMEOUT",
		func(b []byte, c *Conntrack) ([]byte, error) {
			n := (c.Timeout + time.Second - 1) / time.Second
			if n < 0 || n > math.MaxUint32 {
				return b, attr.Refuse("%v is out of range", c.Timeout)
			}
			if n != 0 {
				b = attr.AppendBE32(b, uapi.CTA_TIMEOUT, uint32(n))
			}
			return b, nil
		},
		func(p []byte, c *Conntrack) error {
			if err := want(p, 4); err != nil {
				return err
			}
			c.Timeout = time.Duration(binary.BigEndian.Uint32(p)) * time.Second
			return nil
		}).Sample(func(r *rand.Rand, c *Conntrack) { c.Timeout = time.Duration(1+r.IntN(1000)) * time.Second }),
	attr.Inline(uapi.CTA_PROTOINFO, "CTA_PROTOINFO", protoInfoAttrs, func(c *Conntrack) *Conntrack { return c }),
	attr.Inline(uapi.CTA_COUNTERS_ORIG, "CTA_COUNTERS_ORIG", countersAttrs, func(c *Conntrack) *ConntrackCounters { return &c.OriginalCounters }),
	attr.Inline(uapi.CTA_COUNTERS_REPLY, "CTA_COUNTERS_REPLY", countersAttrs, func(c *Conntrack) *ConntrackCounters { return &c.ReplyCounters }),
	attr.Inline(uapi.CTA_TIMESTAMP, "CTA_TIMESTAMP", timestampAttrs, func(c *Conntrack) *Conntrack { return c }),
	attr.Inline(uapi.CTA_HELP, "CTA_HELP", helpAttrs, func(c *Conntrack) *Conntrack { return c }),
	attr.Inline(uapi.CTA_SECCTX, "CTA_SECCTX", secctxAttrs, func(c *Conntrack) *Conntrack { return c }),
	attr.Nested(uapi.CTA_TUPLE_MASTER, "CTA_TUPLE_MASTER", tupleAttrs, func(c *Conntrack) **Tuple { return &c.Master }),
	attr.Nested(uapi.CTA_SEQ_ADJ_ORIG, "CTA_SEQ_ADJ_ORIG", seqAdjustAttrs, func(c *Conntrack) **SeqAdjust { return &c.OriginalSeqAdjust }),
	attr.Nested(uapi.CTA_SEQ_ADJ_REPLY, "CTA_SEQ_ADJ_REPLY", seqAdjustAttrs, func(c *Conntrack) **SeqAdjust { return &c.ReplySeqAdjust }),
	attr.Nested(uapi.CTA_SYNPROXY, "CTA_SYNPROXY", synproxyAttrs, func(c *Conntrack) **Synproxy { return &c.Synproxy }),
	attr.BE32(uapi.CTA_MARK, "CTA_MARK", func(c *Conntrack) *uint32 { return &c.Mark }),
	attr.Bytes(uapi.CTA_LABELS, "CTA_LABELS", func(c *Conntrack) *[]byte { return &c.Labels }),
	attr.Rest(func(c *Conntrack) *[]attr.Raw { return &c.Rest }),
}

var tupleAttrs = attr.Table[Tuple]{
	attr.Inline(uapi.CTA_TUPLE_IP, "CTA_TUPLE_IP", tupleIPAttrs, func(t *Tuple) *Tuple { return t }),
	attr.Inline(uapi.CTA_TUPLE_PROTO, "CTA_TUPLE_PROTO", tupleProtoAttrs, func(t *Tuple) *Tuple { return t }),
	attr.BE16(uapi.CTA_TUPLE_ZONE, "CTA_TUPLE_ZONE", func(t *Tuple) *uint16 { return &t.Zone }),
}

var tupleIPAttrs = attr.Table[Tuple]{
	tupleAddr(uapi.CTA_IP_V4_SRC, "CTA_IP_V4_SRC", 4, func(t *Tuple) *netip.Addr { return &t.Src }),
	tupleAddr(uapi.CTA_IP_V4_DST, "CTA_IP_V4_DST", 4, func(t *Tuple) *netip.Addr { return &t.Dst }),
	tupleAddr(uapi.CTA_IP_V6_SRC, "CTA_IP_V6_SRC", 16, func(t *Tuple) *netip.Addr { return &t.Src }),
	tupleAddr(uapi.CTA_IP_V6_DST, "CTA_IP_V6_DST", 16, func(t *Tuple) *netip.Addr { return &t.Dst }),
}

// tupleAddr is a row of an address, which has one attribute for each family.
func tupleAddr(typ uint16, name string, width int, field func(*Tuple) *netip.Addr) attr.Row[Tuple] {
	return attr.Custom(typ, name,
		func(b []byte, t *Tuple) ([]byte, error) {
			if a := *field(t); a.BitLen() == 8*width {
				b = attr.AppendAddr(b, typ, a)
			}
			return b, nil
		},
		func(p []byte, t *Tuple) error {
			if err := want(p, width); err != nil {
				return err
			}
			*field(t), _ = netip.AddrFromSlice(p[:width])
			return nil
		}).Sample(func(r *rand.Rand, t *Tuple) {
		if b := binary.BigEndian.AppendUint64(nil, r.Uint64()); r.IntN(2) == 0 {
			*field(t), _ = netip.AddrFromSlice(append(make([]byte, width), b...)[8 : 8+width])
		}
	})
}

var tupleProtoAttrs = attr.Table[Tuple]{
	attr.U8(uapi.CTA_PROTO_NUM, "CTA_PROTO_NUM", func(t *Tuple) *uint8 { return &t.IPProto }).Sample(func(r *rand.Rand, t *Tuple) {
		t.IPProto = []uint8{uapi.IPPROTO_TCP, uapi.IPPROTO_ICMP, uapi.IPPROTO_ICMPV6}[r.IntN(3)]
	}),
	attr.BE16(uapi.CTA_PROTO_SRC_PORT, "CTA_PROTO_SRC_PORT", func(t *Tuple) *uint16 { return &t.SrcPort }),
	attr.BE16(uapi.CTA_PROTO_DST_PORT, "CTA_PROTO_DST_PORT", func(t *Tuple) *uint16 { return &t.DstPort }),
	ofICMP(uapi.CTA_PROTO_ICMP_ID, "CTA_PROTO_ICMP_ID", uapi.IPPROTO_ICMP, func(t *Tuple) *uint16 { return &t.ICMP.ID }),
	ofICMP(uapi.CTA_PROTO_ICMP_TYPE, "CTA_PROTO_ICMP_TYPE", uapi.IPPROTO_ICMP, func(t *Tuple) *uint8 { return &t.ICMP.Type }),
	ofICMP(uapi.CTA_PROTO_ICMP_CODE, "CTA_PROTO_ICMP_CODE", uapi.IPPROTO_ICMP, func(t *Tuple) *uint8 { return &t.ICMP.Code }),
	ofICMP(uapi.CTA_PROTO_ICMPV6_ID, "CTA_PROTO_ICMPV6_ID", uapi.IPPROTO_ICMPV6, func(t *Tuple) *uint16 { return &t.ICMP.ID }),
	ofICMP(uapi.CTA_PROTO_ICMPV6_TYPE, "CTA_PROTO_ICMPV6_TYPE", uapi.IPPROTO_ICMPV6, func(t *Tuple) *uint8 { return &t.ICMP.Type }),
	ofICMP(uapi.CTA_PROTO_ICMPV6_CODE, "CTA_PROTO_ICMPV6_CODE", uapi.IPPROTO_ICMPV6, func(t *Tuple) *uint8 { return &t.ICMP.Code }),
}

// ofICMP is a row of a number, in network byte order, that packets of one protocol
// have.
func ofICMP[V uint8 | uint16](typ uint16, name string, proto uint8, field func(*Tuple) *V) attr.Row[Tuple] {
	var zero V
	width := binary.Size(zero)
	return attr.Custom(typ, name,
		func(b []byte, t *Tuple) ([]byte, error) {
			switch v := uint16(*field(t)); {
			case t.IPProto != proto || v == 0:
				return b, nil
			case width == 1:
				return attr.AppendUint8(b, typ, uint8(v)), nil
			default:
				return attr.AppendBE16(b, typ, v), nil
			}
		},
		func(p []byte, t *Tuple) error {
			if err := want(p, width); err != nil {
				return err
			}
			if width == 1 {
				*field(t) = V(p[0])
			} else {
				*field(t) = V(binary.BigEndian.Uint16(p))
			}
			return nil
		}).Sample(func(r *rand.Rand, t *Tuple) {
		if t.IPProto == proto {
			*field(t) = V(r.Uint32())
		}
	})
}

var protoInfoAttrs = attr.Table[Conntrack]{
	attr.Nested(uapi.CTA_PROTOINFO_TCP, "CTA_PROTOINFO_TCP", tcpAttrs, func(c *Conntrack) **ConntrackTCP { return &c.TCP }),
	attr.Nested(uapi.CTA_PROTOINFO_DCCP, "CTA_PROTOINFO_DCCP", dccpAttrs, func(c *Conntrack) **ConntrackDCCP { return &c.DCCP }),
	attr.Nested(uapi.CTA_PROTOINFO_SCTP, "CTA_PROTOINFO_SCTP", sctpAttrs, func(c *Conntrack) **ConntrackSCTP { return &c.SCTP }),
}

var tcpAttrs = attr.Table[ConntrackTCP]{
	attr.U8(uapi.CTA_PROTOINFO_TCP_STATE, "CTA_PROTOINFO_TCP_STATE", func(t *ConntrackTCP) *TCPState { return &t.State }),
	attr.U8(uapi.CTA_PROTOINFO_TCP_WSCALE_ORIGINAL, "CTA_PROTOINFO_TCP_WSCALE_ORIGINAL", func(t *ConntrackTCP) *uint8 { return &t.OriginalWindowScale }),
	attr.U8(uapi.CTA_PROTOINFO_TCP_WSCALE_REPLY, "CTA_PROTOINFO_TCP_WSCALE_REPLY", func(t *ConntrackTCP) *uint8 { return &t.ReplyWindowScale }),
	tcpFlagsRow(uapi.CTA_PROTOINFO_TCP_FLAGS_ORIGINAL, "CTA_PROTOINFO_TCP_FLAGS_ORIGINAL", func(t *ConntrackTCP) *ConntrackTCPFlags { return &t.OriginalFlags }),
	tcpFlagsRow(uapi.CTA_PROTOINFO_TCP_FLAGS_REPLY, "CTA_PROTOINFO_TCP_FLAGS_REPLY", func(t *ConntrackTCP) *ConntrackTCPFlags { return &t.ReplyFlags }),
}

// tcpFlagsRow is a row of struct nf_ct_tcp_flags, whose mask says nothing when the
// kernel sends it.
func tcpFlagsRow(typ uint16, name string, field func(*ConntrackTCP) *ConntrackTCPFlags) attr.Row[ConntrackTCP] {
	return attr.Custom(typ, name,
		func(b []byte, t *ConntrackTCP) ([]byte, error) {
			if f := *field(t); f != 0 {
				b = attr.AppendBytes(b, typ, []byte{byte(f), 0})
			}
			return b, nil
		},
		func(p []byte, t *ConntrackTCP) error {
			if err := want(p, 1); err != nil {
				return err
			}
			*field(t) = ConntrackTCPFlags(p[0])
			return nil
		}).Sample(func(r *rand.Rand, t *ConntrackTCP) { *field(t) = ConntrackTCPFlags(r.Uint32()) })
}

var dccpAttrs = attr.Table[ConntrackDCCP]{
	attr.U8(uapi.CTA_PROTOINFO_DCCP_STATE, "CTA_PROTOINFO_DCCP_STATE", func(d *ConntrackDCCP) *DCCPState { return &d.State }),
	attr.Bool(uapi.CTA_PROTOINFO_DCCP_ROLE, "CTA_PROTOINFO_DCCP_ROLE", func(d *ConntrackDCCP) *bool { return &d.ServerFirst }),
	attr.BE64(uapi.CTA_PROTOINFO_DCCP_HANDSHAKE_SEQ, "CTA_PROTOINFO_DCCP_HANDSHAKE_SEQ", func(d *ConntrackDCCP) *uint64 { return &d.HandshakeSeq }),
}

var sctpAttrs = attr.Table[ConntrackSCTP]{
	attr.U8(uapi.CTA_PROTOINFO_SCTP_STATE, "CTA_PROTOINFO_SCTP_STATE", func(s *ConntrackSCTP) *SCTPState { return &s.State }),
	attr.BE32(uapi.CTA_PROTOINFO_SCTP_VTAG_ORIGINAL, "CTA_PROTOINFO_SCTP_VTAG_ORIGINAL", func(s *ConntrackSCTP) *uint32 { return &s.OriginalVTag }),
	attr.BE32(uapi.CTA_PROTOINFO_SCTP_VTAG_REPLY, "CTA_PROTOINFO_SCTP_VTAG_REPLY", func(s *ConntrackSCTP) *uint32 { return &s.ReplyVTag }),
}

var countersAttrs = attr.Table[ConntrackCounters]{
	attr.BE64(uapi.CTA_COUNTERS_PACKETS, "CTA_COUNTERS_PACKETS", func(c *ConntrackCounters) *uint64 { return &c.Packets }),
	attr.BE64(uapi.CTA_COUNTERS_BYTES, "CTA_COUNTERS_BYTES", func(c *ConntrackCounters) *uint64 { return &c.Bytes }),
}

var timestampAttrs = attr.Table[Conntrack]{
	attr.Custom(uapi.CTA_TIMESTAMP_START, "CTA_TIMESTAMP_START",
		func(b []byte, c *Conntrack) ([]byte, error) {
			if c.Start.IsZero() {
				return b, nil
			}
			return attr.AppendBE64(b, uapi.CTA_TIMESTAMP_START, uint64(c.Start.UnixNano())), nil
		},
		func(p []byte, c *Conntrack) error {
			if err := want(p, 8); err != nil {
				return err
			}
			c.Start = time.Unix(0, int64(binary.BigEndian.Uint64(p)&math.MaxInt64))
			return nil
		}).Sample(func(r *rand.Rand, c *Conntrack) { c.Start = time.Unix(0, r.Int64()) }),
}

var helpAttrs = attr.Table[Conntrack]{
	attr.String(uapi.CTA_HELP_NAME, "CTA_HELP_NAME", func(c *Conntrack) *string { return &c.Helper }),
}

var secctxAttrs = attr.Table[Conntrack]{
	attr.String(uapi.CTA_SECCTX_NAME, "CTA_SECCTX_NAME", func(c *Conntrack) *string { return &c.SecurityContext }),
}

var seqAdjustAttrs = attr.Table[SeqAdjust]{
	attr.BE32(uapi.CTA_SEQADJ_CORRECTION_POS, "CTA_SEQADJ_CORRECTION_POS", func(s *SeqAdjust) *uint32 { return &s.Position }),
	seqOffset(uapi.CTA_SEQADJ_OFFSET_BEFORE, "CTA_SEQADJ_OFFSET_BEFORE", func(s *SeqAdjust) *int32 { return &s.Before }),
	seqOffset(uapi.CTA_SEQADJ_OFFSET_AFTER, "CTA_SEQADJ_OFFSET_AFTER", func(s *SeqAdjust) *int32 { return &s.After }),
}

// seqOffset is a row of a signed number in network byte order.
func seqOffset(typ uint16, name string, field func(*SeqAdjust) *int32) attr.Row[SeqAdjust] {
	return attr.Custom(typ, name,
		func(b []byte, s *SeqAdjust) ([]byte, error) {
			if n := *field(s); n != 0 {
				b = attr.AppendBE32(b, typ, uint32(n))
			}
			return b, nil
		},
		func(p []byte, s *SeqAdjust) error {
			if err := want(p, 4); err != nil {
				return err
			}
			*field(s) = int32(binary.BigEndian.Uint32(p))
			return nil
		}).Sample(func(r *rand.Rand, s *SeqAdjust) { *field(s) = int32(r.Uint32()) })
}

var synproxyAttrs = attr.Table[Synproxy]{
	attr.BE32(uapi.CTA_SYNPROXY_ISN, "CTA_SYNPROXY_ISN", func(s *Synproxy) *uint32 { return &s.ISN }),
	attr.BE32(uapi.CTA_SYNPROXY_ITS, "CTA_SYNPROXY_ITS", func(s *Synproxy) *uint32 { return &s.ITS }),
	attr.BE32(uapi.CTA_SYNPROXY_TSOFF, "CTA_SYNPROXY_TSOFF", func(s *Synproxy) *uint32 { return &s.TimestampOffset }),
}
