package genl_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mdlayher/genetlink"
	"github.com/mdlayher/netlink"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/genl"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
)

// The state of a device's link: one command of ethtool, by tables here and by
// mdlayher/genetlink with its decoder below.

type linkState struct {
	Device device
	Up     bool
}

var linkStateReply = attr.Table[linkState]{
	attr.Inline(uapi.ETHTOOL_A_LINKSTATE_HEADER, "ETHTOOL_A_LINKSTATE_HEADER", deviceAttrs, func(l *linkState) *device { return &l.Device }),
	attr.Bool(uapi.ETHTOOL_A_LINKSTATE_LINK, "ETHTOOL_A_LINKSTATE_LINK", func(l *linkState) *bool { return &l.Up }),
}

var getLinkState = genl.Call[features, linkState]{
	Op: "ethtool.GetLinkState", Command: uapi.ETHTOOL_MSG_LINKSTATE_GET,
	Request: featuresAttrs, // whose header is this command's as well
	Reply:   linkStateReply,
}

// peer is a connection of mdlayher/genetlink to the same namespace.
func peer(b testing.TB, ns *nstest.NS) *genetlink.Conn {
	b.Helper()
	conn, err := genetlink.Dial(&netlink.Config{NetNS: ns.FD(), MessageBufferSize: 32 << 10})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	return conn
}

// peerRequest is the request for a link's state.
func peerRequest(name string) (genetlink.Message, error) {
	ae := netlink.NewAttributeEncoder()
	ae.Nested(uapi.ETHTOOL_A_LINKSTATE_HEADER, func(nae *netlink.AttributeEncoder) error {
		if name != "" {
			nae.String(uapi.ETHTOOL_A_HEADER_DEV_NAME, name)
		}
		return nil
	})
	data, err := ae.Encode()
	return genetlink.Message{Header: genetlink.Header{Command: uapi.ETHTOOL_MSG_LINKSTATE_GET, Version: 1}, Data: data}, err
}

// peerDecode decodes an answer.
func peerDecode(data []byte) (l linkState, err error) {
	ad, err := netlink.NewAttributeDecoder(data)
	if err != nil {
		return l, err
	}
	for ad.Next() {
		switch ad.Type() {
		case uapi.ETHTOOL_A_LINKSTATE_HEADER:
			ad.Nested(func(nad *netlink.AttributeDecoder) error {
				for nad.Next() {
					switch nad.Type() {
					case uapi.ETHTOOL_A_HEADER_DEV_INDEX:
						l.Device.Index = nad.Uint32()
					case uapi.ETHTOOL_A_HEADER_DEV_NAME:
						l.Device.Name = nad.String()
					}
				}
				return nil
			})
		case uapi.ETHTOOL_A_LINKSTATE_LINK:
			l.Up = ad.Uint8() != 0
		}
	}
	return l, ad.Err()
}

