package route

import (
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Type says what happens to packets for a destination: RTN_… in
// include/uapi/linux/rtnetlink.h.
type Type uint8

// Types of routes, with the words of iproute2.
const (
	TypeUnspec      Type = uapi.RTN_UNSPEC      // RTN_UNSPEC, "none": not set
	TypeUnicast     Type = uapi.RTN_UNICAST     // RTN_UNICAST, "unicast": sent to a gateway or by a link
	TypeLocal       Type = uapi.RTN_LOCAL       // RTN_LOCAL, "local": for this host
	TypeBroadcast   Type = uapi.RTN_BROADCAST   // RTN_BROADCAST, "broadcast": taken, and sent as broadcast
	TypeAnycast     Type = uapi.RTN_ANYCAST     // RTN_ANYCAST, "anycast": for this host among others
	TypeMulticast   Type = uapi.RTN_MULTICAST   // RTN_MULTICAST, "multicast"
	TypeBlackhole   Type = uapi.RTN_BLACKHOLE   // RTN_BLACKHOLE, "blackhole": dropped without a word
	TypeUnreachable Type = uapi.RTN_UNREACHABLE // RTN_UNREACHABLE, "unreachable": refused with ICMP unreachable
	TypeProhibit    Type = uapi.RTN_PROHIBIT    // RTN_PROHIBIT, "prohibit": refused with ICMP prohibited
	TypeThrow       Type = uapi.RTN_THROW       // RTN_THROW, "throw": not in this table, rules go on
	TypeNAT         Type = uapi.RTN_NAT         // RTN_NAT, "nat": no longer in the kernel
	TypeXResolve    Type = uapi.RTN_XRESOLVE    // RTN_XRESOLVE, "xresolve": not in the kernel
)

var types = enum.Words[Type]{Type: "Type", Words: []enum.Word[Type]{
	{Value: TypeUnspec, Name: "none"},
	{Value: TypeUnicast, Name: "unicast"},
	{Value: TypeLocal, Name: "local"},
	{Value: TypeBroadcast, Name: "broadcast"},
	{Value: TypeAnycast, Name: "anycast"},
	{Value: TypeMulticast, Name: "multicast"},
	{Value: TypeBlackhole, Name: "blackhole"},
	{Value: TypeUnreachable, Name: "unreachable"},
	{Value: TypeProhibit, Name: "prohibit"},
	{Value: TypeThrow, Name: "throw"},
	{Value: TypeNAT, Name: "nat"},
	{Value: TypeXResolve, Name: "xresolve"},
}}

// String returns iproute2's word, "Type(99)" for a number without one.
func (t Type) String() string { return types.String(t) }

// MarshalText returns the same as String.
func (t Type) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText parses a word or a number.
func (t *Type) UnmarshalText(text []byte) error { return types.Parse(text, t) }

// Flags are states and properties of a route or a next hop: RTNH_F_… and RTM_F_…
// in include/uapi/linux/rtnetlink.h.
type Flags uint32

// Flags of a route; those up to FlagTrap are also of next hops. "Read only" are
// those that the kernel sets; they are left out when a route is added.
const (
	FlagDead          Flags = uapi.RTNH_F_DEAD          // RTNH_F_DEAD, "dead": the link is down. Read only
	FlagPervasive     Flags = uapi.RTNH_F_PERVASIVE     // RTNH_F_PERVASIVE, "pervasive": the gateway is looked up again
	FlagOnlink        Flags = uapi.RTNH_F_ONLINK        // RTNH_F_ONLINK, "onlink": the gateway is on the link, whatever other routes say
	FlagOffload       Flags = uapi.RTNH_F_OFFLOAD       // RTNH_F_OFFLOAD, "offload": the hop is in hardware. Read only
	FlagLinkDown      Flags = uapi.RTNH_F_LINKDOWN      // RTNH_F_LINKDOWN, "linkdown": the link has no carrier. Read only
	FlagUnresolved    Flags = uapi.RTNH_F_UNRESOLVED    // RTNH_F_UNRESOLVED, "unresolved": of multicast routing. Read only
	FlagTrap          Flags = uapi.RTNH_F_TRAP          // RTNH_F_TRAP, "trap": hardware gives packets of the hop to the host. Read only
	FlagNotify        Flags = uapi.RTM_F_NOTIFY         // RTM_F_NOTIFY, "notify": the kernel is to announce changes
	FlagCloned        Flags = uapi.RTM_F_CLONED         // RTM_F_CLONED, "cache": a looked-up or cached route. Read only
	FlagEqualize      Flags = uapi.RTM_F_EQUALIZE       // RTM_F_EQUALIZE, "equalize": without effect
	FlagPrefix        Flags = uapi.RTM_F_PREFIX         // RTM_F_PREFIX, "prefix": made from a router's announcement of a prefix. Read only
	FlagLookupTable   Flags = uapi.RTM_F_LOOKUP_TABLE   // RTM_F_LOOKUP_TABLE, "lookup_table": the table is that which the look-up found. Read only
	FlagFIBMatch      Flags = uapi.RTM_F_FIB_MATCH      // RTM_F_FIB_MATCH, "fibmatch": the entry that a look-up found. Read only
	FlagRTOffload     Flags = uapi.RTM_F_OFFLOAD        // RTM_F_OFFLOAD, "rt_offload": the route is in hardware. Read only
	FlagRTTrap        Flags = uapi.RTM_F_TRAP           // RTM_F_TRAP, "rt_trap": hardware gives packets of the route to the host. Read only
	FlagOffloadFailed Flags = uapi.RTM_F_OFFLOAD_FAILED // RTM_F_OFFLOAD_FAILED, "rt_offload_failed": Linux 5.12. Read only
)

var flags = enum.Flags[Flags]{Type: "Flags", Words: []enum.Word[Flags]{
	{Value: FlagDead, Name: "dead"},
	{Value: FlagPervasive, Name: "pervasive"},
	{Value: FlagOnlink, Name: "onlink"},
	{Value: FlagOffload, Name: "offload"},
	{Value: FlagLinkDown, Name: "linkdown"},
	{Value: FlagUnresolved, Name: "unresolved"},
	{Value: FlagTrap, Name: "trap"},
	{Value: FlagNotify, Name: "notify"},
	{Value: FlagCloned, Name: "cache"},
	{Value: FlagEqualize, Name: "equalize"},
	{Value: FlagPrefix, Name: "prefix"},
	{Value: FlagLookupTable, Name: "lookup_table"},
	{Value: FlagFIBMatch, Name: "fibmatch"},
	{Value: FlagRTOffload, Name: "rt_offload"},
	{Value: FlagRTTrap, Name: "rt_trap"},
	{Value: FlagOffloadFailed, Name: "rt_offload_failed"},
}}

// Has reports whether all flags of g are set.
func (f Flags) Has(g Flags) bool { return f&g == g }

// String returns iproute2's words, unknown bits as a number: "onlink|0x40000".
func (f Flags) String() string { return flags.String(f) }

// MarshalText returns the same as String.
func (f Flags) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText parses words and numbers with "|" between them.
func (f *Flags) UnmarshalText(text []byte) error { return flags.Parse(text, f) }

// Preference is that of a router among others: ICMPV6_ROUTER_PREF_… in
// include/uapi/linux/icmpv6.h (RFC 4191). IPv6 only.
type Preference uint8

// Preferences of routers, with the words of iproute2.
const (
	PreferenceMedium Preference = uapi.ICMPV6_ROUTER_PREF_MEDIUM // ICMPV6_ROUTER_PREF_MEDIUM, "medium": the default
	PreferenceHigh   Preference = uapi.ICMPV6_ROUTER_PREF_HIGH   // ICMPV6_ROUTER_PREF_HIGH, "high"
	PreferenceLow    Preference = uapi.ICMPV6_ROUTER_PREF_LOW    // ICMPV6_ROUTER_PREF_LOW, "low"
)

var preferences = enum.Words[Preference]{Type: "Preference", Words: []enum.Word[Preference]{
	{Value: PreferenceMedium, Name: "medium"},
	{Value: PreferenceHigh, Name: "high"},
	{Value: PreferenceLow, Name: "low"},
}}

// String returns iproute2's word, "Preference(9)" for a number without one.
func (p Preference) String() string { return preferences.String(p) }

// MarshalText returns the same as String.
func (p Preference) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText parses a word or a number.
func (p *Preference) UnmarshalText(text []byte) error { return preferences.Parse(text, p) }
