package together_test

import (
	"errors"
	"io/fs"
	"net/netip"
	"strings"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/genl"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/nflog"
	"github.com/nlkit/nlkit/route"
)

func TestWithoutRights(t *testing.T) {
	nstest.New(t).Do(t, func() {
		if !nstest.DropRights(t) {
			return
		}
		c, err := nlkit.New()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		ctx := t.Context()

		links, err := link.List(ctx, c)
		if err != nil || len(links) == 0 || links[0].Name != "lo" {
			t.Errorf("links: %v, %v", links, err)
		}
		if _, err := addr.List(ctx, c); err != nil {
			t.Errorf("addresses: %v", err)
		}
		if _, err := route.List(ctx, c); err != nil {
			t.Errorf("routes: %v", err)
		}
		if _, err := genl.Resolve(ctx, c, "nlctrl"); err != nil {
			t.Errorf("families: %v", err)
		}
		sub, err := link.Subscribe(ctx, c)
		if err != nil {
			t.Errorf("events: %v", err)
		} else {
			_ = sub.Close()
		}

		b := c.NewBatch()
		for name, tc := range map[string]struct {
			err  error
			text string
		}{
			"link.Add":    {link.Add(ctx, c, "br0", &link.Bridge{}), `link.Add "br0": operation not permitted`},
			"link.Set":    {link.Set(ctx, c, link.Name("lo"), link.Up()), `link.Set "lo": operation not permitted`},
			"link.Delete": {link.Delete(ctx, c, link.Name("lo")), `link.Delete "lo": operation not permitted`},
			"addr.Add":    {addr.Add(ctx, c, addr.Address{Link: 1, Prefix: netip.MustParsePrefix("192.0.2.1/24")}), "addr.Add 192.0.2.1/24"},
			"route.Add":   {route.Add(ctx, c, route.Route{Dst: netip.MustParsePrefix("192.0.2.0/24"), Link: 1}), "route.Add 192.0.2.0/24"},
			"nflog":       {func() error { _, err := nflog.Subscribe(ctx, c, 5); return err }(), "nflog.Subscribe"},
			"batch": {errors.Join(link.Set(ctx, b, link.Name("lo"), link.Up()), b.Send(ctx)),
				`item 0: link.Set "lo": operation not permitted`},
		} {
			e, ok := errors.AsType[*nlkit.Error](tc.err)
			if !errors.Is(tc.err, fs.ErrPermission) || !ok || !e.Sent || !strings.Contains(tc.err.Error(), tc.text) {
				t.Errorf("%s: got %v, want %q", name, tc.err, tc.text)
			}
		}
	})
}
