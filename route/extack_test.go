package route_test

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"syscall"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/route"
)

// The kernel points at attributes of a next hop, which stand behind a struct.
func TestKernelPointsAtNexthop(t *testing.T) {
	l := newLab(t)
	dst := prefix("10.10.0.0/16")
	// An encapsulation in IP whose id is too short.
	encap := []attr.Raw{
		{Type: uapi.RTA_ENCAP_TYPE, Data: binary.NativeEndian.AppendUint16(nil, uapi.LWTUNNEL_ENCAP_IP)},
		{Type: uapi.RTA_ENCAP, Data: attr.AppendUint8(nil, 1, 1)},
	}
	for _, tt := range []struct {
		r    route.Route
		attr string
		want error
	}{
		{route.Route{Dst: dst, Multipath: []route.Nexthop{{Link: l.v0}, {Link: l.v1, Rest: encap}}}, "RTA_MULTIPATH[1].RTA_ENCAP", syscall.ERANGE},
		{route.Route{Dst: dst, Multipath: []route.Nexthop{{Link: l.v0, Rest: encap}, {Link: l.v1}}}, "RTA_MULTIPATH[0].RTA_ENCAP", syscall.ERANGE},
		{route.Route{Dst: dst, Link: l.v0, Extra: &route.Extra{Rest: encap}}, "RTA_ENCAP", syscall.ERANGE},
	} {
		for _, batch := range []bool{false, true} {
			var err error
			if batch {
				b := l.c.NewBatch()
				if err := route.Add(t.Context(), b, tt.r); err != nil {
					t.Fatal(err)
				}
				err = b.Send(t.Context())
			} else {
				err = route.Add(t.Context(), l.c, tt.r)
			}
			var e *nlkit.Error
			if !errors.As(err, &e) || e.Attr != tt.attr || !errors.Is(err, tt.want) || !errors.Is(err, fs.ErrInvalid) || e.Message == "" {
				t.Errorf("got %v, want %q", err, tt.attr)
			}
		}
	}
}

// What this package does not know survives a list and an Add.
func TestRestSurvives(t *testing.T) {
	l := newLab(t)
	encap := []attr.Raw{
		{Type: uapi.RTA_ENCAP_TYPE, Data: binary.NativeEndian.AppendUint16(nil, uapi.LWTUNNEL_ENCAP_IP)},
		{Type: uapi.RTA_ENCAP, Data: attr.AppendBE64(nil, 1, 42)},
	}
	for _, r := range []route.Route{
		{Dst: prefix("10.10.0.0/16"), Link: l.v0, Extra: &route.Extra{Rest: encap}},
		{Dst: prefix("10.11.0.0/16"), Multipath: []route.Nexthop{{Link: l.v0}, {Link: l.v1, Rest: encap}}},
	} {
		if err := route.Add(t.Context(), l.c, r); err != nil {
			t.Fatal(err)
		}
		got := find(t, l.c, r)
		text := l.ipRoutes(t, "route", "show", "exact", r.Dst.String())
		if err := errors.Join(route.Delete(t.Context(), l.c, got), route.Add(t.Context(), l.c, got)); err != nil {
			t.Fatal(err)
		}
		if again := l.ipRoutes(t, "route", "show", "exact", r.Dst.String()); len(text) != 1 || !sameJSON(t, text, again) {
			t.Errorf("%v\n%v", text, again)
		}
	}
}
