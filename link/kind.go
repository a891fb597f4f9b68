package link

import (
	"github.com/nlkit/nlkit/attr"
)

// Kind is what a link is, with its settings: one of this package's structs such
// as *[VXLAN], or *[Unknown]. No other package can define one.
type Kind interface {
	// Kind returns the kernel's name: "vxlan".
	Kind() string
	// appendData appends the attributes inside IFLA_INFO_DATA.
	appendData(b []byte) ([]byte, error)
}

// Unknown is a link of a kind that this package does not know. It is sent as it was
// read.
type Unknown struct {
	// Name is the kernel's name of the kind (IFLA_INFO_KIND).
	Name string
	// Data are the attributes of the kind, as they are on the wire; nil for none
	// (IFLA_INFO_DATA).
	Data []byte
}

// Kind returns the kernel's name of the kind.
func (u *Unknown) Kind() string { return u.Name }

func (u *Unknown) appendData(b []byte) ([]byte, error) { return append(b, u.Data...), nil }

// Port is how a link is set up as a port of its master: *[UnknownPort]. No other
// package can define one.
type Port interface {
	// Port returns the kernel's name of the master's kind: "bridge".
	Port() string
	// appendPort appends the attributes inside IFLA_INFO_SLAVE_DATA.
	appendPort(b []byte) ([]byte, error)
}

// UnknownPort is a port of a kind that this package does not know. It is sent as
// it was read.
type UnknownPort struct {
	// Name is the kernel's name of the master's kind (IFLA_INFO_SLAVE_KIND).
	Name string
	// Data are the attributes of the port, as they are on the wire; nil for none
	// (IFLA_INFO_SLAVE_DATA).
	Data []byte
}

// Port returns the kernel's name of the master's kind.
func (u *UnknownPort) Port() string { return u.Name }

func (u *UnknownPort) appendPort(b []byte) ([]byte, error) { return append(b, u.Data...), nil }

// KindAs returns the kind of l if it is a K:
//
//	if vx, ok := link.KindAs[*link.VXLAN](l); ok {
//		fmt.Println(vx.VNI)
//	}
func KindAs[K Kind](l Link) (K, bool) {
	k, ok := l.Kind.(K)
	return k, ok
}

// kinds are the kinds that this package knows: a line for each kind_<name>.go.
var kinds = tableOf(
	kindOf(amtAttrs),
	kindOf(bareUDPAttrs),
	kindOf(batadvAttrs),
	kindOf(bridgeAttrs),
	kindOf(caifAttrs),
	kindOf(canAttrs),
	kindOf(dsaAttrs),
	kindOf(dummyAttrs),
	kindOf(geneveAttrs),
	kindOf(gtpAttrs),
	kindOf(ifbAttrs),
	kindOf(ipoibAttrs),
	kindOf(macvlanAttrs),
	kindOf(macvtapAttrs),
	kindOf(netdevsimAttrs),
	kindOf(nlmonAttrs),
	kindOf(ovpnAttrs),
	kindOf(pfcpAttrs),
	kindOf(rmnetAttrs),
	kindOf(vcanAttrs),
	kindOf(vethAttrs),
	kindOf(virtWifiAttrs),
	kindOf(vlanAttrs),
	kindOf(vsockmonAttrs),
	kindOf(vxcanAttrs),
	kindOf(vxlanAttrs),
	kindOf(wireGuardAttrs),
)

// ports are the ports that this package knows: a line for each port_<name>.go.
var ports = map[string]portCodec{}

// kindCodec reads one kind.
type kindCodec struct {
	name   string
	schema attr.Schema
	decode func(data []byte) (Kind, error)
}

// portCodec reads one kind of port.
type portCodec struct {
	schema attr.Schema
	decode func(data []byte) (Port, error)
}

func tableOf(codecs ...kindCodec) map[string]kindCodec {
	m := make(map[string]kindCodec, len(codecs))
	for _, c := range codecs {
		m[c.name] = c
	}
	return m
}

// kindOf makes the codec of a kind out of its table.
func kindOf[T any, K interface {
	*T
	Kind
}](table attr.Table[T]) kindCodec {
	return kindCodec{
		name:   K(new(T)).Kind(),
		schema: table,
		decode: func(data []byte) (Kind, error) {
			v := new(T)
			err := table.Decode(data, v)
			return K(v), err
		},
	}
}
