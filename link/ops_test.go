package link

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
)

// withNamedNetNS gives fn a client in a namespace and another whose namespace has a
// name.
func withNamedNetNS(t *testing.T, fn func(c, other *nlkit.Client, name string)) {
	t.Helper()
	c, _ := newClient(t)
	other := nstest.New(t)
	dir := t.TempDir()
	// A link to the file descriptor does as well as the mount of ip netns.
	must(t, os.Symlink(fmt.Sprintf("/proc/self/fd/%d", other.FD()), filepath.Join(dir, "blue")))
	defer func(dirs []string) { netnsDirs = dirs }(netnsDirs)
	netnsDirs = []string{filepath.Join(dir, "nothing-here"), dir}
	fn(c, clientIn(t, other), "blue")
}

func TestGetMissing(t *testing.T) {
	c, _ := newClient(t)
	for s, object := range map[Selector]string{
		Name("nope"): `"nope"`, Index(4711): "index 4711", AltName("a-rather-long-name-of-nothing"): `"a-rather-long-name-of-nothing"`,
	} {
		l, err := Get(t.Context(), c, s)
		e, ok := errors.AsType[*nlkit.Error](err)
		if !ok || !errors.Is(err, fs.ErrNotExist) || !errors.Is(err, syscall.ENODEV) || e.Object != object || e.Op != "link.Get" {
			t.Errorf("%v: got %v", s, err)
		}
		if !reflect.DeepEqual(l, Link{}) {
			t.Errorf("%v: got %+v beside an error", s, l)
		}
		for op, err := range map[string]error{
			"link.Set": Set(t.Context(), c, s, Up()), "link.Delete": Delete(t.Context(), c, s),
			"link.AddAltName": AddAltName(t.Context(), c, s, "x"), "link.DeleteAltName": DeleteAltName(t.Context(), c, s, "x"),
		} {
			e, ok := errors.AsType[*nlkit.Error](err)
			if !ok || !errors.Is(err, fs.ErrNotExist) || e.Object != object || e.Op != op || !e.Sent {
				t.Errorf("%s %v: got %v", op, s, err)
			}
		}
	}
}

