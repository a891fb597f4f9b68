package link

import "github.com/nlkit/nlkit/attr"

// PFCP is a link for filters on the packets that control mobile networks (packet
// forwarding control protocol, UDP port 8805), of which there is one in a network
// namespace. It has no settings. Linux 6.10. `ip link add NAME type pfcp`
//
// Source: drivers/net/pfcp.c.
type PFCP struct{}

// Kind returns "pfcp".
func (*PFCP) Kind() string { return "pfcp" }

func (*PFCP) addressLen() int { return 0 } // it has no address

func (p *PFCP) appendData(b []byte) ([]byte, error) { return pfcpAttrs.Append(b, p) }

var pfcpAttrs = attr.Table[PFCP]{}
