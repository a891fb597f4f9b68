package genl_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/genl"
	"github.com/nlkit/nlkit/internal/uapi"
)

func TestDoQueryAndList(t *testing.T) {
	c, ns := live(t)
	ns.Run(t, "ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1")
	fam := resolve(t, c, "ethtool")
	ask := &features{Device: &device{Name: "v0"}}
	if err := setFeatures.Do(t.Context(), c, fam, gro("v1", false)); err != nil {
		t.Fatal(err)
	}
	for _, on := range []bool{true, false, true} {
		if err := setFeatures.Do(t.Context(), c, fam, gro("v0", on)); err != nil {
			t.Fatal(err)
		}
		f, err := getFeatures.Query(t.Context(), c, fam, ask)
		if err != nil || f.Device == nil || f.Device.Name != "v0" || f.Device.Index == 0 || f.Active == nil || f.Active.Size == 0 {
			t.Fatalf("got %+v, %v", f, err)
		}
		if f.has("rx-gro") != on || !f.Active.NoMask {
			t.Errorf("set to %t: got %+v", on, f.Active)
		}
	}

	all, err := getFeatures.List(t.Context(), c, fam, &features{Device: &device{}})
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, f := range all {
		names[f.Device.Name] = f.has("rx-gro")
	}
	// Other kernels have devices of tunnels besides.
	if len(all) != len(names) || len(all) < 3 || !names["v0"] || names["v1"] || !names["lo"] {
		t.Errorf("got %v", names)
	}
	n := 0
	for f, err := range getFeatures.All(t.Context(), c, fam, &features{Device: &device{}}) {
		if err != nil || names[f.Device.Name] != f.has("rx-gro") {
			t.Errorf("got %+v, %v", f, err)
		}
		n++
	}
	if n != len(all) {
		t.Errorf("All gives %d, List %d", n, len(all))
	}
}

func TestBatch(t *testing.T) {
	c, _ := live(t)
	fam := resolve(t, c, "ethtool")
	b := c.NewBatch()
	req := gro("lo", false)
	for _, name := range []string{"lo", "nope", "lo"} {
		req.Device.Name = name // what is queued does not change with it
		if err := setFeatures.Do(t.Context(), b, fam, req); err != nil {
			t.Fatal(err)
		}
	}
	err := b.Send(t.Context())
	e, ok := errors.AsType[*nlkit.BatchError](err)
	if !ok || e.Total != 3 || len(e.Failed) != 1 || e.Failed[0].Index != 1 {
		t.Fatalf("got %v", err)
	}
	if item := e.Failed[0].Err; item.Object != "nope" || item.Op != "ethtool.SetFeatures" || !errors.Is(item, fs.ErrNotExist) {
		t.Errorf("got %v", item)
	}
	if f, err := getFeatures.Query(t.Context(), c, fam, &features{Device: &device{Name: "lo"}}); err != nil || f.has("rx-gro") {
		t.Errorf("got %+v, %v", f, err)
	}
}

func TestErrorsOfTheKernel(t *testing.T) {
	c, _ := live(t)
	fam := resolve(t, c, "ethtool")

	t.Run("attribute at fault", func(t *testing.T) {
		_, err := getFeatures.Query(t.Context(), c, fam, &features{Device: &device{Name: "nope"}})
		e, ok := errors.AsType[*nlkit.Error](err)
		if !ok || !errors.Is(err, fs.ErrNotExist) || !errors.Is(err, syscall.ENODEV) || e.Op != "ethtool.GetFeatures" || e.Object != "nope" ||
			e.Attr != "ETHTOOL_A_FEATURES_HEADER.ETHTOOL_A_HEADER_DEV_NAME" || e.Message == "" || !e.Sent {
			t.Errorf("got %#v", err)
		}
	})
	t.Run("attribute deep in nests", func(t *testing.T) {
		req := gro("lo", true)
		req.Wanted.Bits[0].Name = "nope"
		err := setFeatures.Do(t.Context(), c, fam, req)
		want := "ETHTOOL_A_FEATURES_WANTED.ETHTOOL_A_BITSET_BITS.1.ETHTOOL_A_BITSET_BIT_NAME"
		if e, ok := errors.AsType[*nlkit.Error](err); !ok || e.Attr != want || e.Missing {
			t.Errorf("got %v", err)
		}
	})
	t.Run("attribute missing", func(t *testing.T) {
		_, err := getFeatures.Query(t.Context(), c, fam, nil)
		e, ok := errors.AsType[*nlkit.Error](err)
		if !ok || !errors.Is(err, fs.ErrInvalid) || !e.Sent {
			t.Fatalf("got %v", err)
		}
		// Older kernels say it in words.
		if (!e.Missing || e.Attr != "ETHTOOL_A_FEATURES_HEADER") && e.Message == "" {
			t.Errorf("got %#v", e)
		}
	})
	t.Run("command not supported", func(t *testing.T) {
		none := genl.Call[struct{}, struct{}]{Command: 250}
		want := "nlctrl.250: operation not supported"
		if err := none.Do(t.Context(), c, genl.Controller, nil); !errors.Is(err, errors.ErrUnsupported) || err.Error() != want {
			t.Errorf("Do: got %v", err)
		}
		if _, err := none.Query(t.Context(), c, genl.Controller, nil); !errors.Is(err, errors.ErrUnsupported) || err.Error() != want {
			t.Errorf("Query: got %v", err)
		}
		if list, err := none.List(t.Context(), c, genl.Controller, nil); !errors.Is(err, errors.ErrUnsupported) || list != nil {
			t.Errorf("List: got %v, %v", list, err)
		}
		for _, err := range setFeatures.All(t.Context(), c, fam, nil) { // the command is there, but not as a dump
			if !errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("All: got %v", err)
			}
		}
	})
	t.Run("a family that is gone", func(t *testing.T) {
		gone := genl.Family{ID: 0x3fe, Name: "gone", Version: 1}
		none := genl.Call[struct{}, struct{}]{Command: 1}
		if err := none.Do(t.Context(), c, gone, nil); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("permission", func(t *testing.T) {
		withoutNetAdmin(t, func() {
			err := setFeatures.Do(t.Context(), c, fam, gro("lo", true))
			if !errors.Is(err, fs.ErrPermission) || !strings.HasPrefix(err.Error(), "ethtool.SetFeatures lo: ") {
				t.Errorf("got %v", err)
			}
			if _, err := getFeatures.Query(t.Context(), c, fam, &features{Device: &device{Name: "lo"}}); err != nil {
				t.Errorf("reading takes no privilege, but: %v", err)
			}
		})
		if op, ok := fam.Operation(uapi.ETHTOOL_MSG_FEATURES_SET); !ok || !op.Flags.Has(genl.OpNetAdmin) {
			t.Errorf("the operation is %v", op)
		}
	})
	t.Run("context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := getFeatures.Query(ctx, c, fam, gro("lo", true)); !errors.Is(err, context.Canceled) || !nlkit.SafeToRetry(err) {
			t.Errorf("got %v", err)
		}
	})
}

