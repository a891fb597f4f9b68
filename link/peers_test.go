package link

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
)

// The tests in this file are named after faults that other libraries have, or had.

// The number of links in an answer was looked at before its error: "too many/little
// matches, expected 1, actual 0".
func TestPeerBugMissingLinkIsAnotherError(t *testing.T) {
	c, _ := newClient(t)
	for _, s := range []Selector{Name("nope"), Index(4711), AltName("nope-nope-nope-nope-nope")} {
		_, err := Get(t.Context(), c, s)
		if !errors.Is(err, fs.ErrNotExist) || !errors.Is(err, syscall.ENODEV) || !strings.Contains(err.Error(), s.String()) {
			t.Errorf("%v: got %v", s, err)
		}
	}
}

// The error of a missing link hid the errno, so that errors.Is found nothing.
func TestPeerBugMissingIndexHidesErrno(t *testing.T) {
	c, _ := newClient(t)
	_, err := Get(t.Context(), c, Index(4711))
	var errno syscall.Errno
	if !errors.As(err, &errno) || errno != syscall.ENODEV || !errors.Is(err, syscall.ENODEV) || errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v", err)
	}
	wrapped := fmt.Errorf("while it starts: %w", err)
	if e, ok := errors.AsType[*nlkit.Error](wrapped); !ok || e.Errno != syscall.ENODEV || !errors.Is(wrapped, fs.ErrNotExist) {
		t.Errorf("got %v", wrapped)
	}
}

