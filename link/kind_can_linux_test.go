package link

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
)

const lineDisciplineCAN = 17 // N_SLCAN

// serialCAN makes a can link whose hardware is a terminal, and gives it the sample's
// name in the namespace.
func serialCAN(t *testing.T, ns *nstest.NS) {
	t.Helper()
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		nstest.Skip(t, "kind:can", "no terminals: %v", err)
	}
	t.Cleanup(func() { terminal.Close() })
	line := peerOf(t, terminal)
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		_, _ = io.Copy(io.Discard, terminal) // the controller's commands
	}()
	t.Cleanup(func() {
		line.Close() // the link ends with it
		terminal.Close()
		<-drained
	})
	// The link comes in the first namespace of all, which only the system's root can
	// look into.
	before := canLinks(t)
	if err := unix.IoctlSetPointerInt(int(line.Fd()), unix.TIOCSETD, lineDisciplineCAN); err != nil {
		nstest.Skip(t, "kind:can", "no links over serial lines: %v", err)
	}
	for _, l := range canLinks(t) {
		if !slices.ContainsFunc(before, func(b Link) bool { return b.Index == l.Index }) {
			home, err := nlkit.New()
			must(t, err)
			defer home.Close()
			must(t, Set(t.Context(), home, Index(l.Index), WithNetNSFD(ns.FD()), WithName(sampleLink)))
			return
		}
	}
	nstest.Skip(t, "kind:can", "the link is in another namespace")
}

// peerOf opens the line that belongs to a terminal.
func peerOf(t *testing.T, terminal *os.File) *os.File {
	t.Helper()
	raw, err := terminal.SyscallConn() // Fd would make reads block that nothing ends
	must(t, err)
	var line uintptr
	var errno unix.Errno
	must(t, raw.Control(func(fd uintptr) {
		if err = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err == nil {
			line, _, errno = unix.Syscall(unix.SYS_IOCTL, fd, unix.TIOCGPTPEER, unix.O_RDWR|unix.O_NOCTTY)
		}
	}))
	must(t, err)
	if errno != 0 {
		t.Fatal(errno)
	}
	return os.NewFile(line, "line")
}

func canLinks(t *testing.T) []Link {
	t.Helper()
	c, err := nlkit.New()
	must(t, err)
	defer c.Close()
	links, err := List(t.Context(), c, MatchKind("can"))
	must(t, err)
	return links
}

// A real can link is changed and read, by this package and by iproute2.
func TestSerialCAN(t *testing.T) {
	nstest.NeedKernel(t, "6.0") // before, such a link has no kind
	c, ns := newClient(t)
	ctx := t.Context()
	serialCAN(t, ns)
	get := func() (Link, *CAN) {
		t.Helper()
		l, err := Get(ctx, c, Name(sampleLink))
		must(t, err)
		k, ok := KindAs[*CAN](l)
		if !ok || l.Type != TypeCAN {
			t.Fatalf("got %+v", l)
		}
		return l, k
	}
	_, k := get()
	if k.BitTiming.Bitrate != 0 || k.State != CANStopped || k.Modes != 0 || k.Supported != CANListenOnly || !slices.Contains(k.Bitrates, 500_000) {
		t.Errorf("got %+v", k)
	}
	must(t, Set(ctx, c, Name(sampleLink), WithKind(&CAN{BitTiming: CANBitTiming{Bitrate: 500_000}, Modes: CANListenOnly, RestartDelay: new(time.Duration(0))})))
	l, k := get()
	if k.BitTiming != (CANBitTiming{Bitrate: 500_000}) || k.Modes != CANListenOnly || k.ModesOff != 0 {
		t.Errorf("got %+v", k)
	}
	if *record {
		req := request("link.Get", uapi.RTM_GETLINK, 0)
		req.Data = Index(l.Index).appendTo(nil, header{})
		release, _ := os.ReadFile("/proc/sys/kernel/osrelease")
		must(t, c.Query(ctx, req, func(m nlkit.Message) error {
			fmt.Printf("--- kind_can.txt\n# RTM_NEWLINK of Linux %s: ip link set x0 type can bitrate 500000 listen-only on\n%s",
				strings.TrimSpace(string(release)), dumpHex(m.Data))
			return nil
		}))
	}
	info, _ := ipInfo(t, ns, sampleLink).(map[string]any)
	if fmt.Sprint(info["bittiming_bitrate"]) != "500000" || fmt.Sprint(info["ctrlmode"]) != "[LISTEN-ONLY]" || info["state"] != "STOPPED" {
		t.Errorf("ip says %v", info)
	}

	// What was read can be put back.
	must(t, Set(ctx, c, Name(sampleLink), WithKind(k)))
	if _, again := get(); !reflect.DeepEqual(k, again) {
		t.Errorf("put back %+v, got %+v", k, again)
	}
	must(t, Set(ctx, c, Name(sampleLink), WithKind(&CAN{ModesOff: CANListenOnly})))
	if _, k := get(); k.Modes != 0 || k.BitTiming.Bitrate != 500_000 {
		t.Errorf("got %+v", k)
	}
	ns.Run(t, "ip", "link", "set", sampleLink, "type", "can", "bitrate", "250000", "listen-only", "on")
	if _, k := get(); k.Modes != CANListenOnly || k.BitTiming.Bitrate != 250_000 {
		t.Errorf("ip set %+v", k)
	}

	for _, tc := range []struct {
		change CAN
		is     error
	}{
		{CAN{BitTiming: CANBitTiming{Bitrate: 123}}, fs.ErrInvalid},
		{CAN{BitTiming: CANBitTiming{TimeQuantum: 25, PropSegment: 1}}, fs.ErrInvalid},
		{CAN{Modes: CANLoopback}, errors.ErrUnsupported},
		{CAN{Modes: CANFD, BitTiming: CANBitTiming{Bitrate: 500_000}, DataBitTiming: CANBitTiming{Bitrate: 2_000_000}}, errors.ErrUnsupported},
		{CAN{DataBitTiming: CANBitTiming{Bitrate: 2_000_000}}, errors.ErrUnsupported},
		{CAN{TDC: CANTDC{Offset: new(uint32(1))}}, errors.ErrUnsupported},
		{CAN{Termination: new(uint16(120))}, errors.ErrUnsupported},
	} {
		if err := Set(ctx, c, Name(sampleLink), WithKind(&tc.change)); !errors.Is(err, tc.is) {
			t.Errorf("%+v: got %v", tc.change, err)
		}
	}
	must(t, Set(ctx, c, Name(sampleLink), Up()))
	if err := Set(ctx, c, Name(sampleLink), WithKind(&CAN{Modes: CANListenOnly})); !errors.Is(err, unix.EBUSY) {
		t.Errorf("a change of a link that is up: got %v", err)
	}
	must(t, Set(ctx, c, Name(sampleLink), Down()))
}