func TestAnswersThatDoNotFitTheTable(t *testing.T) {
	c, _ := live(t)
	type wrong struct{ Name uint32 }
	call := genl.Call[genl.FamilyRequest, wrong]{
		Op: "test.Wrong", Command: uapi.CTRL_CMD_GETFAMILY, Request: genl.FamilyRequestAttrs,
		Reply: attr.Table[wrong]{attr.U32(uapi.CTRL_ATTR_FAMILY_NAME, "NAME_AS_NUMBER", func(w *wrong) *uint32 { return &w.Name })},
	}
	check := func(err error) {
		t.Helper()
		e, ok := errors.AsType[*nlkit.Error](err)
		if !ok || !errors.Is(err, attr.ErrMalformed) || e.Attr != "NAME_AS_NUMBER" || e.Op != "test.Wrong" {
			t.Errorf("got %v", err)
		}
	}
	v, err := call.Query(t.Context(), c, genl.Controller, &genl.FamilyRequest{Name: "nlctrl"})
	if check(err); v.Name != 0 {
		t.Errorf("got %+v beside an error", v)
	}
	_, err = call.List(t.Context(), c, genl.Controller, nil)
	check(err)
	for _, err := range call.All(t.Context(), c, genl.Controller, nil) {
		check(err)
	}

	bad := call
	bad.Reply = nil
	bad.DecodeHeader = func(b []byte, _ *wrong) error {
		if len(b) != 0 {
			t.Errorf("nlctrl has a header of %d bytes", len(b))
		}
		return failure("the header does not fit")
	}
	if _, err := bad.Query(t.Context(), c, genl.Controller, &genl.FamilyRequest{Name: "nlctrl"}); !errors.Is(err, failure("the header does not fit")) {
		t.Errorf("got %v", err)
	}
}

// failure is an error of a test's own.
type failure string

func (e failure) Error() string { return string(e) }

func TestMessagesByHand(t *testing.T) {
	c, _ := live(t)
	req, err := genl.Controller.Request("test.Hand", genl.Message{
		Command: uapi.CTRL_CMD_GETFAMILY,
		Attrs:   attr.AppendString(nil, uapi.CTRL_ATTR_FAMILY_NAME, "nlctrl"),
	})
	if err != nil {
		t.Fatal(err)
	}
	var got genl.Family
	err = c.Query(t.Context(), req, func(m nlkit.Message) error {
		msg, err := genl.Controller.Parse(m)
		if err != nil || msg.Command != uapi.CTRL_CMD_NEWFAMILY {
			t.Errorf("got %+v, %v", msg, err)
		}
		return genl.FamilyAttrs.Decode(msg.Attrs, &got)
	})
	if err != nil || got.Name != "nlctrl" {
		t.Errorf("got %+v, %v", got, err)
	}
}

// The statistics of a task: a command that takes CAP_NET_ADMIN in the first user
// namespace, and an answer with a struct in a nest.

type taskRequest struct{ PID uint32 }

type task struct {
	PID     uint32
	Version uint16
}