func TestGetBySelector(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	made := add(t, c, "v0", &Veth{})
	long := strings.Repeat("long-name-", 12)
	must(t, AddAltName(ctx, c, Index(made.Index), long, "short"))
	for _, s := range []Selector{Index(made.Index), Name("v0"), Name("short"), AltName(long), AltName("v0")} {
		l, err := Get(ctx, c, s)
		must(t, err)
		if l.Index != made.Index || l.Name != "v0" || !slices.Equal(l.AltNames, []string{long, "short"}) || l.Stats != nil {
			t.Errorf("%v: got %+v", s, l)
		}
	}
	l, err := Get(ctx, c, AltName(long), WithStats())
	must(t, err)
	if l.Stats == nil {
		t.Error("no statistics")
	}
	if err := AddAltName(ctx, c, Name("v0"), "short"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v", err)
	}
	must(t, Set(ctx, c, AltName(long), WithMTU(1280)))
	must(t, DeleteAltName(ctx, c, AltName(long), "short"))
	if err := DeleteAltName(ctx, c, Name("v0"), "short"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	l, err = Get(ctx, c, Name("v0"))
	must(t, err)
	if l.MTU != 1280 || !slices.Equal(l.AltNames, []string{long}) {
		t.Errorf("got %+v", l)
	}
	must(t, Delete(ctx, c, AltName(long)))
	if _, err := Get(ctx, c, Index(made.Index)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestAddErrors(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	add(t, c, "v0", &Veth{Peer: NewPeer("p0")}, WithIndex(42))
	for _, tc := range []struct {
		name    string
		err     error
		want    error
		attr    string
		message string
	}{
		{"name taken", Add(ctx, c, "v0", &Veth{}), fs.ErrExist, "", ""},
		{"index taken", Add(ctx, c, "v1", &Veth{}, WithIndex(42)), fs.ErrExist, "", ""},
		{"unknown kind", Add(ctx, c, "v1", &Unknown{Name: "no-such-kind"}), errors.ErrUnsupported, "", "Unknown device type"},
		{"no parent", Add(ctx, c, "vx1", &VXLAN{VNI: 1, Parent: 4711}), fs.ErrNotExist, "", "Invalid local interface, device not found"},
		{"no such parent", Add(ctx, c, "mv1", &Macvlan{}, WithParent(4711)), fs.ErrNotExist, "", ""},
		{"no such master", Add(ctx, c, "v1", &Veth{}, WithMaster(4711)), fs.ErrInvalid, "", ""},
		{"empty VXLAN", Add(ctx, c, "vx1", &VXLAN{}), fs.ErrInvalid, "IFLA_LINKINFO.IFLA_INFO_DATA", ""},
		{
			"bad value in the data of a kind", Add(ctx, c, "vx1", &VXLAN{VNI: 1, DF: new(VXLANDF(9))}), fs.ErrInvalid,
			"IFLA_LINKINFO.IFLA_INFO_DATA.IFLA_VXLAN_DF", "Invalid DF attribute",
		},
		{"read-only attribute", Add(ctx, c, "v1", &Veth{}, WithRawAttr(uapi.IFLA_TSO_MAX_SIZE, make([]byte, 4))), fs.ErrInvalid, "IFLA_TSO_MAX_SIZE", ""},
		{"no such process", Add(ctx, c, "v1", &Veth{}, WithNetNSPID(1<<22+1)), syscall.ESRCH, "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e, ok := errors.AsType[*nlkit.Error](tc.err)
			if !ok || !errors.Is(tc.err, tc.want) {
				t.Fatalf("got %v, want %v", tc.err, tc.want)
			}
			if tc.attr != "" && !strings.HasPrefix(e.Attr, tc.attr) && tc.name != "empty VXLAN" || !strings.Contains(e.Message, tc.message) || !e.Sent || e.Op != "link.Add" || e.Object == "" {
				t.Errorf("got %v (attribute %q)", e, e.Attr)
			}
		})
	}
}

func TestUnprivileged(t *testing.T) {
	ns := nstest.New(t)
	c := clientIn(t, ns)
	ctx := t.Context()
	withoutPrivilege(t, func() {
		for op, err := range map[string]error{
			"add": Add(ctx, c, "v0", &Veth{}), "set": Set(ctx, c, Name("lo"), WithMTU(1400)), "delete": Delete(ctx, c, Name("lo")),
			"altname": AddAltName(ctx, c, Name("lo"), "x"),
		} {
			if !errors.Is(err, fs.ErrPermission) {
				t.Errorf("%s: got %v", op, err)
			}
		}
		l, err := Get(ctx, c, Name("lo"))
		if err != nil || l.Type != TypeLoopback {
			t.Errorf("got %+v, %v", l, err)
		}
	})
}

func TestInto(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	bridge := add(t, c, "br0", &Bridge{})
	if bridge.Name != "br0" || bridge.Index == 0 || bridge.Stats != nil {
		t.Errorf("got %+v", bridge)
	}
	port := add(t, c, "v0", &Veth{}, WithMaster(bridge.Index))
	if port.Master != bridge.Index {
		t.Errorf("a port without its master: %+v", port)
	}
	if p, ok := PortAs[*BridgePort](port); !ok || p.Port() != "bridge" || p.Number != 1 {
		t.Errorf("got %T", port.Port)
	}
	var numbered Link
	err := Add(ctx, c, "num%d", &Veth{Peer: NewPeer("peer%d")}, Into(&numbered))
	echoes := !errors.Is(err, fs.ErrNotExist)
	if !echoes {
		numbered, err = Get(ctx, c, Name("num0"))
	}
	if err != nil || numbered.Name != "num0" {
		t.Errorf("got %q, %v", numbered.Name, err)
	}
	if err := Add(ctx, c, "port%d", &Veth{}, WithMaster(bridge.Index), Into(&port)); echoes && (err != nil || port.Name != "port0" || port.Master != bridge.Index) {
		t.Errorf("got %q, a port of %d, %v", port.Name, port.Master, err)
	}
	var in [3]Link
	b := c.NewBatch()
	must(t, Add(ctx, b, "other", &Veth{}, Into(&port), WithMaster(bridge.Index)))
	for i := range in {
		must(t, Add(ctx, b, fmt.Sprintf("b%d", i), &Veth{}, Into(&in[i]), WithMTU(1300+i)))
	}
	must(t, b.Send(ctx))
	for i, l := range in {
		if l.Name != fmt.Sprintf("b%d", i) || l.MTU != 1300+i || l.Index == 0 {
			t.Errorf("got %+v", l)
		}
	}
	if port.Name != "other" || port.Master != bridge.Index {
		t.Errorf("got %q, a port of %d", port.Name, port.Master)
	}
	// Nothing is stored for what was not made.
	var none Link
	if err := Add(ctx, c, "br0", &Bridge{}, Into(&none)); !errors.Is(err, fs.ErrExist) || none.Index != 0 {
		t.Errorf("got %v, %+v", err, none)
	}
}

// A port is looked up once it is one; the kernel has told what it called it.
func TestIntoNumberedPort(t *testing.T) {
	nstest.NeedKernel(t, "6.2")
	c, _ := newClient(t)
	ctx := t.Context()
	bridge := add(t, c, "br0", &Bridge{})
	var ports [2]Link
	must(t, Add(ctx, c, "port%d", &Veth{}, WithMaster(bridge.Index), Into(&ports[0])))
	b := c.NewBatch()
	must(t, Add(ctx, b, "port%d", &Veth{}, WithMaster(bridge.Index), Into(&ports[1])))
	must(t, b.Send(ctx))
	for i, l := range ports {
		p, ok := PortAs[*BridgePort](l)
		if l.Name != fmt.Sprintf("port%d", i) || l.Index == 0 || l.Master != bridge.Index || !ok || p.Number != uint16(i+1) {
			t.Errorf("got %+v with port %+v", l, p)
		}
	}
}

func TestIntoByLookup(t *testing.T) {
	c, _ := newClient(t)
	// As on a kernel that echoes nothing.
	var l Link
	ch := change{name: "v0", into: &l}
	req := request("link.Add", uapi.RTM_NEWLINK, uapi.NLM_F_CREATE|uapi.NLM_F_EXCL)
	ch.info.kind = &Veth{}
	ch.readBack(&req)
	req.Flags &^= uapi.NLM_F_ECHO
	var err error
	req.Data, err = changeAttrs.Append(ch.header().appendTo(nil), &ch)
	must(t, err)
	must(t, c.Do(t.Context(), req))
	if l.Name != "v0" || l.Index == 0 {
		t.Errorf("got %+v", l)
	}
}

func TestSetEverything(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	bridge := add(t, c, "br0", &Bridge{})
	v := add(t, c, "v0", &Veth{Peer: NewPeer("p0")})
	must(t, Set(ctx, c, Index(v.Index),
		Up(), WithMTU(1400), WithAddress(mac1), WithBroadcast(net.HardwareAddr{0xff, 0xff, 0xff, 0xff, 0xff, 0xfe}),
		WithMaster(bridge.Index), WithName("new0"), WithAlias("what it is for"), WithTxQueueLen(0), WithGroup(7),
		WithPromisc(true), WithAllMulti(true), WithMulticast(false), WithARP(false), WithMode(ModeDormant),
		WithGSOMaxSize(60000), WithGSOMaxSegs(100), WithGROMaxSize(50000), WithGSOIPv4MaxSize(40000), WithGROIPv4MaxSize(30000),
		WithAddrGenMode(AddrGenNone)))
	l, err := Get(ctx, c, Index(v.Index))
	must(t, err)
	if v.GSOIPv4MaxSize == 0 { // before Linux 6.3
		l.GSOIPv4MaxSize, l.GROIPv4MaxSize = 40000, 30000
	}
	for _, tc := range []struct{ got, want any }{
		{l.Flags & (FlagUp | FlagPromisc | FlagAllMulti | FlagMulticast | FlagNoARP), FlagUp | FlagPromisc | FlagAllMulti | FlagNoARP},
		{l.MTU, 1400},
		{l.Address.String(), mac1.String()},
		{l.Broadcast.String(), "ff:ff:ff:ff:ff:fe"},
		{l.Master, bridge.Index},
		{l.Name, "new0"},
		{l.Alias, "what it is for"},
		{l.TxQueueLen, uint32(0)},
		{l.Group, uint32(7)},
		{l.Mode, ModeDormant},
		{l.GSOMaxSize, uint32(60000)},
		{l.GSOMaxSegs, uint32(100)},
		{l.GROMaxSize, uint32(50000)},
		{l.GSOIPv4MaxSize, uint32(40000)},
		{l.GROIPv4MaxSize, uint32(30000)},
		{l.Inet6.AddrGenMode, AddrGenNone},
	} {
		if !reflect.DeepEqual(tc.got, tc.want) {
			t.Errorf("got %v, want %v in %+v", tc.got, tc.want, l)
		}
	}
	must(t, Set(ctx, c, Index(v.Index), Down(), WithNoMaster(), WithAlias(""), WithPromisc(false), WithAllMulti(false),
		WithMulticast(true), WithARP(true), WithMode(ModeDefault), WithGroup(0), WithAddrGenMode(AddrGenEUI64)))
	l, err = Get(ctx, c, Index(v.Index))
	must(t, err)
	if l.Flags&(FlagUp|FlagPromisc|FlagAllMulti|FlagMulticast|FlagNoARP) != FlagMulticast || l.Master != 0 || l.Alias != "" ||
		l.Mode != ModeDefault || l.Group != 0 || l.Inet6.AddrGenMode != AddrGenEUI64 || l.MTU != 1400 {
		t.Errorf("got %+v", l)
	}
	add(t, c, "vx0", &VXLAN{VNI: 1})
	must(t, Set(ctx, c, Name("vx0"), WithRawAttr(uapi.IFLA_PROTO_DOWN, []byte{1})))
	if vx, err := Get(ctx, c, Name("vx0")); err != nil || !vx.ProtoDown {
		t.Errorf("got %+v, %v", vx, err)
	}
	long := strings.Repeat("x", 255)
	must(t, Set(ctx, c, Index(v.Index), WithAlias(long)))
	if l, err = Get(ctx, c, Index(v.Index)); err != nil || l.Alias != long {
		t.Errorf("got %q, %v", l.Alias, err)
	}
}

func TestSetErrors(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	add(t, c, "v0", &Veth{Peer: NewPeer("p0")})
	br := add(t, c, "br0", &Bridge{})
	other := nstest.New(t)
	for _, tc := range []struct {
		name string
		err  error
		want error
	}{
		{"name taken", Set(ctx, c, Name("v0"), WithName("p0")), fs.ErrExist},
		{"rename of nothing", Set(ctx, c, Name("nope"), WithName("x")), fs.ErrNotExist},
		{"MTU too small", Set(ctx, c, Name("v0"), WithMTU(1)), fs.ErrInvalid},
		{"MTU too large", Set(ctx, c, Name("v0"), WithMTU(1<<20)), fs.ErrInvalid},
		{"no master", Set(ctx, c, Name("v0"), WithMaster(4711)), fs.ErrInvalid},
		{"master of itself", Set(ctx, c, Index(br.Index), WithMaster(br.Index)), syscall.ELOOP},
		{"another kind", Set(ctx, c, Name("v0"), WithKind(&Bridge{Priority: new(uint16(1))})), errors.ErrUnsupported},
		{"no namespace", Set(ctx, c, Name("v0"), WithNetNS("no-such-namespace")), fs.ErrNotExist},
		{"not a namespace", Set(ctx, c, Name("v0"), WithNetNSFD(0)), fs.ErrInvalid},
		{"an immovable link", Set(ctx, c, Name("lo"), WithNetNSFD(other.FD())), fs.ErrInvalid},
		{"group of a missing link", Set(ctx, c, Name("nope"), WithGroup(0), Down()), fs.ErrNotExist},
		{"group and kind of a missing link", Set(ctx, c, Name("nope"), WithGroup(0), WithKind(&Bridge{})), fs.ErrNotExist},
		{"delete the loopback", Delete(ctx, c, Name("lo")), errors.ErrUnsupported},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e, ok := errors.AsType[*nlkit.Error](tc.err)
			if !ok || !errors.Is(tc.err, tc.want) || e.Object == "" || !strings.HasPrefix(e.Op, "link.") {
				t.Errorf("got %v, want %v", tc.err, tc.want)
			}
		})
	}
	if l, err := Get(ctx, c, Name("lo")); err != nil || !l.Flags.Has(FlagUp) {
		t.Errorf("a change of a missing link took down another: %+v, %v", l, err)
	}
}

