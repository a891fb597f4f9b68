package link

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// greFields point to what a kind of the GRE family has: the first group all of them,
// the others those over IPv4 and those over IPv6.
type greFields struct {
	parent        *int
	in, out       greDirection
	local, remote *netip.Addr
	ttl           *uint8
	encap         **TunnelEncap
	external      *bool
	// The kernel insists on a key and on sequence numbers, in one direction at least,
	// unless the link is external.
	session bool

	tos                *uint8
	pmtuDisc, ignoreDF **bool
	fwMark             **uint32

	encapLimit   *uint8
	trafficClass *uint8
	flowLabel    *uint32
	flags        *IP6TnlFlags
	fwMark6      *uint32
}

// greDirection points to what is in the header of the packets of one direction. The
// key of a kind is at most maxKey; one without checksums points to none.
type greDirection struct {
	key      **uint32
	seq      *bool
	checksum *bool
	maxKey   uint32
}

// flags are GRE_* for what is set.
func (d greDirection) flags() (flags uint16) {
	if *d.key != nil {
		flags |= uapi.GRE_KEY
	}
	if *d.seq {
		flags |= uapi.GRE_SEQ
	}
	if d.checksum != nil && *d.checksum {
		flags |= uapi.GRE_CSUM
	}
	return flags
}

// set is the reverse of flags. The key itself comes in an attribute behind them.
func (d greDirection) set(flags uint16) {
	*d.key = nil
	if flags&uapi.GRE_KEY != 0 {
		*d.key = new(uint32)
	}
	*d.seq = flags&uapi.GRE_SEQ != 0
	if d.checksum != nil {
		*d.checksum = flags&uapi.GRE_CSUM != 0
	}
}

// insisted returns what is missing of a session in the flags of the fields.
func (f greFields) insisted() (in, out uint16) {
	if !f.session || *f.external {
		return 0, 0
	}
	have := f.in.flags() | f.out.flags()
	if have&uapi.GRE_KEY == 0 {
		in, out = uapi.GRE_KEY, uapi.GRE_KEY
	}
	if have&uapi.GRE_SEQ == 0 {
		out |= uapi.GRE_SEQ
	}
	return in, out
}

// gre4Rows are the rows of a kind of GRE over IPv4.
func gre4Rows[T any](of func(*T) greFields) attr.Table[T] {
	return append(greRows(of),
		endpoint4(uapi.IFLA_GRE_LOCAL, "IFLA_GRE_LOCAL", func(v *T) *netip.Addr { return of(v).local }),
		endpoint4(uapi.IFLA_GRE_REMOTE, "IFLA_GRE_REMOTE", func(v *T) *netip.Addr { return of(v).remote }),
		attr.U8(uapi.IFLA_GRE_TOS, "IFLA_GRE_TOS", func(v *T) *uint8 { return of(v).tos }),
		attr.OptBool(uapi.IFLA_GRE_PMTUDISC, "IFLA_GRE_PMTUDISC", func(v *T) **bool { return of(v).pmtuDisc }),
		greIgnoreDF(of),
		attr.OptU32(uapi.IFLA_GRE_FWMARK, "IFLA_GRE_FWMARK", func(v *T) **uint32 { return of(v).fwMark }),
		greExternal(of),
	)
}

// gre6Rows are the rows of a kind of GRE over IPv6.
func gre6Rows[T any](of func(*T) greFields) attr.Table[T] {
	return append(greRows(of),
		endpoint6(uapi.IFLA_GRE_LOCAL, "IFLA_GRE_LOCAL", func(v *T) *netip.Addr { return of(v).local }),
		endpoint6(uapi.IFLA_GRE_REMOTE, "IFLA_GRE_REMOTE", func(v *T) *netip.Addr { return of(v).remote }),
		attr.U8(uapi.IFLA_GRE_ENCAP_LIMIT, "IFLA_GRE_ENCAP_LIMIT", func(v *T) *uint8 { return of(v).encapLimit }),
		flowInfo(uapi.IFLA_GRE_FLOWINFO, "IFLA_GRE_FLOWINFO",
			func(v *T) *uint8 { return of(v).trafficClass }, func(v *T) *uint32 { return of(v).flowLabel }),
		ip6TnlFlags(uapi.IFLA_GRE_FLAGS, "IFLA_GRE_FLAGS", func(v *T) *IP6TnlFlags { return of(v).flags }),
		attr.U32(uapi.IFLA_GRE_FWMARK, "IFLA_GRE_FWMARK", func(v *T) *uint32 { return of(v).fwMark6 }),
		attr.Flag(uapi.IFLA_GRE_COLLECT_METADATA, "IFLA_GRE_COLLECT_METADATA", func(v *T) *bool { return of(v).external }),
	)
}

// greRows are the rows of all kinds of the family.
func greRows[T any](of func(*T) greFields) attr.Table[T] {
	return append(attr.Table[T]{
		attr.U32(uapi.IFLA_GRE_LINK, "IFLA_GRE_LINK", func(v *T) *int { return of(v).parent }).Max(maxIndex),
		greFlags(uapi.IFLA_GRE_IFLAGS, "IFLA_GRE_IFLAGS", func(v *T) (greDirection, uint16) {
			f := of(v)
			more, _ := f.insisted()
			return f.in, more
		}),
		greFlags(uapi.IFLA_GRE_OFLAGS, "IFLA_GRE_OFLAGS", func(v *T) (greDirection, uint16) {
			f := of(v)
			_, more := f.insisted()
			return f.out, more
		}),
		greKey(uapi.IFLA_GRE_IKEY, "IFLA_GRE_IKEY", func(v *T) greDirection { return of(v).in }),
		greKey(uapi.IFLA_GRE_OKEY, "IFLA_GRE_OKEY", func(v *T) greDirection { return of(v).out }),
		attr.U8(uapi.IFLA_GRE_TTL, "IFLA_GRE_TTL", func(v *T) *uint8 { return of(v).ttl }),
	}, greEncap(func(v *T) **TunnelEncap { return of(v).encap })...)
}

