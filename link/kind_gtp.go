package link

import (
	"net/netip"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// GTP is the user plane of a mobile network's tunnels (GPRS tunnelling protocol).
// Which packets go where is set through the generic netlink family "gtp". `ip link
// add NAME type gtp role ROLE`
//
// The packets pass through UDP sockets, ports 2152 and 3386: those of the caller,
// FD0 and FD1, or those that CreateSockets has the kernel make. The kernel refuses
// a GTP without either. [Set] cannot change it.
//
// Source: IFLA_GTP_*, include/uapi/linux/if_link.h.
type GTP struct {
	// FD0 is a UDP socket for version 0, to be kept open as long as the link is
	// there. It is sent, never read (IFLA_GTP_FD0).
	FD0 *int
	// FD1 is a UDP socket for version 1, to be kept open as long as the link is
	// there. It is sent, never read (IFLA_GTP_FD1).
	FD1 *int
	// HashSize is the number of buckets in which packets are looked up; the kernel's
	// default is 1024 (IFLA_GTP_PDP_HASHSIZE).
	HashSize uint32
	// Role tells which end this is; the default is [GTPGatewayNode]
	// (IFLA_GTP_ROLE).
	Role GTPRole
	// CreateSockets has the kernel make the sockets, and ignores FD0 and FD1; the
	// default is false. It is sent, never read (IFLA_GTP_CREATE_SOCKETS). Linux 5.18.
	CreateSockets bool
	// RestartCount is the count that answers to echo requests carry; the default is
	// 0 (IFLA_GTP_RESTART_COUNT). Linux 5.18.
	RestartCount uint8
	// Local is the address of the sockets that CreateSockets makes; the kernel's
	// default is any IPv4 address. It is sent, never read (IFLA_GTP_LOCAL,
	// IFLA_GTP_LOCAL6). Linux 6.10.
	Local netip.Addr
}

// GTPRole tells which end of a mobile network's tunnels a host is.
//
// Source: enum ifla_gtp_role, include/uapi/linux/if_link.h.
type GTPRole uint32

// The ends of the tunnels.
const (
	GTPGatewayNode GTPRole = uapi.GTP_ROLE_GGSN // GTP_ROLE_GGSN: the gateway to the internet; subscribers are destinations
	GTPServingNode GTPRole = uapi.GTP_ROLE_SGSN // GTP_ROLE_SGSN: the node near the radio; subscribers are sources
)

var gtpRoles = enum.Words[GTPRole]{
	Type:  "GTPRole",
	Words: []enum.Word[GTPRole]{{Value: GTPGatewayNode, Name: "ggsn"}, {Value: GTPServingNode, Name: "sgsn"}},
}

// String returns iproute2's word, "ggsn" or "sgsn".
func (r GTPRole) String() string { return gtpRoles.String(r) }

// MarshalText is String.
func (r GTPRole) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads what String returned.
func (r *GTPRole) UnmarshalText(text []byte) error { return gtpRoles.Parse(text, r) }

// Kind returns "gtp".
func (*GTP) Kind() string { return "gtp" }

func (*GTP) addressLen() int { return 0 } // it has no address

func (g *GTP) appendData(b []byte) ([]byte, error) { return gtpAttrs.Append(b, g) }

var gtpAttrs = attr.Table[GTP]{
	attr.OptU32(uapi.IFLA_GTP_FD0, "IFLA_GTP_FD0", func(g *GTP) **int { return &g.FD0 }).Max(maxIndex),
	attr.OptU32(uapi.IFLA_GTP_FD1, "IFLA_GTP_FD1", func(g *GTP) **int { return &g.FD1 }).Max(maxIndex),
	attr.U32(uapi.IFLA_GTP_PDP_HASHSIZE, "IFLA_GTP_PDP_HASHSIZE", func(g *GTP) *uint32 { return &g.HashSize }),
	attr.U32(uapi.IFLA_GTP_ROLE, "IFLA_GTP_ROLE", func(g *GTP) *GTPRole { return &g.Role }),
	attr.Bool(uapi.IFLA_GTP_CREATE_SOCKETS, "IFLA_GTP_CREATE_SOCKETS", func(g *GTP) *bool { return &g.CreateSockets }),
	attr.U8(uapi.IFLA_GTP_RESTART_COUNT, "IFLA_GTP_RESTART_COUNT", func(g *GTP) *uint8 { return &g.RestartCount }),
	familyAddr(uapi.IFLA_GTP_LOCAL, "IFLA_GTP_LOCAL", false, func(g *GTP) *netip.Addr { return &g.Local }),
	familyAddr(uapi.IFLA_GTP_LOCAL6, "IFLA_GTP_LOCAL6", true, func(g *GTP) *netip.Addr { return &g.Local }),
}