func TestRenameByName(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	v := add(t, c, "v0", &Veth{})
	must(t, Set(ctx, c, Name("v0"), WithName("w0"), WithMTU(1280)))
	l, err := Get(ctx, c, Name("w0"))
	must(t, err)
	if l.Index != v.Index || l.MTU != 1280 {
		t.Errorf("got %+v", l)
	}
	b := c.NewBatch()
	must(t, Set(ctx, b, Index(v.Index), WithName("x0")))
	must(t, b.Send(ctx))
	_, err = Get(ctx, c, Name("x0"))
	must(t, err)
}

func TestMoveToNamespace(t *testing.T) {
	c, _ := newClient(t)
	other := nstest.New(t)
	c2 := clientIn(t, other)
	ctx := t.Context()
	sub, err := Subscribe(ctx, c)
	must(t, err)
	defer sub.Close()
	v := add(t, c, "v0", &Veth{})
	must(t, Set(ctx, c, Name("v0"), WithNetNSFD(other.FD()), WithNewIndex(88)))
	l, err := Get(ctx, c2, Index(88))
	must(t, err)
	if l.Name != "v0" || l.ParentNSID == nil {
		t.Errorf("got %+v", l)
	}
	for e, err := range sub.All() {
		must(t, err)
		if e.Type == nlkit.Deleted && e.Object.Index == v.Index {
			if m := e.Object.Moved; m == nil || m.Index != 88 || m.NSID < 0 {
				t.Errorf("moved to %+v", m)
			}
			break
		}
	}

	// By a process that is there until its standard input ends.
	cmd := exec.Command(nstest.Tool(t, "cat"))
	stdin, err := cmd.StdinPipe()
	must(t, err)
	other.Do(t, func() { must(t, cmd.Start()) })
	defer func() {
		stdin.Close()
		must(t, cmd.Wait())
	}()
	must(t, Add(ctx, c, "w0", &Veth{}, WithNetNSPID(cmd.Process.Pid)))
	_, err = Get(ctx, c2, Name("w0"))
	must(t, err)
}

