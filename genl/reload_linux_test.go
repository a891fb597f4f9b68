package genl_test

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/genl"
	"github.com/nlkit/nlkit/internal/nstest"
)

// ownMachine skips a test that unloads modules, but in the machines that are there for
// tests: see internal/kernels.
func ownMachine(t *testing.T) {
	t.Helper()
	if os.Getenv("NLKIT_RUN") == "" {
		nstest.Skip(t, "kernels", "it unloads modules of the kernel")
	}
}

// A family that comes back under another number is found again by its name.
func TestFamilyOfAReloadedModule(t *testing.T) {
	ownMachine(t)
	c, ns := live(t)
	list := genl.Call[struct{}, struct{}]{Op: "macsec.ListTXSC"} // MACSEC_CMD_GET_TXSC is 0
	checked := list
	checked.Check = true
	for range 3 {
		before := resolve(t, c, "macsec")
		if _, err := list.List(t.Context(), c, genl.Name("macsec"), nil); err != nil {
			t.Fatal(err)
		}
		ns.Run(t, "rmmod", "macsec")
		if _, err := list.List(t.Context(), c, before, nil); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("by its old number: %v", err)
		}
		// The question for its number loads the module.
		if _, err := checked.List(t.Context(), c, genl.Name("macsec"), nil); err != nil {
			t.Error(err)
		}
		b := c.NewBatch()
		if after := resolve(t, c, "macsec"); after.ID == before.ID {
			t.Errorf("its number is still %d", after.ID)
		}
		if err := list.Do(t.Context(), b, genl.Name("macsec"), nil); err != nil { // not by Do, it says
			t.Error(err)
		}
		if err := b.Send(t.Context()); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("got %v", err)
		}
	}
}

// A subscription goes on with a family that comes back.
func TestSubscriptionToAReloadedModule(t *testing.T) {
	ownMachine(t)
	c, ns := live(t)
	ns.Run(t, "ip", "link", "add", "team0", "type", "team")
	ns.Run(t, "ip", "link", "del", "team0")
	before := resolve(t, c, "team")
	sub, err := genl.Subscribe(soon(t), c, "team", []string{"change_event"}, genl.ByTable(attr.Table[struct{}]{}))
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	ns.Run(t, "rmmod", "team")
	ns.Run(t, "ip", "link", "add", "team0", "type", "team") // which loads the module, and is not heard
	var e genl.Event[struct{}]
	if err := sub.ReadInto(&e); !errors.Is(err, nlkit.ErrOverrun) {
		t.Fatalf("got %+v, %v", e, err)
	}
	after := resolve(t, c, "team")
	group, err := after.Group("change_event")
	if err != nil || before.ID == after.ID {
		t.Errorf("%v, its number was %d and is %d", err, before.ID, after.ID)
	}
	if joined, err := sub.Groups(); err != nil || !slices.Contains(joined, group.ID) {
		t.Errorf("joined %d, %v, the group is %d", joined, err, group.ID)
	}
	ns.Run(t, "ip", "link", "add", "team1", "type", "team")
	if err := sub.ReadInto(&e); err != nil || e.Command != 2 { // TEAM_CMD_OPTIONS_GET
		t.Errorf("got %+v, %v", e, err)
	}
}
