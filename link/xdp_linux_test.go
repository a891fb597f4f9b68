package link

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/nstest"
)

// xdpProgram loads an XDP program that lets every packet pass: r0 = XDP_PASS; exit.
// It returns the program and its id.
func xdpProgram(t *testing.T) (fd int, id uint32) {
	t.Helper()
	instructions := []byte{0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0}
	binary.NativeEndian.PutUint32(instructions[4:], 2)
	license := []byte("MIT\x00")
	var pin runtime.Pinner
	defer pin.Unpin()
	pin.Pin(&instructions[0])
	pin.Pin(&license[0])
	load := struct { // union bpf_attr for BPF_PROG_LOAD
		progType, count       uint32
		instructions, license uint64
		_                     [12]uint64
	}{
		progType: unix.BPF_PROG_TYPE_XDP, count: 2,
		instructions: uint64(uintptr(unsafe.Pointer(&instructions[0]))), license: uint64(uintptr(unsafe.Pointer(&license[0]))),
	}
	fd = bpf(t, unix.BPF_PROG_LOAD, unsafe.Pointer(&load), unsafe.Sizeof(load))
	t.Cleanup(func() { _ = unix.Close(fd) })

	var info [2]uint32 // type and id of struct bpf_prog_info
	pin.Pin(&info)
	query := struct {
		fd, size uint32
		info     uint64
	}{uint32(fd), uint32(unsafe.Sizeof(info)), uint64(uintptr(unsafe.Pointer(&info)))}
	bpf(t, unix.BPF_OBJ_GET_INFO_BY_FD, unsafe.Pointer(&query), unsafe.Sizeof(query))
	return fd, info[1]
}

func bpf(t *testing.T, cmd uintptr, arg unsafe.Pointer, size uintptr) int {
	t.Helper()
	n, _, errno := unix.Syscall(unix.SYS_BPF, cmd, uintptr(arg), size)
	switch errno {
	case 0:
		return int(n)
	case unix.EPERM, unix.EACCES, unix.ENOSYS:
		nstest.Skip(t, "bpf", "bpf command %d: %v", cmd, errno)
	}
	t.Fatalf("bpf command %d: %v", cmd, errno)
	return -1
}

// ipXDP returns what ip says of the program of v0: its mode and id.
func ipXDP(t *testing.T, ns *nstest.NS) string {
	t.Helper()
	l := ipLink(t, ns, "v0")
	xdp, ok := l["xdp"].(map[string]any)
	if !ok {
		return "none"
	}
	prog, _ := xdp["prog"].(map[string]any)
	return fmt.Sprint(xdp["mode"], " ", prog["id"])
}

func TestXDP(t *testing.T) {
	c, ns := newClient(t)
	ctx := t.Context()
	first, firstID := xdpProgram(t)
	second, secondID := xdpProgram(t)
	if firstID == 0 || firstID == secondID {
		t.Fatalf("the programs have the ids %d and %d", firstID, secondID)
	}
	v := add(t, c, "v0", &Veth{})
	set := func(opts ...SetOption) error { return Set(ctx, c, Index(v.Index), opts...) }
	attached := func(step string, mode XDPMode, id uint32) {
		t.Helper()
		l, err := Get(ctx, c, Index(v.Index))
		must(t, err)
		want := &XDP{Mode: mode, ProgramID: id}
		switch mode {
		case XDPNone:
			want = nil
		case XDPDriver:
			want.DriverProgramID = id
		default:
			want.GenericProgramID = id
		}
		if !reflect.DeepEqual(l.XDP, want) {
			t.Errorf("%s: got %+v, want %+v", step, l.XDP, want)
		}
	}
	for _, m := range []struct {
		mode, other XDPMode
		ip          int // XDP_ATTACHED_*
	}{{XDPGeneric, XDPDriver, 2}, {XDPDriver, XDPGeneric, 1}} {
		t.Run(m.mode.String(), func(t *testing.T) {
			attached("before", XDPNone, 0)
			must(t, set(WithXDP(first, m.mode, XDPIfNone())))
			attached("attached", m.mode, firstID)
			if got, want := ipXDP(t, ns), fmt.Sprint(m.ip, " ", firstID); got != want {
				t.Errorf("ip says %s, want %s", got, want)
			}

			refused := func(err error, want error, message string) {
				t.Helper()
				e, ok := errors.AsType[*nlkit.Error](err)
				if !ok || !errors.Is(err, want) || e.Op != "link.Set" || !e.Sent || e.Message != message {
					t.Errorf("got %v, want %v: %s", err, want, message)
				}
				attached("refused", m.mode, firstID)
			}
			refused(set(WithXDP(second, m.mode, XDPIfNone())), syscall.EBUSY, "XDP program already attached")
			refused(set(WithXDP(second, m.mode, XDPInPlaceOf(second))), fs.ErrExist, "Active program does not match expected")
			refused(set(WithNoXDP(m.mode, XDPInPlaceOf(second))), fs.ErrExist, "Active program does not match expected")
			refused(set(WithXDP(second, m.other)), fs.ErrExist, "Native and generic XDP can't be active at the same time")

			must(t, set(WithXDP(second, m.mode, XDPInPlaceOf(first))))
			attached("replaced", m.mode, secondID)
			must(t, set(WithXDP(first, m.mode)))
			attached("replaced without a word", m.mode, firstID)
			must(t, set(WithNoXDP(m.mode, XDPInPlaceOf(first))))
			attached("detached", XDPNone, 0)
			must(t, set(WithNoXDP(m.mode)))
			attached("detached twice", XDPNone, 0)
		})
	}
	// The kernel chooses the driver, which veth has.
	must(t, set(WithXDP(first, XDPNone), WithMTU(1400)))
	attached("mode of the kernel", XDPDriver, firstID)
	must(t, set(WithNoXDP(XDPNone)))
	attached("detached in any mode", XDPNone, 0)

	if err := set(WithXDP(first, XDPHardware)); !errors.Is(err, fs.ErrInvalid) && !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("hardware without any: %v", err)
	}
	null, err := os.Open(os.DevNull)
	must(t, err)
	defer null.Close()
	if err := set(WithXDP(int(null.Fd()), XDPGeneric)); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("a file that is no program: %v", err)
	}
	if err := set(WithXDP(1<<20, XDPGeneric)); !errors.Is(err, syscall.EBADF) {
		t.Errorf("no file: %v", err)
	}
	attached("after all", XDPNone, 0)

	// In a batch the file stays open until that is sent.
	b := c.NewBatch()
	must(t, Set(ctx, b, Index(v.Index), WithXDP(second, XDPGeneric)))
	must(t, b.Send(ctx))
	attached("by a batch", XDPGeneric, secondID)
}

// What ip attached is detached, and the other way round: they mean the same.
func TestInteropXDP(t *testing.T) {
	c, ns := newClient(t)
	ctx := t.Context()
	fd, _ := xdpProgram(t)
	v := add(t, c, "v0", &Veth{})
	must(t, Set(ctx, c, Index(v.Index), WithXDP(fd, XDPGeneric)))
	ns.Run(t, "ip", "link", "set", "v0", "xdpgeneric", "off")
	l, err := Get(ctx, c, Index(v.Index))
	must(t, err)
	if l.XDP != nil {
		t.Errorf("got %+v", l.XDP)
	}
}
