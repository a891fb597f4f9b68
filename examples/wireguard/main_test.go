//go:build linux

package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr/attrtest"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/link"
)

func TestMain(m *testing.M) { nstest.Main(m) }

func TestTables(t *testing.T) {
	attrtest.Covers(t, deviceAttrs)
	attrtest.Covers(t, peerAttrs, "Endpoint") // a row of its own kind
	attrtest.RoundTrip(t, allowedAttrs)
	for _, endpoint := range []string{"192.0.2.1:51820", "[2001:db8::1]:1"} {
		var dev, got Device
		deviceAttrs.Fill(rand.New(rand.NewPCG(1, 2)), &dev)
		dev.Peers = append(dev.Peers, Peer{PublicKey: Key{1}, Endpoint: netip.MustParseAddrPort(endpoint)})
		b, err := deviceAttrs.Append(nil, &dev)
		if err != nil {
			t.Fatal(err)
		}
		if err := deviceAttrs.Decode(b, &got); err != nil || fmt.Sprint(got) != fmt.Sprint(dev) {
			t.Errorf("%+v came back as %+v, %v", dev, got, err)
		}
	}
}

func FuzzDevice(f *testing.F) { attrtest.Fuzz(f, deviceAttrs) }

// A device with many peers comes in several messages.
func TestJoin(t *testing.T) {
	ip := func(s string) AllowedIP { return Allowed(netip.MustParsePrefix(s))[0] }
	got := join([]Device{
		{Name: "wg0", ListenPort: 1, Peers: []Peer{{PublicKey: Key{1}}, {PublicKey: Key{2}, RxBytes: 9, AllowedIPs: []AllowedIP{ip("10.0.0.0/8")}}}},
		{Name: "wg0", Peers: []Peer{{PublicKey: Key{2}, AllowedIPs: []AllowedIP{ip("11.0.0.0/8")}}, {PublicKey: Key{3}}}},
		{Name: "wg0", Peers: []Peer{{PublicKey: Key{4}}}},
	})
	want := Device{Name: "wg0", ListenPort: 1, Peers: []Peer{
		{PublicKey: Key{1}}, {PublicKey: Key{2}, RxBytes: 9, AllowedIPs: []AllowedIP{ip("10.0.0.0/8"), ip("11.0.0.0/8")}}, {PublicKey: Key{3}}, {PublicKey: Key{4}},
	}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if none := join(nil); none.Name != "" {
		t.Errorf("of nothing: %+v", none)
	}
}

// device makes a WireGuard interface in a namespace of its own.
func device(t *testing.T) (*nlkit.Client, *nstest.NS) {
	t.Helper()
	ns := nstest.New(t)
	c, err := nlkit.New(nlkit.WithNetNSFD(ns.FD()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	err = link.Add(t.Context(), c, "wg0", &link.Unknown{Name: "wireguard"})
	if errors.Is(err, errors.ErrUnsupported) {
		nstest.Skip(t, "kind:wireguard", "%v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c, ns
}

// TestRun does what the command does.
func TestRun(t *testing.T) {
	device(t) // skips where there is no WireGuard
	if err := run(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestManyPeers has more peers and prefixes than go into a message.
func TestManyPeers(t *testing.T) {
	c, _ := device(t)
	for i := range 5 {
		dev := Device{Name: "wg0"}
		for j := range 10 {
			p := Peer{PublicKey: Key{1, byte(i), byte(j)}}
			for k := range 40 {
				p.AllowedIPs = append(p.AllowedIPs, Allowed(netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i), byte(j), byte(k)}), 32))...)
			}
			dev.Peers = append(dev.Peers, p)
		}
		if err := Set(t.Context(), c, dev); err != nil {
			t.Fatal(err)
		}
	}
	dev, err := Get(t.Context(), c, "wg0")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[Key]bool{}
	for _, p := range dev.Peers {
		seen[p.PublicKey] = true
		if len(p.AllowedIPs) != 40 {
			t.Errorf("peer %s has %d prefixes", p.PublicKey, len(p.AllowedIPs))
		}
	}
	if len(dev.Peers) != 50 || len(seen) != 50 {
		t.Errorf("%d peers, %d of them different", len(dev.Peers), len(seen))
	}
}

// TestAgainstWG sets up a device here and reads it there, and the other way round.
func TestAgainstWG(t *testing.T) {
	c, ns := device(t)
	ctx := t.Context()
	private, public := NewKey()
	_, one := NewKey()
	_, two := NewKey()
	shared, _ := NewKey()
	err := Set(ctx, c, Device{
		Name: "wg0", PrivateKey: private, ListenPort: 4000, FirewallMark: 0x17,
		Peers: []Peer{{
			PublicKey: one, PresharedKey: shared, Keepalive: 25, Endpoint: netip.MustParseAddrPort("[2001:db8::1]:51820"),
			AllowedIPs: Allowed(netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::/0")),
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	ns.Run(t, "wg", "set", "wg0", "peer", two.String(), "endpoint", "192.0.2.1:7", "allowed-ips", "0.0.0.0/0,2001:db8::/32")

	// Private and public key, port and mark; of each peer the key, the shared one,
	// endpoint, prefixes, handshake, bytes, keepalive.
	want := []string{
		fmt.Sprintf("%s\t%s\t4000\t0x17", private, public),
		fmt.Sprintf("%s\t%s\t[2001:db8::1]:51820\t10.0.0.0/8,::/0\t0\t0\t0\t25", one, shared),
		fmt.Sprintf("%s\t(none)\t192.0.2.1:7\t0.0.0.0/0,2001:db8::/32\t0\t0\t0\toff", two),
	}
	out := strings.Split(strings.TrimSpace(string(ns.Run(t, "wg", "show", "wg0", "dump"))), "\n")
	dev, err := Get(ctx, c, "wg0")
	if err != nil {
		t.Fatal(err)
	}
	got := []string{fmt.Sprintf("%s\t%s\t%d\t%#x", dev.PrivateKey, dev.PublicKey, dev.ListenPort, dev.FirewallMark)}
	for _, p := range dev.Peers {
		psk, keepalive, prefixes := "(none)", "off", []string(nil)
		if p.PresharedKey != (Key{}) {
			psk = p.PresharedKey.String()
		}
		if p.Keepalive != 0 {
			keepalive = fmt.Sprint(p.Keepalive)
		}
		for _, prefix := range p.Prefixes() {
			prefixes = append(prefixes, prefix.String())
		}
		got = append(got, fmt.Sprintf("%s\t%s\t%s\t%s\t%d\t%d\t%d\t%s", p.PublicKey, psk, p.Endpoint, strings.Join(prefixes, ","),
			p.LastHandshake.Seconds, p.RxBytes, p.TxBytes, keepalive))
	}
	slices.Sort(got[1:])
	slices.Sort(out[1:])
	slices.Sort(want[1:])
	if !slices.Equal(got, want) || !slices.Equal(out, want) {
		t.Errorf("got\n%s\nwg has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(out, "\n"), strings.Join(want, "\n"))
	}

	if err := Set(ctx, c, Device{Name: "wg0", Peers: []Peer{{PublicKey: one, Flags: RemovePeer}}}); err != nil {
		t.Fatal(err)
	}
	if peers := strings.TrimSpace(string(ns.Run(t, "wg", "show", "wg0", "peers"))); peers != two.String() {
		t.Errorf("wg has the peers %q, want %s alone", peers, two)
	}
}
