package route

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strconv"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

const (
	hopLen    = 8 // struct rtnexthop
	maxWeight = 256
)

// hop is a Nexthop with what its attributes need to know.
type hop struct {
	Nexthop
	family rtnl.Family
}

// hopAttrs are the attributes behind struct rtnexthop.
var hopAttrs = attr.Table[hop]{
	attr.Custom(uapi.RTA_GATEWAY, "RTA_GATEWAY",
		func(b []byte, h *hop) ([]byte, error) {
			if !h.Gateway.IsValid() || rtnl.FamilyOf(h.Gateway) != h.family {
				return b, nil
			}
			return attr.AppendAddr(b, uapi.RTA_GATEWAY, h.Gateway), nil
		},
		func(p []byte, h *hop) (err error) {
			h.Gateway, err = address(p, h.family)
			return err
		}).Sample(func(r *rand.Rand, h *hop) { h.Gateway = randomAddr(r, h.family) }),
	attr.Custom(uapi.RTA_FLOW, "RTA_FLOW",
		func(b []byte, h *hop) ([]byte, error) { return appendRealms(b, h.Realms), nil },
		func(p []byte, h *hop) (err error) {
			h.Realms, err = realms(p)
			return err
		}).Sample(func(r *rand.Rand, h *hop) { h.Realms = randomRealms(r) }),
	attr.Custom(uapi.RTA_VIA, "RTA_VIA",
		func(b []byte, h *hop) ([]byte, error) {
			switch {
			case h.family == rtnl.FamilyMPLS && !h.Gateway.IsValid() && len(h.GatewayMAC) > 0:
				return appendVia(b, rtnl.FamilyPacket, h.GatewayMAC), nil
			case !h.Gateway.IsValid() || rtnl.FamilyOf(h.Gateway) == h.family:
				return b, nil
			}
			return appendVia(b, rtnl.FamilyOf(h.Gateway), h.Gateway.AsSlice()), nil
		},
		func(p []byte, h *hop) error {
			gateway, mac, err := via(p)
			h.Gateway, h.GatewayMAC = gateway, append(net.HardwareAddr(nil), mac...)
			return err
		}).Sample(func(r *rand.Rand, h *hop) {
		switch {
		case h.family == rtnl.FamilyIPv4 && r.IntN(2) == 0:
			h.Gateway = randomAddr(r, rtnl.FamilyIPv6)
		case h.family == rtnl.FamilyMPLS && r.IntN(2) == 0:
			h.Gateway, h.GatewayMAC = netip.Addr{}, randomMAC(r)
		}
	}),
	attr.Custom(uapi.RTA_NEWDST, "RTA_NEWDST",
		func(b []byte, h *hop) ([]byte, error) {
			if len(h.Labels) == 0 {
				return b, nil
			}
			p, err := h.Labels.MarshalBinary()
			if err != nil {
				return b, err
			}
			return attr.AppendBytes(b, uapi.RTA_NEWDST, p), nil
		},
		func(p []byte, h *hop) error {
			if h.family != rtnl.FamilyMPLS { // no labels
				h.Rest = append(h.Rest, attr.Raw{Type: uapi.RTA_NEWDST, Data: append([]byte{}, p...)})
				return nil
			}
			return h.Labels.UnmarshalBinary(p)
		}).Sample(func(r *rand.Rand, h *hop) {
		if h.family == rtnl.FamilyMPLS {
			h.Labels = rtnl.Labels{r.Uint32N(1 << 20), r.Uint32N(1 << 20)}
		}
	}),
	rtnl.EncapTypeRow(uapi.RTA_ENCAP_TYPE, "RTA_ENCAP_TYPE", func(h *hop) *rtnl.Encap { return &h.Encap }),
	rtnl.EncapRow(uapi.RTA_ENCAP, "RTA_ENCAP", uapi.RTA_ENCAP_TYPE, func(h *hop) *rtnl.Encap { return &h.Encap }),
	attr.Rest(func(h *hop) *[]attr.Raw { return &h.Rest }),
}

func multicast(family rtnl.Family) bool {
	return family == rtnl.FamilyIPMR || family == rtnl.FamilyIP6MR
}

// appendMultipath appends RTA_MULTIPATH, if there are hops.
func appendMultipath(b []byte, family rtnl.Family, hops []Nexthop) ([]byte, error) {
	if len(hops) == 0 {
		return b, nil
	}
	b, start := attr.BeginNested(b, uapi.RTA_MULTIPATH)
	var h hop
	for i := range hops {
		at := len(b)
		h = hop{hops[i], family}
		weight := byte(max(h.Weight, 1) - 1)
		if multicast(family) {
			weight = h.MinTTL
		}
		b = append(b, 0, 0, byte(h.Flags&^readOnlyFlags), weight)
		b = binary.NativeEndian.AppendUint32(b, uint32(h.Link))
		var err error
		if b, err = hopAttrs.Append(b, &h); err != nil {
			return b, err
		}
		if len(b)-at > 0xffff {
			return b, attr.Invalid("RTA_MULTIPATH["+strconv.Itoa(i)+"]", "too long")
		}
		binary.NativeEndian.PutUint16(b[at:], uint16(len(b)-at))
	}
	b, err := attr.EndNested(b, start)
	if err != nil {
		return b, attr.Invalid("RTA_MULTIPATH", "%d next hops do not fit", len(hops))
	}
	return b, nil
}

