//go:build linux

package main

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/genl"
)

// mptcp is the family, looked up by name when it is called.
const mptcp genl.Name = "mptcp_pm"

// Endpoint is an address that connections of Multipath TCP may use.
//
// MPTCP_PM_ADDR_ATTR_* in include/uapi/linux/mptcp_pm.h.
type Endpoint struct {
	ID    uint8 // 0 lets the kernel choose
	Addr  netip.Addr
	Port  uint16 // to listen at, with Signal; 0 for that of the connection
	Flags Flags
	Link  int // index of the interface to send from, 0 for any
}

// String returns what `ip mptcp endpoint` prints, with the interface's index.
func (e Endpoint) String() string {
	s := e.Addr.String()
	if e.Port != 0 {
		s += fmt.Sprint(" port ", e.Port)
	}
	s += fmt.Sprint(" id ", e.ID)
	if e.Flags != 0 {
		s += fmt.Sprint(" ", e.Flags)
	}
	if e.Link != 0 {
		s += fmt.Sprint(" dev ", e.Link)
	}
	return s
}

// Flags say what an endpoint is for.
//
// MPTCP_PM_ADDR_FLAG_* in include/uapi/linux/mptcp.h.
type Flags uint32

// What an endpoint is for.
const (
	Signal   Flags = 1 << iota // told to the peer
	Subflow                    // a subflow is opened from it
	Backup                     // only if others fail
	FullMesh                   // with Subflow: to each address of the peer; Linux 5.16
	Implicit                   // made by the kernel, not by an administrator; Linux 5.18
)

// String returns ip's words.
func (f Flags) String() string {
	var words []string
	for i, word := range []string{"signal", "subflow", "backup", "fullmesh", "implicit"} {
		if f&(1<<i) != 0 {
			words = append(words, word)
			f &^= 1 << i
		}
	}
	if f != 0 {
		words = append(words, fmt.Sprintf("%#x", uint32(f)))
	}
	return strings.Join(words, " ")
}

// Limits are how much a connection may grow.
type Limits struct {
	Subflows uint32 // that may be opened beside the first
	Accepted uint32 // addresses of the peer that may be used
}

// entry is a message about an endpoint: the endpoint is in a nest.
type entry struct {
	Endpoint Endpoint
}

var endpointAttrs = attr.Table[Endpoint]{
	// The family of the address is an attribute as well: it has no field, but follows
	// from the address.
	attr.Custom(1, "MPTCP_PM_ADDR_ATTR_FAMILY", putFamily, func([]byte, *Endpoint) error { return nil }),
	attr.U8(2, "MPTCP_PM_ADDR_ATTR_ID", func(e *Endpoint) *uint8 { return &e.ID }),
	address(3, "MPTCP_PM_ADDR_ATTR_ADDR4", 4),
	address(4, "MPTCP_PM_ADDR_ATTR_ADDR6", 16),
	attr.U16(5, "MPTCP_PM_ADDR_ATTR_PORT", func(e *Endpoint) *uint16 { return &e.Port }),
	attr.U32(6, "MPTCP_PM_ADDR_ATTR_FLAGS", func(e *Endpoint) *Flags { return &e.Flags }),
	attr.S32(7, "MPTCP_PM_ADDR_ATTR_IF_IDX", func(e *Endpoint) *int { return &e.Link }),
}

var entryAttrs = attr.Table[entry]{
	attr.Inline(1, "MPTCP_PM_ATTR_ADDR", endpointAttrs, func(e *entry) *Endpoint { return &e.Endpoint }),
}

// The kernel insists on both limits: they are sent when they are zero, too.
var limitsAttrs = attr.Table[Limits]{
	attr.U32(2, "MPTCP_PM_ATTR_RCV_ADD_ADDRS", func(l *Limits) *uint32 { return &l.Accepted }).Required(),
	attr.U32(3, "MPTCP_PM_ATTR_SUBFLOWS", func(l *Limits) *uint32 { return &l.Subflows }).Required(),
}

func putFamily(b []byte, e *Endpoint) ([]byte, error) {
	switch {
	case e.Addr.Is4():
		b = attr.AppendUint16(b, 1, unix.AF_INET)
	case e.Addr.Is6():
		b = attr.AppendUint16(b, 1, unix.AF_INET6)
	}
	return b, nil
}

// address is a row of its own kind: the address, if it is one of that many bytes.
func address(typ uint16, name string, size int) attr.Row[Endpoint] {
	return attr.Custom(typ, name, func(b []byte, e *Endpoint) ([]byte, error) {
		if e.Addr.BitLen() != size*8 {
			return b, nil
		}
		return attr.AppendAddr(b, typ, e.Addr), nil
	}, func(p []byte, e *Endpoint) (err error) {
		if len(p) != size {
			return attr.ErrMalformed
		}
		e.Addr, _ = netip.AddrFromSlice(p)
		return nil
	})
}

// The commands of the family.
var (
	addEndpoint = genl.Call[entry, struct{}]{Op: "mptcp.AddEndpoint", Command: 1, Request: entryAttrs, Describe: describe}
	delEndpoint = genl.Call[entry, struct{}]{Op: "mptcp.DeleteEndpoint", Command: 2, Request: entryAttrs, Describe: describe}
	endpoints   = genl.Call[struct{}, entry]{Op: "mptcp.Endpoints", Command: 3, Reply: entryAttrs}
	setLimits   = genl.Call[Limits, struct{}]{Op: "mptcp.SetLimits", Command: 5, Request: limitsAttrs}
	getLimits   = genl.Call[struct{}, Limits]{Op: "mptcp.GetLimits", Command: 6, Reply: limitsAttrs}
	setFlags    = genl.Call[entry, struct{}]{Op: "mptcp.SetFlags", Command: 7, Request: entryAttrs, Describe: describe}
)

func describe(e *entry) string {
	if e.Endpoint.Addr.IsValid() {
		return e.Endpoint.String()
	}
	return fmt.Sprint("id ", e.Endpoint.ID)
}

// AddEndpoint makes an endpoint. `ip mptcp endpoint add`
func AddEndpoint(ctx context.Context, d nlkit.Doer, e Endpoint) error {
	return addEndpoint.Do(ctx, d, mptcp, &entry{e})
}

// DeleteEndpoint removes the endpoint with that id. `ip mptcp endpoint delete`
func DeleteEndpoint(ctx context.Context, d nlkit.Doer, id uint8) error {
	return delEndpoint.Do(ctx, d, mptcp, &entry{Endpoint{ID: id}})
}

// SetFlags turns Backup and FullMesh of an endpoint on or off. `ip mptcp endpoint
// change`
func SetFlags(ctx context.Context, d nlkit.Doer, id uint8, flags Flags) error {
	return setFlags.Do(ctx, d, mptcp, &entry{Endpoint{ID: id, Flags: flags}})
}

// SetLimits sets how much connections may grow. `ip mptcp limits set`
func SetLimits(ctx context.Context, d nlkit.Doer, l Limits) error {
	return setLimits.Do(ctx, d, mptcp, &l)
}
