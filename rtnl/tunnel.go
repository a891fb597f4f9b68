package rtnl

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"net/netip"
	"strings"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// TunnelFlags say what the header of a tunnel has: TUNNEL_… in
// include/uapi/linux/if_tunnel.h. Those that say which options there are follow
// from the options and are left out.
type TunnelFlags uint16

// Flags of a tunnel's header. iproute2 has words for the first three.
const (
	TunnelKey          TunnelFlags = uapi.TUNNEL_KEY           // TUNNEL_KEY, "key": the id is sent
	TunnelCsum         TunnelFlags = uapi.TUNNEL_CSUM          // TUNNEL_CSUM, "csum": with checksums
	TunnelSeq          TunnelFlags = uapi.TUNNEL_SEQ           // TUNNEL_SEQ, "seq": with sequence numbers
	TunnelDontFragment TunnelFlags = uapi.TUNNEL_DONT_FRAGMENT // TUNNEL_DONT_FRAGMENT, "dont-fragment": routers must not fragment
	TunnelOAM          TunnelFlags = uapi.TUNNEL_OAM           // TUNNEL_OAM, "oam": of operations and management
	TunnelCritOpt      TunnelFlags = uapi.TUNNEL_CRIT_OPT      // TUNNEL_CRIT_OPT, "crit-opt": with options that must be understood
	TunnelNoCache      TunnelFlags = uapi.TUNNEL_NOCACHE       // TUNNEL_NOCACHE, "nocache": the route to the other end is not cached
)

const tunnelOptionsPresent = uapi.TUNNEL_GENEVE_OPT | uapi.TUNNEL_VXLAN_OPT | uapi.TUNNEL_ERSPAN_OPT | uapi.TUNNEL_GTP_OPT

var tunnelFlags = enum.Flags[TunnelFlags]{Type: "TunnelFlags", Words: []enum.Word[TunnelFlags]{
	{Value: TunnelKey, Name: "key"},
	{Value: TunnelCsum, Name: "csum"},
	{Value: TunnelSeq, Name: "seq"},
	{Value: TunnelDontFragment, Name: "dont-fragment"},
	{Value: TunnelOAM, Name: "oam"},
	{Value: TunnelCritOpt, Name: "crit-opt"},
	{Value: TunnelNoCache, Name: "nocache"},
}}

// Has reports whether all flags of g are set.
func (f TunnelFlags) Has(g TunnelFlags) bool { return f&g == g }

// String returns the words with "|" between them, unknown bits as a number.
func (f TunnelFlags) String() string { return tunnelFlags.String(f) }

// MarshalText returns the same as String.
func (f TunnelFlags) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText parses words and numbers with "|" between them.
func (f *TunnelFlags) UnmarshalText(text []byte) error { return tunnelFlags.Parse(text, f) }

// TunnelOptions are the options in the header of a tunnel, of one kind of tunnel
// at a time. Linux 5.5. Linux 6.18 and others from 6.15 on, if they were built to
// check the bounds of memory (CONFIG_FORTIFY_SOURCE), kill the thread that sends
// Geneve's: "memcpy: detected buffer overflow", and the call never returns.
type TunnelOptions struct {
	// Geneve are options of Geneve packets, in their order.
	// (LWTUNNEL_IP_OPTS_GENEVE)
	Geneve []GeneveOption
	// VXLAN is what a VXLAN header has besides the VNI. (LWTUNNEL_IP_OPTS_VXLAN)
	VXLAN *VXLANOption
	// ERSPAN is what an ERSPAN header has. (LWTUNNEL_IP_OPTS_ERSPAN)
	ERSPAN *ERSPANOption
}

