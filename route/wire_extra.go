package route

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"time"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

const (
	cacheinfoLen = 32                    // struct rta_cacheinfo
	mfcStatsLen  = 24                    // struct rta_mfc_stats
	tick         = 10 * time.Millisecond // USER_HZ
)

// extraTable returns the attributes of Extra that routes of a family have.
func extraTable(family rtnl.Family) attr.Table[Extra] {
	switch family {
	case rtnl.FamilyMPLS:
		return mplsAttrs
	case rtnl.FamilyIPMR, rtnl.FamilyIP6MR:
		return multicastAttrs
	}
	return extraAttrs
}

// extraAttrs are those of IP routes. Src takes its length from the header.
var extraAttrs = attr.Table[Extra]{
	srcRow,
	attr.U32(uapi.RTA_IIF, "RTA_IIF", func(e *Extra) *int { return &e.IIF }).Max(math.MaxInt32).ReadOnly(),
	attr.Inline(uapi.RTA_METRICS, "RTA_METRICS", metricAttrs, func(e *Extra) *Metrics { return &e.Metrics }),
	attr.Custom(uapi.RTA_FLOW, "RTA_FLOW",
		func(b []byte, e *Extra) ([]byte, error) { return appendRealms(b, e.Realms), nil },
		func(p []byte, e *Extra) (err error) {
			e.Realms, err = realms(p)
			return err
		}).Sample(func(r *rand.Rand, e *Extra) { e.Realms = randomRealms(r) }),
	attr.Custom(uapi.RTA_CACHEINFO, "RTA_CACHEINFO", nil, getCacheinfo).Sample(func(r *rand.Rand, e *Extra) {
		e.CacheInfo = &CacheInfo{ClientRefs: 1 + r.Uint32N(9), Used: r.Uint32N(9)}
	}).ReadOnly(),
	rtnl.EncapTypeRow(uapi.RTA_ENCAP_TYPE, "RTA_ENCAP_TYPE", func(e *Extra) *rtnl.Encap { return &e.Encap }),
	rtnl.EncapRow(uapi.RTA_ENCAP, "RTA_ENCAP", uapi.RTA_ENCAP_TYPE, func(e *Extra) *rtnl.Encap { return &e.Encap }),
	attr.Seconds(uapi.RTA_EXPIRES, "RTA_EXPIRES", func(e *Extra) *time.Duration { return &e.Expires }),
	ttlPropagateRow,
}

// mplsAttrs are those of MPLS routes.
var mplsAttrs = attr.Table[Extra]{
	attr.Custom(uapi.RTA_DST, "RTA_DST",
		func(b []byte, e *Extra) ([]byte, error) {
			if e.Label == 0 {
				return b, nil
			}
			p, err := rtnl.Labels{e.Label}.MarshalBinary()
			if err != nil {
				return b, err
			}
			return attr.AppendBytes(b, uapi.RTA_DST, p), nil
		},
		func(p []byte, e *Extra) error {
			var labels rtnl.Labels
			err := labels.UnmarshalBinary(p)
			if err == nil && len(labels) != 1 {
				err = fmt.Errorf("%w: %d labels, want 1", attr.ErrMalformed, len(labels))
			}
			if err == nil {
				e.Label = labels[0]
			}
			return err
		}).Sample(func(r *rand.Rand, e *Extra) { e.Label = 16 + r.Uint32N(1000) }),
	attr.Custom(uapi.RTA_VIA, "RTA_VIA",
		func(b []byte, e *Extra) ([]byte, error) {
			if len(e.GatewayMAC) == 0 {
				return b, nil
			}
			return appendVia(b, rtnl.FamilyPacket, e.GatewayMAC), nil
		},
		func(p []byte, e *Extra) error {
			_, mac, err := via(p)
			e.GatewayMAC = append(net.HardwareAddr(nil), mac...)
			return err
		}).Sample(func(r *rand.Rand, e *Extra) { e.GatewayMAC = randomMAC(r) }),
	rtnl.LabelsRow(uapi.RTA_NEWDST, "RTA_NEWDST", func(e *Extra) *rtnl.Labels { return &e.Labels }),
	ttlPropagateRow,
}

