package nflog_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/nflog"
)

func ExampleSubscribe() {
	ctx := context.Background()
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	// nft add rule inet filter input log prefix '"in: "' group 5
	sub, err := nflog.Subscribe(ctx, c, 5, nflog.WithCopyRange(128))
	if errors.Is(err, nflog.ErrInUse) {
		log.Fatal("another program logs already")
	}
	if err != nil {
		log.Fatal(err)
	}
	defer sub.Close()
	for p, err := range sub.All() {
		if errors.Is(err, nlkit.ErrOverrun) {
			log.Printf("%d packets were lost so far", sub.Stats().Lost)
			continue
		}
		if err != nil {
			log.Fatal(err)
		}
		if flow, ok := p.Flow(); ok {
			fmt.Println(p.Prefix, p.Hook, flow)
		}
	}
}

func ExampleSubscription_ReadInto() {
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	sub, err := nflog.Subscribe(context.Background(), c, 5,
		nflog.WithGroups(6, 7), nflog.WithQueueThreshold(400), nflog.WithReadBuffer(32<<20))
	if err != nil {
		log.Fatal(err)
	}
	defer sub.Close()

	var bytes int
	var p nflog.Packet // its memory is used again for each packet
	for {
		err := sub.ReadInto(&p)
		switch {
		case errors.Is(err, nlkit.ErrOverrun):
			continue
		case err != nil:
			log.Print(err)
			return
		}
		bytes += len(p.Payload)
	}
}

func ExamplePacket_UnmarshalBinary() {
	sent := nflog.Packet{Family: nflog.FamilyARP, Group: 5, Hook: nflog.HookInput, Protocol: nflog.EtherTypeARP, Prefix: "arp: ", InLink: 2}
	data, err := sent.MarshalBinary()
	if err != nil {
		log.Fatal(err)
	}
	var p nflog.Packet
	if err := p.UnmarshalBinary(data); err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.Prefix, p.Family, p.Hook, p.InLink)
	// Output: arp:  arp input 2
}
