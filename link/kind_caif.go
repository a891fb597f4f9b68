package link

import (
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// CAIF is a connection to the internet through a modem that speaks CAIF. `ip link
// add NAME type caif`
//
// [Set] can change all of it.
//
// Source: IFLA_CAIF_*, include/uapi/linux/caif/if_caif.h.
type CAIF struct {
	// Connection is the modem's number of the connection, for IPv4 and IPv6; the
	// kernel's default is the index of the link, and then Loopback is true
	// (IFLA_CAIF_IPV4_CONNID; IFLA_CAIF_IPV6_CONNID is the same number).
	Connection *uint32
	// Loopback receives what is sent, without a modem; the kernel's default is false
	// if there is a number (IFLA_CAIF_LOOPBACK).
	Loopback *bool
}

// Kind returns "caif".
func (*CAIF) Kind() string { return "caif" }

func (*CAIF) addressLen() int { return 0 } // it has no address

func (v *CAIF) appendData(b []byte) ([]byte, error) { return caifAttrs.Append(b, v) }

var caifAttrs = attr.Table[CAIF]{
	attr.OptU32(uapi.IFLA_CAIF_IPV4_CONNID, "IFLA_CAIF_IPV4_CONNID", func(v *CAIF) **uint32 { return &v.Connection }),
	named[CAIF](uapi.IFLA_CAIF_IPV6_CONNID, "IFLA_CAIF_IPV6_CONNID"), // the kernel keeps one number
	attr.OptBool(uapi.IFLA_CAIF_LOOPBACK, "IFLA_CAIF_LOOPBACK", func(v *CAIF) **bool { return &v.Loopback }),
}