func TestListFilters(t *testing.T) {
	ns := nstest.New(t)
	c := clientIn(t, ns)
	ctx := t.Context()
	// What a namespace has from its begin: the loopback, and tunnels such as sit0
	// where their modules are loaded.
	own, err := List(ctx, c)
	must(t, err)
	withOwn := func(names string) string { return sorted(sortedNames(own) + " " + names) }
	bridge := add(t, c, "br0", &Bridge{}, Up())
	add(t, c, "v0", &Veth{Peer: NewPeer("p0")}, WithMaster(bridge.Index), Up())
	add(t, c, "v1", &Veth{Peer: NewPeer("p1")}, WithMaster(bridge.Index))
	add(t, c, "vx0", &VXLAN{VNI: 42}, WithMaster(bridge.Index))
	must(t, AddAltName(ctx, c, Name("p1"), "wan-interface"))
	for _, strict := range []bool{true, false} {
		c := clientIn(t, ns, nlkit.WithStrict(strict))
		for want, opts := range map[string][]ListOption{
			withOwn("br0 p0 p1 v0 v1 vx0"): nil,
			"p0 p1 v0 v1":                  {MatchKind("veth")},
			"vx0":                          {MatchKind("vxlan")},
			"":                             {MatchKind("no-such-kind")},
			"v0 v1 vx0":                    {MatchMaster(bridge.Index)},
			withOwn("br0 p0 p1"):           {MatchNoMaster()},
			"v0 v1":                        {MatchKind("veth"), MatchMaster(bridge.Index)},
			"br0 lo v0":                    {MatchUp()},
			"v0":                           {MatchUp(), MatchMaster(bridge.Index), WithStats()},
			"p1":                           {MatchName("wan*")},
			"v0 v1 vx0 ":                   {MatchName("v*")},
			"p0 p1":                        {MatchName("p?"), MatchKind("veth"), nil},
		} {
			links, err := List(ctx, c, opts...)
			must(t, err)
			var streamed []Link
			for l, err := range All(ctx, c, opts...) {
				must(t, err)
				streamed = append(streamed, l)
			}
			if got := sortedNames(links); got != strings.TrimSpace(want) {
				t.Errorf("strict %v: got %q, want %q", strict, got, want)
			}
			if got := sortedNames(streamed); got != strings.TrimSpace(want) {
				t.Errorf("strict %v, streamed: got %q, want %q", strict, got, want)
			}
		}
	}
	links, err := List(ctx, c, WithStats(), WithVFs())
	must(t, err)
	for _, l := range links {
		if l.Stats == nil {
			t.Errorf("%s has no statistics", l.Name)
		}
	}
	for _, opts := range [][]ListOption{
		{MatchKind("")}, {MatchKind("a"), MatchKind("b")}, {MatchMaster(0)}, {MatchMaster(1), MatchMaster(2)},
		{MatchMaster(1), MatchNoMaster()}, {MatchNoMaster(), MatchMaster(1)}, {MatchName("[")}, {MatchName("")},
		{MatchName("a"), MatchName("b")}, {MatchKind("a\x00")},
	} {
		if _, err := List(ctx, c, opts...); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("got %v", err)
		}
		n := 0
		for _, err := range All(ctx, c, opts...) {
			if n++; !errors.Is(err, fs.ErrInvalid) {
				t.Errorf("got %v", err)
			}
		}
		if n != 1 {
			t.Errorf("%d errors", n)
		}
	}
}