// multicastAttrs are those of multicast routes.
var multicastAttrs = attr.Table[Extra]{
	srcRow,
	attr.U32(uapi.RTA_IIF, "RTA_IIF", func(e *Extra) *int { return &e.IIF }).Max(math.MaxInt32).ReadOnly(),
	attr.Custom(uapi.RTA_MFC_STATS, "RTA_MFC_STATS", nil, getMulticastStats).Sample(func(r *rand.Rand, e *Extra) {
		e.Multicast = &MulticastStats{Packets: 1 + r.Uint64N(100), Bytes: r.Uint64N(1 << 32)}
	}).ReadOnly(),
	attr.Ticks64(uapi.RTA_EXPIRES, "RTA_EXPIRES", func(e *Extra) *time.Duration { return &e.multicast().LastUse }).ReadOnly(),
}

var srcRow = attr.Custom(uapi.RTA_SRC, "RTA_SRC",
	func(b []byte, e *Extra) ([]byte, error) {
		if e.Src.Bits() <= 0 {
			return b, nil
		}
		return attr.AppendAddr(b, uapi.RTA_SRC, e.Src.Addr()), nil
	},
	func(p []byte, e *Extra) error {
		a, err := address(p, rtnl.FamilyOf(e.Src.Addr()))
		e.Src = netip.PrefixFrom(a, e.Src.Bits())
		return err
	}).Sample(func(r *rand.Rand, e *Extra) {
	e.Src = netip.PrefixFrom(randomAddr(r, rtnl.FamilyIPv6), 1+r.IntN(128)).Masked()
})

var ttlPropagateRow = attr.OptBool(uapi.RTA_TTL_PROPAGATE, "RTA_TTL_PROPAGATE", func(e *Extra) **bool { return &e.TTLPropagate })

// restAttrs are the attributes that nothing else knows: it collects all of them,
// and decodeExtra drops the known ones.
var restAttrs = attr.Table[Extra]{attr.Rest(func(e *Extra) *[]attr.Raw { return &e.Rest })}

// metricAttrs are the attributes in RTA_METRICS.
var metricAttrs = attr.Table[Metrics]{
	attr.U32(uapi.RTAX_LOCK, "RTAX_LOCK", func(m *Metrics) *MetricSet { return &m.Lock }),
	attr.U32(uapi.RTAX_MTU, "RTAX_MTU", func(m *Metrics) *uint32 { return &m.MTU }),
	attr.U32(uapi.RTAX_WINDOW, "RTAX_WINDOW", func(m *Metrics) *uint32 { return &m.Window }),
	duration32(uapi.RTAX_RTT, "RTAX_RTT", time.Millisecond/8, func(m *Metrics) *time.Duration { return &m.RTT }),
	duration32(uapi.RTAX_RTTVAR, "RTAX_RTTVAR", time.Millisecond/4, func(m *Metrics) *time.Duration { return &m.RTTVar }),
	attr.U32(uapi.RTAX_SSTHRESH, "RTAX_SSTHRESH", func(m *Metrics) *uint32 { return &m.SSThresh }),
	attr.U32(uapi.RTAX_CWND, "RTAX_CWND", func(m *Metrics) *uint32 { return &m.CWND }),
	attr.U32(uapi.RTAX_ADVMSS, "RTAX_ADVMSS", func(m *Metrics) *uint32 { return &m.AdvMSS }),
	attr.U32(uapi.RTAX_REORDERING, "RTAX_REORDERING", func(m *Metrics) *uint32 { return &m.Reordering }),
	attr.U32(uapi.RTAX_HOPLIMIT, "RTAX_HOPLIMIT", func(m *Metrics) *uint32 { return &m.HopLimit }).Max(math.MaxUint8),
	attr.U32(uapi.RTAX_INITCWND, "RTAX_INITCWND", func(m *Metrics) *uint32 { return &m.InitCWND }),
	attr.U32(uapi.RTAX_FEATURES, "RTAX_FEATURES", func(m *Metrics) *Features { return &m.Features }),
	duration32(uapi.RTAX_RTO_MIN, "RTAX_RTO_MIN", time.Millisecond, func(m *Metrics) *time.Duration { return &m.RTOMin }),
	attr.U32(uapi.RTAX_INITRWND, "RTAX_INITRWND", func(m *Metrics) *uint32 { return &m.InitRWND }),
	bool32(uapi.RTAX_QUICKACK, "RTAX_QUICKACK", func(m *Metrics) *bool { return &m.QuickACK }),
	attr.String(uapi.RTAX_CC_ALGO, "RTAX_CC_ALGO", func(m *Metrics) *string { return &m.CCAlgo }),
	bool32(uapi.RTAX_FASTOPEN_NO_COOKIE, "RTAX_FASTOPEN_NO_COOKIE", func(m *Metrics) *bool { return &m.FastOpenNoCookie }),
}

