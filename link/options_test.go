package link

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
)

func TestProtoDown(t *testing.T) {
	c, ns := newClient(t)
	ctx := t.Context()
	vx := add(t, c, "vx0", &VXLAN{VNI: 1})
	set := func(opts ...SetOption) error { return Set(ctx, c, Index(vx.Index), opts...) }
	is := func(step string, down bool, reasons uint32) {
		t.Helper()
		l, err := Get(ctx, c, Index(vx.Index))
		must(t, err)
		if l.ProtoDown != down || l.ProtoDownReason != reasons {
			t.Errorf("%s: got %v, %#x", step, l.ProtoDown, l.ProtoDownReason)
		}
	}
	must(t, set(WithProtoDown(true), WithProtoDownReason(0b101, 0b111)))
	is("down for two reasons", true, 0b101)
	if _, ok := ipLink(t, ns, "vx0")["proto_down_reason"].([]any); !ok {
		t.Errorf("ip says %v", ipLink(t, ns, "vx0"))
	}
	err := set(WithProtoDown(false))
	if e, ok := errors.AsType[*nlkit.Error](err); !ok || !errors.Is(err, syscall.EBUSY) || e.Message != "Cannot clear protodown, active reasons" {
		t.Errorf("got %v", err)
	}
	must(t, set(WithProtoDownReason(0b010, 0b011)))
	is("other reasons", true, 0b110)
	must(t, set(WithProtoDown(false), WithProtoDownReason(0, 1<<32-1)))
	is("up", false, 0)
	v := add(t, c, "v0", &Veth{})
	for _, o := range []SetOption{WithProtoDown(true), WithProtoDownReason(1, 1)} {
		if err := Set(ctx, c, Index(v.Index), o); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("got %v", err)
		}
	}
}

func TestCarrier(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	v := add(t, c, "v0", &Veth{})
	if err := Set(ctx, c, Index(v.Index), WithCarrier(true)); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("got %v", err)
	}
	d := add(t, c, "d0", &Dummy{}, Up())
	for _, on := range []bool{false, true} {
		must(t, Set(ctx, c, Index(d.Index), WithCarrier(on)))
		l, err := Get(ctx, c, Index(d.Index))
		must(t, err)
		if l.Carrier != on {
			t.Errorf("got %v, want %v", l.Carrier, on)
		}
	}
}

