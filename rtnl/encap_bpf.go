package rtnl

import (
	"math"
	"strings"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// BPFEncap runs BPF programs on packets that use a route. One program is required.
// `ip route add … encap bpf xmit obj FILE section NAME`
//
// The kernel reports the names of the programs, not their descriptors, and not the
// headroom: a route that was read cannot be added again as it is.
//
// Source: LWT_BPF_*, include/uapi/linux/lwtunnel.h.
type BPFEncap struct {
	// In is run on packets that come in for the route, and are for this host.
	// BPF_PROG_TYPE_LWT_IN. (LWT_BPF_IN)
	In *BPFProgram
	// Out is run on packets that leave this host, before they have a link.
	// BPF_PROG_TYPE_LWT_OUT. (LWT_BPF_OUT)
	Out *BPFProgram
	// Xmit is run on packets when they are sent, and may grow them.
	// BPF_PROG_TYPE_LWT_XMIT. (LWT_BPF_XMIT)
	Xmit *BPFProgram
	// Headroom is how many bytes Xmit may put in front, at most 256. It is sent,
	// never reported. (LWT_BPF_XMIT_HEADROOM)
	Headroom uint32
}

// BPFProgram is a program that was loaded before, with bpf(2).
type BPFProgram struct {
	// FD is its file descriptor. It is sent, never reported; zero is none.
	// (LWT_BPF_PROG_FD, SEG6_LOCAL_BPF_PROG)
	FD int
	// ID is the kernel's number of the program, which only SEG6LocalEncap
	// reports. Read only. (SEG6_LOCAL_BPF_PROG)
	ID uint32
	// Name is what to call it in lists; `ip` has "FILE:[SECTION]".
	// (LWT_BPF_PROG_NAME, SEG6_LOCAL_BPF_PROG_NAME)
	Name string
}

// Type returns EncapBPF.
func (*BPFEncap) Type() EncapType { return EncapBPF }

// String returns the words of `ip`: "bpf xmit prog.o:[section] headroom 8".
func (e *BPFEncap) String() string {
	var b strings.Builder
	b.WriteString("bpf")
	for _, p := range e.programs() {
		if p.BPFProgram != nil {
			b.WriteString(" " + p.word + " " + p.Name)
		}
	}
	if e.Headroom != 0 {
		b.WriteString(" headroom " + decimal(e.Headroom))
	}
	return b.String()
}

// programOf is a program with the name of its place.
type programOf struct {
	*BPFProgram
	word, attr string
}

func (e *BPFEncap) programs() []programOf {
	return []programOf{{e.In, "in", "LWT_BPF_IN"}, {e.Out, "out", "LWT_BPF_OUT"}, {e.Xmit, "xmit", "LWT_BPF_XMIT"}}
}

func (e *BPFEncap) check(path string) error {
	for _, p := range e.programs() {
		if err := p.check(path + "." + p.attr + ".LWT_BPF_PROG_FD"); err != nil {
			return err
		}
	}
	return nil
}

// check refuses a program that is known by its name alone.
func (p *BPFProgram) check(path string) error {
	if p != nil && p.FD == 0 {
		return attr.Invalid(path, "the BPF program %q has no descriptor: the kernel does not report it", p.Name)
	}
	return nil
}

func (e *BPFEncap) appendData(b []byte) ([]byte, error) {
	if e.In == nil && e.Out == nil && e.Xmit == nil {
		return b, attr.Refuse("no BPF program")
	}
	return bpfAttrs.Append(b, e)
}

var bpfAttrs = attr.Table[BPFEncap]{
	attr.Nested(uapi.LWT_BPF_IN, "LWT_BPF_IN", bpfProgramAttrs, func(e *BPFEncap) **BPFProgram { return &e.In }),
	attr.Nested(uapi.LWT_BPF_OUT, "LWT_BPF_OUT", bpfProgramAttrs, func(e *BPFEncap) **BPFProgram { return &e.Out }),
	attr.Nested(uapi.LWT_BPF_XMIT, "LWT_BPF_XMIT", bpfProgramAttrs, func(e *BPFEncap) **BPFProgram { return &e.Xmit }),
	attr.U32(uapi.LWT_BPF_XMIT_HEADROOM, "LWT_BPF_XMIT_HEADROOM", func(e *BPFEncap) *uint32 { return &e.Headroom }).Max(uapi.LWT_BPF_MAX_HEADROOM),
}

var bpfProgramAttrs = attr.Table[BPFProgram]{
	attr.U32(uapi.LWT_BPF_PROG_FD, "LWT_BPF_PROG_FD", func(p *BPFProgram) *int { return &p.FD }).Max(math.MaxInt32),
	attr.String(uapi.LWT_BPF_PROG_NAME, "LWT_BPF_PROG_NAME", func(p *BPFProgram) *string { return &p.Name }).Required(),
}
