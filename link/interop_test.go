package link

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/nlkit/nlkit/internal/nstest"
)

// ipLink returns what ip -j -d says of a link.
func ipLink(t *testing.T, ns *nstest.NS, name string) map[string]any {
	t.Helper()
	var links []map[string]any
	must(t, json.Unmarshal(ns.Run(t, "ip", "-j", "-d", "-s", "link", "show", "dev", name), &links))
	if len(links) != 1 {
		t.Fatalf("ip knows %d links %s", len(links), name)
	}
	return links[0]
}

// ipInfo returns what ip says of the kind of a link.
func ipInfo(t *testing.T, ns *nstest.NS, name string) any {
	t.Helper()
	info, _ := ipLink(t, ns, name)["linkinfo"].(map[string]any)
	data, _ := info["info_data"].(map[string]any)
	for _, volatile := range []string{
		"bridge_id", "root_id", "gc_timer", "hello_timer", "tcn_timer", "topology_change_timer", "topology_change", "topology_change_detected",
		"root_port", "root_path_cost",
	} {
		delete(data, volatile)
	}
	return data
}

func sameInfo(t *testing.T, what string, want, got any) {
	t.Helper()
	if !reflect.DeepEqual(want, got) {
		t.Errorf("%s: ip says\n%v\nnot\n%v", what, got, want)
	}
}

// iproute2 and this package say the same of links.
func TestInteropLink(t *testing.T) {
	c, ns := newClient(t)
	ctx := t.Context()
	br := add(t, c, "br0", &Bridge{}, Up())
	add(t, c, "v0", &Veth{Peer: NewPeer("p0")}, WithMaster(br.Index), Up())
	must(t, AddAltName(ctx, c, Name("v0"), "first", "second"))
	must(t, Set(ctx, c, Name("v0"), WithAlias("some text"), WithGroup(9), WithMTU(1400), WithTxQueueLen(77), WithPromisc(true)))
	ns.Run(t, "ip", "link", "add", "vx0", "type", "vxlan", "id", "5", "dstport", "4789")
	for _, name := range []string{"lo", "br0", "v0", "p0", "vx0"} {
		l, err := Get(ctx, c, Name(name), WithStats())
		must(t, err)
		ip := ipLink(t, ns, name)
		// The state follows the carrier a moment later: ask again until both have seen the same.
		for {
			now, err := Get(ctx, c, Name(name), WithStats())
			must(t, err)
			if now.OperState == l.OperState && now.Flags == l.Flags {
				break
			}
			l, ip = now, ipLink(t, ns, name)
		}
		same := func(key string, ours any) {
			t.Helper()
			theirs, ok := ip[key]
			if !ok {
				theirs = ""
			}
			if fmt.Sprint(theirs) != fmt.Sprint(ours) {
				t.Errorf("%s: %s is %v, ip says %v", name, key, ours, theirs)
			}
		}
		same("ifindex", l.Index)
		same("ifname", l.Name)
		same("mtu", l.MTU)
		same("min_mtu", l.MinMTU)
		same("max_mtu", l.MaxMTU)
		same("qdisc", l.Qdisc)
		same("txqlen", l.TxQueueLen)
		same("link_type", l.Type)
		same("address", l.Address)
		same("broadcast", l.Broadcast)
		same("promiscuity", l.Promiscuity)
		same("num_tx_queues", l.NumTxQueues)
		if _, ok := ip["num_rx_queues"]; ok || l.NumRxQueues != 0 { // a kernel without CONFIG_RPS does not say
			same("num_rx_queues", l.NumRxQueues)
		}
		same("gso_max_size", l.GSOMaxSize)
		same("gso_max_segs", l.GSOMaxSegs)
		same("inet6_addr_gen_mode", l.Inet6.AddrGenMode)
		same("ifalias", l.Alias)
		if got := strings.ToLower(fmt.Sprint(ip["operstate"])); got != l.OperState.String() {
			t.Errorf("%s: operstate %v, ip says %v", name, l.OperState, got)
		}
		if got := strings.ToLower(fmt.Sprint(ip["linkmode"])); got != l.Mode.String() {
			t.Errorf("%s: mode %v, ip says %v", name, l.Mode, got)
		}
		if names, _ := ip["altnames"].([]any); fmt.Sprint(names) != fmt.Sprint(l.AltNames) {
			t.Errorf("%s: alternative names %v, ip says %v", name, l.AltNames, names)
		}
		flags, _ := ip["flags"].([]any)
		for _, f := range flags {
			// These two ip makes up.
			if w := strings.ToLower(fmt.Sprint(f)); w != "no-carrier" && w != "m-down" && !strings.Contains("|"+l.Flags.String()+"|", "|"+w+"|") {
				t.Errorf("%s: flags %v, ip says %v", name, l.Flags, flags)
			}
		}
		if info, _ := ip["linkinfo"].(map[string]any); info != nil && fmt.Sprint(info["info_kind"]) != "<nil>" && info["info_kind"] != l.Kind.Kind() {
			t.Errorf("%s: kind %v, ip says %v", name, l.Kind.Kind(), info)
		}
		if stats, _ := ip["stats64"].(map[string]any); stats != nil {
			rx, _ := stats["rx"].(map[string]any)
			if fmt.Sprint(rx["packets"]) != fmt.Sprint(l.Stats.RxPackets) {
				t.Errorf("%s: %d packets, ip says %v", name, l.Stats.RxPackets, rx)
			}
		}
		switch name {
		case "v0":
			same("master", "br0")
			same("group", "9")
		case "p0":
			same("link", "v0")
		}
	}
}
