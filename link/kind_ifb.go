package link

import "github.com/nlkit/nlkit/attr"

// IFB is an intermediate functional block: a link to which traffic is redirected
// to be queued there. It has no settings. `ip link add NAME type ifb`
//
// Source: drivers/net/ifb.c.
type IFB struct{}

// Kind returns "ifb".
func (*IFB) Kind() string { return "ifb" }

func (i *IFB) appendData(b []byte) ([]byte, error) { return ifbAttrs.Append(b, i) }

var ifbAttrs = attr.Table[IFB]{}