// GeneveOption is an option of Geneve packets.
type GeneveOption struct {
	// Class is the space of Type. (LWTUNNEL_IP_OPT_GENEVE_CLASS)
	Class uint16
	// Type is the number of the option; 0x80 marks one that must be understood.
	// (LWTUNNEL_IP_OPT_GENEVE_TYPE)
	Type uint8
	// Data is its content: a multiple of four bytes, at most 124.
	// (LWTUNNEL_IP_OPT_GENEVE_DATA)
	Data []byte
}

// VXLANOption is what a VXLAN header has besides the VNI.
type VXLANOption struct {
	// GBP is the group based policy. (LWTUNNEL_IP_OPT_VXLAN_GBP)
	GBP uint32
}

// ERSPANOption is what an ERSPAN header has.
type ERSPANOption struct {
	// Version is 1 or 2. (LWTUNNEL_IP_OPT_ERSPAN_VER)
	Version uint8
	// Index is that of version 1, 20 bits. (LWTUNNEL_IP_OPT_ERSPAN_INDEX)
	Index uint32
	// Direction is that of the mirrored traffic, 0 for incoming, 1 for outgoing;
	// of version 2. (LWTUNNEL_IP_OPT_ERSPAN_DIR)
	Direction uint8
	// HardwareID is that of the device, at most 63; of version 2.
	// (LWTUNNEL_IP_OPT_ERSPAN_HWID)
	HardwareID uint8
}

// check refuses options that no header has; path is the attribute around them.
func (o *TunnelOptions) check(path string) error {
	kinds := 0
	for _, set := range []bool{len(o.Geneve) > 0, o.VXLAN != nil, o.ERSPAN != nil} {
		if set {
			kinds++
		}
	}
	switch {
	case kinds > 1:
		return attr.Invalid(path, "options of more than one kind of tunnel")
	case o.ERSPAN != nil && o.ERSPAN.Version != 1 && o.ERSPAN.Version != 2:
		return attr.Invalid(path+".LWTUNNEL_IP_OPTS_ERSPAN.LWTUNNEL_IP_OPT_ERSPAN_VER", "%d is not 1 or 2", o.ERSPAN.Version)
	}
	return nil
}

var tunnelOptionAttrs = attr.Table[TunnelOptions]{
	attr.Custom(uapi.LWTUNNEL_IP_OPTS_GENEVE, "LWTUNNEL_IP_OPTS_GENEVE", appendGeneve, func(p []byte, o *TunnelOptions) error {
		// The kernel puts all options into one nest, and takes each in its own.
		options, err := decodeGeneve(p)
		o.Geneve = append(o.Geneve, options...)
		return err
	}).Within(func([]byte) attr.Schema { return geneveAttrs }).Sample(func(r *rand.Rand, o *TunnelOptions) {
		*o = TunnelOptions{Geneve: make([]GeneveOption, 1+r.IntN(3))}
		for i := range o.Geneve {
			geneveAttrs.Fill(r, &o.Geneve[i])
			o.Geneve[i].Data = make([]byte, 4*(1+r.IntN(3)))
		}
	}),
	sometimes(attr.Nested(uapi.LWTUNNEL_IP_OPTS_VXLAN, "LWTUNNEL_IP_OPTS_VXLAN", vxlanOptionAttrs, func(o *TunnelOptions) **VXLANOption { return &o.VXLAN }),
		func(r *rand.Rand, o *TunnelOptions) { *o = TunnelOptions{VXLAN: &VXLANOption{GBP: r.Uint32()}} }),
	sometimes(attr.Nested(uapi.LWTUNNEL_IP_OPTS_ERSPAN, "LWTUNNEL_IP_OPTS_ERSPAN", erspanOptionAttrs, func(o *TunnelOptions) **ERSPANOption { return &o.ERSPAN }),
		func(r *rand.Rand, o *TunnelOptions) {
			*o = TunnelOptions{ERSPAN: &ERSPANOption{Version: 1, Index: r.Uint32N(1 << 20)}}
		}),
}