// duration32 is a duration as a 32-bit count of a unit, rounded up.
func duration32(typ uint16, name string, unit time.Duration, field func(*Metrics) *time.Duration) attr.Row[Metrics] {
	return attr.Custom(typ, name,
		func(b []byte, m *Metrics) ([]byte, error) {
			d := *field(m)
			n := d / unit
			if d%unit > 0 {
				n++
			}
			switch {
			case d < 0 || n > math.MaxUint32:
				return b, attr.Refuse("%v is out of range", d)
			case d == 0:
				return b, nil
			}
			return attr.AppendUint32(b, typ, uint32(n)), nil
		},
		func(p []byte, m *Metrics) error {
			if len(p) < 4 {
				return short(len(p), 4)
			}
			*field(m) = time.Duration(binary.NativeEndian.Uint32(p)) * unit
			return nil
		}).Sample(func(r *rand.Rand, m *Metrics) { *field(m) = time.Duration(1+r.Uint32N(1<<20)) * unit })
}

// bool32 is a 32-bit integer that is 0 or 1; false is not sent.
func bool32(typ uint16, name string, field func(*Metrics) *bool) attr.Row[Metrics] {
	return attr.Custom(typ, name,
		func(b []byte, m *Metrics) ([]byte, error) {
			if *field(m) {
				b = attr.AppendUint32(b, typ, 1)
			}
			return b, nil
		},
		func(p []byte, m *Metrics) error {
			if len(p) < 4 {
				return short(len(p), 4)
			}
			*field(m) = binary.NativeEndian.Uint32(p) != 0
			return nil
		}).Sample(func(r *rand.Rand, m *Metrics) { *field(m) = r.IntN(2) == 1 })
}

func appendRealms(b []byte, v Realms) []byte {
	if v == (Realms{}) {
		return b
	}
	return attr.AppendUint32(b, uapi.RTA_FLOW, uint32(v.From)<<16|uint32(v.To))
}

func realms(p []byte) (Realms, error) {
	if len(p) < 4 {
		return Realms{}, short(len(p), 4)
	}
	n := binary.NativeEndian.Uint32(p)
	return Realms{From: uint16(n >> 16), To: uint16(n)}, nil
}

func randomRealms(r *rand.Rand) Realms {
	return Realms{From: uint16(r.Uint32()), To: 1 + uint16(r.Uint32N(1000))}
}

func (e *Extra) multicast() *MulticastStats {
	if e.Multicast == nil {
		e.Multicast = new(MulticastStats)
	}
	return e.Multicast
}

