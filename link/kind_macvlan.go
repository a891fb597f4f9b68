package link

import (
	"math/rand/v2"
	"net"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Macvlan is a link with a hardware address of its own on top of the link that
// [WithParent] names, which it cannot do without. `ip link add link PARENT NAME
// type macvlan`
//
// [Set] can change all that is not "read", but Mode not to or from
// [MacvlanPassthru].
//
// Source: IFLA_MACVLAN_*, include/uapi/linux/if_link.h.
type Macvlan struct {
	// Mode tells which packets pass between links of one parent; the kernel's
	// default is [MacvlanVEPA] (IFLA_MACVLAN_MODE).
	Mode MacvlanMode
	// Flags are MACVLAN_FLAG_*; the kernel's default is none (IFLA_MACVLAN_FLAGS).
	Flags *MacvlanFlags
	// Sources are the source addresses whose packets a link in mode
	// [MacvlanSource] receives. What Op does with them is sent, nothing if there
	// are none (IFLA_MACVLAN_MACADDR, IFLA_MACVLAN_MACADDR_DATA).
	Sources []net.HardwareAddr
	// SourceOp is what is done with Sources when they are sent; it is not read
	// (IFLA_MACVLAN_MACADDR_MODE).
	SourceOp MacvlanSourceOp
	// BroadcastQueueLen is how many broadcast packets wait at the parent at most;
	// the parent takes the largest that a link of its asks for. The kernel's default
	// is 1000 (IFLA_MACVLAN_BC_QUEUE_LEN). Linux 5.11.
	BroadcastQueueLen *uint32
	// BroadcastQueueLenUsed is what the parent takes; read
	// (IFLA_MACVLAN_BC_QUEUE_LEN_USED). Linux 5.11.
	BroadcastQueueLenUsed uint32
	// BroadcastCutoff is how many receivers make a multicast packet wait in that
	// queue; negative for always at once. The kernel's default is 1
	// (IFLA_MACVLAN_BC_CUTOFF). Linux 6.4.
	BroadcastCutoff *int32
}

// Macvtap is a [Macvlan] with a character device, /dev/tapINDEX, for its packets.
// It has the same settings. `ip link add link PARENT NAME type macvtap`
//
// Source: IFLA_MACVLAN_*, include/uapi/linux/if_link.h.
type Macvtap Macvlan

// MacvlanMode tells which packets pass between the links of one parent.
//
// Source: enum macvlan_mode, include/uapi/linux/if_link.h.
type MacvlanMode uint32

// Which packets pass.
const (
	MacvlanPrivate  MacvlanMode = uapi.MACVLAN_MODE_PRIVATE  // MACVLAN_MODE_PRIVATE: none
	MacvlanVEPA     MacvlanMode = uapi.MACVLAN_MODE_VEPA     // MACVLAN_MODE_VEPA: those that an outer switch sends back
	MacvlanBridge   MacvlanMode = uapi.MACVLAN_MODE_BRIDGE   // MACVLAN_MODE_BRIDGE: all
	MacvlanPassthru MacvlanMode = uapi.MACVLAN_MODE_PASSTHRU // MACVLAN_MODE_PASSTHRU: there is but one link, which has the parent's address
	MacvlanSource   MacvlanMode = uapi.MACVLAN_MODE_SOURCE   // MACVLAN_MODE_SOURCE: those from a list of addresses
)

var macvlanModes = enum.Words[MacvlanMode]{
	Type: "MacvlanMode",
	Words: []enum.Word[MacvlanMode]{
		{Value: MacvlanPrivate, Name: "private"}, {Value: MacvlanVEPA, Name: "vepa"}, {Value: MacvlanBridge, Name: "bridge"},
		{Value: MacvlanPassthru, Name: "passthru"}, {Value: MacvlanSource, Name: "source"},
	},
}

// String returns iproute2's word, such as "vepa".
func (m MacvlanMode) String() string { return macvlanModes.String(m) }

// MarshalText is String.
func (m MacvlanMode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what String returned.
func (m *MacvlanMode) UnmarshalText(text []byte) error { return macvlanModes.Parse(text, m) }

// MacvlanFlags change what a macvlan link does.
//
// Source: MACVLAN_FLAG_*, include/uapi/linux/if_link.h.
type MacvlanFlags uint16

// The flags of a macvlan link.
const (
	MacvlanNoPromisc MacvlanFlags = uapi.MACVLAN_FLAG_NOPROMISC // MACVLAN_FLAG_NOPROMISC: leave the parent as it is in mode passthru
	MacvlanNoDst     MacvlanFlags = uapi.MACVLAN_FLAG_NODST     // MACVLAN_FLAG_NODST: in mode source, no second copy to the destination (Linux 5.11)
)

var macvlanFlagNames = enum.Flags[MacvlanFlags]{
	Type:  "MacvlanFlags",
	Words: []enum.Word[MacvlanFlags]{{Value: MacvlanNoPromisc, Name: "nopromisc"}, {Value: MacvlanNoDst, Name: "nodst"}},
}

// String returns iproute2's words: "nopromisc|nodst".
func (f MacvlanFlags) String() string { return macvlanFlagNames.String(f) }

// MarshalText is String.
func (f MacvlanFlags) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads what String returned.
func (f *MacvlanFlags) UnmarshalText(text []byte) error { return macvlanFlagNames.Parse(text, f) }

// MacvlanSourceOp is what is done with a list of source addresses.
//
// Source: enum macvlan_macaddr_mode, include/uapi/linux/if_link.h.
type MacvlanSourceOp uint8

// What is done with a list of source addresses.
const (
	MacvlanSetSources   MacvlanSourceOp = iota // MACVLAN_MACADDR_SET: the list becomes Sources
	MacvlanAddSource                           // MACVLAN_MACADDR_ADD: the one address in Sources is added
	MacvlanDeleteSource                        // MACVLAN_MACADDR_DEL: the one address in Sources is deleted
	MacvlanFlushSources                        // MACVLAN_MACADDR_FLUSH: the list becomes empty; Sources must be so too
)

var macvlanSourceOps = enum.Words[MacvlanSourceOp]{
	Type: "MacvlanSourceOp",
	Words: []enum.Word[MacvlanSourceOp]{
		{Value: MacvlanSetSources, Name: "set"}, {Value: MacvlanAddSource, Name: "add"},
		{Value: MacvlanDeleteSource, Name: "del"}, {Value: MacvlanFlushSources, Name: "flush"},
	},
}

// String returns iproute2's word: "set", "add", "del" or "flush".
func (o MacvlanSourceOp) String() string { return macvlanSourceOps.String(o) }

// MarshalText is String.
func (o MacvlanSourceOp) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads what String returned.
func (o *MacvlanSourceOp) UnmarshalText(text []byte) error { return macvlanSourceOps.Parse(text, o) }

// Kind returns "macvlan".
func (*Macvlan) Kind() string { return "macvlan" }

func (v *Macvlan) appendData(b []byte) ([]byte, error) { return macvlanAttrs.Append(b, v) }

// Kind returns "macvtap".
func (*Macvtap) Kind() string { return "macvtap" }

func (v *Macvtap) appendData(b []byte) ([]byte, error) { return macvtapAttrs.Append(b, v) }

var (
	macvlanAttrs = macvlanTable(func(v *Macvlan) *Macvlan { return v })
	macvtapAttrs = macvlanTable(func(v *Macvtap) *Macvlan { return (*Macvlan)(v) })
)

// macvlanTable is the table that both kinds have.
func macvlanTable[T any](as func(*T) *Macvlan) attr.Table[T] {
	return attr.Table[T]{
		attr.U32(uapi.IFLA_MACVLAN_MODE, "IFLA_MACVLAN_MODE", func(v *T) *MacvlanMode { return &as(v).Mode }),
		attr.OptU16(uapi.IFLA_MACVLAN_FLAGS, "IFLA_MACVLAN_FLAGS", func(v *T) **MacvlanFlags { return &as(v).Flags }),
		attr.Custom(uapi.IFLA_MACVLAN_MACADDR_MODE, "IFLA_MACVLAN_MACADDR_MODE",
			func(b []byte, v *T) ([]byte, error) { return as(v).appendSourceOp(b) }, nil),
		attr.Custom(uapi.IFLA_MACVLAN_MACADDR, "IFLA_MACVLAN_MACADDR",
			func(b []byte, v *T) ([]byte, error) {
				if op := as(v).SourceOp; op != MacvlanAddSource && op != MacvlanDeleteSource {
					return b, nil
				}
				return as(v).appendSources(b)
			}, nil),
		attr.Custom(uapi.IFLA_MACVLAN_MACADDR_DATA, "IFLA_MACVLAN_MACADDR_DATA",
			func(b []byte, v *T) ([]byte, error) {
				if len(as(v).Sources) == 0 || as(v).SourceOp != MacvlanSetSources {
					return b, nil
				}
				b, start := attr.BeginNested(b, uapi.IFLA_MACVLAN_MACADDR_DATA)
				b, err := as(v).appendSources(b)
				if err != nil {
					return b, err
				}
				return attr.EndNested(b, start)
			},
			func(p []byte, v *T) error { return as(v).readSources(p) }).
			Sample(func(r *rand.Rand, v *T) {
				as(v).Sources = []net.HardwareAddr{randomMAC(r), randomMAC(r)}
			}),
		named[T](uapi.IFLA_MACVLAN_MACADDR_COUNT, "IFLA_MACVLAN_MACADDR_COUNT"), // the length of the list
		attr.OptU32(uapi.IFLA_MACVLAN_BC_QUEUE_LEN, "IFLA_MACVLAN_BC_QUEUE_LEN", func(v *T) **uint32 { return &as(v).BroadcastQueueLen }),
		attr.U32(uapi.IFLA_MACVLAN_BC_QUEUE_LEN_USED, "IFLA_MACVLAN_BC_QUEUE_LEN_USED", func(v *T) *uint32 { return &as(v).BroadcastQueueLenUsed }).ReadOnly(),
		attr.OptS32(uapi.IFLA_MACVLAN_BC_CUTOFF, "IFLA_MACVLAN_BC_CUTOFF", func(v *T) **int32 { return &as(v).BroadcastCutoff }),
	}
}

func (v *Macvlan) appendSourceOp(b []byte) ([]byte, error) {
	want, op := 1, uint32(uapi.MACVLAN_MACADDR_SET)
	switch v.SourceOp {
	case MacvlanSetSources:
		if want = len(v.Sources); want == 0 {
			return b, nil
		}
	case MacvlanAddSource:
		op = uapi.MACVLAN_MACADDR_ADD
	case MacvlanDeleteSource:
		op = uapi.MACVLAN_MACADDR_DEL
	case MacvlanFlushSources:
		want, op = 0, uapi.MACVLAN_MACADDR_FLUSH
	default:
		return b, attr.Refuse("%v is not known", v.SourceOp)
	}
	if len(v.Sources) != want {
		return b, attr.Refuse("%v takes %d addresses, not %d", v.SourceOp, want, len(v.Sources))
	}
	return attr.AppendUint32(b, uapi.IFLA_MACVLAN_MACADDR_MODE, op), nil
}

func (v *Macvlan) appendSources(b []byte) ([]byte, error) {
	for _, a := range v.Sources {
		if len(a) != 6 {
			return b, attr.Refuse("%v is no Ethernet address", a)
		}
		b = attr.AppendBytes(b, uapi.IFLA_MACVLAN_MACADDR, a)
	}
	return b, nil
}

func (v *Macvlan) readSources(p []byte) error {
	v.Sources = nil
	s := attr.Scan(p)
	for s.Next() {
		if s.Type() != uapi.IFLA_MACVLAN_MACADDR {
			continue
		}
		if len(s.Bytes()) != 6 {
			return short(s.Bytes(), 6)
		}
		v.Sources = append(v.Sources, s.MAC())
	}
	return s.Err()
}

// steady implements [unsteadyKind]: other links of the parent change what that takes.
func (m *Macvlan) steady() Kind {
	s := *m
	s.BroadcastQueueLenUsed = 0
	return &s
}

// steady implements [unsteadyKind].
func (m *Macvtap) steady() Kind {
	s := *m
	s.BroadcastQueueLenUsed = 0
	return &s
}