// greEncap are the rows of an encapsulation.
func greEncap[T any](field func(*T) **TunnelEncap) attr.Table[T] {
	return attr.Table[T]{
		encapRow(uapi.IFLA_GRE_ENCAP_TYPE, "IFLA_GRE_ENCAP_TYPE", binary.NativeEndian, field, encapType),
		encapRow(uapi.IFLA_GRE_ENCAP_FLAGS, "IFLA_GRE_ENCAP_FLAGS", binary.NativeEndian, field, encapFlags),
		encapRow(uapi.IFLA_GRE_ENCAP_SPORT, "IFLA_GRE_ENCAP_SPORT", binary.BigEndian, field, encapSrcPort),
		encapRow(uapi.IFLA_GRE_ENCAP_DPORT, "IFLA_GRE_ENCAP_DPORT", binary.BigEndian, field, encapDstPort),
	}
}

// greFlags is a row of the flags of one direction: those of the fields, and more.
func greFlags[T any](typ uint16, name string, of func(*T) (d greDirection, more uint16)) attr.Row[T] {
	return attr.Custom(typ, name,
		func(b []byte, v *T) ([]byte, error) {
			d, more := of(v)
			if flags := d.flags() | more; flags != 0 {
				b = attr.AppendBE16(b, typ, flags)
			}
			return b, nil
		},
		func(p []byte, v *T) error {
			if len(p) < 2 {
				return short(p, 2)
			}
			d, _ := of(v)
			d.set(binary.BigEndian.Uint16(p))
			return nil
		}).Sample(func(r *rand.Rand, v *T) {
		d, _ := of(v)
		*d.seq = r.IntN(2) == 1
		if d.checksum != nil {
			*d.checksum = r.IntN(2) == 1
		}
		_, more := of(v) // what is insisted on would be read
		*d.seq = *d.seq || more&uapi.GRE_SEQ != 0
	})
}

// greKey is a row of the key of one direction. It means nothing without the flag,
// which the kernel sends before it; a key of 0 is the flag alone.
func greKey[T any](typ uint16, name string, of func(*T) greDirection) attr.Row[T] {
	return attr.Custom(typ, name,
		func(b []byte, v *T) ([]byte, error) {
			d := of(v)
			if *d.key == nil || **d.key == 0 {
				return b, nil
			}
			if **d.key > d.maxKey {
				return b, attr.Refuse("%d is out of range, the largest is %d", **d.key, d.maxKey)
			}
			return attr.AppendBE32(b, typ, **d.key), nil
		},
		func(p []byte, v *T) error {
			if len(p) < 4 {
				return short(p, 4)
			}
			if d := of(v); *d.key != nil {
				*d.key = new(binary.BigEndian.Uint32(p))
			}
			return nil
		}).Sample(func(r *rand.Rand, v *T) {
		d := of(v)
		*d.key = new(r.Uint32() & d.maxKey)
	})
}

// greIgnoreDF is a row that the kernel refuses, without a word, together with the
// discovery of the path's MTU.
func greIgnoreDF[T any](of func(*T) greFields) attr.Row[T] {
	discovers := func(f greFields) bool { return *f.pmtuDisc == nil || **f.pmtuDisc }
	return attr.Custom(uapi.IFLA_GRE_IGNORE_DF, "IFLA_GRE_IGNORE_DF",
		func(b []byte, v *T) ([]byte, error) {
			f := of(v)
			on := *f.ignoreDF
			switch {
			case on == nil:
				return b, nil
			case !*on:
				return attr.AppendUint8(b, uapi.IFLA_GRE_IGNORE_DF, 0), nil
			case discovers(f):
				return b, attr.Refuse("IgnoreDF takes a PMTUDisc of false")
			}
			return attr.AppendUint8(b, uapi.IFLA_GRE_IGNORE_DF, 1), nil
		},
		func(p []byte, v *T) error {
			if len(p) < 1 {
				return short(p, 1)
			}
			*of(v).ignoreDF = new(p[0] != 0)
			return nil
		}).Sample(func(r *rand.Rand, v *T) {
		f := of(v)
		*f.ignoreDF = new(!discovers(f) && r.IntN(2) == 1)
	})
}

// greExternal is a row of a flag that the kernel refuses, without a word, together
// with an encapsulation.
func greExternal[T any](of func(*T) greFields) attr.Row[T] {
	encapsulated := func(f greFields) bool { e := *f.encap; return e != nil && e.Type != TunnelEncapNone }
	return attr.Custom(uapi.IFLA_GRE_COLLECT_METADATA, "IFLA_GRE_COLLECT_METADATA",
		func(b []byte, v *T) ([]byte, error) {
			f := of(v)
			if !*f.external {
				return b, nil
			}
			if encapsulated(f) {
				return b, attr.Refuse("External takes no Encap")
			}
			return attr.AppendBytes(b, uapi.IFLA_GRE_COLLECT_METADATA, nil), nil
		},
		func(_ []byte, v *T) error { *of(v).external = true; return nil }).
		Sample(func(r *rand.Rand, v *T) {
			f := of(v)
			*f.external = !encapsulated(f) && r.IntN(2) == 1
		})
}
