package link_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"net"
	"net/netip"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/link"
)

func ExampleGet() {
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	l, err := link.Get(context.Background(), c, link.Name("lo"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		fmt.Println("there is none")
	case err != nil:
		log.Fatal(err)
	default:
		fmt.Println(l.Name, l.Type, l.Index)
	}
	// Output: lo loopback 1
}

func ExampleList() {
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	links, err := link.List(context.Background(), c, link.MatchKind("veth"), link.MatchUp())
	if err != nil {
		log.Fatal(err)
	}
	for _, l := range links {
		fmt.Println(l.Name, l.OperState, l.Address)
	}
}

func ExampleAdd() {
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	ctx := context.Background()

	var bridge link.Link
	if err := link.Add(ctx, c, "br0", &link.Bridge{}, link.Up(), link.Into(&bridge)); err != nil {
		log.Fatal(err)
	}
	tunnel := &link.VXLAN{VNI: 42, Port: 4789, Remote: netip.MustParseAddr("192.0.2.7"), Learning: new(false)}
	err = link.Add(ctx, c, "vx0", tunnel, link.WithMTU(1450), link.WithMaster(bridge.Index), link.Up())
	if e, ok := errors.AsType[*nlkit.Error](err); ok && e.Attr != "" {
		log.Fatalf("%s does not take %s: %s", e.Object, e.Attr, e.Message)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func ExampleNewPeer() {
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	// One end here, the other as eth0 in the namespace "blue".
	pair := &link.Veth{Peer: link.NewPeer("eth0", link.WithNetNS("blue"), link.WithMTU(1400))}
	if err := link.Add(context.Background(), c, "blue0", pair, link.WithMTU(1400), link.Up()); err != nil {
		log.Fatal(err)
	}
}

func ExampleSet() {
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	err = link.Set(context.Background(), c, link.Name("eth0"), link.WithName("wan0"), link.WithAlias("to the provider"), link.Up())
	if err != nil {
		log.Fatal(err)
	}
}

func ExampleWithVF() {
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	ctx := context.Background()

	// A function for a virtual machine: an address that it cannot change, a VLAN that
	// it does not see, half of a gigabit.
	err = link.Set(ctx, c, link.Name("eth0"), link.WithVF(3, link.VFChange{
		MAC:        net.HardwareAddr{2, 0, 0, 0, 0, 3},
		VLAN:       &link.VFVLAN{ID: 100},
		Rate:       &link.VFRate{Max: 500},
		SpoofCheck: new(true),
	}))
	if errors.Is(err, errors.ErrUnsupported) {
		log.Fatal("this card has no virtual functions")
	}
	if err != nil {
		log.Fatal(err)
	}
	l, err := link.Get(ctx, c, link.Name("eth0"), link.WithVFs())
	if err != nil {
		log.Fatal(err)
	}
	for _, vf := range l.VFs {
		fmt.Println(vf.Index, vf.MAC, vf.VLANs, vf.State)
	}
}

func ExampleWithXDP() {
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	ctx := context.Background()

	var old, program int // from a library for BPF
	err = link.Set(ctx, c, link.Name("eth0"), link.WithXDP(program, link.XDPDriver, link.XDPInPlaceOf(old)))
	if errors.Is(err, fs.ErrExist) {
		log.Fatal("somebody else attached a program meanwhile")
	}
	if err != nil {
		log.Fatal(err)
	}
	if err := link.Set(ctx, c, link.Name("eth0"), link.WithNoXDP(link.XDPDriver)); err != nil {
		log.Fatal(err)
	}
}

func ExampleWithInet() {
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	err = link.Set(context.Background(), c, link.Name("eth0"), link.WithInet(link.InetChange{
		Forwarding: new(true), RPFilter: new(int32(2)),
	}))
	if err != nil {
		log.Fatal(err)
	}
}

func ExampleGetStats() {
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	s, err := link.GetStats(context.Background(), c, link.Name("br0"), link.WithStatsGroups(link.StatsLink|link.StatsKind))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(s.Link.RxBytes, s.Link.TxBytes)
	if s.Bridge != nil {
		for _, v := range s.Bridge.VLANs {
			fmt.Println(v.ID, v.RxBytes, v.TxBytes)
		}
	}
}

func ExampleKindAs() {
	l := link.Link{Name: "vx0", Kind: &link.VXLAN{VNI: 42}}
	if vx, ok := link.KindAs[*link.VXLAN](l); ok {
		fmt.Println(l.Name, vx.VNI)
	}
	// Output: vx0 42
}

func ExampleWithPort() {
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	ctx := context.Background()

	// A bond of two links, of which eth0 carries packets whenever it can.
	var bond link.Link
	kind := &link.Bond{Mode: new(link.BondActiveBackup), MIIMon: new(100 * time.Millisecond)}
	if err := link.Add(ctx, c, "bond0", kind, link.Into(&bond)); err != nil {
		log.Fatal(err)
	}
	for name, priority := range map[string]int32{"eth0": 10, "eth1": 5} {
		// Down, or it cannot become a port.
		if err := link.Set(ctx, c, link.Name(name), link.Down()); err != nil {
			log.Fatal(err)
		}
		if err := link.Set(ctx, c, link.Name(name), link.WithMaster(bond.Index)); err != nil {
			log.Fatal(err)
		}
		// What a port can be told takes a request of its own.
		if err := link.Set(ctx, c, link.Name(name), link.WithPort(&link.BondPort{Priority: &priority})); err != nil {
			log.Fatal(err)
		}
	}
	if err := link.Set(ctx, c, link.Index(bond.Index), link.Up()); err != nil {
		log.Fatal(err)
	}
}

func ExamplePortAs() {
	l := link.Link{Name: "v0", Port: &link.BridgePort{State: new(link.BridgePortForwarding)}}
	if p, ok := link.PortAs[*link.BridgePort](l); ok {
		fmt.Println(l.Name, *p.State)
	}
	// Output: v0 forwarding
}

func ExampleSubscribe() {
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	sub, err := link.Subscribe(context.Background(), c)
	if err != nil {
		log.Fatal(err)
	}
	defer sub.Close()
	for e, err := range sub.All() {
		if errors.Is(err, nlkit.ErrOverrun) {
			continue // events were lost: list again
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(e.Type, e.Object.Name, e.Object.OperState)
	}
}

// A watch tells what there is, then what changes; it needs no further care.
func ExampleWatch() {
	ctx := context.Background()
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	w, err := link.Watch(ctx, c, link.MatchKind("veth"))
	if err != nil {
		log.Fatal(err)
	}
	defer w.Close()
	for ch, err := range w.All() {
		if err != nil {
			log.Fatal(err)
		}
		switch ch.Type {
		case nlkit.Added:
			fmt.Println("new:", ch.New.Name)
		case nlkit.Changed:
			fmt.Println(ch.Old.Flags, "is now", ch.New.Flags)
		case nlkit.Removed:
			fmt.Println("gone:", ch.Old.Name)
		case nlkit.Synced:
			fmt.Println("these were all")
		}
	}
}

// A name can be waited for before there is such a link.
func ExampleWaitCarrier() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	l, err := link.WaitCarrier(ctx, c, link.Name("eth0"))
	if err != nil {
		log.Fatal(err) // context deadline exceeded
	}
	fmt.Println(l.Name, "can send")
}

func ExampleOpenDirectory() {
	ctx := context.Background()
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	d, err := link.OpenDirectory(ctx, c)
	if err != nil {
		log.Fatal(err)
	}
	defer d.Close()
	if l, ok := d.Index(1); ok { // no system call, from any goroutine
		fmt.Println(l.Name)
	}
}
