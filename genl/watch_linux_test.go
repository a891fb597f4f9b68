package genl_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/genl"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/link"
)

func TestWatch(t *testing.T) {
	c, _ := live(t)
	w, err := genl.Watch(soon(t), c)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	told := map[string]genl.Family{}
	for {
		ch, err := w.Next()
		if err != nil {
			t.Fatal(err)
		}
		if ch.Type == nlkit.Synced {
			break
		}
		if ch.Type != nlkit.Added {
			t.Errorf("told %+v", ch)
		}
		told[ch.New.Name] = ch.New
	}
	want, err := genl.List(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	s := genl.Source()
	if len(told) != len(want) || w.Len() != len(want) {
		t.Errorf("told %d, holds %d of %d families", len(told), w.Len(), len(want))
	}
	for _, f := range want {
		if got := told[f.Name]; !s.Equal(&got, &f) {
			t.Errorf("told %+v, it is %+v", got, f)
		}
	}
}

// A family that goes with its module and comes with it is told.
func TestWatchReloadedModule(t *testing.T) {
	ownMachine(t)
	c, ns := live(t)
	before := resolve(t, c, "macsec")
	w, err := genl.Watch(soon(t), c)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	until := func(typ nlkit.ChangeType) genl.Family {
		t.Helper()
		for {
			ch, err := w.Next()
			if err != nil {
				t.Fatal(err)
			}
			switch f := ch.New; {
			case ch.Type == nlkit.Removed && typ == ch.Type && ch.Old.Name == "macsec":
				return ch.Old
			case ch.Type == typ && f.Name == "macsec":
				return f
			}
		}
	}
	if f := until(nlkit.Added); f.ID != before.ID {
		t.Errorf("added %+v, it is %+v", f, before)
	}
	ns.Run(t, "rmmod", "macsec")
	if f := until(nlkit.Removed); f.ID != before.ID {
		t.Errorf("removed %+v, it was %+v", f, before)
	}
	after := resolve(t, c, "macsec") // which loads the module
	if f := until(nlkit.Added); f.ID != after.ID || len(f.Operations) != len(after.Operations) {
		t.Errorf("added %+v, it is %+v", f, after)
	}
}

// netdevice is what the family netdev tells of a link
// (NETDEV_A_DEV_* in include/uapi/linux/netdev.h).
type netdevice struct {
	Index    int
	Features uint64
}

var netdeviceAttrs = attr.Table[netdevice]{
	attr.U32(1, "NETDEV_A_DEV_IFINDEX", func(d *netdevice) *int { return &d.Index }),
	attr.U64(3, "NETDEV_A_DEV_XDP_FEATURES", func(d *netdevice) *uint64 { return &d.Features }),
}

var listNetdevices = genl.Call[struct{}, netdevice]{Op: "netdev.Watch", Command: 1, Reply: netdeviceAttrs} // NETDEV_CMD_DEV_GET

func netdevices() (nlkit.Source[netdevice, int], error) {
	return genl.ObjectSource("netdev", []string{"mgmt"}, func(m genl.Message, e *nlkit.Event[netdevice]) (bool, error) {
		switch m.Command {
		case 2, 4: // NETDEV_CMD_DEV_ADD_NTF, NETDEV_CMD_DEV_CHANGE_NTF
		case 3: // NETDEV_CMD_DEV_DEL_NTF
			e.Type = nlkit.Deleted
		default:
			return false, nil
		}
		return true, netdeviceAttrs.Decode(m.Attrs, &e.Object)
	}, nlkit.Source[netdevice, int]{
		Op: listNetdevices.Op,
		List: func(ctx context.Context, c *nlkit.Client) iter.Seq2[netdevice, error] {
			return listNetdevices.All(ctx, c, genl.Name("netdev"), nil)
		},
		Key:   func(d *netdevice) int { return d.Index },
		Equal: func(a, b *netdevice) bool { return *a == *b },
	})
}

func TestWatchObjects(t *testing.T) {
	c, _ := live(t)
	s, err := netdevices()
	if err != nil {
		t.Fatal(err)
	}
	w, err := nlkit.NewWatch(soon(t), c, s, nlkit.WithEventBuffer(4096))
	if _, missing := genl.Resolve(t.Context(), c, "netdev"); errors.Is(missing, fs.ErrNotExist) { // before Linux 6.3
		if w != nil || !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("there is no such family, got %v", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	known := map[int]netdevice{}
	read := func(done func(nlkit.Change[netdevice]) bool) {
		t.Helper()
		for {
			ch, err := w.Next()
			if err != nil {
				t.Fatalf("%v: %+v", err, w.Stats())
			}
			switch ch.Type {
			case nlkit.Added, nlkit.Changed:
				known[ch.New.Index] = ch.New
			case nlkit.Removed:
				delete(known, ch.Old.Index)
			case nlkit.Synced:
			}
			if done(ch) {
				return
			}
		}
	}
	read(func(ch nlkit.Change[netdevice]) bool { return ch.Type == nlkit.Synced })

	// More events than fit wait to be read.
	const n = 40
	var last int
	for i := range n {
		if err := link.Add(t.Context(), c, fmt.Sprint("br", i), &link.Bridge{}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range n {
		name := fmt.Sprint("br", i)
		if i == n-1 {
			l, err := link.Get(t.Context(), c, link.Name(name))
			if err != nil {
				t.Fatal(err)
			}
			last = l.Index
		} else if i%10 == 0 {
			if err := link.Delete(t.Context(), c, link.Name(name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	read(func(nlkit.Change[netdevice]) bool { return len(known) == w.Len() && known[last].Index == last })
	nstest.Eventually(t, func() string {
		want, err := listNetdevices.List(t.Context(), c, genl.Name("netdev"), nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(want) != len(known) || slices.ContainsFunc(want, func(d netdevice) bool { return known[d.Index] != d }) {
			return fmt.Sprintf("told of %v, there are %v", slices.Sorted(maps.Keys(known)), want)
		}
		return ""
	})
	if st := w.Stats(); st.Overruns == 0 || st.Heals == 0 {
		t.Errorf("stats %+v", st)
	}
}