var getTask = genl.Call[taskRequest, task]{
	Op: "taskstats.Get", Command: 1, // TASKSTATS_CMD_GET
	Request: attr.Table[taskRequest]{
		attr.U32(1, "TASKSTATS_CMD_ATTR_PID", func(r *taskRequest) *uint32 { return &r.PID }),
	},
	Reply: attr.Table[task]{
		attr.Inline(4, "TASKSTATS_TYPE_AGGR_PID", attr.Table[task]{
			attr.U32(1, "TASKSTATS_TYPE_PID", func(t *task) *uint32 { return &t.PID }),
			attr.Custom(3, "TASKSTATS_TYPE_STATS", nil, func(b []byte, t *task) error {
				if len(b) < 2 {
					return attr.ErrMalformed
				}
				t.Version = binary.NativeEndian.Uint16(b)
				return nil
			}),
		}, func(t *task) *task { return t }),
	},
}

func TestTaskstats(t *testing.T) {
	c, _ := live(t)
	fam := resolve(t, c, "TASKSTATS")
	op, ok := fam.Operation(getTask.Command)
	if !ok || !op.Flags.Has(genl.OpAdmin|genl.OpDo) {
		t.Errorf("the operation is %v", op)
	}
	me := &taskRequest{PID: uint32(os.Getpid())}
	got, err := getTask.Query(t.Context(), c, fam, me)
	switch {
	case !privileged(t):
		if !errors.Is(err, fs.ErrPermission) {
			t.Errorf("without the privilege: got %+v, %v", got, err)
		}
		return
	case err != nil || got.PID != me.PID || got.Version < 8:
		t.Fatalf("got %+v, %v", got, err)
	}
	if _, err := getTask.Query(t.Context(), c, fam, &taskRequest{PID: 1<<22 + 1}); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("no such task: got %v", err)
	}
	withoutNetAdmin(t, func() {
		if _, err := getTask.Query(t.Context(), c, fam, me); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("without CAP_NET_ADMIN: got %v", err)
		}
	})
}

// The source address of SRv6 tunnels: one command sets it and is acknowledged, one
// reads it and is answered.

type tunnelSource struct{ Addr netip.Addr }

var tunnelSourceAttrs = attr.Table[tunnelSource]{
	attr.Addr6(1, "SEG6_ATTR_DST", func(s *tunnelSource) *netip.Addr { return &s.Addr }),
}

var (
	setTunnelSource = genl.Call[tunnelSource, tunnelSource]{Command: 3, Request: tunnelSourceAttrs, Reply: tunnelSourceAttrs}
	getTunnelSource = genl.Call[struct{}, tunnelSource]{Command: 4, Reply: tunnelSourceAttrs}
)

func TestInteropTunnelSource(t *testing.T) {
	c, ns := live(t)
	fam := resolve(t, c, "SEG6")
	first := tunnelSource{netip.MustParseAddr("2001:db8::1")}
	if err := setTunnelSource.Do(t.Context(), c, fam, &first); !privileged(t) {
		if !errors.Is(err, fs.ErrPermission) {
			t.Errorf("without the privilege: got %v", err)
		}
		return
	} else if err != nil {
		t.Fatal(err)
	}
	if out := string(ns.Run(t, "ip", "sr", "tunsrc", "show")); strings.TrimSpace(out) != "tunsrc addr 2001:db8::1" {
		t.Errorf("ip says %q", out)
	}
	ns.Run(t, "ip", "sr", "tunsrc", "set", "2001:db8::2")
	if got, err := getTunnelSource.Query(t.Context(), c, fam, nil); err != nil || got.Addr != netip.MustParseAddr("2001:db8::2") {
		t.Errorf("got %v, %v", got, err)
	}

	// A command that is done without an answer leaves nobody waiting for it.
	_, err := setTunnelSource.Query(t.Context(), c, fam, &first)
	if e, ok := errors.AsType[*nlkit.Error](err); !ok || !errors.Is(err, nlkit.ErrNoReply) || !e.Sent || e.Op != "SEG6.3" {
		t.Errorf("got %v", err)
	}
	if got, err := getTunnelSource.Query(t.Context(), c, fam, nil); err != nil || got != first {
		t.Errorf("got %v, %v", got, err)
	}

	wrong := tunnelSource{netip.MustParseAddr("192.0.2.1")}
	err = setTunnelSource.Do(t.Context(), c, fam, &wrong)
	if !errors.Is(err, fs.ErrInvalid) || err.Error() != "SEG6.3: 192.0.2.1 is not an IPv6 address (SEG6_ATTR_DST)" {
		t.Errorf("got %v", err)
	}
}

func TestConcurrentCalls(t *testing.T) {
	c, _ := live(t)
	fam := resolve(t, c, "ethtool")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if f, err := getFeatures.Query(t.Context(), c, fam, &features{Device: &device{Name: "lo"}}); err != nil || f.Device.Name != "lo" {
					t.Errorf("got %+v, %v", f, err)
					return
				}
				if _, err := genl.Resolve(t.Context(), c, "ethtool"); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}
