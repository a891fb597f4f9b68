package link

import "github.com/nlkit/nlkit/attr"

// Netdevsim is a port of a simulated network card, for tests of the kernel. It has
// no settings. It is only read: cards are made by writing to
// /sys/bus/netdevsim/new_device, and [Add] is [errors.ErrUnsupported].
//
// Source: drivers/net/netdevsim/netdev.c.
type Netdevsim struct{}

// Kind returns "netdevsim".
func (*Netdevsim) Kind() string { return "netdevsim" }

func (n *Netdevsim) appendData(b []byte) ([]byte, error) { return netdevsimAttrs.Append(b, n) }

var netdevsimAttrs = attr.Table[Netdevsim]{}
