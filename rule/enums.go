package rule

import (
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Action says what happens to packets that match a rule: FR_ACT_… in
// include/uapi/linux/fib_rules.h.
type Action uint8

// Actions of rules, with the words of iproute2.
const (
	ActionUnspec      Action = uapi.FR_ACT_UNSPEC      // FR_ACT_UNSPEC, "unspec": not set
	ActionLookup      Action = uapi.FR_ACT_TO_TBL      // FR_ACT_TO_TBL, "lookup": looked up in a routing table
	ActionGoto        Action = uapi.FR_ACT_GOTO        // FR_ACT_GOTO, "goto": goes on at the rule with another priority
	ActionNop         Action = uapi.FR_ACT_NOP         // FR_ACT_NOP, "nop": goes on at the next rule; a target for goto
	ActionBlackhole   Action = uapi.FR_ACT_BLACKHOLE   // FR_ACT_BLACKHOLE, "blackhole": dropped without a word
	ActionUnreachable Action = uapi.FR_ACT_UNREACHABLE // FR_ACT_UNREACHABLE, "unreachable": refused with ICMP unreachable
	ActionProhibit    Action = uapi.FR_ACT_PROHIBIT    // FR_ACT_PROHIBIT, "prohibit": refused with ICMP prohibited
)

var actions = enum.Words[Action]{Type: "Action", Words: []enum.Word[Action]{
	{Value: ActionUnspec, Name: "unspec"},
	{Value: ActionLookup, Name: "lookup"},
	{Value: ActionGoto, Name: "goto"},
	{Value: ActionNop, Name: "nop"},
	{Value: ActionBlackhole, Name: "blackhole"},
	{Value: ActionUnreachable, Name: "unreachable"},
	{Value: ActionProhibit, Name: "prohibit"},
}}

// String returns iproute2's word, "Action(9)" for a number without one.
func (a Action) String() string { return actions.String(a) }

// MarshalText returns the same as String.
func (a Action) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText parses a word or a number.
func (a *Action) UnmarshalText(text []byte) error { return actions.Parse(text, a) }

// Flags are properties and states of a rule: FIB_RULE_… in
// include/uapi/linux/fib_rules.h.
type Flags uint32

// Flags of a rule. "Read only" are those that the kernel sets; they are left out
// when a rule is added.
const (
	FlagPermanent   Flags = uapi.FIB_RULE_PERMANENT    // FIB_RULE_PERMANENT, "permanent": can never be deleted, nor changed
	FlagInvert      Flags = uapi.FIB_RULE_INVERT       // FIB_RULE_INVERT, "not": matches the packets that the selectors don't
	FlagUnresolved  Flags = uapi.FIB_RULE_UNRESOLVED   // FIB_RULE_UNRESOLVED, "unresolved": there is no rule with the priority of Goto. Read only
	FlagIIFDetached Flags = uapi.FIB_RULE_IIF_DETACHED // FIB_RULE_IIF_DETACHED, "iif_detached": there is no link of the name IIF. Read only
	FlagOIFDetached Flags = uapi.FIB_RULE_OIF_DETACHED // FIB_RULE_OIF_DETACHED, "oif_detached": there is no link of the name OIF. Read only
	FlagFindSource  Flags = uapi.FIB_RULE_FIND_SADDR   // FIB_RULE_FIND_SADDR, "find_saddr": of IPv6, From is compared with the address that would be chosen where a packet has no source yet
)

// readOnlyFlags are what the kernel says of a rule; it would store them if they
// were sent.
const readOnlyFlags = FlagUnresolved | FlagIIFDetached | FlagOIFDetached

var flags = enum.Flags[Flags]{Type: "Flags", Words: []enum.Word[Flags]{
	{Value: FlagPermanent, Name: "permanent"},
	{Value: FlagInvert, Name: "not"},
	{Value: FlagUnresolved, Name: "unresolved"},
	{Value: FlagIIFDetached, Name: "iif_detached"},
	{Value: FlagOIFDetached, Name: "oif_detached"},
	{Value: FlagFindSource, Name: "find_saddr"},
}}

// Has reports whether all flags of g are set.
func (f Flags) Has(g Flags) bool { return f&g == g }

// String returns the flags' words with "|" between them, unknown bits as a
// number: "not|iif_detached|0x40".
func (f Flags) String() string { return flags.String(f) }

// MarshalText returns the same as String.
func (f Flags) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText parses words and numbers with "|" between them.
func (f *Flags) UnmarshalText(text []byte) error { return flags.Parse(text, f) }
