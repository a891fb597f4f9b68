package rtnl

import (
	"math/rand/v2"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Encap is what packets of a route or a next hop are put into: a lightweight
// tunnel, one of this package's structs such as *[MPLSEncap], or *[UnknownEncap].
// No other package can define one. `ip route add … encap …`
//
// A route or next hop shares it with its copies: make another one to change it.
type Encap interface {
	// Type returns the kernel's number of the encapsulation.
	Type() EncapType
	// String returns the encapsulation in the words of `ip`, behind "encap", with
	// links as their indexes: "mpls 100/200 ttl 7".
	String() string
	// appendData appends the attributes inside RTA_ENCAP.
	appendData(b []byte) ([]byte, error)
}

// EncapType is the number of an encapsulation: LWTUNNEL_ENCAP_… in
// include/uapi/linux/lwtunnel.h.
type EncapType uint16

// Types of encapsulations, with the words of iproute2.
const (
	EncapNone      EncapType = uapi.LWTUNNEL_ENCAP_NONE       // LWTUNNEL_ENCAP_NONE, "none": not set
	EncapMPLS      EncapType = uapi.LWTUNNEL_ENCAP_MPLS       // LWTUNNEL_ENCAP_MPLS, "mpls": [MPLSEncap]
	EncapIP        EncapType = uapi.LWTUNNEL_ENCAP_IP         // LWTUNNEL_ENCAP_IP, "ip": [IPEncap]
	EncapILA       EncapType = uapi.LWTUNNEL_ENCAP_ILA        // LWTUNNEL_ENCAP_ILA, "ila": [ILAEncap]
	EncapIP6       EncapType = uapi.LWTUNNEL_ENCAP_IP6        // LWTUNNEL_ENCAP_IP6, "ip6": [IP6Encap]
	EncapSEG6      EncapType = uapi.LWTUNNEL_ENCAP_SEG6       // LWTUNNEL_ENCAP_SEG6, "seg6": [SEG6Encap]
	EncapBPF       EncapType = uapi.LWTUNNEL_ENCAP_BPF        // LWTUNNEL_ENCAP_BPF, "bpf": [BPFEncap]
	EncapSEG6Local EncapType = uapi.LWTUNNEL_ENCAP_SEG6_LOCAL // LWTUNNEL_ENCAP_SEG6_LOCAL, "seg6local": [SEG6LocalEncap]
	EncapRPL       EncapType = uapi.LWTUNNEL_ENCAP_RPL        // LWTUNNEL_ENCAP_RPL, "rpl": [RPLEncap]. Linux 5.7
	EncapIOAM6     EncapType = uapi.LWTUNNEL_ENCAP_IOAM6      // LWTUNNEL_ENCAP_IOAM6, "ioam6": [IOAM6Encap]. Linux 5.15
	EncapXFRM      EncapType = uapi.LWTUNNEL_ENCAP_XFRM       // LWTUNNEL_ENCAP_XFRM, "xfrm": [XFRMEncap]. Linux 6.1
)

var encapTypes = enum.Words[EncapType]{Type: "EncapType", Words: []enum.Word[EncapType]{
	{Value: EncapNone, Name: "none"},
	{Value: EncapMPLS, Name: "mpls"},
	{Value: EncapIP, Name: "ip"},
	{Value: EncapILA, Name: "ila"},
	{Value: EncapIP6, Name: "ip6"},
	{Value: EncapSEG6, Name: "seg6"},
	{Value: EncapBPF, Name: "bpf"},
	{Value: EncapSEG6Local, Name: "seg6local"},
	{Value: EncapRPL, Name: "rpl"},
	{Value: EncapIOAM6, Name: "ioam6"},
	{Value: EncapXFRM, Name: "xfrm"},
}}

// String returns iproute2's word, "EncapType(99)" for a number without one.
func (t EncapType) String() string { return encapTypes.String(t) }

// MarshalText returns the same as String.
func (t EncapType) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText parses a word or a number.
func (t *EncapType) UnmarshalText(text []byte) error { return encapTypes.Parse(text, t) }

// UnknownEncap is an encapsulation of a type that this package does not know, or
// one with more in it than the struct for its type can say. It is sent as it was
// read.
type UnknownEncap struct {
	// Kind is the kernel's number of the encapsulation. (RTA_ENCAP_TYPE)
	Kind EncapType
	// Data are its attributes, as they are on the wire. (RTA_ENCAP)
	Data []byte
}

// Type returns the kernel's number of the encapsulation.
func (u *UnknownEncap) Type() EncapType { return u.Kind }

// String returns the type alone: "mpls …", "EncapType(99) …".
func (u *UnknownEncap) String() string { return u.Kind.String() + " …" }

func (u *UnknownEncap) appendData(b []byte) ([]byte, error) {
	if u.Data == nil && u.Kind <= uapi.LWTUNNEL_ENCAP_MAX { // a type alone, which no kernel sends
		return b, attr.Refuse("an encapsulation without its attributes")
	}
	return append(b, u.Data...), nil
}

// encaps are the encapsulations that this package knows: a line for each
// encap_<name>.go.
var encaps = encapsOf(
	encapOf(bpfAttrs),
	encapOf(ilaAttrs),
	encapOf(ioam6Attrs),
	encapOf(ipAttrs),
	encapOf(ip6Attrs),
	encapOf(mplsAttrs),
	encapOf(rplAttrs),
	encapOf(seg6Attrs),
	encapOf(seg6LocalAttrs),
	encapOf(xfrmAttrs),
)

// encapCodec reads one type of encapsulation.
type encapCodec struct {
	typ    EncapType
	schema attr.Schema
	make   func() Encap // one without anything set
	decode func(data []byte) (Encap, error)
	sample func(*rand.Rand) Encap
}

func encapsOf(codecs ...encapCodec) map[EncapType]encapCodec {
	m := make(map[EncapType]encapCodec, len(codecs))
	for _, c := range codecs {
		m[c.typ] = c
	}
	return m
}

// encapOf makes the codec of an encapsulation out of its table.
func encapOf[T any, E interface {
	*T
	Encap
}](table attr.Table[T]) encapCodec {
	return encapCodec{
		typ:    E(new(T)).Type(),
		schema: table,
		make:   func() Encap { return E(new(T)) },
		decode: func(data []byte) (Encap, error) {
			v := new(T)
			err := table.Decode(data, v)
			return E(v), err
		},
		sample: func(rnd *rand.Rand) Encap {
			v := new(T)
			table.Fill(rnd, v)
			return E(v)
		},
	}
}
