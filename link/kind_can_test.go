package link

import (
	"errors"
	"io/fs"
	"reflect"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/attr/attrtest"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
)

// canTables are the tables of controller area networks.
var canTables = kindTests{
	"can": func(t *testing.T) {
		kindTable(canAttrs, nothing, "Stats")(t) // in another attribute: TestCANStats
		attrtest.RoundTrip(t, canTDCAttrs)
		attrtest.Covers(t, canTDCAttrs)
		attrtest.RoundTrip(t, canPWMAttrs)
		attrtest.Covers(t, canPWMAttrs)
	},
	"vcan":  kindTable(vcanAttrs, nothing),
	"vxcan": kindTable(vxcanAttrs, nothing),
}

// canSamples are those of the kinds in canTables. What is only read of a can link
// is in TestCANRecorded.
func canSamples(bed) []sample {
	return []sample{
		{name: "vcan", kind: &VCAN{}, ip: "type vcan"},
		{name: "vxcan", kind: &VXCAN{}, ip: "type vxcan"},
		{name: "can", kind: &CAN{BitTiming: CANBitTiming{Bitrate: 500_000}, Modes: CANListenOnly}, hardware: true},
		{
			name: "canfd",
			kind: &CAN{
				Modes: CANErrorReports | CANFD | CANTDCManual, RestartDelay: new(100 * time.Millisecond), Termination: new(uint16(120)),
			},
			hardware: true,
		},
		{
			name:     "canxl",
			kind:     &CAN{Modes: CANRestricted | CANXL | CANXLTMS, RestartDelay: new(time.Duration(0))},
			hardware: true,
		},
	}
}

func TestCANWords(t *testing.T) {
	words(t, map[string]CANState{"error-active": 0, "bus-off": CANBusOff, "sleeping": CANSleeping, "CANState(9)": 9})
	words(t, map[string]CANModes{
		"0": 0, "loopback|listen-only|triple-sampling|one-shot|berr-reporting|fd|presume-ack|fd-non-iso": 0xff,
		"cc-len8-dlc|tdc-auto|tdc-manual|restricted|xl|xl-tdc-auto|xl-tdc-manual|tms|0x10000": 0x1ff00,
	})
	if m := CANFD | CANLoopback; !m.Has(CANFD) || m.Has(CANFD|CANXL) {
		t.Errorf("%v has what it has not", m)
	}
}

// Everything that a controller says is read.
func TestCANRecorded(t *testing.T) {
	limits := func(name string) *CANBitTimingLimits {
		return &CANBitTimingLimits{
			Name: name, Segment1Min: 2, Segment1Max: 256, Segment2Min: 1, Segment2Max: 128, SyncJumpWidthMax: 127,
			PrescalerMin: 1, PrescalerMax: 512, PrescalerStep: 2,
		}
	}
	all := fixtures(t)
	for name, want := range map[string]CAN{
		"can": {
			BitTiming: CANBitTiming{Bitrate: 500_000}, Modes: CANListenOnly, RestartDelay: new(time.Duration(0)), State: CANStopped,
			Supported: CANListenOnly, Bitrates: []uint32{10_000, 20_000, 50_000, 100_000, 125_000, 250_000, 500_000, 800_000, 1_000_000},
			Stats: &CANStats{},
		},
		"canfd": {
			BitTiming: CANBitTiming{
				Bitrate: 500_000, SamplePoint: 875, TimeQuantum: 25, PropSegment: 34, PhaseSegment1: 35, PhaseSegment2: 10,
				SyncJumpWidth: 5, Prescaler: 2,
			},
			DataBitTiming: CANBitTiming{
				Bitrate: 2_000_000, SamplePoint: 750, TimeQuantum: 25, PropSegment: 7, PhaseSegment1: 7, PhaseSegment2: 5,
				SyncJumpWidth: 2, Prescaler: 2,
			},
			BitTimingLimits: limits("m_can"), DataBitTimingLimits: limits("m_can_data"),
			Clock: 80_000_000, State: CANErrorWarning, Modes: CANErrorReports | CANFD | CANTDCManual, RestartDelay: new(100 * time.Millisecond),
			ErrorCounters: &CANErrorCounters{Tx: 100, Rx: 7}, Termination: new(uint16(120)), Terminations: []uint16{0, 120},
			BitrateMax: 8_000_000, Stats: &CANStats{1, 2, 3, 4, 5, 6},
			TDC: CANTDC{
				Value: new(uint32(20)), Offset: new(uint32(30)), Filter: new(uint32(0)),
				ValueMax: 63, OffsetMin: 1, OffsetMax: 127, FilterMin: 2, FilterMax: 126,
			},
			Supported: CANLoopback | CANListenOnly | CANErrorReports | CANFD | CANTDCAuto | CANTDCManual,
		},
		"canxl": {
			BitTiming: CANBitTiming{Bitrate: 500_000}, XLDataBitTiming: CANBitTiming{Bitrate: 8_000_000},
			XLDataBitTimingLimits: limits("dummy_can_xl"), DataBitrates: []uint32{2_000_000, 5_000_000}, XLDataBitrates: []uint32{8_000_000},
			Clock: 160_000_000, State: CANStopped, Modes: CANRestricted | CANXL | CANXLTMS, RestartDelay: new(time.Duration(0)),
			XLTDC: CANTDC{OffsetMin: 1, OffsetMax: 255},
			XLPWM: CANPWM{
				Short: new(uint32(6)), Long: new(uint32(14)), Offset: new(uint32(0)),
				ShortMin: 1, ShortMax: 8, LongMin: 2, LongMax: 24, OffsetMin: 0, OffsetMax: 16,
			},
			Supported: CANRestricted | CANXL | CANXLTMS, Stats: &CANStats{},
		},
	} {
		if len(all) == 0 {
			continue // recorded in another byte order
		}
		var l Link
		must(t, l.decode(all["kind_"+name], false))
		if got := l.Kind.(*CAN); !reflect.DeepEqual(*got, want) {
			t.Errorf("%s: got\n%+v\nwant\n%+v", name, *got, want)
		}
	}
}

