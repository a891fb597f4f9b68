package link

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// IPoIB carries IP over InfiniBand. The driver makes a link for each port of the
// hardware; those that [Add] makes are further ones, on top of the link that
// [WithParent] names. `ip link add link PARENT NAME type ipoib`
//
// [Set] can change Mode and UserMulticast.
//
// Source: IFLA_IPOIB_*, include/uapi/linux/if_link.h.
type IPoIB struct {
	// PKey is the key of the partition, of which the top bit tells of full
	// membership; the kernel's default is that of the parent (IFLA_IPOIB_PKEY).
	PKey uint16
	// Mode is the transport; the kernel's default is [IPoIBDatagram]
	// (IFLA_IPOIB_MODE).
	Mode *IPoIBMode
	// UserMulticast leaves it to programs to join multicast groups; the kernel's
	// default is false (IFLA_IPOIB_UMCAST).
	UserMulticast *bool
}

// IPoIBMode is the transport of IP over InfiniBand.
//
// Source: IPOIB_MODE_*, include/uapi/linux/if_link.h.
type IPoIBMode uint16

// The transports.
const (
	IPoIBDatagram  IPoIBMode = uapi.IPOIB_MODE_DATAGRAM  // IPOIB_MODE_DATAGRAM: unreliable datagrams, of the size of the hardware's MTU
	IPoIBConnected IPoIBMode = uapi.IPOIB_MODE_CONNECTED // IPOIB_MODE_CONNECTED: a connection for each neighbour, with an MTU up to 65520
)

var ipoibModes = enum.Words[IPoIBMode]{
	Type:  "IPoIBMode",
	Words: []enum.Word[IPoIBMode]{{Value: IPoIBDatagram, Name: "datagram"}, {Value: IPoIBConnected, Name: "connected"}},
}

// String returns iproute2's word, "datagram" or "connected".
func (m IPoIBMode) String() string { return ipoibModes.String(m) }

// MarshalText is String.
func (m IPoIBMode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what String returned.
func (m *IPoIBMode) UnmarshalText(text []byte) error { return ipoibModes.Parse(text, m) }

// Kind returns "ipoib".
func (*IPoIB) Kind() string { return "ipoib" }

func (*IPoIB) addressLen() int { return 20 } // a queue pair and a GID

func (v *IPoIB) appendData(b []byte) ([]byte, error) { return ipoibAttrs.Append(b, v) }

var ipoibAttrs = attr.Table[IPoIB]{
	attr.U16(uapi.IFLA_IPOIB_PKEY, "IFLA_IPOIB_PKEY", func(v *IPoIB) *uint16 { return &v.PKey }),
	attr.OptU16(uapi.IFLA_IPOIB_MODE, "IFLA_IPOIB_MODE", func(v *IPoIB) **IPoIBMode { return &v.Mode }),
	attr.Custom(uapi.IFLA_IPOIB_UMCAST, "IFLA_IPOIB_UMCAST", // a boolean of 16 bits
		func(b []byte, v *IPoIB) ([]byte, error) {
			switch {
			case v.UserMulticast == nil:
				return b, nil
			case *v.UserMulticast:
				return attr.AppendUint16(b, uapi.IFLA_IPOIB_UMCAST, 1), nil
			default:
				return attr.AppendUint16(b, uapi.IFLA_IPOIB_UMCAST, 0), nil
			}
		},
		func(p []byte, v *IPoIB) error {
			if len(p) < 2 {
				return short(p, 2)
			}
			v.UserMulticast = new(binary.NativeEndian.Uint16(p) != 0)
			return nil
		}).Sample(func(r *rand.Rand, v *IPoIB) { v.UserMulticast = new(r.IntN(2) == 1) }),
}
