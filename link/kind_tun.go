package link

import (
	"errors"
	"fmt"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Tun is a link whose packets a program handles that has /dev/net/tun open. That is
// how one is made and set up: [Add] and [Set] refuse a Tun ([errors.ErrUnsupported]),
// and all fields are read. `ip tuntap add NAME mode tun`
//
// Source: IFLA_TUN_*, include/uapi/linux/if_link.h.
type Tun struct {
	// Type tells which packets the program handles (IFLA_TUN_TYPE).
	Type TunType
	// Owner is the id of the user who may open the link, nil for any with the
	// privilege (IFLA_TUN_OWNER).
	Owner *uint32
	// Group is the id of the group whose members may open the link, nil for none
	// (IFLA_TUN_GROUP).
	Group *uint32
	// PacketInfo puts four bytes before each packet: flags and protocol
	// (IFLA_TUN_PI).
	PacketInfo bool
	// VnetHeader puts a virtio header before each packet, for checksums and
	// segmentation (IFLA_TUN_VNET_HDR).
	VnetHeader bool
	// Persist keeps the link when no program has it open (IFLA_TUN_PERSIST).
	Persist bool
	// MultiQueue lets it be opened more than once, a queue each
	// (IFLA_TUN_MULTI_QUEUE).
	MultiQueue bool
	// NumQueues is the number of queues in use, 0 without MultiQueue
	// (IFLA_TUN_NUM_QUEUES).
	NumQueues uint32
	// NumDisabledQueues is the number of queues that were detached, 0 without
	// MultiQueue (IFLA_TUN_NUM_DISABLED_QUEUES).
	NumDisabledQueues uint32
}

// TunType tells which packets the program behind a link handles.
//
// Source: IFF_TUN and IFF_TAP, include/uapi/linux/if_tun.h.
type TunType uint8

// Which packets a program handles.
const (
	TunTypeTun TunType = uapi.IFF_TUN // IFF_TUN: IP
	TunTypeTap TunType = uapi.IFF_TAP // IFF_TAP: Ethernet
)

var tunTypes = enum.Words[TunType]{
	Type:  "TunType",
	Words: []enum.Word[TunType]{{Value: TunTypeTun, Name: "tun"}, {Value: TunTypeTap, Name: "tap"}},
}

// String returns iproute2's word, "tun" or "tap".
func (t TunType) String() string { return tunTypes.String(t) }

// MarshalText is String.
func (t TunType) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads what String returned.
func (t *TunType) UnmarshalText(text []byte) error { return tunTypes.Parse(text, t) }

// Kind returns "tun".
func (*Tun) Kind() string { return "tun" }

var errTun = fmt.Errorf("%w: a tun or tap link is made and set up by a program that opens /dev/net/tun", errors.ErrUnsupported)

func (*Tun) appendData(b []byte) ([]byte, error) { return b, errTun }

var tunAttrs = attr.Table[Tun]{
	attr.OptU32(uapi.IFLA_TUN_OWNER, "IFLA_TUN_OWNER", func(v *Tun) **uint32 { return &v.Owner }).ReadOnly(),
	attr.OptU32(uapi.IFLA_TUN_GROUP, "IFLA_TUN_GROUP", func(v *Tun) **uint32 { return &v.Group }).ReadOnly(),
	attr.U8(uapi.IFLA_TUN_TYPE, "IFLA_TUN_TYPE", func(v *Tun) *TunType { return &v.Type }).ReadOnly(),
	attr.Bool(uapi.IFLA_TUN_PI, "IFLA_TUN_PI", func(v *Tun) *bool { return &v.PacketInfo }).ReadOnly(),
	attr.Bool(uapi.IFLA_TUN_VNET_HDR, "IFLA_TUN_VNET_HDR", func(v *Tun) *bool { return &v.VnetHeader }).ReadOnly(),
	attr.Bool(uapi.IFLA_TUN_PERSIST, "IFLA_TUN_PERSIST", func(v *Tun) *bool { return &v.Persist }).ReadOnly(),
	attr.Bool(uapi.IFLA_TUN_MULTI_QUEUE, "IFLA_TUN_MULTI_QUEUE", func(v *Tun) *bool { return &v.MultiQueue }).ReadOnly(),
	attr.U32(uapi.IFLA_TUN_NUM_QUEUES, "IFLA_TUN_NUM_QUEUES", func(v *Tun) *uint32 { return &v.NumQueues }).ReadOnly(),
	attr.U32(uapi.IFLA_TUN_NUM_DISABLED_QUEUES, "IFLA_TUN_NUM_DISABLED_QUEUES", func(v *Tun) *uint32 { return &v.NumDisabledQueues }).ReadOnly(),
}