// After one look-up that the kernel could not do, every later one listed all links.
func TestPeerBugFailedLookupMakesLaterOnesDumps(t *testing.T) {
	var received uint64
	ns := nstest.New(t)
	c := clientIn(t, ns, nlkit.WithTrace(func(_ context.Context, tr nlkit.Trace) { received = tr.Received }))
	ctx := t.Context()
	b := c.NewBatch()
	for i := range 50 {
		must(t, Add(ctx, b, fmt.Sprintf("v%d", i), &Veth{}))
	}
	must(t, b.Send(ctx))
	must(t, Set(ctx, c, Name("v7"), WithAlias("not a name")))
	if _, err := Get(ctx, c, AltName("not-a-name")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	for range 3 {
		l, err := Get(ctx, c, Name("v7"))
		must(t, err)
		if l.Alias != "not a name" || received == 0 || received > 4096 {
			t.Errorf("%d bytes for one link: %+v", received, l)
		}
	}
}

// The id of a switch was cut to four bytes.
func TestPeerBugSwitchIDIsCut(t *testing.T) {
	for n := 1; n <= 32; n++ {
		id := make([]byte, n)
		for i := range id {
			id[i] = byte(i + 1)
		}
		b := attr.AppendBytes(header{index: 1}.appendTo(nil), uapi.IFLA_PHYS_SWITCH_ID, id)
		b = attr.AppendBytes(b, uapi.IFLA_PHYS_PORT_ID, id)
		var l Link
		must(t, l.decode(b, false))
		if !reflect.DeepEqual(l.Device, &Device{SwitchID: id, PortID: id}) {
			t.Errorf("got %+v, want % x", l.Device, id)
		}
	}
}

// A kind without a name, not even a NUL, was cut before its begin.
func TestPeerBugEmptyKindPanics(t *testing.T) {
	for _, kind := range [][]byte{{}, {0}, {0, 0}} {
		for _, info := range [][]byte{
			attr.AppendBytes(nil, uapi.IFLA_INFO_KIND, kind),
			attr.AppendBytes(attr.AppendBytes(nil, uapi.IFLA_INFO_KIND, kind), uapi.IFLA_INFO_DATA, []byte{1}),
			attr.AppendBytes(nil, uapi.IFLA_INFO_SLAVE_KIND, kind),
			{},
		} {
			b := attr.AppendBytes(header{index: 1}.appendTo(nil), uapi.IFLA_LINKINFO, info)
			for _, typ := range []uint16{uapi.IFLA_IFNAME, uapi.IFLA_IFALIAS, uapi.IFLA_QDISC, uapi.IFLA_PHYS_PORT_NAME} {
				b = attr.AppendBytes(b, typ, kind)
			}
			var l Link
			must(t, l.decode(b, false))
			if l.Kind != nil || l.Port != nil || l.Name != "" || l.Alias != "" || l.Qdisc != "" {
				t.Errorf("got %+v", l)
			}
		}
	}
	// A name needs no NUL.
	b := attr.AppendBytes(header{index: 1}.appendTo(nil), uapi.IFLA_LINKINFO, attr.AppendBytes(nil, uapi.IFLA_INFO_KIND, []byte("veth")))
	var l Link
	must(t, l.decode(b, false))
	if _, ok := KindAs[*Veth](l); !ok {
		t.Errorf("got %+v", l.Kind)
	}
}

// The data of a kind were lost unless its name stood before them.
func TestPeerBugKindMustComeBeforeData(t *testing.T) {
	data := attr.AppendBytes(nil, uapi.IFLA_INFO_DATA, attr.AppendUint32(nil, uapi.IFLA_VXLAN_ID, 42))
	portData := attr.AppendBytes(nil, uapi.IFLA_INFO_SLAVE_DATA, []byte{4, 0, 1, 0})
	info := append(data, portData...)
	info = attr.AppendString(info, uapi.IFLA_INFO_SLAVE_KIND, "no-such-master")
	info = attr.AppendString(info, uapi.IFLA_INFO_KIND, "vxlan")
	var l Link
	must(t, l.decode(attr.AppendBytes(header{index: 1}.appendTo(nil), uapi.IFLA_LINKINFO, info), false))
	if vx, ok := KindAs[*VXLAN](l); !ok || vx.VNI != 42 {
		t.Errorf("got %+v", l.Kind)
	}
	if u, ok := l.Port.(*UnknownPort); !ok || len(u.Data) != 4 {
		t.Errorf("got %+v", l.Port)
	}
}

// Counters in another length than the library was built with made the whole list
// fail.
func TestPeerBugStatsOfAnotherLength(t *testing.T) {
	for _, n := range []int{23, 24, 25, 26, 40} { // Linux 2.6.35, 4.6, 5.19, and what may come
		p := make([]byte, 8*n)
		for i := range n {
			p[8*i] = byte(i + 1)
		}
		var l Link
		must(t, l.decode(attr.AppendBytes(header{index: 1}.appendTo(nil), uapi.IFLA_STATS64, p), true))
		want := Stats{RxNoHandler: 24, RxOtherhostDropped: 25}
		if n < 24 {
			want.RxNoHandler = 0
		}
		if n < 25 {
			want.RxOtherhostDropped = 0
		}
		if l.Stats.RxPackets != 1 || l.Stats.TxCompressed != 23 || l.Stats.RxNoHandler != want.RxNoHandler || l.Stats.RxOtherhostDropped != want.RxOtherhostDropped {
			t.Errorf("%d counters: got %+v", n, l.Stats)
		}
	}
}

// Virtual functions, which a driver may take long to tell of, were asked for with
// every look-up, and counters too.
func TestPeerBugLookupAsksForAll(t *testing.T) {
	for name, tc := range map[string]struct {
		opts []ListOption
		mask uint32
	}{
		"nothing":        {nil, uapi.RTEXT_FILTER_SKIP_STATS},
		"VFs":            {[]ListOption{WithVFs()}, uapi.RTEXT_FILTER_SKIP_STATS | uapi.RTEXT_FILTER_VF},
		"counters":       {[]ListOption{WithStats()}, 0},
		"those of IPv6":  {[]ListOption{WithInet6Stats()}, 0},
		"both, settings": {[]ListOption{WithStats(), WithVFs(), WithSettings()}, uapi.RTEXT_FILTER_VF},
	} {
		q := new(query)
		for _, o := range tc.opts {
			o.applyList(q)
		}
		if got := q.mask(); got != tc.mask {
			t.Errorf("%s: got %#x, want %#x", name, got, tc.mask)
		}
	}
}

// Fields that are decoded were not sent, with no error: a change of the queue length
// or of the group did nothing.
func TestPeerBugSettingsAreNotSent(t *testing.T) {
	for name, tc := range map[string]struct {
		option SetOption
		typ    uint16
	}{
		"IFLA_TXQLEN":            {WithTxQueueLen(0), uapi.IFLA_TXQLEN},
		"IFLA_GROUP":             {WithGroup(0), uapi.IFLA_GROUP},
		"IFLA_CARRIER":           {WithCarrier(false), uapi.IFLA_CARRIER},
		"IFLA_LINKMODE":          {WithMode(ModeDefault), uapi.IFLA_LINKMODE},
		"IFLA_OPERSTATE":         {WithOperState(OperUnknown), uapi.IFLA_OPERSTATE},
		"IFLA_PROTO_DOWN":        {WithProtoDown(false), uapi.IFLA_PROTO_DOWN},
		"IFLA_PROTO_DOWN_REASON": {WithProtoDownReason(0, 1), uapi.IFLA_PROTO_DOWN_REASON},
		"IFLA_GSO_MAX_SIZE":      {WithGSOMaxSize(0), uapi.IFLA_GSO_MAX_SIZE},
		"IFLA_MASTER":            {WithNoMaster(), uapi.IFLA_MASTER},
		"IFLA_XDP":               {WithNoXDP(XDPNone), uapi.IFLA_XDP},
		"IFLA_AF_SPEC":           {WithMCTPNet(0), uapi.IFLA_AF_SPEC},
		"IFLA_VFINFO_LIST":       {WithVF(0, VFChange{Trust: new(false)}), uapi.IFLA_VFINFO_LIST},
	} {
		var sent []byte
		must(t, Set(t.Context(), catcher(&sent), Index(1), tc.option))
		s := attr.Scan(sent[headerLen:])
		if !s.Next() || s.Type() != tc.typ || s.Next() {
			t.Errorf("%s is not what was sent: % x", name, sent)
		}
	}
}
