package link

import "github.com/nlkit/nlkit/attr"

// VSockMon is a link that receives a copy of the packets between a virtual machine
// and its host, those of sockets of the family AF_VSOCK. It has no settings. `ip
// link add NAME type vsockmon`
//
// Source: drivers/net/vsockmon.c; include/uapi/linux/vsockmon.h.
type VSockMon struct{}

// Kind returns "vsockmon".
func (*VSockMon) Kind() string { return "vsockmon" }

func (*VSockMon) addressLen() int { return 0 } // it has no address

func (v *VSockMon) appendData(b []byte) ([]byte, error) { return vsockmonAttrs.Append(b, v) }

var vsockmonAttrs = attr.Table[VSockMon]{}
