package route_test

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// loadProgram loads a BPF program for a place in an encapsulation, which lets every
// packet through, and returns its descriptor.
func loadProgram(place string) (int, error) {
	type instruction struct {
		code  uint8
		regs  uint8
		off   int16
		value int32
	}
	program := []instruction{{code: unix.BPF_ALU64 | unix.BPF_MOV | unix.BPF_K}, {code: unix.BPF_JMP | unix.BPF_EXIT}} // r0 = BPF_OK; exit
	license := []byte("GPL\x00")
	request := struct {
		typ, count            uint32
		instructions, license uint64
		_                     [24]uint32 // no log, no flags
	}{
		typ: map[string]uint32{
			"in": unix.BPF_PROG_TYPE_LWT_IN, "out": unix.BPF_PROG_TYPE_LWT_OUT, "xmit": unix.BPF_PROG_TYPE_LWT_XMIT,
			"seg6local": unix.BPF_PROG_TYPE_LWT_SEG6LOCAL,
		}[place],
		count:        uint32(len(program)),
		instructions: uint64(uintptr(unsafe.Pointer(&program[0]))),
		license:      uint64(uintptr(unsafe.Pointer(&license[0]))),
	}
	fd, _, errno := unix.Syscall(unix.SYS_BPF, unix.BPF_PROG_LOAD, uintptr(unsafe.Pointer(&request)), unsafe.Sizeof(request))
	runtime.KeepAlive(program)
	runtime.KeepAlive(license)
	if errno != 0 {
		return 0, errno
	}
	return int(fd), nil
}

func closeProgram(fd int) { _ = unix.Close(fd) }