// The kernel was asked to filter: without that it would send all.
func TestFilterReachesTheKernel(t *testing.T) {
	c, _ := newClient(t)
	add(t, c, "v0", &Veth{})
	add(t, c, "br0", &Bridge{})
	q := new(query)
	MatchKind("bridge").applyList(q)
	req := request("link.List", uapi.RTM_GETLINK, 0)
	var err error
	req.Data, err = q.appendTo(nil)
	must(t, err)
	n := 0
	for m, err := range c.Dump(t.Context(), req) {
		must(t, err)
		if m.Type == uapi.RTM_NEWLINK {
			n++
		}
	}
	if n != 1 {
		t.Errorf("the kernel sent %d links", n)
	}
}

func sortedNames(links []Link) string {
	names := []string{}
	for _, l := range links {
		names = append(names, l.Name)
	}
	return sorted(strings.Join(names, " "))
}

// sorted sorts words.
func sorted(names string) string {
	words := strings.Fields(names)
	slices.Sort(words)
	return strings.Join(words, " ")
}

// An address that is too long is refused, and not cut as the kernel does.
func TestLongAddress(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	v := add(t, c, "v0", &Veth{})
	long := append(slices.Clone(mac1), 7, 8)
	for _, s := range []Selector{Index(v.Index), Name("v0")} {
		refused(t, Set(ctx, c, s, WithAddress(long)), "IFLA_ADDRESS", fs.ErrInvalid)
		refused(t, Set(ctx, c, s, WithBroadcast(long)), "IFLA_BROADCAST", fs.ErrInvalid)
	}
	if l, err := Get(ctx, c, Index(v.Index)); err != nil || !slices.Equal(l.Address, v.Address) || !slices.Equal(l.Broadcast, v.Broadcast) {
		t.Errorf("got %v, %v, %v", l.Address, l.Broadcast, err)
	}
	if err := Set(ctx, c, Name("none"), WithAddress(long)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	must(t, Set(ctx, c, Name("v0"), WithAddress(mac1)))
}

func TestUnknownAttributesAreFew(t *testing.T) {
	c, _ := newClient(t)
	add(t, c, "v0", &Veth{})
	links, err := List(t.Context(), c, WithStats())
	must(t, err)
	for _, l := range links {
		for _, a := range l.Unknown {
			if a.Type&0x3fff <= uapi.IFLA_TAILROOM {
				name, _ := attr.Name(linkAttrs, a.Type&0x3fff, nil)
				t.Errorf("%s: %s is not decoded", l.Name, name)
			}
		}
	}
}

func TestSubscribe(t *testing.T) {
	c, _ := newClient(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	sub, err := Subscribe(ctx, c)
	must(t, err)
	defer sub.Close()
	br := add(t, c, "br0", &Bridge{})
	v := add(t, c, "v0", &Veth{}, WithMaster(br.Index))
	must(t, Set(ctx, c, Name("v0"), WithNoMaster(), WithMTU(1290), WithAlias("last")))
	must(t, Delete(ctx, c, Name("v0")))
	state := map[int]Link{}
	deleted := 0
	for e, err := range sub.All() {
		must(t, err)
		if e.Object.Stats == nil || e.NSID != -1 {
			t.Errorf("got %+v", e)
		}
		if e.Type == nlkit.Updated {
			state[e.Object.Index] = e.Object
			continue
		}
		// What a bridge says of a port that leaves is no deletion of the link.
		if deleted++; state[e.Object.Index].Index == 0 {
			t.Errorf("deleted before it was there: %+v", e.Object)
		}
		if e.Object.Index == v.Index {
			if e.Object.MTU != 1290 || e.Object.Name != "v0" {
				t.Errorf("got %+v", e.Object)
			}
			break
		}
	}
	if deleted > 2 {
		t.Errorf("%d deletions of two links", deleted)
	}
	cancel()
	for _, err := range sub.All() {
		if !errors.Is(err, context.Canceled) && !errors.Is(err, nlkit.ErrOverrun) && err != nil {
			t.Errorf("got %v", err)
		}
	}
}

func TestCancelled(t *testing.T) {
	c, _ := newClient(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Get(ctx, c, Name("lo")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := List(ctx, c); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := Add(ctx, c, "v0", &Veth{}); !errors.Is(err, context.Canceled) || !nlkit.SafeToRetry(err) {
		t.Errorf("got %v", err)
	}
	if err := Delete(t.Context(), nil, Name("lo")); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

// A namespace that is opened by name is closed, whatever becomes of the request.
func TestNamespaceFilesAreClosed(t *testing.T) {
	withNamedNetNS(t, func(c, _ *nlkit.Client, name string) {
		ctx := t.Context()
		if _, err := Get(ctx, c, Name("lo")); err != nil { // the socket stays
			t.Fatal(err)
		}
		before := openFiles(t)
		twice := &Veth{Peer: NewPeer("p0", WithNetNS(name))}
		_ = Add(ctx, c, "v0", twice, WithNetNS(name))
		_ = Add(ctx, c, "v0", twice, WithNetNS(name), WithRawAttr(1000, make([]byte, 1<<16)))
		_ = Add(ctx, c, "v0", twice, WithNetNS("no-such-namespace"))
		_ = Add(ctx, c, "v0", &Veth{Peer: NewPeer("p0", WithNetNS("no-such-namespace"))}, WithNetNS(name))
		_ = Set(ctx, c, Name("nope"), WithNetNS(name))
		_ = Add(ctx, nil, "v0", twice, WithNetNS(name))
		b := c.NewBatch()
		must(t, Add(ctx, b, "v7", twice, WithNetNS(name)))
		b.Reset()
		if after := openFiles(t); after != before {
			t.Errorf("%d files are open, %d were", after, before)
		}
	})
}

func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	return len(entries)
}
