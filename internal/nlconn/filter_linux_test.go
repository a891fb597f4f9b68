package nlconn

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
)

// keeps runs a socket filter as the kernel does, and reports whether it keeps a datagram.
func keeps(t testing.TB, code []unix.SockFilter, b []byte, order byteOrder) bool {
	t.Helper()
	var a, x uint32
	for pc := 0; ; pc++ {
		if pc >= len(code) {
			t.Fatal("the program has no end")
		}
		in := code[pc]
		operand := in.K
		if in.Code&unix.BPF_X != 0 {
			operand = x
		}
		switch in.Code & 7 {
		case unix.BPF_RET:
			return in.K != 0
		case unix.BPF_MISC: // TAX
			x = a
		case unix.BPF_LDX: // IMM
			x = in.K
		case unix.BPF_ALU:
			if in.Code&0xf0 == unix.BPF_LSH {
				a <<= operand
			} else {
				a |= operand
			}
		case unix.BPF_JMP:
			so := true
			switch in.Code & 0xf0 {
			case unix.BPF_JA:
				pc += int(in.K)
				continue
			case unix.BPF_JEQ:
				so = a == operand
			case unix.BPF_JGE:
				so = a >= operand
			case unix.BPF_JSET:
				so = a&operand != 0
			default:
				t.Fatalf("jump %#x", in.Code)
			}
			if so {
				pc += int(in.Jt)
			} else {
				pc += int(in.Jf)
			}
		case unix.BPF_LD:
			at := uint64(in.K)
			switch in.Code & 0xe0 {
			case unix.BPF_IMM:
				a = in.K
				continue
			case unix.BPF_LEN:
				a = uint32(len(b))
				continue
			case unix.BPF_IND:
				at += uint64(x)
			case unix.BPF_ABS:
				if nlattr := uapi.SKF_AD_OFF + uapi.SKF_AD_NLATTR; in.K == uint32(nlattr) {
					a = findAttr(b, a, uint16(x), order)
					continue
				}
			}
			size := map[uint16]uint64{unix.BPF_B: 1, unix.BPF_H: 2, unix.BPF_W: 4}[in.Code&0x18]
			if at+size > uint64(len(b)) {
				return false
			}
			a = 0
			for _, c := range b[at : at+size] {
				a = a<<8 | uint32(c)
			}
		default:
			t.Fatalf("instruction %#x", in.Code)
		}
	}
}

// findAttr is bpf_skb_get_nlattr.
func findAttr(b []byte, at uint32, typ uint16, order byteOrder) uint32 {
	for uint64(at)+4 <= uint64(len(b)) {
		n := uint32(order.Uint16(b[at:]))
		if n < 4 || uint64(at)+uint64(n) > uint64(len(b)) {
			break
		}
		if order.Uint16(b[at+2:])&0x3fff == typ {
			return at
		}
		at += (n + 3) &^ 3
	}
	return 0
}

// sample is a message that does not depend on the byte order, and what it is asked for.
type sample struct {
	typ    uint16
	header []Field // one behind the other
	attrs  []Field
	cut    int // bytes that are missing at the end
}

func (s sample) encode(order byteOrder) []byte {
	put := func(b []byte, f Field) []byte {
		switch f.Size {
		case 0:
			return b
		case 1:
			return append(b, byte(f.Value))
		case 2:
			return order.AppendUint16(b, uint16(f.Value))
		}
		return order.AppendUint32(b, f.Value)
	}
	b := order.AppendUint16(make([]byte, 4), s.typ)
	b = append(b, make([]byte, 10)...)
	for _, f := range s.header {
		b = put(b, f)
	}
	for _, f := range s.attrs {
		b = order.AppendUint16(b, uint16(4+f.Size))
		b = order.AppendUint16(b, f.Attr)
		b = put(b, f)
		b = append(b, make([]byte, (4-f.Size)&3)...)
	}
	b = b[:max(uapi.NLMSG_HDRLEN, len(b)-s.cut)]
	order.PutUint32(b, uint32(len(b)))
	return b
}

