package route_test

import (
	"errors"
	"io/fs"
	"syscall"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/route"
	"github.com/nlkit/nlkit/rtnl"
)

// The kernel points at attributes of a next hop, which stand behind a struct.
func TestKernelPointsAtNexthop(t *testing.T) {
	l := newLab(t)
	dst := prefix("10.10.0.0/16")
	encap := &rtnl.UnknownEncap{Kind: rtnl.EncapIP, Data: attr.AppendUint8(nil, uapi.LWTUNNEL_IP_ID, 1)} // too short
	for _, tt := range []struct {
		r    route.Route
		attr string
		want error
	}{
		{route.Route{Dst: dst, Multipath: []route.Nexthop{{Link: l.v0}, {Link: l.v1, Encap: encap}}}, "RTA_MULTIPATH[1].RTA_ENCAP.LWTUNNEL_IP_ID", syscall.ERANGE},
		{route.Route{Dst: dst, Multipath: []route.Nexthop{{Link: l.v0, Encap: encap}, {Link: l.v1}}}, "RTA_MULTIPATH[0].RTA_ENCAP.LWTUNNEL_IP_ID", syscall.ERANGE},
		{route.Route{Dst: dst, Link: l.v0, Extra: &route.Extra{Encap: encap}}, "RTA_ENCAP.LWTUNNEL_IP_ID", syscall.ERANGE},
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