// eachHop calls f with the header and the attributes of each hop in the payload of
// RTA_MULTIPATH, and where they begin in it.
func eachHop(p []byte, f func(i, at int, head, attrs []byte) bool) error {
	for i, at := 0, 0; at < len(p); i++ {
		rest := p[at:]
		if len(rest) < hopLen {
			return fmt.Errorf("%w: %d bytes are no next hop", attr.ErrMalformed, len(rest))
		}
		n := int(binary.NativeEndian.Uint16(rest))
		if n < hopLen || n > len(rest) {
			return fmt.Errorf("%w: next hop %d has length %d of %d", attr.ErrMalformed, i, n, len(rest))
		}
		if !f(i, at, rest[:hopLen], rest[hopLen:n]) {
			return nil
		}
		at += align(n)
	}
	return nil
}

// decodeMultipath reads the payload of RTA_MULTIPATH.
func decodeMultipath(p []byte, family rtnl.Family) ([]Nexthop, error) {
	n := 0
	if err := eachHop(p, func(int, int, []byte, []byte) bool { n++; return true }); err != nil || n == 0 {
		return nil, err
	}
	hops := make([]Nexthop, 0, n)
	var h hop
	var failed error
	err := eachHop(p, func(_, _ int, head, attrs []byte) bool {
		h = hop{family: family}
		h.Flags = Flags(head[2])
		switch {
		case multicast(family):
			h.MinTTL = head[3]
		case family != rtnl.FamilyMPLS:
			h.Weight = int(head[3]) + 1
		}
		h.Link = int(binary.NativeEndian.Uint32(head[4:]))
		failed = hopAttrs.Decode(attrs, &h)
		hops = append(hops, h.Nexthop)
		return failed == nil
	})
	if err == nil {
		err = failed
	}
	return hops, err
}

// locateHop names what stands at an offset in the payload of RTA_MULTIPATH:
// "[1].RTA_GATEWAY".
func locateHop(p []byte, off int) (path string) {
	_ = eachHop(p, func(i, at int, _, attrs []byte) bool {
		if off >= at+align(hopLen+len(attrs)) {
			return true
		}
		path = "[" + strconv.Itoa(i) + "]"
		if inner := attr.Path(hopNames{}, attrs, off-at-hopLen); inner != "" {
			path += "." + inner
		}
		return false
	})
	return path
}

// hopNames are the attributes of a next hop, for errors.
type hopNames struct{}

func (hopNames) Attr(typ uint16, siblings []byte) (string, attr.Schema) {
	if name, sub := hopAttrs.Attr(typ, siblings); name != "" {
		return name, sub
	}
	return names{}.Attr(typ, siblings)
}

func sampleMultipath(rnd *rand.Rand, r *Route) {
	hops := make([]Nexthop, 1+rnd.IntN(3))
	for i := range hops {
		h := hop{family: r.Family}
		hopAttrs.Fill(rnd, &h)
		h.Link = 1 + rnd.IntN(100)
		h.Weight = 1 + rnd.IntN(maxWeight)
		h.Flags = FlagOnlink
		if r.Family == rtnl.FamilyMPLS {
			h.Weight, h.Flags = 0, 0
		}
		hops[i] = h.Nexthop
	}
	r.Multipath = hops
}

// checkHops refuses what a route cannot have as next hops.
func checkHops(family rtnl.Family, hops []Nexthop, del bool) error {
	for i := range hops {
		h := &hops[i]
		at := func(name string) string { return "RTA_MULTIPATH[" + strconv.Itoa(i) + "]" + name }
		switch {
		case family == rtnl.FamilyMPLS && h.Weight > 1:
			return attr.Invalid(at(".rtnh_hops"), "a next hop of an MPLS route has no weight")
		case h.Weight < 0 || h.Weight > maxWeight:
			return attr.Invalid(at(".rtnh_hops"), "a weight is from 1 to %d, not %d", maxWeight, h.Weight)
		case h.Flags > 0xff:
			return attr.Invalid(at(".rtnh_flags"), "%v is not for next hops", h.Flags)
		case !validLink(h.Link):
			return attr.Invalid(at(".rtnh_ifindex"), "%d is no index of a link", h.Link)
		}
		if err := checkHop(family, h, del, at(".")); err != nil {
			return err
		}
	}
	return nil
}

// unmapped returns hops with IPv4 gateways in IPv4 form; it copies before it
// changes.
func unmapped(family rtnl.Family, hops []Nexthop) []Nexthop {
	changed := false
	for i := range hops {
		a := unmap(family, hops[i].Gateway)
		if a == hops[i].Gateway {
			continue
		}
		if !changed {
			hops, changed = slices.Clone(hops), true
		}
		hops[i].Gateway = a
	}
	return hops
}

// unmap undoes what net.IP does to IPv4 addresses.
func unmap(family rtnl.Family, a netip.Addr) netip.Addr {
	if family == rtnl.FamilyIPv4 {
		return a.Unmap()
	}
	return a
}