// sometimes is a row that a test fills in one case of two: another one stays.
func sometimes[T any](row attr.Row[T], fill func(*rand.Rand, *T)) attr.Row[T] {
	return row.Sample(func(r *rand.Rand, v *T) {
		if r.IntN(2) == 0 {
			fill(r, v)
		}
	})
}

var geneveAttrs = attr.Table[GeneveOption]{
	attr.BE16(uapi.LWTUNNEL_IP_OPT_GENEVE_CLASS, "LWTUNNEL_IP_OPT_GENEVE_CLASS", func(o *GeneveOption) *uint16 { return &o.Class }).Required(),
	attr.U8(uapi.LWTUNNEL_IP_OPT_GENEVE_TYPE, "LWTUNNEL_IP_OPT_GENEVE_TYPE", func(o *GeneveOption) *uint8 { return &o.Type }).Required(),
	attr.Bytes(uapi.LWTUNNEL_IP_OPT_GENEVE_DATA, "LWTUNNEL_IP_OPT_GENEVE_DATA", func(o *GeneveOption) *[]byte { return &o.Data }).Required(),
}

var vxlanOptionAttrs = attr.Table[VXLANOption]{
	attr.U32(uapi.LWTUNNEL_IP_OPT_VXLAN_GBP, "LWTUNNEL_IP_OPT_VXLAN_GBP", func(o *VXLANOption) *uint32 { return &o.GBP }).Required(),
}

// The kernel wants the fields of the version, and ignores the others. Of numbers that the
// header has no room for it sends the lower bits.
var erspanOptionAttrs = attr.Table[ERSPANOption]{
	attr.U8(uapi.LWTUNNEL_IP_OPT_ERSPAN_VER, "LWTUNNEL_IP_OPT_ERSPAN_VER", func(o *ERSPANOption) *uint8 { return &o.Version }).Required(),
	attr.BE32(uapi.LWTUNNEL_IP_OPT_ERSPAN_INDEX, "LWTUNNEL_IP_OPT_ERSPAN_INDEX", func(o *ERSPANOption) *uint32 { return &o.Index }).Max(0xfffff).Required(),
	attr.U8(uapi.LWTUNNEL_IP_OPT_ERSPAN_DIR, "LWTUNNEL_IP_OPT_ERSPAN_DIR", func(o *ERSPANOption) *uint8 { return &o.Direction }).Max(1).Required(),
	attr.U8(uapi.LWTUNNEL_IP_OPT_ERSPAN_HWID, "LWTUNNEL_IP_OPT_ERSPAN_HWID", func(o *ERSPANOption) *uint8 { return &o.HardwareID }).Max(0x3f).Required(),
}

// maxGeneveData is what an option has room for: its header counts words, in five bits.
// Older kernels take four bytes more, and count none. (ip_tun_parse_opts_geneve)
const maxGeneveData = 31 * 4

func appendGeneve(b []byte, o *TunnelOptions) ([]byte, error) {
	for i := range o.Geneve {
		option := &o.Geneve[i]
		if n := len(option.Data); n%4 != 0 || n > maxGeneveData {
			return b, attr.Invalid("LWTUNNEL_IP_OPT_GENEVE_DATA", "%d bytes: a multiple of 4, at most %d", n, maxGeneveData)
		}
		nested, start := attr.BeginNested(b, uapi.LWTUNNEL_IP_OPTS_GENEVE)
		nested, err := geneveAttrs.Append(nested, option)
		if err == nil {
			nested, err = attr.EndNested(nested, start)
		}
		if err != nil {
			return b, err
		}
		b = nested
	}
	return b, nil
}

// decodeGeneve reads options that follow each other: with the class a new one
// begins.
func decodeGeneve(p []byte) ([]GeneveOption, error) {
	var options []GeneveOption
	for len(p) > 0 {
		n, s := 0, attr.Scan(p)
		for s.Next() {
			if s.Type() == uapi.LWTUNNEL_IP_OPT_GENEVE_CLASS && n > 0 {
				break
			}
			n += 4 + (len(s.Bytes())+3)&^3
		}
		if err := s.Err(); err != nil {
			return nil, err
		}
		if n == 0 {
			break // padding
		}
		var option GeneveOption
		n = min(n, len(p))
		if err := geneveAttrs.Decode(p[:n], &option); err != nil {
			return nil, err
		}
		options = append(options, option)
		p = p[n:]
	}
	return options, nil
}

