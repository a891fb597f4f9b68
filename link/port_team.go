package link

import "github.com/nlkit/nlkit/attr"

// TeamPort is a port of a [Team]. Its settings are generic netlink: it cannot be
// given to [WithPort].
//
// Source: drivers/net/team.
type TeamPort struct{}

// Port returns "team".
func (*TeamPort) Port() string { return "team" }

func (*TeamPort) appendPort(b []byte) ([]byte, error) { return b, noSettings("team") }

var teamPortAttrs = attr.Table[TeamPort]{}