// getMulticastStats reads struct rta_mfc_stats.
func getMulticastStats(p []byte, e *Extra) error {
	if len(p) < mfcStatsLen {
		return short(len(p), mfcStatsLen)
	}
	s := e.multicast()
	s.Packets = binary.NativeEndian.Uint64(p)
	s.Bytes = binary.NativeEndian.Uint64(p[8:])
	s.WrongLink = binary.NativeEndian.Uint64(p[16:])
	return nil
}

func randomMAC(r *rand.Rand) net.HardwareAddr {
	return net.HardwareAddr{2, 0, 0, 0, byte(r.Uint32()), byte(r.Uint32())}
}

// getCacheinfo reads struct rta_cacheinfo. What remains of the route's life is a
// field of Extra, which can be set.
func getCacheinfo(p []byte, e *Extra) error {
	if len(p) < cacheinfoLen {
		return short(len(p), cacheinfoLen)
	}
	u32 := func(i int) uint32 { return binary.NativeEndian.Uint32(p[4*i:]) }
	c := CacheInfo{
		ClientRefs: u32(0), LastUse: time.Duration(u32(1)) * tick,
		Error: syscall.Errno(-int32(u32(3))), Used: u32(4),
		ID: u32(5), Timestamp: u32(6), TimestampAge: u32(7),
	}
	switch expires := time.Duration(int32(u32(2))) * tick; {
	case expires > 0:
		e.Expires = expires
	case expires < 0:
		c.Expired = -expires
	}
	if c != (CacheInfo{}) {
		e.CacheInfo = &c
	}
	return nil
}

// decodeExtra reads what few routes have from a whole message, nil if it has none
// of it.
func decodeExtra(b []byte, family rtnl.Family, unknown bool) (*Extra, error) {
	e := new(Extra)
	none := netip.IPv4Unspecified()
	if family.Bits() == 128 {
		none = netip.IPv6Unspecified()
	}
	src := netip.PrefixFrom(none, int(b[2]))
	if !src.IsValid() {
		return nil, &attr.Error{Path: "rtm_src_len", Err: fmt.Errorf("%w: prefix length %d", attr.ErrMalformed, b[2])}
	}
	e.Src = src // for its length
	table := extraTable(family)
	if err := table.Decode(b[headerLen:], e); err != nil {
		return nil, err
	}
	if !has(b[headerLen:], uapi.RTA_SRC) {
		e.Src = netip.Prefix{}
	}
	if !unknown {
		return e.orNil(), nil
	}
	if err := restAttrs.Decode(b[headerLen:], e); err != nil {
		return nil, err
	}
	e.Rest = slices.DeleteFunc(e.Rest, func(a attr.Raw) bool {
		typ := a.Type &^ (uapi.NLA_F_NESTED | uapi.NLA_F_NET_BYTEORDER)
		switch typ {
		case uapi.RTA_UNSPEC, uapi.RTA_MARK, uapi.RTA_UID, uapi.RTA_MFC_STATS, uapi.RTA_PAD:
			return true
		}
		own, _ := attrs.Attr(typ, nil)
		extra, _ := table.Attr(typ, nil)
		return own != "" || extra != ""
	})
	return e.orNil(), nil
}

// has reports whether there is an attribute of this type.
func has(b []byte, typ uint16) bool {
	s := attr.Scan(b)
	for s.Next() {
		if s.Type() == typ {
			return true
		}
	}
	return false
}

// orNil returns nil if nothing is set.
func (e *Extra) orNil() *Extra {
	if len(e.Rest) > 0 {
		return e
	}
	e.Rest = nil
	if e.Src.IsValid() || e.Metrics != (Metrics{}) || e.Expires != 0 || e.Realms != (Realms{}) ||
		e.TTLPropagate != nil || e.IIF != 0 || e.CacheInfo != nil || e.Encap != nil || e.Multicast != nil ||
		e.Label != 0 || len(e.Labels) > 0 || len(e.GatewayMAC) > 0 {
		return e
	}
	return nil
}
