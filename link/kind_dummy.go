package link

import "github.com/nlkit/nlkit/attr"

// Dummy is a link that drops what is sent to it, for addresses that belong to no
// wire. It has no settings. `ip link add NAME type dummy`
//
// Source: drivers/net/dummy.c.
type Dummy struct{}

// Kind returns "dummy".
func (*Dummy) Kind() string { return "dummy" }

func (d *Dummy) appendData(b []byte) ([]byte, error) { return dummyAttrs.Append(b, d) }

var dummyAttrs = attr.Table[Dummy]{}
