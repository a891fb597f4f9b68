package link_test

import (
	"fmt"
	"log"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/link"
)

// flux is a kind of link that a module of one's own brings.
type flux struct {
	Channel uint32
	Label   string
}

var fluxAttrs = attr.Table[flux]{
	attr.U32(1, "IFLA_FLUX_CHANNEL", func(f *flux) *uint32 { return &f.Channel }).Required(),
	attr.String(2, "IFLA_FLUX_LABEL", func(f *flux) *string { return &f.Label }),
}

// A kind that this package does not know is written and read with an attribute table.
func ExampleUnknown() {
	data, err := fluxAttrs.Append(nil, &flux{Channel: 7, Label: "north"})
	if err != nil {
		log.Fatal(err)
	}
	kind := &link.Unknown{Name: "flux", Data: data} // for link.Add and link.WithKind

	l := link.Link{Name: "flux0", Kind: kind} // as link.Get returns it
	if k, ok := link.KindAs[*link.Unknown](l); ok && k.Name == "flux" {
		var f flux
		if err := fluxAttrs.Decode(k.Data, &f); err != nil {
			log.Fatal(err)
		}
		fmt.Println(l.Name, f.Channel, f.Label)
	}
	// Output: flux0 7 north
}