// few returns a number that others that it returned may be equal to.
func few(r *rand.Rand) uint32 {
	return [...]uint32{0, 1, 2, 0x0100, 0x01000000, 0x12345678, 252}[r.IntN(7)]
}

func randomSample(r *rand.Rand) sample {
	s := sample{typ: uint16(14 + r.IntN(6)), header: []Field{
		{Size: 1, Value: few(r) & 0xff}, {Size: 1, Value: few(r) & 0xff}, {Size: 2, Value: few(r) & 0xffff}, {Size: 4, Value: few(r)},
	}}
	for range r.IntN(4) {
		size := [...]int{0, 1, 2, 4, 4}[r.IntN(5)]
		s.attrs = append(s.attrs, Field{Attr: uint16(1+r.IntN(3)) | uint16(r.IntN(2))<<15, Size: size, Value: few(r) & (1<<(8*size) - 1)})
	}
	if r.IntN(4) == 0 {
		s.cut = r.IntN(12)
	}
	return s
}

func randomWants(r *rand.Rand) []Want {
	wants := make([]Want, r.IntN(4))
	for i := range wants {
		for range 1 + r.IntN(3) {
			wants[i].Types = append(wants[i].Types, uint16(16+r.IntN(4)))
		}
		for range r.IntN(3) {
			f := Field{Offset: 8, Attr: uint16(1 + r.IntN(3)), Size: [...]int{1, 2, 4}[r.IntN(3)]}
			if r.IntN(2) == 0 {
				f.Attr = 0
				f.Offset = map[int]int{1: r.IntN(2), 2: 2, 4: 4}[f.Size]
			}
			f.Value = few(r) & (1<<(8*f.Size) - 1)
			wants[i].Where = append(wants[i].Where, f)
		}
	}
	return wants
}

// want says what the program is to do with a datagram in the host's byte order.
func want(wants []Want, b []byte) bool {
	d := datagram{b: b}
	m, ok, err := d.next()
	return err != nil || !ok || len(b) != uapi.NLMSG_HDRLEN+len(m.Data) || wanted(wants, &m)
}

// The program and the predicate are one, in either byte order.
func TestFilterProgram(t *testing.T) {
	var kept, dropped int
	for seed := range uint64(20_000) {
		r := rand.New(rand.NewPCG(seed, 1))
		wants, s := randomWants(r), randomSample(r)
		is := want(wants, s.encode(binary.NativeEndian))
		for _, order := range []byteOrder{binary.LittleEndian, binary.BigEndian} {
			if got := keeps(t, program(wants, order), s.encode(order), order); got != is {
				t.Fatalf("seed %d, %v: kept %v, want %v\nwants %+v\nmessage %+v", seed, order, got, is, wants, s)
			}
		}
		if is {
			kept++
		} else {
			dropped++
		}
	}
	if min(kept, dropped) < 2_000 {
		t.Errorf("%d kept, %d dropped: they are too few", kept, dropped)
	}
}

// What is not one message of the kernel about an object comes through.
func TestFilterKeeps(t *testing.T) {
	wants := []Want{{Types: []uint16{20}}}
	other := sample{typ: 21}.encode(binary.NativeEndian)
	wrong := append([]byte(nil), other...)
	binary.NativeEndian.PutUint32(wrong, 1<<20)
	code := program(wants, binary.NativeEndian)
	for what, b := range map[string][]byte{
		"nothing":                 nil,
		"no header":               other[:12],
		"several":                 append(append([]byte(nil), other...), other...),
		"a length beyond its end": wrong,
		"an answer":               sample{typ: uapi.NLMSG_ERROR}.encode(binary.NativeEndian),
		"an overrun":              sample{typ: uapi.NLMSG_OVERRUN}.encode(binary.NativeEndian),
		"what is wanted":          sample{typ: 20}.encode(binary.NativeEndian),
	} {
		if !keeps(t, code, b, binary.NativeEndian) {
			t.Errorf("%s is dropped", what)
		}
	}
	if keeps(t, code, other, binary.NativeEndian) {
		t.Error("what is not wanted is kept")
	}
}

