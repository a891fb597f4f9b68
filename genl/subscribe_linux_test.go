package genl_test

import (
	"context"
	"errors"
	"io/fs"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/genl"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
)

func TestSubscribeToController(t *testing.T) {
	c, _ := live(t)
	ctx, cancel := context.WithCancel(t.Context())
	sub, err := genl.Subscribe(ctx, c, "nlctrl", []string{"notify"}, genl.ByTable(genl.FamilyAttrs))
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	if groups, err := sub.Groups(); err != nil || !slices.Equal(groups, []uint32{uapi.GENL_ID_CTRL}) {
		t.Errorf("joined %v, %v", groups, err)
	}
	cancel()
	var last error
	for e, err := range sub.All() {
		if last = err; err == nil {
			t.Logf("a family came or went: %+v", e)
		}
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("ended with %v", last)
	}
}

func TestEvents(t *testing.T) {
	c, _ := live(t)
	fam := resolve(t, c, "ethtool")
	bit := groBit(t, c, fam)
	sub, err := genl.Subscribe(soon(t), c, "ethtool", []string{"monitor"}, genl.ByTable(featuresAttrs, uapi.ETHTOOL_MSG_FEATURES_NTF))
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	for _, on := range []bool{false, true} {
		if err := setFeatures.Do(t.Context(), c, fam, gro("lo", on)); err != nil {
			t.Fatal(err)
		}
	}
	var e genl.Event[features]
	for _, on := range []bool{false, true} {
		if err := sub.ReadInto(&e); err != nil {
			t.Fatal(err)
		}
		f := &e.Object
		if e.Command != uapi.ETHTOOL_MSG_FEATURES_NTF || int(e.Version) != fam.Version || e.NSID != -1 {
			t.Errorf("got %+v", e)
		}
		if f.Device == nil || f.Device.Name != "lo" || f.hasBit(bit) != on {
			t.Errorf("set to %t: got %+v", on, f)
		}
	}
	if sub.Received() != 2 {
		t.Errorf("%d received", sub.Received())
	}
}

// ethtoolEvent is what a monitor of several commands makes of their events.
type ethtoolEvent interface{ device() *device }

type featuresChanged features

func (f *featuresChanged) device() *device { return f.Device }

func TestEventsByFunction(t *testing.T) {
	c, _ := live(t)
	fam := resolve(t, c, "ethtool")
	bit := groBit(t, c, fam)
	failed := failure("no good")
	decode := func(m genl.Message, v *ethtoolEvent) (bool, error) {
		if m.Command != uapi.ETHTOOL_MSG_FEATURES_NTF {
			return false, nil
		}
		var f features
		if err := featuresAttrs.Decode(m.Attrs, &f); err != nil {
			return false, err
		}
		if f.hasBit(bit) {
			return false, failed
		}
		*v = (*featuresChanged)(&f)
		return true, nil
	}
	sub, err := genl.Subscribe(soon(t), c, "ethtool", []string{"monitor"}, decode, nlkit.WithEventBuffer(1<<20))
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	for _, on := range []bool{false, true} {
		if err := setFeatures.Do(t.Context(), c, fam, gro("lo", on)); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	for e, err := range sub.All() {
		switch n++; n {
		case 1:
			if err != nil || e.Object.device().Name != "lo" {
				t.Fatalf("got %+v, %v", e, err)
			}
		case 2:
			if !errors.Is(err, failed) || e.Object != nil {
				t.Errorf("got %+v, %v", e, err)
			}
		}
	}
	if n != 2 {
		t.Errorf("%d pairs", n)
	}
}

func TestSubscribeRefused(t *testing.T) {
	c, _ := live(t)
	decode := genl.ByTable(genl.FamilyAttrs)

	t.Run("unknown family", func(t *testing.T) {
		sub, err := genl.Subscribe(t.Context(), c, "nlkit-none", []string{"notify"}, decode)
		if sub != nil || !errors.Is(err, fs.ErrNotExist) || err.Error() != `genl.Subscribe "nlkit-none": no such file or directory` {
			t.Errorf("got %v", err)
		}
		if _, ok := errors.AsType[*genl.GroupError](err); ok {
			t.Error("it is said of a group")
		}
	})
	t.Run("unknown group", func(t *testing.T) {
		sub, err := genl.Subscribe(t.Context(), c, "nlctrl", []string{"notify", "nope"}, decode)
		e, ok := errors.AsType[*genl.GroupError](err)
		if sub != nil || !ok || !errors.Is(err, fs.ErrNotExist) || !reflect.DeepEqual(e, &genl.GroupError{Family: "nlctrl", Group: "nope", Known: []string{"notify"}}) {
			t.Fatalf("got %#v", err)
		}
		if want := `genl.Subscribe "nlctrl": no group "nope" in family "nlctrl", which has notify`; err.Error() != want {
			t.Errorf("got %q, want %q", err, want)
		}
	})
	t.Run("name too long", func(t *testing.T) {
		if _, err := genl.Subscribe(t.Context(), c, "no longer than16", []string{"notify"}, decode); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("no group", func(t *testing.T) {
		if _, err := genl.Subscribe(t.Context(), c, "nlctrl", nil, decode); !errors.Is(err, fs.ErrInvalid) || !nlkit.SafeToRetry(err) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("no function", func(t *testing.T) {
		if _, err := genl.Subscribe[genl.Family](t.Context(), c, "nlctrl", []string{"notify"}, nil); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("permission", func(t *testing.T) {
		if _, err := genl.Resolve(t.Context(), c, "mptcp_pm"); errors.Is(err, fs.ErrNotExist) {
			nstest.Skip(t, "family:mptcp_pm", "%v", err)
		}
		withoutNetAdmin(t, func() {
			sub, err := genl.Subscribe(t.Context(), c, "mptcp_pm", []string{"mptcp_pm_events"}, decode)
			e, ok := errors.AsType[*nlkit.Error](err)
			if sub != nil || !ok || !errors.Is(err, fs.ErrPermission) || e.Object != `"mptcp_pm"` {
				t.Errorf("got %v", err)
			}
		})
	})
}

func TestByTable(t *testing.T) {
	m := genl.Message{Command: 3, Attrs: attr.AppendString(nil, uapi.CTRL_ATTR_FAMILY_NAME, "x")}
	for _, tt := range []struct {
		commands []uint8
		keep     bool
	}{{nil, true}, {[]uint8{3}, true}, {[]uint8{1, 3}, true}, {[]uint8{1}, false}} {
		var f genl.Family
		keep, err := genl.ByTable(genl.FamilyAttrs, tt.commands...)(m, &f)
		if err != nil || keep != tt.keep || (f.Name == "x") != keep {
			t.Errorf("%v: got %+v, %t, %v", tt.commands, f, keep, err)
		}
	}
}

func TestCloseEndsTheLoop(t *testing.T) {
	c, _ := live(t)
	sub, err := genl.Subscribe(t.Context(), c, "nlctrl", []string{"notify"}, genl.ByTable(genl.FamilyAttrs))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		var last error
		for _, err := range sub.All() {
			last = err
		}
		ended <- last
	}()
	if err := sub.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("ended with %v", err)
	}
}

// soon is a context for what must happen: the test fails instead of hanging.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}
