package link

import "github.com/nlkit/nlkit/attr"

// Team makes one link of several, as a [Bond] does, with a program that decides
// (teamd). Its settings are generic netlink, in the family "team", not here. `ip link
// add NAME type team`
//
// Source: drivers/net/team.
type Team struct{}

// Kind returns "team".
func (*Team) Kind() string { return "team" }

func (v *Team) appendData(b []byte) ([]byte, error) { return teamAttrs.Append(b, v) }

var teamAttrs = attr.Table[Team]{}
