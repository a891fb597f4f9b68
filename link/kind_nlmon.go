package link

import "github.com/nlkit/nlkit/attr"

// NLMon is a link that receives a copy of the netlink messages of its network
// namespace. It has no settings. `ip link add NAME type nlmon`
//
// Source: drivers/net/nlmon.c.
type NLMon struct{}

// Kind returns "nlmon".
func (*NLMon) Kind() string { return "nlmon" }

func (*NLMon) addressLen() int { return 0 } // it has no address

func (n *NLMon) appendData(b []byte) ([]byte, error) { return nlmonAttrs.Append(b, n) }

var nlmonAttrs = attr.Table[NLMon]{}
