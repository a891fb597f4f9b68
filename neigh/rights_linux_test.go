package neigh

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/rtnl"
)

// TestWithoutRights runs on a thread that has no capability, as an ordinary user's
// has none: reading works, writing does not.
func TestWithoutRights(t *testing.T) {
	c, ns := live(t)
	br := addBridge(t, c, "br0")
	port := addPort(t, c, "p0", br)
	n := Neighbour{Link: port, Addr: addr("192.0.2.1"), LinkAddr: mac(1)}
	entry := bridgeEntry(port, mac(2), StateNoARP)
	for _, err := range []error{Add(t.Context(), c, n), Add(t.Context(), c, entry)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	withoutRights(t, ns, func(c *nlkit.Client) {
		ctx := t.Context()
		if list, err := List(ctx, c, MatchLink(port), MatchLinkAddr(mac(1))); err != nil || len(list) != 1 {
			t.Errorf("List: %v, %v", list, err)
		}
		if _, err := Get(ctx, c, entry); err != nil {
			t.Errorf("Get: %v", err)
		}
		if _, err := Tables(ctx, c); err != nil {
			t.Errorf("Tables: %v", err)
		}
		sub, err := Subscribe(ctx, c)
		if err != nil {
			t.Errorf("Subscribe: %v", err)
		} else {
			_ = sub.Close()
		}
		for name, err := range map[string]error{
			"Add": Add(ctx, c, n), "Append": Append(ctx, c, entry), "Replace": Replace(ctx, c, n), "Set": Set(ctx, c, n),
			"Delete": Delete(ctx, c, n), "Flush": Flush(ctx, c, MatchLink(port)), "Flush of FDB": Flush(ctx, c, FDB(), MatchLink(port)),
			"SetTable": SetTable(ctx, c, Table{Family: rtnl.FamilyIPv4, Link: port, AppProbes: new(uint32(0))}),
		} {
			if !errors.Is(err, fs.ErrPermission) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	if _, err := Get(t.Context(), c, n); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// withoutRights runs fn in ns with a client on a thread that is not used again.
func withoutRights(t *testing.T, ns *nstest.NS, fn func(*nlkit.Client)) {
	t.Helper()
	ns.Do(t, func() {
		if !nstest.DropRights(t) {
			return
		}
		c, err := nlkit.New()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		fn(c)
	})
}
