package link

import (
	"encoding/binary"
	"math/rand/v2"
	"strconv"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

const statsHeaderLen = 12 // struct if_stats_msg

// statsMessage is what all requests about counters have in common.
func statsMessage(op string, typ uint16) nlkit.Request {
	return nlkit.Request{
		Op: op, Protocol: uapi.NETLINK_ROUTE, Type: typ,
		Header: statsHeaderLen, Schema: statsRequestAttrs, Describe: describeStats,
	}
}

func describeStats(b []byte) string {
	if len(b) < statsHeaderLen {
		return ""
	}
	if index := binary.NativeEndian.Uint32(b[4:]); index != 0 {
		return "index " + strconv.Itoa(int(index))
	}
	return ""
}

// statsRequest is what is asked for, or set.
type statsRequest struct {
	groups StatsGroup
	suites OffloadSuite
	l3     *bool
	err    error // the first contradiction
}

func (r *statsRequest) refuse(err error) {
	if r.err == nil {
		r.err = err
	}
}

// appendTo returns the message for one link, or for all: index 0.
func (r *statsRequest) appendTo(index int) ([]byte, error) {
	b := make([]byte, 4, 32)
	b = binary.NativeEndian.AppendUint32(b, uint32(index))
	b = binary.NativeEndian.AppendUint32(b, uint32(r.groups))
	return statsRequestAttrs.Append(b, r)
}

var statsRequestAttrs = attr.Table[statsRequest]{
	attr.Inline(uapi.IFLA_STATS_GET_FILTERS, "IFLA_STATS_GET_FILTERS", attr.Table[statsRequest]{
		attr.U32(uapi.IFLA_STATS_LINK_OFFLOAD_XSTATS, "IFLA_STATS_LINK_OFFLOAD_XSTATS", func(r *statsRequest) *OffloadSuite { return &r.suites }),
	}, func(r *statsRequest) *statsRequest { return r }),
	attr.OptBool(uapi.IFLA_STATS_SET_OFFLOAD_XSTATS_L3_STATS, "IFLA_STATS_SET_OFFLOAD_XSTATS_L3_STATS", func(r *statsRequest) **bool { return &r.l3 }),
}

// decodeStatistics is the [nlkit.Decode] of counters. What it stores may be one of
// several pieces.
func decodeStatistics(m nlkit.Message, s *Statistics) (bool, error) {
	if m.Type != uapi.RTM_NEWSTATS {
		return false, nil
	}
	if len(m.Data) < statsHeaderLen {
		return false, &attr.Error{Path: "if_stats_msg", Err: short(m.Data, statsHeaderLen)}
	}
	s.Index = int(int32(binary.NativeEndian.Uint32(m.Data[4:])))
	return true, statisticsAttrs.Decode(m.Data[statsHeaderLen:], s)
}

// Attributes of the type 0 stand before 64-bit numbers where these must be aligned.
var statisticsAttrs = attr.Table[Statistics]{
	named[Statistics](uapi.IFLA_STATS_UNSPEC, "IFLA_STATS_UNSPEC"),
	counters(uapi.IFLA_STATS_LINK_64, "IFLA_STATS_LINK_64", linkCounters, func(s *Statistics) **Stats { return &s.Link }),
	xstats(uapi.IFLA_STATS_LINK_XSTATS, "IFLA_STATS_LINK_XSTATS",
		func(s *Statistics) **BridgeStats { return &s.Bridge }, func(s *Statistics) **BondStats { return &s.Bond }),
	xstats(uapi.IFLA_STATS_LINK_XSTATS_SLAVE, "IFLA_STATS_LINK_XSTATS_SLAVE",
		func(s *Statistics) **BridgeStats { return &s.BridgePort }, func(s *Statistics) **BondStats { return &s.BondPort }),
	attr.Nested(uapi.IFLA_STATS_LINK_OFFLOAD_XSTATS, "IFLA_STATS_LINK_OFFLOAD_XSTATS", offloadAttrs, func(s *Statistics) **OffloadStats { return &s.Offload }),
	attr.Inline(uapi.IFLA_STATS_AF_SPEC, "IFLA_STATS_AF_SPEC", attr.Table[Statistics]{
		attr.Inline(uapi.AF_MPLS, "AF_MPLS", attr.Table[Statistics]{
			counters(uapi.MPLS_STATS_LINK, "MPLS_STATS_LINK", mplsCounters, func(s *Statistics) **MPLSStats { return &s.MPLS }),
		}, func(s *Statistics) *Statistics { return s }),
	}, func(s *Statistics) *Statistics { return s }),
	attr.Rest(func(s *Statistics) *[]attr.Raw { return &s.Unknown }),
}

// xstats is a row of what kinds count: a nest for each, of which a link has one.
func xstats(typ uint16, name string, bridge func(*Statistics) **BridgeStats, bond func(*Statistics) **BondStats) attr.Row[Statistics] {
	return attr.Inline(typ, name, attr.Table[Statistics]{
		attr.Nested(uapi.LINK_XSTATS_TYPE_BRIDGE, "LINK_XSTATS_TYPE_BRIDGE", bridgeStatsAttrs, bridge),
		attr.Inline(uapi.LINK_XSTATS_TYPE_BOND, "LINK_XSTATS_TYPE_BOND", attr.Table[Statistics]{
			attr.Nested(uapi.BOND_XSTATS_3AD, "BOND_XSTATS_3AD", bondStatsAttrs, bond),
		}, func(s *Statistics) *Statistics { return s }),
	}, func(s *Statistics) *Statistics { return s })
}

var bridgeStatsAttrs = attr.Table[BridgeStats]{
	attr.Custom(uapi.BRIDGE_XSTATS_VLAN, "BRIDGE_XSTATS_VLAN", putBridgeVLANs, getBridgeVLAN).
		Sample(func(r *rand.Rand, s *BridgeStats) {
			s.VLANs = []BridgeVLANStats{{r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64(), uint16(r.UintN(4095)), BridgeVLANPVID}, {ID: 2}}
		}),
	counters(uapi.BRIDGE_XSTATS_MCAST, "BRIDGE_XSTATS_MCAST", multicastCounters, func(s *BridgeStats) **BridgeMulticastStats { return &s.Multicast }),
	named[BridgeStats](uapi.BRIDGE_XSTATS_PAD, "BRIDGE_XSTATS_PAD"),
	counters(uapi.BRIDGE_XSTATS_STP, "BRIDGE_XSTATS_STP", stpCounters, func(s *BridgeStats) **BridgeSTPStats { return &s.STP }),
}

// putBridgeVLANs appends a struct bridge_vlan_xstats for each VLAN.
func putBridgeVLANs(b []byte, s *BridgeStats) ([]byte, error) {
	for _, v := range s.VLANs {
		var p []byte
		for _, n := range []uint64{v.RxBytes, v.RxPackets, v.TxBytes, v.TxPackets} {
			p = binary.NativeEndian.AppendUint64(p, n)
		}
		p = binary.NativeEndian.AppendUint16(p, v.ID)
		p = binary.NativeEndian.AppendUint16(p, uint16(v.Flags))
		b = attr.AppendBytes(b, uapi.BRIDGE_XSTATS_VLAN, append(p, 0, 0, 0, 0))
	}
	return b, nil
}

func getBridgeVLAN(p []byte, s *BridgeStats) error {
	const size = 36 // without padding
	if len(p) < size {
		return short(p, size)
	}
	s.VLANs = append(s.VLANs, BridgeVLANStats{
		RxBytes: binary.NativeEndian.Uint64(p), RxPackets: binary.NativeEndian.Uint64(p[8:]),
		TxBytes: binary.NativeEndian.Uint64(p[16:]), TxPackets: binary.NativeEndian.Uint64(p[24:]),
		ID: binary.NativeEndian.Uint16(p[32:]), Flags: BridgeVLANFlags(binary.NativeEndian.Uint16(p[34:])),
	})
	return nil
}

var bondStatsAttrs = attr.Table[BondStats]{
	attr.U64(uapi.BOND_3AD_STAT_LACPDU_RX, "BOND_3AD_STAT_LACPDU_RX", func(s *BondStats) *uint64 { return &s.RxLACPDU }),
	attr.U64(uapi.BOND_3AD_STAT_LACPDU_TX, "BOND_3AD_STAT_LACPDU_TX", func(s *BondStats) *uint64 { return &s.TxLACPDU }),
	attr.U64(uapi.BOND_3AD_STAT_LACPDU_UNKNOWN_RX, "BOND_3AD_STAT_LACPDU_UNKNOWN_RX", func(s *BondStats) *uint64 { return &s.RxUnknownLACPDU }),
	attr.U64(uapi.BOND_3AD_STAT_LACPDU_ILLEGAL_RX, "BOND_3AD_STAT_LACPDU_ILLEGAL_RX", func(s *BondStats) *uint64 { return &s.RxIllegalLACPDU }),
	attr.U64(uapi.BOND_3AD_STAT_MARKER_RX, "BOND_3AD_STAT_MARKER_RX", func(s *BondStats) *uint64 { return &s.RxMarker }),
	attr.U64(uapi.BOND_3AD_STAT_MARKER_TX, "BOND_3AD_STAT_MARKER_TX", func(s *BondStats) *uint64 { return &s.TxMarker }),
	attr.U64(uapi.BOND_3AD_STAT_MARKER_RESP_RX, "BOND_3AD_STAT_MARKER_RESP_RX", func(s *BondStats) *uint64 { return &s.RxMarkerResponse }),
	attr.U64(uapi.BOND_3AD_STAT_MARKER_RESP_TX, "BOND_3AD_STAT_MARKER_RESP_TX", func(s *BondStats) *uint64 { return &s.TxMarkerResponse }),
	attr.U64(uapi.BOND_3AD_STAT_MARKER_UNKNOWN_RX, "BOND_3AD_STAT_MARKER_UNKNOWN_RX", func(s *BondStats) *uint64 { return &s.RxUnknownMarker }),
}

var offloadAttrs = attr.Table[OffloadStats]{
	counters(uapi.IFLA_OFFLOAD_XSTATS_CPU_HIT, "IFLA_OFFLOAD_XSTATS_CPU_HIT", linkCounters, func(s *OffloadStats) **Stats { return &s.CPUHit }),
	attr.Inline(uapi.IFLA_OFFLOAD_XSTATS_HW_S_INFO, "IFLA_OFFLOAD_XSTATS_HW_S_INFO", attr.Table[OffloadStats]{
		attr.Inline(uapi.IFLA_OFFLOAD_XSTATS_L3_STATS, "IFLA_OFFLOAD_XSTATS_L3_STATS", attr.Table[OffloadStats]{
			attr.Bool(uapi.IFLA_OFFLOAD_XSTATS_HW_S_INFO_REQUEST, "IFLA_OFFLOAD_XSTATS_HW_S_INFO_REQUEST", func(s *OffloadStats) *bool { return &s.L3Requested }),
			attr.Bool(uapi.IFLA_OFFLOAD_XSTATS_HW_S_INFO_USED, "IFLA_OFFLOAD_XSTATS_HW_S_INFO_USED", func(s *OffloadStats) *bool { return &s.L3Used }),
		}, func(s *OffloadStats) *OffloadStats { return s }),
	}, func(s *OffloadStats) *OffloadStats { return s }),
	counters(uapi.IFLA_OFFLOAD_XSTATS_L3_STATS, "IFLA_OFFLOAD_XSTATS_L3_STATS", hardwareCounters, func(s *OffloadStats) **HardwareStats { return &s.L3 }),
}

// counters is a row of a struct of 64-bit numbers, in their order. Newer kernels may
// have more of them.
func counters[T, S any](typ uint16, name string, numbers func(*S) (all []*uint64, least int), field func(*T) **S) attr.Row[T] {
	return attr.Custom(typ, name,
		func(b []byte, v *T) ([]byte, error) {
			s := *field(v)
			if s == nil {
				return b, nil
			}
			var p []byte
			all, _ := numbers(s)
			for _, n := range all {
				p = binary.NativeEndian.AppendUint64(p, *n)
			}
			return attr.AppendBytes(b, typ, p), nil
		},
		func(p []byte, v *T) error {
			s := new(S)
			all, least := numbers(s)
			if len(p) < 8*least {
				return short(p, 8*least)
			}
			for i, n := range all[:min(len(all), len(p)/8)] {
				*n = binary.NativeEndian.Uint64(p[8*i:])
			}
			*field(v) = s
			return nil
		}).
		Sample(func(r *rand.Rand, v *T) {
			s := new(S)
			all, _ := numbers(s)
			for _, n := range all {
				*n = r.Uint64()
			}
			*field(v) = s
		})
}

// linkCounters are struct rtnl_link_stats64, the last two of which are younger.
func linkCounters(s *Stats) ([]*uint64, int) {
	return []*uint64{
		&s.RxPackets, &s.TxPackets, &s.RxBytes, &s.TxBytes, &s.RxErrors, &s.TxErrors, &s.RxDropped, &s.TxDropped,
		&s.Multicast, &s.Collisions,
		&s.RxLengthErrors, &s.RxOverErrors, &s.RxCRCErrors, &s.RxFrameErrors, &s.RxFIFOErrors, &s.RxMissedErrors,
		&s.TxAbortedErrors, &s.TxCarrierErrors, &s.TxFIFOErrors, &s.TxHeartbeatErrors, &s.TxWindowErrors,
		&s.RxCompressed, &s.TxCompressed, &s.RxNoHandler, &s.RxOtherhostDropped,
	}, 23
}

// hardwareCounters are struct rtnl_hw_stats64.
func hardwareCounters(s *HardwareStats) ([]*uint64, int) {
	return []*uint64{
		&s.RxPackets, &s.TxPackets, &s.RxBytes, &s.TxBytes, &s.RxErrors, &s.TxErrors, &s.RxDropped, &s.TxDropped, &s.Multicast,
	}, 9
}

// mplsCounters are struct mpls_link_stats.
func mplsCounters(s *MPLSStats) ([]*uint64, int) {
	return []*uint64{
		&s.RxPackets, &s.TxPackets, &s.RxBytes, &s.TxBytes, &s.RxErrors, &s.TxErrors, &s.RxDropped, &s.TxDropped, &s.RxNoRoute,
	}, 9
}

// stpCounters are struct bridge_stp_xstats.
func stpCounters(s *BridgeSTPStats) ([]*uint64, int) {
	return []*uint64{&s.BlockTransitions, &s.ForwardTransitions, &s.RxBPDU, &s.TxBPDU, &s.RxTCN, &s.TxTCN}, 6
}

// multicastCounters are struct br_mcast_stats, most of which are pairs.
func multicastCounters(s *BridgeMulticastStats) ([]*uint64, int) {
	rx, tx := &s.Rx, &s.Tx
	return []*uint64{
		&rx.IGMPv1Queries, &tx.IGMPv1Queries, &rx.IGMPv2Queries, &tx.IGMPv2Queries, &rx.IGMPv3Queries, &tx.IGMPv3Queries,
		&rx.IGMPLeaves, &tx.IGMPLeaves,
		&rx.IGMPv1Reports, &tx.IGMPv1Reports, &rx.IGMPv2Reports, &tx.IGMPv2Reports, &rx.IGMPv3Reports, &tx.IGMPv3Reports,
		&s.IGMPParseErrors,
		&rx.MLDv1Queries, &tx.MLDv1Queries, &rx.MLDv2Queries, &tx.MLDv2Queries,
		&rx.MLDLeaves, &tx.MLDLeaves,
		&rx.MLDv1Reports, &tx.MLDv1Reports, &rx.MLDv2Reports, &tx.MLDv2Reports,
		&s.MLDParseErrors,
		&rx.Bytes, &tx.Bytes, &rx.Packets, &tx.Packets,
	}, 30
}