func BenchmarkResolve(b *testing.B) {
	c, ns := live(b)
	b.Run("asked", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := genl.Resolve(b.Context(), c, "ethtool"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("known", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := genl.LookUp(b.Context(), c, "ethtool"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("genetlink", func(b *testing.B) {
		conn := peer(b, ns)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := conn.GetFamily("ethtool"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkQuery(b *testing.B) {
	c, ns := live(b)
	fam := resolve(b, c, "ethtool")
	checked := getLinkState
	checked.Check = true
	req := &features{Device: &device{Name: "lo"}}
	for _, tt := range []struct {
		name   string
		call   genl.Call[features, linkState]
		target genl.Target
	}{
		{"family", getLinkState, fam},
		{"name", getLinkState, genl.Name("ethtool")},
		{"name, checked", checked, genl.Name("ethtool")},
	} {
		b.Run(tt.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if l, err := tt.call.Query(b.Context(), c, tt.target, req); err != nil || !l.Up {
					b.Fatal(l, err)
				}
			}
		})
	}
	for _, tt := range []struct {
		name  string
		flags netlink.HeaderFlags
	}{
		{"genetlink, acknowledged", netlink.Request | netlink.Acknowledge}, // which is what Query does
		{"genetlink, not acknowledged", netlink.Request},                   // a command without an answer is waited for for ever
	} {
		b.Run(tt.name, func(b *testing.B) {
			conn := peer(b, ns)
			b.ReportAllocs()
			for b.Loop() {
				m, err := peerRequest("lo")
				if err == nil {
					_, err = conn.Send(m, fam.ID, tt.flags)
				}
				if err != nil {
					b.Fatal(err)
				}
				ms, _, err := conn.Receive()
				if err == nil && tt.flags&netlink.Acknowledge != 0 {
					_, _, err = conn.Receive()
				}
				if err != nil {
					b.Fatal(err)
				}
				if l, err := peerDecode(ms[0].Data); err != nil || !l.Up {
					b.Fatal(l, err)
				}
			}
		})
	}
}

// manyLinks makes a thousand links in a namespace.
func manyLinks(t testing.TB, ns *nstest.NS) {
	t.Helper()
	var batch strings.Builder
	for i := range 500 {
		fmt.Fprintf(&batch, "link add a%d type veth peer name b%d\n", i, i)
	}
	file := filepath.Join(t.TempDir(), "links")
	if err := os.WriteFile(file, []byte(batch.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	ns.Run(t, "ip", "-batch", file)
}

func BenchmarkDump1000(b *testing.B) {
	c, ns := live(b)
	manyLinks(b, ns)
	fam := resolve(b, c, "ethtool")
	b.Run("List", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if list, err := getLinkState.List(b.Context(), c, fam, &features{Device: &device{}}); err != nil || len(list) < 1001 {
				b.Fatal(len(list), err)
			}
		}
	})
	b.Run("All", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			n := 0
			for _, err := range getLinkState.All(b.Context(), c, fam, &features{Device: &device{}}) {
				if n++; err != nil {
					b.Fatal(err)
				}
			}
			if n < 1001 {
				b.Fatal(n)
			}
		}
	})
	b.Run("genetlink", func(b *testing.B) {
		conn := peer(b, ns)
		m, err := peerRequest("")
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			ms, err := conn.Execute(m, fam.ID, netlink.Request|netlink.Dump)
			if err != nil || len(ms) < 1001 {
				b.Fatal(len(ms), err)
			}
			list := make([]linkState, len(ms))
			for i, m := range ms {
				if list[i], err = peerDecode(m.Data); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

// answers are the attributes of a thousand answers.
func answers(t testing.TB) (all [][]byte) {
	t.Helper()
	for i := range 1000 {
		data, err := linkStateReply.Append(nil, &linkState{Device: device{Index: uint32(i), Name: fmt.Sprintf("eth%d", i)}, Up: true})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data)
	}
	return all
}

func BenchmarkDecode1000(b *testing.B) {
	all := answers(b)
	b.Run("table", func(b *testing.B) {
		list := make([]linkState, len(all))
		b.ReportAllocs()
		for b.Loop() {
			for i, data := range all {
				if err := linkStateReply.Decode(data, &list[i]); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	b.Run("AttributeDecoder", func(b *testing.B) {
		list := make([]linkState, len(all))
		b.ReportAllocs()
		for b.Loop() {
			for i, data := range all {
				var err error
				if list[i], err = peerDecode(data); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

func BenchmarkList(b *testing.B) {
	c, _ := live(b)
	b.ReportAllocs()
	for b.Loop() {
		if list, err := genl.List(b.Context(), c); err != nil || len(list) == 0 {
			b.Fatal(err)
		}
	}
}

func BenchmarkPolicy(b *testing.B) {
	c, _ := live(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := genl.GetPolicy(b.Context(), c, genl.Name("ethtool")); err != nil {
			b.Fatal(err)
		}
	}
}

// The peer and the tables say the same, and the tables allocate what the values hold:
// a name each.
func TestDecodersAgree(t *testing.T) {
	all := answers(t)
	list := make([]linkState, len(all))
	if n := testing.AllocsPerRun(10, func() {
		for i, data := range all {
			if err := linkStateReply.Decode(data, &list[i]); err != nil {
				t.Fatal(err)
			}
		}
	}); n > float64(len(all)) {
		t.Errorf("%v allocations for %d names", n, len(all))
	}
	for i, data := range all {
		if l, err := peerDecode(data); err != nil || l != list[i] {
			t.Errorf("got %+v, the peer has %+v, %v", list[i], l, err)
		}
	}
}

// What is known costs no allocation, and a call by name none for the look-up.
func TestKnownFamiliesCostNothing(t *testing.T) {
	c, _ := live(t)
	if _, err := genl.LookUp(t.Context(), c, "ethtool"); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() {
		if _, err := genl.LookUp(t.Context(), c, "ethtool"); err != nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	var asked int
	traced, err := nlkit.New(nlkit.WithTrace(func(context.Context, nlkit.Trace) { asked++ }))
	if err != nil {
		t.Fatal(err)
	}
	defer traced.Close()
	for range 5 {
		_, err := getLinkState.Query(t.Context(), traced, genl.Name("ethtool"), &features{Device: &device{Name: "nope"}})
		if e, ok := errors.AsType[*nlkit.Error](err); !ok || e.Op != "ethtool.GetLinkState" {
			t.Errorf("got %v", err)
		}
	}
	if asked != 6 {
		t.Errorf("%d exchanges for one look-up and five calls", asked)
	}
}
