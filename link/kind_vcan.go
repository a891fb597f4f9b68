package link

import "github.com/nlkit/nlkit/attr"

// VCAN is a virtual controller area network: each of its sockets receives what the
// others send. It has no settings. `ip link add NAME type vcan`
//
// Source: drivers/net/can/vcan.c.
type VCAN struct{}

// Kind returns "vcan".
func (*VCAN) Kind() string { return "vcan" }

func (*VCAN) addressLen() int { return 0 } // it has no address

func (v *VCAN) appendData(b []byte) ([]byte, error) { return vcanAttrs.Append(b, v) }

var vcanAttrs = attr.Table[VCAN]{}
