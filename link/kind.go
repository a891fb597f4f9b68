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

// Port is how a link is set up as a port of its master, with its settings: one of
// this package's structs such as *[BridgePort], or *[UnknownPort]. No other package
// can define one.
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

// PortAs returns how l is set up as a port of its master if that is a P:
//
//	if p, ok := link.PortAs[*link.BridgePort](l); ok {
//		fmt.Println(*p.State)
//	}
func PortAs[P Port](l Link) (P, bool) {
	p, ok := l.Port.(P)
	return p, ok
}

// kinds are the kinds that this package knows: a line for each kind_<name>.go.
var kinds = tableOf(
	kindOf(amtAttrs),
	kindOf(bareUDPAttrs),
	kindOf(batadvAttrs),
	kindOf(bondAttrs),
	kindOf(bridgeAttrs),
	kindOf(caifAttrs),
	kindOf(canAttrs),
	kindOf(dsaAttrs),
	kindOf(dummyAttrs),
	kindOf(erspanAttrs),
	kindOf(geneveAttrs),
	kindOf(greAttrs),
	kindOf(gretapAttrs),
	kindOf(gtpAttrs),
	kindOf(hsrAttrs),
	kindOf(ifbAttrs),
	kindOf(ip6erspanAttrs),
	kindOf(ip6greAttrs),
	kindOf(ip6gretapAttrs),
	kindOf(ip6tnlAttrs),
	kindOf(ipipAttrs),
	kindOf(ipoibAttrs),
	kindOf(ipvlanAttrs),
	kindOf(ipvtapAttrs),
	kindOf(macsecAttrs),
	kindOf(macvlanAttrs),
	kindOf(macvtapAttrs),
	kindOf(netdevsimAttrs),
	kindOf(netkitAttrs),
	kindOf(nlmonAttrs),
	kindOf(ovpnAttrs),
	kindOf(pfcpAttrs),
	kindOf(rmnetAttrs),
	kindOf(sitAttrs),
	kindOf(teamAttrs),
	kindOf(tunAttrs),
	kindOf(vcanAttrs),
	kindOf(vethAttrs),
	kindOf(virtWifiAttrs),
	kindOf(vlanAttrs),
	kindOf(vrfAttrs),
	kindOf(vsockmonAttrs),
	kindOf(vti6Attrs),
	kindOf(vtiAttrs),
	kindOf(vxcanAttrs),
	kindOf(vxlanAttrs),
	kindOf(wireGuardAttrs),
	kindOf(wwanAttrs),
	kindOf(xfrmAttrs),
)

// ports are the ports that this package knows: a line for each port_<name>.go.
var ports = tableOf(
	portOf(bondPortAttrs),
	portOf(bridgePortAttrs),
	portOf(teamPortAttrs),
	portOf(vrfPortAttrs),
)

// codec reads one kind, or one kind of port: V is Kind or Port.
type codec[V any] struct {
	name   string
	schema attr.Schema
	make   func() V // one without anything set
	decode func(data []byte) (V, error)
}

func tableOf[V any](codecs ...codec[V]) map[string]codec[V] {
	m := make(map[string]codec[V], len(codecs))
	for _, c := range codecs {
		m[c.name] = c
	}
	return m
}

// kindOf makes the codec of a kind out of its table.
func kindOf[T any, K interface {
	*T
	Kind
}](table attr.Table[T]) codec[Kind] {
	return codecOf(K(new(T)).Kind(), table, func(v *T) Kind { return K(v) })
}

// portOf makes the codec of a port out of its table.
func portOf[T any, P interface {
	*T
	Port
}](table attr.Table[T]) codec[Port] {
	return codecOf(P(new(T)).Port(), table, func(v *T) Port { return P(v) })
}

// An afterReader is a kind with more to do than its table does when it was read.
type afterReader interface{ afterRead() }

func codecOf[T, V any](name string, table attr.Table[T], as func(*T) V) codec[V] {
	return codec[V]{
		name:   name,
		schema: table,
		make:   func() V { return as(new(T)) },
		decode: func(data []byte) (V, error) {
			v := new(T)
			err := table.Decode(data, v)
			if r, ok := any(v).(afterReader); ok && err == nil {
				r.afterRead()
			}
			return as(v), err
		},
	}
}