// A link in the mode "dormant" waits for somebody to say that it is up.
func TestOperState(t *testing.T) {
	c, _ := newClient(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	sub, err := Subscribe(ctx, c)
	must(t, err)
	defer sub.Close()
	v := add(t, c, "v0", &Veth{Peer: NewPeer("p0")}, Up(), WithMode(ModeDormant))
	must(t, Set(ctx, c, Name("p0"), Up()))
	for e, err := range sub.All() {
		must(t, err)
		if e.Object.Index == v.Index && e.Object.OperState == OperDormant {
			break
		}
	}
	for _, state := range []OperState{OperUp, OperDormant, OperUp} {
		must(t, Set(ctx, c, Index(v.Index), WithOperState(state)))
		l, err := Get(ctx, c, Index(v.Index))
		must(t, err)
		if l.OperState != state {
			t.Errorf("got %v, want %v", l.OperState, state)
		}
	}
}

// The links of another namespace are read and made by the id that it has here.
func TestNetNSByID(t *testing.T) {
	ns, other := nstest.New(t), nstest.New(t)
	there := clientIn(t, other)
	ctx := t.Context()
	for _, strict := range []bool{true, false} {
		c := clientIn(t, ns, nlkit.WithStrict(strict))
		// An id comes with the first link into the other namespace.
		v := add(t, c, "v0", &Veth{Peer: NewPeer("p0", WithNetNSFD(other.FD()), WithMTU(1400))})
		v, err := Get(ctx, c, Index(v.Index))
		must(t, err)
		if v.ParentNSID == nil || *v.ParentNSID < 0 {
			t.Fatalf("got %+v", v)
		}
		id := *v.ParentNSID
		p, err := Get(ctx, c, Index(v.Parent), WithTargetNSID(id), WithStats())
		must(t, err)
		if p.Name != "p0" || p.MTU != 1400 || p.Stats == nil || len(p.Unknown) > 0 {
			t.Errorf("got %+v", p)
		}
		_, err = Get(ctx, c, Name("p0"), WithTargetNSID(id))
		must(t, err)
		links, err := List(ctx, c, WithTargetNSID(id), MatchKind("veth"))
		must(t, err)
		if got := sortedNames(links); got != "p0" {
			t.Errorf("strict %v: got %s", strict, got)
		}
		for l, err := range All(ctx, c, WithTargetNSID(id), MatchName("v*")) {
			must(t, err)
			t.Errorf("%s is there", l.Name)
		}

		must(t, Add(ctx, c, "w0", &Veth{Peer: NewPeer("w1", WithNetNSFD(other.FD()))}, WithNetNSID(id)))
		must(t, Add(ctx, c, "m0", &Veth{}))
		must(t, Set(ctx, c, Name("m0"), WithNetNSID(id)))
		for _, name := range []string{"w0", "w1", "m0"} {
			_, err := Get(ctx, there, Name(name))
			must(t, err)
		}

		for what, err := range map[string]error{
			"get":  func() error { _, err := Get(ctx, c, Name("lo"), WithTargetNSID(4711)); return err }(),
			"list": func() error { _, err := List(ctx, c, WithTargetNSID(4711)); return err }(),
			"add":  Add(ctx, c, "x0", &Veth{}, WithNetNSID(4711)),
			"set":  Set(ctx, c, Name("v0"), WithNetNSID(4711)),
		} {
			if !errors.Is(err, fs.ErrInvalid) {
				t.Errorf("%s of an unknown namespace: %v", what, err)
			}
		}
		withoutPrivilege(t, func() {
			if _, err := Get(ctx, c, Name("lo"), WithTargetNSID(id)); !errors.Is(err, fs.ErrPermission) {
				t.Errorf("got %v", err)
			}
		})
		for _, name := range []string{"w0", "m0", "p0"} {
			must(t, Delete(ctx, there, Name(name)))
		}
	}
	for _, id := range []int{-1, -1 << 31} {
		if _, err := Get(ctx, there, Name("lo"), WithTargetNSID(id)); !errors.Is(err, fs.ErrInvalid) || !nlkit.SafeToRetry(err) {
			t.Errorf("got %v", err)
		}
		if _, err := List(ctx, there, WithTargetNSID(id)); !errors.Is(err, fs.ErrInvalid) || !nlkit.SafeToRetry(err) {
			t.Errorf("got %v", err)
		}
	}
}

func TestParentDevice(t *testing.T) {
	c, _ := newClient(t)
	var sent []byte
	must(t, Add(t.Context(), catcher(&sent), "x0", &Veth{}, WithParentDevice("wwan0")))
	if !strings.Contains(string(sent), "wwan0\x00") {
		t.Errorf("sent %q", sent)
	}
	add(t, c, "v0", &Veth{}, WithParentDevice("any")) // which means nothing to a veth
}

// An event says why it was sent, where the kernel says so: a bridge takes over what
// its ports can do.
func TestReasonOfEvents(t *testing.T) {
	c, _ := newClient(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	sub, err := Subscribe(ctx, c)
	must(t, err)
	defer sub.Close()
	br := add(t, c, "br0", &Bridge{}, Up())
	add(t, c, "v0", &Veth{}, WithMaster(br.Index))
	seen := map[EventReason]bool{}
	for e, err := range sub.All() {
		must(t, err)
		seen[e.Object.Reason] = true
		if seen[ReasonNone] && seen[ReasonFeatures] {
			break
		}
	}
	l, err := Get(ctx, c, Index(br.Index))
	must(t, err)
	if l.Reason != ReasonNone {
		t.Errorf("got %v", l.Reason)
	}
}

// MCTP is set up on the loopback, where the kernel has it.
func TestMCTP(t *testing.T) {
	c, _ := newClient(t)
	ctx := t.Context()
	l, err := Get(ctx, c, Name("lo"))
	must(t, err)
	err = Set(ctx, c, Name("lo"), WithMCTPNet(7))
	if l.MCTP == nil {
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("a kernel without MCTP says %v", err)
		}
		return
	}
	must(t, err)
	l, err = Get(ctx, c, Name("lo"))
	must(t, err)
	if l.MCTP.Net != 7 {
		t.Errorf("got %+v", l.MCTP)
	}
}

// What the kernel acknowledges though it does not know it would not be noticed: the
// types of attributes are those that it reads back.
func TestAttributeTypes(t *testing.T) {
	for name, want := range map[string]uint16{
		"IFLA_VFINFO_LIST": 22, "IFLA_AF_SPEC": 26, "IFLA_CARRIER": 33, "IFLA_PROTO_DOWN": 39, "IFLA_XDP": 43, "IFLA_TARGET_NETNSID": 46,
		"IFLA_PROTO_DOWN_REASON": 55, "IFLA_PARENT_DEV_NAME": 56,
	} {
		if got, _ := changeAttrs.Attr(want, nil); got != name {
			t.Errorf("%d is %s, want %s", want, got, name)
		}
	}
	if uapi.IFLA_VF_PORTS != 24 {
		t.Error("IFLA_VF_PORTS")
	}
}
