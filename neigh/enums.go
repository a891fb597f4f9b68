package neigh

import (
	"bytes"

	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// State is what the kernel thinks of a neighbour: NUD_… in
// include/uapi/linux/neighbour.h. A neighbour and an entry of a bridge has one of
// them, or none; a tunnel keeps the set that it was given. Filters take several.
type State uint16

// States of a neighbour, with the words of `ip neigh … nud`. FDB entries know
// only StatePermanent, StateNoARP, StateReachable and StateStale.
const (
	StateNone       State = uapi.NUD_NONE       // NUD_NONE, "none": nothing is known, or a proxy
	StateIncomplete State = uapi.NUD_INCOMPLETE // NUD_INCOMPLETE, "incomplete": asked for, not answered yet
	StateReachable  State = uapi.NUD_REACHABLE  // NUD_REACHABLE, "reachable": confirmed a short time ago; of FDB: learned, or added as dynamic
	StateStale      State = uapi.NUD_STALE      // NUD_STALE, "stale": used until something says otherwise; of FDB: too old, about to be forgotten
	StateDelay      State = uapi.NUD_DELAY      // NUD_DELAY, "delay": stale and in use, to be asked for soon
	StateProbe      State = uapi.NUD_PROBE      // NUD_PROBE, "probe": being asked for again
	StateFailed     State = uapi.NUD_FAILED     // NUD_FAILED, "failed": did not answer
	StateNoARP      State = uapi.NUD_NOARP      // NUD_NOARP, "noarp": valid, never asked for; of FDB what `bridge` calls "static"
	StatePermanent  State = uapi.NUD_PERMANENT  // NUD_PERMANENT, "permanent": valid until it is deleted; of a bridge's FDB: the address is the bridge's own
)

var states = enum.Flags[State]{Type: "State", Words: []enum.Word[State]{
	{Value: StateIncomplete, Name: "incomplete"},
	{Value: StateReachable, Name: "reachable"},
	{Value: StateStale, Name: "stale"},
	{Value: StateDelay, Name: "delay"},
	{Value: StateProbe, Name: "probe"},
	{Value: StateFailed, Name: "failed"},
	{Value: StateNoARP, Name: "noarp"},
	{Value: StatePermanent, Name: "permanent"},
}}

// Has reports whether all states of t are set.
func (s State) Has(t State) bool { return s&t == t }

// String returns iproute2's word, or words with "|" between them, unknown bits as
// a number, and "none" for no state.
func (s State) String() string {
	if s == StateNone {
		return "none"
	}
	return states.String(s)
}

// MarshalText returns the same as String.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText parses words, also in capitals as `ip neigh` prints them, and
// numbers with "|" between them.
func (s *State) UnmarshalText(text []byte) error {
	text = bytes.ToLower(text)
	if string(text) == "none" {
		*s = StateNone
		return nil
	}
	return states.Parse(text, s)
}

// Flags are properties of a neighbour: NTF_… in include/uapi/linux/neighbour.h
// (ndm_flags), and from the ninth bit on NTF_EXT_… (NDA_FLAGS_EXT).
type Flags uint64

// Flags of a neighbour, with the words of iproute2. "Read only" are those that
// the kernel sets; they are left out when an entry is added. With FlagUse and with
// FlagManaged the kernel heeds neither LinkAddr nor State.
const (
	FlagUse          Flags = uapi.NTF_USE                           // NTF_USE, "use": use the entry now, which begins to ask for the address; of FDB: as if a packet had come
	FlagSelf         Flags = uapi.NTF_SELF                          // NTF_SELF, "self": in the FDB of the link itself: of a tunnel, a bridge or a network card
	FlagMaster       Flags = uapi.NTF_MASTER                        // NTF_MASTER, "master": in the FDB of the bridge that the link is a port of
	FlagProxy        Flags = uapi.NTF_PROXY                         // NTF_PROXY, "proxy": the host answers for the address
	FlagExtLearned   Flags = uapi.NTF_EXT_LEARNED                   // NTF_EXT_LEARNED, "extern_learn": learned by a program; the kernel's garbage collection leaves it
	FlagOffloaded    Flags = uapi.NTF_OFFLOADED                     // NTF_OFFLOADED, "offload": in hardware. Read only
	FlagSticky       Flags = uapi.NTF_STICKY                        // NTF_STICKY, "sticky": of FDB: does not move to another port
	FlagRouter       Flags = uapi.NTF_ROUTER                        // NTF_ROUTER, "router": the neighbour is a router (IPv6); of FDB of vxlan: route short circuit
	FlagManaged      Flags = uapi.NTF_EXT_MANAGED << extShift       // NTF_EXT_MANAGED, "managed": the kernel keeps it reachable. Linux 5.16
	FlagLocked       Flags = uapi.NTF_EXT_LOCKED << extShift        // NTF_EXT_LOCKED, "locked": of FDB: the host has not been let in (MAB). Linux 6.2. Read only
	FlagExtValidated Flags = uapi.NTF_EXT_EXT_VALIDATED << extShift // NTF_EXT_EXT_VALIDATED, "extern_valid": a program keeps it valid, the kernel does not remove it. Linux 6.17
)

// extShift puts the bits of NDA_FLAGS_EXT behind those of ndm_flags, as the
// kernel itself does (NTF_EXT_SHIFT).
const extShift = 8

var flags = enum.Flags[Flags]{Type: "Flags", Words: []enum.Word[Flags]{
	{Value: FlagUse, Name: "use"},
	{Value: FlagSelf, Name: "self"},
	{Value: FlagMaster, Name: "master"},
	{Value: FlagProxy, Name: "proxy"},
	{Value: FlagExtLearned, Name: "extern_learn"},
	{Value: FlagOffloaded, Name: "offload"},
	{Value: FlagSticky, Name: "sticky"},
	{Value: FlagRouter, Name: "router"},
	{Value: FlagManaged, Name: "managed"},
	{Value: FlagLocked, Name: "locked"},
	{Value: FlagExtValidated, Name: "extern_valid"},
}}

// Has reports whether all flags of g are set.
func (f Flags) Has(g Flags) bool { return f&g == g }

// String returns iproute2's words, unknown bits as a number:
// "extern_learn|router|0x1000". No flag is "0".
func (f Flags) String() string { return flags.String(f) }

// MarshalText returns the same as String.
func (f Flags) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText parses words and numbers with "|" between them.
func (f *Flags) UnmarshalText(text []byte) error { return flags.Parse(text, f) }

// Type says what sort of address a neighbour's is: RTN_… in
// include/uapi/linux/rtnetlink.h, as far as neighbours have them.
type Type uint8

// Types of a neighbour's address, with the words of iproute2 for routes.
const (
	TypeUnspec    Type = uapi.RTN_UNSPEC    // RTN_UNSPEC, "none": not said, as with most FDB entries
	TypeUnicast   Type = uapi.RTN_UNICAST   // RTN_UNICAST, "unicast"
	TypeLocal     Type = uapi.RTN_LOCAL     // RTN_LOCAL, "local": the host's own
	TypeBroadcast Type = uapi.RTN_BROADCAST // RTN_BROADCAST, "broadcast"
	TypeAnycast   Type = uapi.RTN_ANYCAST   // RTN_ANYCAST, "anycast"
	TypeMulticast Type = uapi.RTN_MULTICAST // RTN_MULTICAST, "multicast"
)

var types = enum.Words[Type]{Type: "Type", Words: []enum.Word[Type]{
	{Value: TypeUnspec, Name: "none"},
	{Value: TypeUnicast, Name: "unicast"},
	{Value: TypeLocal, Name: "local"},
	{Value: TypeBroadcast, Name: "broadcast"},
	{Value: TypeAnycast, Name: "anycast"},
	{Value: TypeMulticast, Name: "multicast"},
}}

// String returns iproute2's word, "Type(99)" for a number without one.
func (t Type) String() string { return types.String(t) }

// MarshalText returns the same as String.
func (t Type) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText parses a word or a number.
func (t *Type) UnmarshalText(text []byte) error { return types.Parse(text, t) }

// Activity says whether a bridge announces that an FDB entry is in use or has
// ceased to be: FDB_NOTIFY_… in include/uapi/linux/neighbour.h. Linux 5.9.
type Activity uint8

// What is announced of an FDB entry's activity, with the words of iproute2.
const (
	ActivityNotify   Activity = uapi.FDB_NOTIFY_BIT          // FDB_NOTIFY_BIT, "activity_notify": events tell when the entry is used, and when it no longer is
	ActivityInactive Activity = uapi.FDB_NOTIFY_INACTIVE_BIT // FDB_NOTIFY_INACTIVE_BIT, "inactive": it is not in use; together with ActivityNotify only
)

var activities = enum.Flags[Activity]{Type: "Activity", Words: []enum.Word[Activity]{
	{Value: ActivityNotify, Name: "activity_notify"},
	{Value: ActivityInactive, Name: "inactive"},
}}

// Has reports whether all bits of b are set.
func (a Activity) Has(b Activity) bool { return a&b == b }

// String returns iproute2's words with "|" between them, "0" for none.
func (a Activity) String() string { return activities.String(a) }

// MarshalText returns the same as String.
func (a Activity) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText parses words and numbers with "|" between them.
func (a *Activity) UnmarshalText(text []byte) error { return activities.Parse(text, a) }