// tunnelAddr is an end of a tunnel: the kernel reports one that is not set as the
// unspecified address.
func tunnelAddr[T any](family Family, typ uint16, name string, field func(*T) *netip.Addr) attr.Row[T] {
	return attr.Custom(typ, name,
		func(b []byte, v *T) ([]byte, error) {
			a := *field(v)
			switch {
			case !a.IsValid():
				return b, nil
			case FamilyOf(a) != family || a.Zone() != "":
				return b, attr.Refuse("%v is no address of family %v", a, family)
			}
			return attr.AppendAddr(b, typ, a), nil
		},
		func(p []byte, v *T) error {
			a, ok := netip.AddrFromSlice(p)
			if !ok || FamilyOf(a) != family {
				return malformed("%d bytes are no address of family %v", len(p), family)
			}
			if !a.IsUnspecified() {
				*field(v) = a
			}
			return nil
		}).Sample(func(r *rand.Rand, v *T) {
		p := make([]byte, family.Bits()/8)
		p[0], p[len(p)-1] = 1+byte(r.IntN(200)), byte(r.Uint32())
		*field(v), _ = netip.AddrFromSlice(p)
	})
}

// tunnelFlagsRow is the flags of a tunnel, in network byte order.
func tunnelFlagsRow[T any](typ uint16, name string, field func(*T) *TunnelFlags) attr.Row[T] {
	return attr.Custom(typ, name,
		func(b []byte, v *T) ([]byte, error) {
			if f := *field(v); f != 0 {
				b = attr.AppendBE16(b, typ, uint16(f))
			}
			return b, nil
		},
		func(p []byte, v *T) error {
			if len(p) < 2 {
				return malformed("%d bytes, want 2", len(p))
			}
			*field(v) = TunnelFlags(binary.BigEndian.Uint16(p) &^ tunnelOptionsPresent)
			return nil
		}).Sample(func(r *rand.Rand, v *T) { *field(v) = TunnelFlags(r.Uint32() &^ tunnelOptionsPresent) })
}

// tunnelWords are the words of `ip` for a tunnel, of which IPv6 has two of its own.
func tunnelWords(typ, ttl, tos string, e *IPEncap) string {
	var b strings.Builder
	b.WriteString(typ)
	word := func(set bool, name, value string) {
		if set {
			b.WriteString(" " + name + " " + value)
		}
	}
	word(e.ID != 0, "id", decimal(e.ID))
	word(e.Src.IsValid(), "src", e.Src.String())
	word(e.Dst.IsValid(), "dst", e.Dst.String())
	word(e.TTL != 0, ttl, decimal(e.TTL))
	word(e.TOS != 0, tos, decimal(e.TOS))
	if e.Flags != 0 {
		b.WriteString(" " + strings.ReplaceAll(e.Flags.String(), "|", " "))
	}
	for i, o := range e.Options.Geneve {
		b.WriteString([]string{" geneve_opts ", ","}[min(i, 1)])
		b.WriteString(decimal(o.Class) + ":" + decimal(o.Type) + ":" + hex.EncodeToString(o.Data))
	}
	if o := e.Options.VXLAN; o != nil {
		b.WriteString(" vxlan_opts " + decimal(o.GBP))
	}
	if o := e.Options.ERSPAN; o != nil {
		b.WriteString(" erspan_opts " + decimal(o.Version) + ":" + decimal(o.Index) + ":" + decimal(o.Direction) + ":" + decimal(o.HardwareID))
	}
	return b.String()
}