// The kernel runs the program as it is meant, also for an ordinary user.
func TestFilterInKernel(t *testing.T) {
	nstest.WithoutRights(t, func() {
		pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Error(err)
			return
		}
		defer unix.Close(pair[0])
		defer unix.Close(pair[1])
		seeds := uint64(2_000)
		if testing.Short() {
			seeds = 200
		}
		for seed := range seeds {
			r := rand.New(rand.NewPCG(seed, 2))
			wants := randomWants(r)
			code := program(wants, binary.NativeEndian)
			if err := unix.SetsockoptSockFprog(pair[1], unix.SOL_SOCKET, unix.SO_ATTACH_FILTER,
				&unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}); err != nil {
				t.Errorf("seed %d: %v", seed, err)
				return
			}
			for range 8 {
				b := randomSample(r).encode(binary.NativeEndian)
				if err := unix.Sendto(pair[0], b, unix.MSG_DONTWAIT, nil); err != nil {
					t.Error(err)
					return
				}
				_, err := recvfrom(pair[1], make([]byte, 256))
				if got, is := err == nil, want(wants, b); got != is {
					t.Errorf("seed %d: kept %v (%v), want %v\nwants %+v\n%x", seed, got, err, is, wants, b)
					return
				}
			}
		}
	})
}

// A socket for events receives what it wants, and answers, also if the program is longer than
// the kernel takes.
func TestListenFiltered(t *testing.T) {
	ns := nstest.New(t)
	ns.Do(t, func() {
		p := NewPool(Config{})
		defer p.Close()
		setLoopback := make([]byte, 16, 24) // raises an event
		binary.NativeEndian.PutUint32(setLoopback[4:], 1)
		setLoopback = binary.NativeEndian.AppendUint16(setLoopback, 8)
		setLoopback = binary.NativeEndian.AppendUint16(setLoopback, uapi.IFLA_TXQLEN)
		for i, tt := range []struct {
			types    []uint16
			filtered bool
			received bool
		}{
			{[]uint16{uapi.RTM_DELLINK}, true, false},
			{make([]uint16, unix.BPF_MAXINSNS), false, false},
			{[]uint16{uapi.RTM_NEWLINK}, true, true},
			{append(make([]uint16, unix.BPF_MAXINSNS), uapi.RTM_NEWLINK), false, true},
		} {
			c, err := p.Listen(unix.NETLINK_ROUTE, ListenConfig{
				Groups: []uint32{uapi.RTNLGRP_LINK}, Wants: []Want{{Types: tt.types}},
			})
			if err != nil {
				t.Fatal(err)
			}
			if c.Filtered != tt.filtered {
				t.Errorf("%d types: filtered %v", len(tt.types), c.Filtered)
			}
			if _, err := c.Control(t.Context(), Request{Type: uapi.RTM_SETLINK, Data: binary.NativeEndian.AppendUint32(setLoopback, uint32(500+i))}); err != nil {
				t.Error(err)
			}
			if ok, err := c.Receive(new(Message), false); ok != tt.received || err != nil {
				t.Errorf("%d types: received %v, %v", len(tt.types), ok, err)
			}
			p.Forget(c)
		}
	})
}

func FuzzFilter(f *testing.F) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 3))
		f.Add(seed, randomSample(r).encode(binary.NativeEndian))
	}
	f.Fuzz(func(t *testing.T, seed uint64, b []byte) {
		wants := randomWants(rand.New(rand.NewPCG(seed, 3)))
		if got, is := keeps(t, program(wants, binary.NativeEndian), b, binary.NativeEndian), want(wants, b); got != is {
			t.Errorf("kept %v, want %v: %+v", got, is, wants)
		}
	})
}
