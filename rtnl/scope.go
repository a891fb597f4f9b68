package rtnl

import (
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Scope is how far away the destination of a route is, or how far an address is
// valid: enum rt_scope_t in include/uapi/linux/rtnetlink.h. Numbers in between
// are the administrator's. IPv6 routes have none.
type Scope uint8

// Scopes, with the words of iproute2.
const (
	ScopeGlobal  Scope = uapi.RT_SCOPE_UNIVERSE // RT_SCOPE_UNIVERSE, "global": everywhere
	ScopeSite    Scope = uapi.RT_SCOPE_SITE     // RT_SCOPE_SITE, "site": inside of this site
	ScopeLink    Scope = uapi.RT_SCOPE_LINK     // RT_SCOPE_LINK, "link": on the link itself
	ScopeHost    Scope = uapi.RT_SCOPE_HOST     // RT_SCOPE_HOST, "host": on this host
	ScopeNowhere Scope = uapi.RT_SCOPE_NOWHERE  // RT_SCOPE_NOWHERE, "nowhere": there is no such destination
)

var scopes = enum.Words[Scope]{Type: "Scope", Words: []enum.Word[Scope]{
	{Value: ScopeGlobal, Name: "global"},
	{Value: ScopeSite, Name: "site"},
	{Value: ScopeLink, Name: "link"},
	{Value: ScopeHost, Name: "host"},
	{Value: ScopeNowhere, Name: "nowhere"},
}}

// ParseScope returns the scope for a word of iproute2, or a number.
func ParseScope(s string) (Scope, error) {
	var v Scope
	err := scopes.Parse([]byte(s), &v)
	return v, err
}

// String returns iproute2's word, else the number.
func (s Scope) String() string { return scopes.Plain(s) }

// MarshalText returns the same as String.
func (s Scope) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText takes what [ParseScope] takes.
func (s *Scope) UnmarshalText(text []byte) error { return scopes.Parse(text, s) }
