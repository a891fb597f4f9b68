package attr_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"

	"github.com/nlkit/nlkit/attr"
)

// rule and config are what a program sends and receives.
type rule struct {
	Ports  []uint16
	Within []rule
}

type config struct {
	Name    string
	Limit   *uint32 // nil leaves it as it is
	Servers []netip.Addr
	Weights map[uint8]uint32
	Flags   attr.Bits[uint32]
	Rules   []rule
}

var ruleAttrs = attr.Recursive(func(self attr.Table[rule]) attr.Table[rule] {
	return attr.Table[rule]{
		attr.Array(attr.BE16(1, "RULE_PORTS", attr.Self[uint16]), func(r *rule) *[]uint16 { return &r.Ports }),
		attr.List(2, "RULE_WITHIN", self, func(r *rule) *[]rule { return &r.Within }),
	}
})

var configAttrs = attr.Table[config]{
	attr.String(1, "CONFIG_NAME", func(c *config) *string { return &c.Name }),
	attr.Opt(attr.U32(2, "CONFIG_LIMIT", attr.Self[uint32]), func(c *config) **uint32 { return &c.Limit }),
	attr.Repeated(attr.Addr(3, "CONFIG_SERVER", attr.Self[netip.Addr]), func(c *config) *[]netip.Addr { return &c.Servers }),
	attr.Map(4, "CONFIG_WEIGHTS", attr.Uint(0, "", attr.Self[uint32]), func(c *config) *map[uint8]uint32 { return &c.Weights }),
	attr.BitField32(5, "CONFIG_FLAGS", func(c *config) *attr.Bits[uint32] { return &c.Flags }),
	attr.List(6, "CONFIG_RULES", ruleAttrs, func(c *config) *[]rule { return &c.Rules }),
}

func Example() {
	b, err := configAttrs.Append(nil, &config{
		Name:    "front",
		Limit:   new(uint32),
		Servers: []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")},
		Weights: map[uint8]uint32{7: 100, 2: 50},
		Flags:   attr.Bits[uint32]{}.Set(1).Clear(2),
		Rules:   []rule{{Ports: []uint16{80, 443}, Within: []rule{{Ports: []uint16{22}}}}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(attr.Dump(configAttrs, b))

	var c config
	err = configAttrs.Decode(b, &c)
	fmt.Println(c.Name, c.Servers, c.Weights[7], c.Rules[0].Within[0].Ports, err)

	// Output:
	// CONFIG_NAME "front"
	// CONFIG_LIMIT 0
	// CONFIG_SERVER 192.0.2.1
	// CONFIG_SERVER 2001:db8::1
	// CONFIG_WEIGHTS
	// 	2 50
	// 	7 100
	// CONFIG_FLAGS 1/3
	// CONFIG_RULES
	// 	1
	// 		RULE_PORTS [80 443]
	// 		RULE_WITHIN
	// 			1
	// 				RULE_PORTS [22]
	// front [192.0.2.1 2001:db8::1] 100 [22] <nil>
}

func ExampleError() {
	_, err := configAttrs.Append(nil, &config{Rules: []rule{{}, {Within: []rule{{Ports: make([]uint16, 40000)}}}}})
	fmt.Println(err)
	fmt.Println(errors.Is(err, fs.ErrInvalid))

	// Output:
	// CONFIG_RULES.2.RULE_WITHIN.1.RULE_PORTS: 80000 bytes, an attribute holds 65531
	// true
}

func ExampleLayout() {
	type header struct {
		Family uint8
		Port   uint16
		Source netip.Addr
	}
	layout := attr.Layout[header]{Size: 8, Fields: []attr.Row[header]{
		attr.U8(0, "family", func(h *header) *uint8 { return &h.Family }),
		attr.BE16(2, "port", func(h *header) *uint16 { return &h.Port }),
		attr.Addr4(4, "source", func(h *header) *netip.Addr { return &h.Source }),
	}}
	b, err := layout.Append(nil, &header{Family: 2, Port: 80, Source: netip.MustParseAddr("192.0.2.1")})
	fmt.Printf("% x %v\n", b, err)

	// An older kernel's is shorter.
	var h header
	err = layout.Decode(b[:4], &h)
	fmt.Println(h.Family, h.Port, h.Source.IsValid(), err)

	// Output:
	// 02 00 00 50 c0 00 02 01 <nil>
	// 2 80 false <nil>
}

func ExampleChoose() {
	type vlan struct{ ID uint16 }
	type info struct {
		Kind string
		VLAN *vlan
		Data []byte // of other kinds
	}
	vlanAttrs := attr.Table[vlan]{
		attr.U16(1, "IFLA_VLAN_ID", func(v *vlan) *uint16 { return &v.ID }),
	}
	kind := attr.String(1, "IFLA_INFO_KIND", func(i *info) *string { return &i.Kind })
	infoAttrs := attr.Table[info]{
		kind,
		attr.Choose(kind, func(i *info) *string { return &i.Kind }, map[string]attr.Row[info]{
			"vlan": attr.Nested(2, "IFLA_INFO_DATA", vlanAttrs, func(i *info) **vlan { return &i.VLAN }),
		}, attr.Bytes(2, "IFLA_INFO_DATA", func(i *info) *[]byte { return &i.Data })),
	}
	b, err := infoAttrs.Append(nil, &info{Kind: "vlan", VLAN: &vlan{ID: 42}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(attr.Dump(infoAttrs, b))

	// Output:
	// IFLA_INFO_KIND "vlan"
	// IFLA_INFO_DATA
	// 	IFLA_VLAN_ID 42
}
