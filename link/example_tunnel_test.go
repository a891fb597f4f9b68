package link_test

import (
	"context"
	"log"
	"net/netip"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/link"
)

func ExampleGRE() {
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	ctx := context.Background()

	tunnel := &link.GRE{
		Remote: netip.MustParseAddr("198.51.100.2"), Local: netip.MustParseAddr("192.0.2.1"), TTL: 64,
		IKey: new(uint32(7)), OKey: new(uint32(7)),
	}
	if err := link.Add(ctx, c, "tun0", tunnel, link.Up()); err != nil {
		log.Fatal(err)
	}

	// A tunnel forgets what a change does not say: start from what it has.
	l, err := link.Get(ctx, c, link.Name("tun0"))
	if err != nil {
		log.Fatal(err)
	}
	if tunnel, ok := link.KindAs[*link.GRE](l); ok {
		tunnel.TTL = 32
		err = link.Set(ctx, c, link.Index(l.Index), link.WithKind(tunnel))
	}
	if err != nil {
		log.Fatal(err)
	}
}
