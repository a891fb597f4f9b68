package nlconn

import (
	"encoding/binary"
	"math"
	"math/bits"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit/internal/uapi"
)

// filter has the kernel drop the messages that are not wanted before they are put into
// the socket's buffer. It takes no privilege. Whether it could is in c.Filtered: Receive
// looks at all that comes anyway.
func (c *Conn) filter(wants []Want) error {
	code := program(wants, binary.NativeEndian)
	c.wants = wants
	if len(code) > unix.BPF_MAXINSNS {
		return nil
	}
	return c.raw.Control(func(fd uintptr) {
		c.Filtered = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER,
			&unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}) == nil
	})
}

// byteOrder is that of the messages.
type byteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// keep is how much of a message is kept: all.
const keep = math.MaxUint32

// program returns the socket filter that keeps what [wanted] does. It keeps a datagram of
// several messages, which it can only take or leave as a whole, and what is not a message.
// A message is loaded in network byte order, and what is compared with it is turned round.
func program(wants []Want, order byteOrder) []unix.SockFilter {
	p := assembler{order: order}
	p.add(unix.BPF_LD|unix.BPF_W|unix.BPF_LEN, 0)
	p.skipIf(unix.BPF_JGE|unix.BPF_K, uapi.NLMSG_HDRLEN)
	p.add(unix.BPF_RET|unix.BPF_K, keep)
	for i := range uint32(4) { // nlmsg_len comes into X
		p.add(unix.BPF_LD|unix.BPF_B|unix.BPF_ABS, i)
		p.add(unix.BPF_ALU|unix.BPF_LSH|unix.BPF_K, p.shift(i))
		if i > 0 {
			p.add(unix.BPF_ALU|unix.BPF_OR|unix.BPF_X, 0)
		}
		p.add(unix.BPF_MISC|unix.BPF_TAX, 0)
	}
	p.add(unix.BPF_LD|unix.BPF_W|unix.BPF_LEN, 0)
	p.skipIf(unix.BPF_JEQ|unix.BPF_X, 0)
	p.add(unix.BPF_RET|unix.BPF_K, keep)
	p.add(unix.BPF_LD|unix.BPF_H|unix.BPF_ABS, typeOffset)
	p.skipIf(unix.BPF_JSET|unix.BPF_K, p.swap16(math.MaxUint16&^(uapi.NLMSG_MIN_TYPE-1)))
	p.add(unix.BPF_RET|unix.BPF_K, keep)
	for _, w := range wants {
		p.want(w)
	}
	p.add(unix.BPF_RET|unix.BPF_K, 0)
	return p.code
}

const typeOffset = 4 // of nlmsg_type

// assembler appends instructions. Its conditional jumps leave out one instruction, since
// they reach no further than 255.
type assembler struct {
	code  []unix.SockFilter
	order byteOrder
}

func (p *assembler) add(code uint16, k uint32) {
	p.code = append(p.code, unix.SockFilter{Code: code, K: k})
}

// skipIf leaves the next instruction out if A compares so with k.
func (p *assembler) skipIf(compare uint16, k uint32) {
	p.code = append(p.code, unix.SockFilter{Code: unix.BPF_JMP | compare, Jt: 1, K: k})
}

// skipUnless leaves the next instruction out if A does not.
func (p *assembler) skipUnless(compare uint16, k uint32) {
	p.code = append(p.code, unix.SockFilter{Code: unix.BPF_JMP | compare, Jf: 1, K: k})
}

// jump goes to where land is called with what it returns.
func (p *assembler) jump() (from int) {
	p.add(unix.BPF_JMP|unix.BPF_JA, 0)
	return len(p.code) - 1
}

func (p *assembler) land(from ...int) {
	for _, i := range from {
		p.code[i].K = uint32(len(p.code) - i - 1)
	}
}

// want keeps the messages of a kind.
func (p *assembler) want(w Want) {
	var found, others []int
	p.add(unix.BPF_LD|unix.BPF_H|unix.BPF_ABS, typeOffset)
	for _, typ := range w.Types {
		p.skipUnless(unix.BPF_JEQ|unix.BPF_K, p.swap16(typ))
		found = append(found, p.jump())
	}
	others = append(others, p.jump())
	p.land(found...)
	for _, f := range w.Where {
		others = append(others, p.field(f))
	}
	p.add(unix.BPF_RET|unix.BPF_K, keep)
	p.land(others...)
}

// field goes on if a field fits, and jumps if it does not.
func (p *assembler) field(f Field) (other int) {
	var lacks []int
	at, mode := uint32(uapi.NLMSG_HDRLEN+f.Offset), uint16(unix.BPF_ABS)
	if f.Attr == 0 {
		p.add(unix.BPF_LD|unix.BPF_W|unix.BPF_LEN, 0)
		p.skipIf(unix.BPF_JGE|unix.BPF_K, at+uint32(f.Size)) // to load what is not there drops the message
		lacks = append(lacks, p.jump())
	} else {
		p.add(unix.BPF_LDX|unix.BPF_W|unix.BPF_IMM, uint32(f.Attr))
		p.add(unix.BPF_LD|unix.BPF_W|unix.BPF_IMM, at)
		p.add(unix.BPF_LD|unix.BPF_W|unix.BPF_ABS, math.MaxUint32+uapi.SKF_AD_OFF+1+uapi.SKF_AD_NLATTR)
		p.skipUnless(unix.BPF_JEQ|unix.BPF_K, 0)
		lacks = append(lacks, p.jump())
		p.add(unix.BPF_MISC|unix.BPF_TAX, 0)
		p.add(unix.BPF_LD|unix.BPF_H|unix.BPF_IND, 0)
		p.skipIf(unix.BPF_JEQ|unix.BPF_K, p.swap16(uint16(uapi.NLA_HDRLEN+f.Size)))
		lacks = append(lacks, p.jump())
		at, mode = uapi.NLA_HDRLEN, unix.BPF_IND
	}
	switch f.Size {
	case 1:
		p.add(unix.BPF_LD|unix.BPF_B|mode, at)
		p.skipIf(unix.BPF_JEQ|unix.BPF_K, f.Value)
	case 2:
		p.add(unix.BPF_LD|unix.BPF_H|mode, at)
		p.skipIf(unix.BPF_JEQ|unix.BPF_K, p.swap16(uint16(f.Value)))
	default:
		p.add(unix.BPF_LD|unix.BPF_W|mode, at)
		p.skipIf(unix.BPF_JEQ|unix.BPF_K, binary.BigEndian.Uint32(p.order.AppendUint32(nil, f.Value)))
	}
	other = p.jump()
	p.land(lacks...)
	return other
}

// swap16 returns what loading v from a message gives.
func (p *assembler) swap16(v uint16) uint32 {
	return uint32(binary.BigEndian.Uint16(p.order.AppendUint16(nil, v)))
}

// shift returns how far the byte of a number of 32 bits is to be shifted.
func (p *assembler) shift(i uint32) uint32 {
	var b [4]byte
	b[i] = 1
	return uint32(bits.TrailingZeros32(p.order.Uint32(b[:])))
}
