package link

import (
	"bytes"
	"testing"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// A program in the driver or the network stack goes together with one in the
// hardware. What is written is rtnl_xdp_fill in net/core/rtnetlink.c: each id, then
// the mode, and no id of the only one.
func TestXDPInSeveralPlaces(t *testing.T) {
	nest := attr.AppendUint32(nil, uapi.IFLA_XDP_DRV_PROG_ID, 7)
	nest = attr.AppendUint32(nest, uapi.IFLA_XDP_HW_PROG_ID, 8)
	nest = attr.AppendUint8(nest, uapi.IFLA_XDP_ATTACHED, uapi.XDP_ATTACHED_MULTI)
	var l Link
	must(t, l.decode(attr.AppendBytes(header{index: 2}.appendTo(nil), uapi.IFLA_XDP, nest), false))
	if l.XDP == nil || *l.XDP != (XDP{Mode: XDPMulti, DriverProgramID: 7, HardwareProgramID: 8}) {
		t.Errorf("got %+v", l.XDP)
	}
}

func TestXDPChangeOnTheWire(t *testing.T) {
	for name, tc := range map[string]struct {
		option             SetOption
		fd, flags, instead int // instead of no program: 0
	}{
		"attached":          {WithXDP(5, XDPNone), 5, 0, 0},
		"in the driver":     {WithXDP(5, XDPDriver, nil), 5, uapi.XDP_FLAGS_DRV_MODE, 0},
		"in the stack":      {WithXDP(5, XDPGeneric), 5, uapi.XDP_FLAGS_SKB_MODE, 0},
		"in the hardware":   {WithXDP(5, XDPHardware), 5, uapi.XDP_FLAGS_HW_MODE, 0},
		"if none":           {WithXDP(5, XDPDriver, XDPIfNone()), 5, uapi.XDP_FLAGS_DRV_MODE | uapi.XDP_FLAGS_UPDATE_IF_NOEXIST, 0},
		"in place of":       {WithXDP(5, XDPDriver, XDPInPlaceOf(6)), 5, uapi.XDP_FLAGS_DRV_MODE | uapi.XDP_FLAGS_REPLACE, 6},
		"detached":          {WithNoXDP(XDPNone), -1, 0, 0},
		"detached if it is": {WithNoXDP(XDPGeneric, XDPInPlaceOf(6)), -1, uapi.XDP_FLAGS_SKB_MODE | uapi.XDP_FLAGS_REPLACE, 6},
	} {
		var got []byte
		must(t, Set(t.Context(), catcher(&got), Index(1), tc.option))
		nest := attr.AppendUint32(nil, uapi.IFLA_XDP_FD, uint32(int32(tc.fd)))
		if tc.flags != 0 {
			nest = attr.AppendUint32(nest, uapi.IFLA_XDP_FLAGS, uint32(tc.flags))
		}
		if tc.instead != 0 {
			nest = attr.AppendUint32(nest, uapi.IFLA_XDP_EXPECTED_FD, uint32(tc.instead))
		}
		want := attr.AppendBytes(header{index: 1}.appendTo(nil), uapi.IFLA_XDP|uapi.NLA_F_NESTED, nest)
		if !bytes.Equal(got, want) {
			t.Errorf("%s:\ngot  % x\nwant % x", name, got, want)
		}
	}
}
