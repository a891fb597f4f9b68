package route

import (
	"encoding/binary"
	"math"
	"net/netip"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

// lookup is what a look-up asks for.
type lookup struct {
	dst, from    netip.Addr
	iif, oif     int
	mark         uint32
	uid          *uint32
	tos          uint8
	proto        uint8
	sport, dport uint16
	flowLabel    uint32
	fibMatch     bool
}

// lookupAttrs are the attributes of RTM_GETROUTE for one route.
var lookupAttrs = attr.Table[lookup]{
	attr.Addr(uapi.RTA_DST, "RTA_DST", func(l *lookup) *netip.Addr { return &l.dst }),
	attr.Addr(uapi.RTA_SRC, "RTA_SRC", func(l *lookup) *netip.Addr { return &l.from }),
	attr.U32(uapi.RTA_IIF, "RTA_IIF", func(l *lookup) *int { return &l.iif }).Max(math.MaxInt32),
	attr.U32(uapi.RTA_OIF, "RTA_OIF", func(l *lookup) *int { return &l.oif }).Max(math.MaxInt32),
	attr.U32(uapi.RTA_MARK, "RTA_MARK", func(l *lookup) *uint32 { return &l.mark }),
	attr.OptU32(uapi.RTA_UID, "RTA_UID", func(l *lookup) **uint32 { return &l.uid }),
	attr.U8(uapi.RTA_IP_PROTO, "RTA_IP_PROTO", func(l *lookup) *uint8 { return &l.proto }),
	attr.BE16(uapi.RTA_SPORT, "RTA_SPORT", func(l *lookup) *uint16 { return &l.sport }),
	attr.BE16(uapi.RTA_DPORT, "RTA_DPORT", func(l *lookup) *uint16 { return &l.dport }),
	attr.BE32(uapi.RTA_FLOWLABEL, "RTA_FLOWLABEL", func(l *lookup) *uint32 { return &l.flowLabel }).Max(0xfffff),
}

// labelLookup is what a look-up of an MPLS label asks for.
type labelLookup struct {
	label, inner rtnl.Labels
	fibMatch     bool
}

// labelAttrs are the attributes of RTM_GETROUTE for an MPLS label.
var labelAttrs = attr.Table[labelLookup]{
	rtnl.LabelsRow(uapi.RTA_DST, "RTA_DST", func(l *labelLookup) *rtnl.Labels { return &l.label }),
	rtnl.LabelsRow(uapi.RTA_NEWDST, "RTA_NEWDST", func(l *labelLookup) *rtnl.Labels { return &l.inner }),
}

// message returns the message of a look-up.
func (l *labelLookup) message() ([]byte, error) {
	var flags Flags
	if l.fibMatch {
		flags = FlagFIBMatch
	}
	b := append(make([]byte, 0, 64), byte(rtnl.FamilyMPLS), labelBits, 0, 0, 0, 0, 0, 0)
	return labelAttrs.Append(binary.NativeEndian.AppendUint32(b, uint32(flags)), l)
}

// check refuses what the kernel cannot look up.
func (l *lookup) check() error {
	switch {
	case !l.dst.IsValid():
		return attr.Invalid("RTA_DST", "no destination")
	case l.dst.Zone() != "" || l.from.Zone() != "":
		return attr.Invalid("RTA_DST", "an address with a zone: WithOIF takes the link")
	case l.from.IsValid() && l.from.Is4() != l.dst.Is4():
		return attr.Invalid("RTA_SRC", "%v is not of the family of %v", l.from, l.dst)
	case l.flowLabel != 0 && l.dst.Is4():
		return attr.Invalid("RTA_FLOWLABEL", "a flow label with the IPv4 address %v", l.dst)
	}
	return nil
}

// message returns the message of a look-up.
func (l *lookup) message() ([]byte, error) {
	family := rtnl.FamilyOf(l.dst)
	srcLen := 0
	if l.from.IsValid() {
		srcLen = l.from.BitLen()
	}
	var flags Flags
	if family == rtnl.FamilyIPv4 { // IPv6 always tells the table, and does not take the flag
		flags |= FlagLookupTable
	}
	if l.fibMatch {
		flags |= FlagFIBMatch
	}
	b := append(make([]byte, 0, 96), byte(family), byte(l.dst.BitLen()), byte(srcLen), l.tos, 0, 0, 0, 0)
	b = binary.NativeEndian.AppendUint32(b, uint32(flags))
	return lookupAttrs.Append(b, l)
}
