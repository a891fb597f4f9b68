package nflog_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

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

// Everything is logged for a while, as much as a connection needs afterwards.
func ExampleSubscription_Set() {
	ctx := context.Background()
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	sub, err := nflog.Subscribe(ctx, c, 5)
	if err != nil {
		log.Fatal(err)
	}
	defer sub.Close()
	calm := time.AfterFunc(time.Minute, func() {
		if err := sub.Set(ctx, nflog.WithCopyRange(64), nflog.WithQueueThreshold(400)); err != nil {
			log.Print(err)
		}
	})
	defer calm.Stop()
	for p, err := range sub.All() {
		if err != nil {
			log.Print(err)
			return
		}
		fmt.Println(p.Headers())
	}
}

// What was lost is told in front of what comes next.
func ExampleWithLossReports() {
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	sub, err := nflog.Subscribe(context.Background(), c, 5, nflog.WithGroups(6), nflog.WithLossReports())
	if err != nil {
		log.Fatal(err)
	}
	defer sub.Close()
	for p, err := range sub.All() {
		if loss, ok := errors.AsType[*nflog.Loss](err); ok {
			fmt.Printf("%d packets of group %d are missing here\n", loss.Packets, loss.Group)
			continue
		}
		if errors.Is(err, nlkit.ErrOverrun) {
			continue // the buffer was full: what is missing shows when the next comes
		}
		if err != nil {
			log.Print(err)
			return
		}
		fmt.Println(p.Headers())
	}
}

// A firewall that logs new connections: who opened what, by whose translation.
func ExamplePacket_Conntrack() {
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	// nft add rule inet filter forward ct state new log group 5
	sub, err := nflog.Subscribe(context.Background(), c, 5, nflog.WithConntrack(true), nflog.WithCopyMeta())
	if errors.Is(err, errors.ErrUnsupported) {
		log.Fatal("this kernel has no connections to tell of")
	}
	if err != nil {
		log.Fatal(err)
	}
	defer sub.Close()
	for p, err := range sub.All() {
		if err != nil {
			log.Print(err)
			return
		}
		ct, err := p.Conntrack()
		if err != nil || ct == nil {
			continue // not tracked
		}
		fmt.Println(p.ConntrackInfo, ct)
		if ct.Status.Has(nflog.ConntrackSrcNAT) {
			fmt.Println("the other side sees", ct.Reply.Dst)
		}
	}
}

func ExamplePacket_Headers() {
	p := nflog.Packet{
		Family: nflog.FamilyIPv4, Hook: nflog.HookInput, Protocol: nflog.EtherTypeIPv4,
		Payload: []byte("\x45\x00\x00\x2a\x00\x00\x40\x00\x40\x06\x00\x00\xc0\x00\x02\x01\xc0\x00\x02\x02" + // IPv4
			"\x9c\x40\x00\x16\x00\x00\x00\x07\x00\x00\x00\x00\x50\x18\x04\x00\x00\x00\x00\x00" + // TCP
			"hi"),
	}
	h := p.Headers()
	fmt.Println(h)
	fmt.Println(h.Dst.Port(), h.TCP.Flags, string(h.Data))
	// Output:
	// tcp 192.0.2.1:40000 > 192.0.2.2:22 psh|ack, ttl 64, length 42
	// 22 psh|ack hi
}

func ExampleBindFamily() {
	ctx := context.Background()
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	// sysctl net.netfilter.nf_conntrack_log_invalid=255
	for _, f := range []nflog.Family{nflog.FamilyIPv4, nflog.FamilyIPv6} {
		if err := nflog.BindFamily(ctx, c, f); err != nil {
			log.Fatal(err)
		}
	}
	sub, err := nflog.Subscribe(ctx, c, 0) // the group of what the kernel logs
	if err != nil {
		log.Fatal(err)
	}
	defer sub.Close()
	for p, err := range sub.All() {
		if err != nil {
			log.Print(err)
			return
		}
		fmt.Println(p.Prefix, p.Headers()) // nf_ct_proto_6: bad checksum  tcp 192.0.2.1:1 > …
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
