package genl_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/genl"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Every family's policy is read, and is of the operations that are said to have one.
func TestEveryPolicy(t *testing.T) {
	both(t, func(t *testing.T, c *nlkit.Client) {
		families, err := genl.List(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		checked := 0
		for _, fam := range families {
			p, err := genl.GetPolicy(t.Context(), c, fam)
			if err != nil {
				t.Errorf("%s: %v", fam.Name, err)
				continue
			}
			for _, o := range p.Operations {
				// Up to Linux 6.1 a family says so of commands that it does not check, too.
				if op, ok := fam.Operation(o.Command); !ok || !op.Flags.Has(genl.OpHasPolicy) || o.Do == nil && o.Dump == nil {
					t.Errorf("%s: a policy %+v, the family has %v", fam.Name, o, fam.Operations)
				}
			}
			if has := slices.ContainsFunc(fam.Operations, func(o genl.Operation) bool { return o.Flags.Has(genl.OpHasPolicy) }); has != (len(p.Operations) > 0) {
				t.Errorf("%s: policies of %d commands, the family has %v", fam.Name, len(p.Operations), fam.Operations)
			}
			for i, s := range p.Sets {
				if s.Number != i {
					t.Errorf("%s: set %d is called %d", fam.Name, i, s.Number)
				}
				for _, a := range s.Attrs {
					checked++
					if _, err := fmt.Sscanf(a.Kind.String(), "AttrKind(%d)", new(int)); err == nil || a.Kind == 0 {
						t.Errorf("%s: attribute %d is of an unknown kind: %v", fam.Name, a.Type, a)
					}
				}
			}
			byName, err := genl.GetPolicy(t.Context(), c, genl.Name(fam.Name))
			if err != nil || byName.String() != p.String() {
				t.Errorf("%s: by name: %v\n%v\n%v", fam.Name, err, byName, p)
			}
		}
		if checked < 20 {
			t.Errorf("only %d attributes are checked", checked)
		}
	})
}

func TestPolicyOfTheController(t *testing.T) {
	c, _ := live(t)
	p, err := genl.GetPolicy(t.Context(), c, genl.Controller) // without its operations
	if err != nil {
		t.Fatal(err)
	}
	o, ok := p.Operation(uapi.CTRL_CMD_GETPOLICY)
	if !ok || o.Do != nil || o.Dump == nil {
		t.Fatalf("got %+v", p)
	}
	want := `CTRL_ATTR_FAMILY_ID U16 0..65535
CTRL_ATTR_FAMILY_NAME NUL_STRING of 15 bytes at most
10 U32 0..4294967295
`
	if got := o.Dump.Text(genl.FamilyRequestAttrs); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if o, ok := p.Operation(200); ok {
		t.Errorf("got %+v", o)
	}
	if _, ok := o.Dump.Attr(9); ok {
		t.Error("attribute 9 has a policy")
	}
	for _, tt := range []struct {
		target genl.Target
		want   string
	}{
		{genl.Family{ID: 0x3fe, Name: "gone"}, "genl.GetPolicy family 0x3fe: no such file or directory"},
		{genl.Family{ID: 0x3fe, Name: "gone", Operations: []genl.Operation{{Command: 1}}}, `genl.GetPolicy "gone": no such file or directory`},
		{genl.Name("nlkit-none"), `genl.GetPolicy "nlkit-none": no such file or directory`},
	} {
		if _, err := genl.GetPolicy(t.Context(), c, tt.target); !errors.Is(err, fs.ErrNotExist) || err.Error() != tt.want {
			t.Errorf("got %v, want %s", err, tt.want)
		}
	}
}

// What `genl ctrl policy` prints of each family.
func TestInteropPolicy(t *testing.T) {
	c, ns := live(t)
	families, err := genl.List(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	for _, fam := range families {
		p, err := genl.GetPolicy(t.Context(), c, fam)
		if err != nil {
			t.Errorf("%s: %v", fam.Name, err)
			continue
		}
		out, _ := ns.TryRun(t, "genl", "ctrl", "policy", "name", fam.Name) // which fails where there is none
		operations, attrs := 0, 0
		for line := range strings.Lines(string(out)) {
			_, line, _ = strings.Cut(strings.TrimSpace(line), "  ")
			w := strings.Fields(line)
			switch {
			case len(w) > 2 && w[0] == "op":
				operations++
				if !slices.ContainsFunc(p.Operations, func(o genl.PolicyOperation) bool {
					// genl repeats the kernel's 0 for what is only a dump.
					return (w[1] == "0" || w[1] == fmt.Sprint(o.Command)) && slices.Equal(sets(o), w[3:])
				}) {
					t.Errorf("%s: genl says %q, got %v", fam.Name, line, p.Operations)
				}
			case strings.HasPrefix(line, "policy["):
				attrs++
				var set, typ int
				var kind string
				if _, err := fmt.Sscanf(line, "policy[%d]:attr[%d]: type=%s", &set, &typ, &kind); err != nil || set >= len(p.Sets) {
					t.Fatalf("%s: %q: %v", fam.Name, line, err)
				}
				a, ok := p.Sets[set].Attr(uint16(typ))
				if !ok || kind != "unknown" && a.Kind.String() != kind {
					t.Errorf("%s: genl says %q, got %v", fam.Name, line, a)
				}
				for _, want := range limits(a) {
					if !strings.Contains(line, want) {
						t.Errorf("%s: got %v with %q, genl says %q", fam.Name, a, want, line)
					}
				}
			}
		}
		n := 0
		for _, s := range p.Sets {
			n += len(s.Attrs)
		}
		if operations != len(p.Operations) || attrs != n {
			t.Errorf("%s: %d operations and %d attributes, genl shows %d and %d", fam.Name, len(p.Operations), n, operations, attrs)
		}
	}
}

// sets are the sets of a command as genl prints them.
func sets(o genl.PolicyOperation) (s []string) {
	if o.Do != nil {
		s = append(s, fmt.Sprintf("do=%d", o.Do.Number))
	}
	if o.Dump != nil {
		s = append(s, fmt.Sprintf("dump=%d", o.Dump.Number))
	}
	return s
}

// limits are what genl prints of an attribute besides its kind.
func limits(a genl.AttrRule) (s []string) {
	if a.Range != nil {
		s = append(s, fmt.Sprintf("range:[%d,%d]", a.Range.Min, a.Range.Max))
	}
	if a.SignedRange != nil {
		s = append(s, fmt.Sprintf("range:[%d,%d]", a.SignedRange.Min, a.SignedRange.Max))
	}
	if a.MinLen != 0 {
		s = append(s, fmt.Sprintf("min len:%d", a.MinLen))
	}
	if a.MaxLen != nil {
		s = append(s, fmt.Sprintf("max len:%d", *a.MaxLen))
	}
	if a.Nested != nil {
		s = append(s, fmt.Sprintf("policy:%d", a.Nested.Number), fmt.Sprintf("maxattr:%d", a.MaxType))
	}
	return s
}

func TestCheckOfACall(t *testing.T) {
	c, _ := live(t)
	get := getFeatures
	get.Check = true
	long := &features{Device: &device{Name: strings.Repeat("x", 128)}}
	for _, fam := range []genl.Target{genl.Name("ethtool"), resolve(t, c, "ethtool")} {
		if f, err := get.Query(t.Context(), c, fam, &features{Device: &device{Name: "lo"}}); err != nil || f.Device.Name != "lo" {
			t.Errorf("got %+v, %v", f, err)
		}
		if list, err := get.List(t.Context(), c, fam, &features{Device: &device{}}); err != nil || len(list) == 0 {
			t.Errorf("got %+v, %v", list, err)
		}
		_, err := get.Query(t.Context(), c, fam, long)
		e, ok := errors.AsType[*nlkit.Error](err)
		if !ok || !errors.Is(err, fs.ErrInvalid) || e.Sent || e.Attr != "ETHTOOL_A_FEATURES_HEADER.ETHTOOL_A_HEADER_DEV_NAME" {
			t.Fatalf("got %#v", err)
		}
		// What the kernel says of it, asked without the check.
		_, err = getFeatures.Query(t.Context(), c, fam, long)
		if k, ok := errors.AsType[*nlkit.Error](err); !ok || !k.Sent || k.Attr != e.Attr {
			t.Errorf("the kernel says %v", err)
		}
	}
}

// What Check refuses, the kernel refuses too; and what Check lets pass, the kernel does
// not refuse for its form. It is tried on every attribute of commands that only read.
func TestCheckAgreesWithTheKernel(t *testing.T) {
	c, _ := live(t)
	refused, passed := 0, 0
	for _, reads := range []struct {
		family   string
		commands []uint8
		lenient  bool // older than strict checks: what is too much is not refused
	}{
		{"nlctrl", []uint8{uapi.CTRL_CMD_GETFAMILY}, true},
		{"ethtool", []uint8{uapi.ETHTOOL_MSG_STRSET_GET, uapi.ETHTOOL_MSG_FEATURES_GET, uapi.ETHTOOL_MSG_LINKSTATE_GET, uapi.ETHTOOL_MSG_RINGS_GET, uapi.ETHTOOL_MSG_STATS_GET}, false},
		{"tcp_metrics", []uint8{1}, true},
		{"mptcp_pm", []uint8{3, 6}, true},
	} {
		fam, err := genl.Resolve(t.Context(), c, reads.family)
		if errors.Is(err, fs.ErrNotExist) && reads.family == "mptcp_pm" {
			continue // not every kernel has it, and the others suffice
		}
		if err != nil {
			t.Fatal(err)
		}
		p, err := genl.GetPolicy(t.Context(), c, fam)
		if err != nil {
			t.Fatal(err)
		}
		for _, command := range reads.commands {
			o, _ := p.Operation(command)
			if o.Do == nil {
				continue
			}
			each(o.Do, nil, func(path []uint16, a genl.AttrRule) {
				tries := payloads(a)
				if !reads.lenient {
					tries = append(tries, tooMuch(a)...)
				}
				for _, payload := range tries {
					attrs := attr.AppendBytes(nil, a.Type, payload)
					for _, typ := range slices.Backward(path) {
						attrs = attr.AppendBytes(nil, 0x8000|typ, attrs)
					}
					said := p.Check(command, false, attrs, nil)
					err := send(t.Context(), c, fam, command, attrs)
					switch e, _ := errors.AsType[*nlkit.Error](err); {
					case said != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ERANGE):
						t.Errorf("%s %d: %v %v [% x]: refused by the check (%v), the kernel says %v", fam.Name, command, path, a, payload, said, err)
					case said != nil:
						refused++
					case e != nil && slices.Contains(ofPolicies, e.Message):
						t.Errorf("%s %d: %v %v [% x]: passed by the check, the kernel says %v", fam.Name, command, path, a, payload, err)
					default:
						passed++
					}
				}
			})
		}
	}
	t.Logf("%d refused, %d passed", refused, passed)
	if refused < 20 || passed < 20 {
		t.Error("too few")
	}
}

// ofPolicies are the words of the kernel's own check of a policy (lib/nlattr.c): what a
// command refuses by itself has others.
var ofPolicies = []string{"Attribute failed policy validation", "invalid attribute length", "integer out of range", "reserved bit set", "Unknown attribute type"}

// each calls f for the attributes of a set and of those in it.
func each(s *genl.PolicySet, path []uint16, f func(path []uint16, a genl.AttrRule)) {
	for _, a := range s.Attrs {
		f(path, a)
		if a.Nested != nil && a.Kind == genl.KindNested && len(path) < 3 {
			each(a.Nested, append(slices.Clone(path), a.Type), f)
		}
	}
}

// payloads are what an attribute may hold, and what it may not.
func payloads(a genl.AttrRule) (all [][]byte) {
	integer := func(n uint64) []byte {
		switch a.Kind {
		case genl.KindU8, genl.KindS8:
			return []byte{byte(n)}
		case genl.KindU16, genl.KindS16:
			return binary.NativeEndian.AppendUint16(nil, uint16(n))
		case genl.KindU32, genl.KindS32:
			return binary.NativeEndian.AppendUint32(nil, uint32(n))
		}
		return binary.NativeEndian.AppendUint64(nil, n)
	}
	switch {
	case a.Kind == genl.KindBitField32:
		for _, b := range []attr.Bits[uint32]{{Value: 1, Selector: 1}, {Value: 1, Selector: 0}, {Value: 1 << 31, Selector: 1 << 31}} {
			all = append(all, append(binary.NativeEndian.AppendUint32(nil, b.Value), binary.NativeEndian.AppendUint32(nil, b.Selector)...))
		}
		all = append(all, make([]byte, 4))
	case a.Mask != nil:
		all = append(all, integer(*a.Mask), integer(*a.Mask+1), nil)
	case a.Range != nil:
		all = append(all, integer(a.Range.Min), integer(a.Range.Min-1), integer(a.Range.Max), integer(a.Range.Max+1), nil)
	case a.SignedRange != nil:
		all = append(all, integer(uint64(a.SignedRange.Min)), integer(uint64(a.SignedRange.Min-1)), integer(uint64(a.SignedRange.Max+1)), nil)
	case a.Kind == genl.KindFlag:
		all = append(all, nil, []byte{1, 0, 0, 0})
	case a.Kind == genl.KindNested, a.Kind == genl.KindNestedArray:
		all = append(all, nil, []byte{1})
	default:
		most := 10
		if a.MaxLen != nil {
			most = *a.MaxLen
			all = append(all, make([]byte, most+2), append(slices.Repeat([]byte{'x'}, most+1), 0))
		}
		all = append(all, append(slices.Repeat([]byte{'x'}, most), 0), slices.Repeat([]byte{'x'}, max(most, 1)), nil, make([]byte, max(a.MinLen-1, 0)))
	}
	return all
}

// tooMuch are payloads that go beyond what a policy knows.
func tooMuch(a genl.AttrRule) (all [][]byte) {
	switch {
	case a.Range != nil && a.Kind <= genl.KindU64:
		for _, payload := range payloads(a) {
			all = append(all, append(payload, 0), append(payload, make([]byte, 4)...))
		}
	case a.Kind == genl.KindNested && a.Nested != nil:
		all = append(all, attr.AppendUint32(nil, uint16(a.MaxType+1), 1))
	}
	return all
}

// send sends a command by hand.
func send(ctx context.Context, c *nlkit.Client, fam genl.Family, command uint8, attrs []byte) error {
	r, err := fam.Request("", genl.Message{Command: command, Attrs: attrs})
	if err != nil {
		return err
	}
	return c.Do(ctx, r)
}