// The statistics stand beside the data, may grow, and must not be too short.
func TestCANStats(t *testing.T) {
	info := attr.AppendString(nil, uapi.IFLA_INFO_KIND, "can")
	for _, n := range []int{0, 5, 6, 7} {
		var l Link
		err := l.readInfo(attr.AppendBytes(info, uapi.IFLA_INFO_XSTATS, appendWords(nil, []uint32{1, 2, 3, 4, 5, 6, 7}[:n]...)))
		if n < 6 {
			if e, ok := errors.AsType[*attr.Error](err); !ok || !errors.Is(err, attr.ErrMalformed) || e.Path != "IFLA_INFO_XSTATS" {
				t.Errorf("%d words: got %v", n, err)
			}
			continue
		}
		must(t, err)
		if k, ok := KindAs[*CAN](l); !ok || *k.Stats != (CANStats{1, 2, 3, 4, 5, 6}) {
			t.Errorf("%d words: got %+v", n, l.Kind)
		}
	}
	// Other kinds have none that this package knows.
	var l Link
	must(t, l.readInfo(attr.AppendBytes(attr.AppendString(nil, uapi.IFLA_INFO_KIND, "vcan"), uapi.IFLA_INFO_XSTATS, []byte{1})))
}

// Of a bit timing that was read, what the kernel takes is sent.
func TestCANBitTiming(t *testing.T) {
	for _, tc := range []struct{ in, sent CANBitTiming }{
		{CANBitTiming{}, CANBitTiming{}},
		{
			CANBitTiming{500_000, 875, 25, 34, 35, 10, 5, 2},
			CANBitTiming{Bitrate: 500_000, SamplePoint: 875, SyncJumpWidth: 5},
		},
		{
			CANBitTiming{TimeQuantum: 25, PropSegment: 34, PhaseSegment1: 35, PhaseSegment2: 10, SyncJumpWidth: 5, Prescaler: 2},
			CANBitTiming{TimeQuantum: 25, PropSegment: 34, PhaseSegment1: 35, PhaseSegment2: 10, SyncJumpWidth: 5},
		},
	} {
		b, err := canAttrs.Append(nil, &CAN{BitTiming: tc.in, DataBitTiming: tc.in, XLDataBitTiming: tc.in})
		must(t, err)
		var got CAN
		must(t, canAttrs.Decode(b, &got))
		if want := (CAN{BitTiming: tc.sent, DataBitTiming: tc.sent, XLDataBitTiming: tc.sent}); !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

// What no kernel takes is refused before it is sent, with the attribute's name.
func TestCANRefused(t *testing.T) {
	c, _ := newClient(t)
	for _, tc := range []struct {
		kind CAN
		attr string
	}{
		{CAN{BitTiming: CANBitTiming{Bitrate: 1, SamplePoint: 1000}}, "IFLA_CAN_BITTIMING"},
		{CAN{BitTiming: CANBitTiming{SamplePoint: 875}}, "IFLA_CAN_BITTIMING"},
		{CAN{DataBitTiming: CANBitTiming{TimeQuantum: -1}}, "IFLA_CAN_DATA_BITTIMING"},
		{CAN{XLDataBitTiming: CANBitTiming{TimeQuantum: 5 * time.Second}}, "IFLA_CAN_XL_DATA_BITTIMING"},
		{CAN{Modes: CANFD | CANLoopback, ModesOff: CANFD}, "IFLA_CAN_CTRLMODE"},
		{CAN{RestartDelay: new(-time.Second)}, "IFLA_CAN_RESTART_MS"},
	} {
		err := Set(t.Context(), c, Index(1), WithKind(&tc.kind))
		e, ok := errors.AsType[*nlkit.Error](err)
		if !ok || !errors.Is(err, fs.ErrInvalid) || e.Sent || e.Attr != "IFLA_LINKINFO.IFLA_INFO_DATA."+tc.attr {
			t.Errorf("%+v: got %v", tc.kind, err)
		}
	}
	for _, kind := range []Kind{&CAN{}, &VCAN{}, &VXCAN{}} {
		err := Add(t.Context(), c, "x0", kind, WithAddress(mac1))
		if e, ok := errors.AsType[*nlkit.Error](err); !ok || !errors.Is(err, fs.ErrInvalid) || e.Sent || e.Attr != "IFLA_ADDRESS" {
			t.Errorf("%s with an address: got %v", kind.Kind(), err)
		}
	}
}

// Only drivers make can links.
func TestCANAdd(t *testing.T) {
	c, _ := newClient(t)
	if err := Add(t.Context(), c, "x0", &CAN{}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("got %v", err)
	}
}

func TestVXCANPeer(t *testing.T) {
	c, _ := newClient(t)
	other := nstest.New(t)
	c2 := clientIn(t, other)
	add(t, c, "x0", &VXCAN{Peer: NewPeer("p0", WithNetNSFD(other.FD()), WithIndex(99), WithMTU(16), WithGroup(5))}, WithIndex(42))
	v, err := Get(t.Context(), c, Index(42))
	must(t, err)
	p, err := Get(t.Context(), c2, Name("p0"))
	must(t, err)
	if _, ok := KindAs[*VXCAN](p); !ok || v.Type != TypeCAN || v.Parent != 99 || v.ParentNSID == nil || v.MTU != 72 {
		t.Errorf("got %+v", v)
	}
	if p.Index != 99 || p.MTU != 16 || p.Group != 5 || p.Parent != 42 {
		t.Errorf("got %+v", p)
	}
	err = Add(t.Context(), c, "x1", &VXCAN{Peer: NewPeer("p1", WithRawAttr(uapi.IFLA_TSO_MAX_SIZE, make([]byte, 4)))})
	e, ok := errors.AsType[*nlkit.Error](err)
	if !ok || e.Attr != "IFLA_LINKINFO.IFLA_INFO_DATA.VXCAN_INFO_PEER.IFLA_TSO_MAX_SIZE" {
		t.Errorf("got %v", err)
	}
}

func TestVXCANPeerByNamespaceName(t *testing.T) {
	withNamedNetNS(t, func(c, other *nlkit.Client, name string) {
		add(t, c, "x0", &VXCAN{Peer: NewPeer("p0", WithNetNS(name))})
		_, err := Get(t.Context(), other, Name("p0"))
		must(t, err)
		err = Add(t.Context(), c, "x1", &VXCAN{Peer: NewPeer("p1", WithNetNS("no-such-namespace"))})
		e, ok := errors.AsType[*nlkit.Error](err)
		if !ok || !errors.Is(err, fs.ErrNotExist) || e.Sent {
			t.Errorf("got %v", err)
		}
	})
}
