package link

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/attr/attrtest"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
)

// A group of kinds has its tests in kind_<group>_test.go: what checks the tables,
// and samples. Each has a line in the two functions below.
func allKindTests() kindTests {
	all := kindTests{}
	maps.Copy(all, basicTables)
	maps.Copy(all, canTables)
	maps.Copy(all, miscTables)
	maps.Copy(all, udpTables)
	return all
}

func samples(b bed) []sample {
	return slices.Concat(
		basicSamples(b),
		canSamples(b),
		miscSamples(b),
		udpSamples(b),
	)
}

// kindTests are the tests of the tables, by the names of the kinds.
type kindTests map[string]func(*testing.T)

// nothing is what the zero value of most kinds sends.
var nothing []byte

// kindTable returns a test of the table of a kind: what is set survives, every
// exported field but those in except has a row, and the zero value sends zero.
func kindTable[T any](table attr.Table[T], zero []byte, except ...string) func(*testing.T) {
	return func(t *testing.T) {
		attrtest.RoundTrip(t, table)
		attrtest.Covers(t, table, except...)
		if b, err := table.Append(nil, new(T)); err != nil || string(b) != string(zero) {
			t.Errorf("the zero %T sends % x, %v", *new(T), b, err)
		}
	}
}

func TestKindTables(t *testing.T) {
	tests := allKindTests()
	sampled := map[string]bool{}
	for _, s := range samples(bed{}) {
		sampled[s.kind.Kind()] = true
	}
	for name, codec := range kinds {
		t.Run(name, func(t *testing.T) {
			k, err := codec.decode(nil)
			if err != nil || k.Kind() != name {
				t.Errorf("decodes to %v, %v", k, err)
			}
			if !sampled[name] {
				t.Error("no sample")
			}
			if tests[name] == nil {
				t.Fatal("no test of the table")
			}
			tests[name](t)
		})
	}
	// A kind is a file and a line: none may be without its line.
	files, err := filepath.Glob("kind_*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		name := strings.TrimSuffix(strings.TrimPrefix(f, "kind_"), ".go")
		if _, ok := kinds[strings.TrimSuffix(name, "_")]; !ok {
			t.Errorf("%s: no line in kinds", f)
		}
	}
}

// FuzzKind decodes the data of any kind: no bytes make it panic, and what it decodes
// and can send is stable.
func FuzzKind(f *testing.F) {
	names := slices.Sorted(maps.Keys(kinds))
	for _, s := range samples(bed{parent: 50, second: 51}) {
		if b, err := s.kind.appendData(nil); err == nil {
			n, _ := slices.BinarySearch(names, s.kind.Kind())
			f.Add(n, b)
			f.Add(n, b[:len(b)/2])
		}
	}
	f.Fuzz(func(t *testing.T, n int, b []byte) {
		codec := kinds[names[uint(n)%uint(len(names))]]
		for off := range min(len(b), 64) {
			attr.Path(codec.schema, b, off)
		}
		k, err := codec.decode(b)
		if err != nil {
			return
		}
		once, err := k.appendData(nil)
		if err != nil {
			return // a kernel may say what it does not take
		}
		again, err := codec.decode(once)
		if err != nil {
			t.Fatalf("own bytes do not decode: %v\n% x", err, once)
		}
		twice, err := again.appendData(nil)
		if err != nil || string(once) != string(twice) {
			t.Fatalf("not stable (%v):\n% x\n% x", err, once, twice)
		}
	})
}

// add makes a link, and skips the test if the kernel lacks the kind.
func add(t testing.TB, c *nlkit.Client, name string, kind Kind, opts ...AddOption) Link {
	t.Helper()
	var l Link
	err := Add(t.Context(), c, name, kind, append(opts, Into(&l))...)
	if e, ok := errors.AsType[*nlkit.Error](err); ok && e.Message == "Unknown device type" {
		nstest.Skip(t, "kind:"+kind.Kind(), "%v", err)
	}
	must(t, err)
	return l
}

// bed are the links that samples stand on, by their indexes; iproute2 knows them
// as "parent" and "second".
type bed struct{ parent, second int }

// makeBed makes two links that are up.
func makeBed(t testing.TB, c *nlkit.Client) bed {
	t.Helper()
	add(t, c, "parent", &Veth{Peer: NewPeer("pp")}, Up(), WithIndex(50))
	add(t, c, "second", &Veth{Peer: NewPeer("ps")}, Up(), WithIndex(51))
	return bed{parent: 50, second: 51}
}

// sample is a link of a kind with as much of it set as goes together. It is made on
// the real kernel by this package and by iproute2, and recorded in
// testdata/kind_<name>.txt.
type sample struct {
	name  string
	kind  Kind
	made  Kind        // what is sent, where not all of it is read back; nil for kind
	opts  []AddOption // more that the link needs
	over  bool        // it stands on parent: WithParent
	since string      // the first kernel that has all of it, "" for any that has the kind

	hardware bool // no request makes it without hardware: only its record is tested

	ip    string     // words that make the same, behind "ip link add [link parent] x0"; "" if iproute2 has none
	then  string     // words behind "ip link set x0" that complete it
	byIP  Kind       // what ip makes, where its words can't say all; nil for kind
	other bool       // ip shows more of its own link than of ours: don't compare
	again func(Kind) // takes away what was read and can't be sent
}

const sampleLink = "x0"

func (s sample) make(t testing.TB, c *nlkit.Client, b bed) Link {
	t.Helper()
	if s.since != "" {
		nstest.NeedKernel(t, s.since)
	}
	opts := slices.Clone(s.opts)
	if s.over {
		opts = append(opts, WithParent(b.parent))
	}
	kind := s.kind
	if s.made != nil {
		kind = s.made
	}
	return add(t, c, sampleLink, kind, opts...)
}

// makeByIP has iproute2 make the link.
func (s sample) makeByIP(t *testing.T, c *nlkit.Client, ns *nstest.NS) Link {
	t.Helper()
	args := []string{"link", "add"}
	if s.over {
		args = append(args, "link", "parent")
	}
	ns.Run(t, "ip", slices.Concat(args, []string{sampleLink}, strings.Fields(s.ip))...)
	if s.then != "" {
		ns.Run(t, "ip", slices.Concat([]string{"link", "set", sampleLink}, strings.Fields(s.then))...)
	}
	l, err := Get(t.Context(), c, Name(sampleLink))
	must(t, err)
	return l
}

var (
	group6 = netip.MustParseAddr("ff05::100")
	mac1   = net.HardwareAddr{0, 0x11, 0x22, 0x33, 0x44, 0x55}
	mac2   = net.HardwareAddr{0, 0x11, 0x22, 0x33, 0x44, 0x66}
)

// What is set reads back, whether this package or iproute2 set it; it can be made
// again out of what was read; iproute2 says the same of all of them, and deletes
// what this package made.
func TestInteropKinds(t *testing.T) {
	for _, s := range samples(bed{parent: 50, second: 51}) {
		if s.hardware {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			c, ns := newClient(t)
			b := makeBed(t, c)
			ours := s.make(t, c, b)
			sameKind(t, "made here", s.kind, ours.Kind)
			described := ipInfo(t, ns, sampleLink)
			ns.Run(t, "ip", "link", "delete", sampleLink, "type", s.kind.Kind())

			again := s
			again.kind, again.made = ours.Kind, nil
			if s.again != nil {
				s.again(again.kind)
			}
			sameKind(t, "made again", s.kind, again.make(t, c, b).Kind)
			sameInfo(t, "made again", described, ipInfo(t, ns, sampleLink))
			must(t, Delete(t.Context(), c, Name(sampleLink)))

			if s.ip == "" {
				return
			}
			theirs := s.makeByIP(t, c, ns)
			want := s.kind
			if s.byIP != nil {
				want = s.byIP
			}
			sameKind(t, "made by ip", want, theirs.Kind)
			if s.byIP == nil && !s.other {
				sameInfo(t, "made by ip", described, ipInfo(t, ns, sampleLink))
			}
			must(t, Delete(t.Context(), c, Name(sampleLink)))
		})
	}
}

// sameKind fails unless everything that is set in want is so in got.
func sameKind(t *testing.T, what string, want, got any) {
	t.Helper()
	if reflect.TypeOf(want) != reflect.TypeOf(got) {
		t.Fatalf("%s: got a %T, want a %T", what, got, want)
	}
	w, g := reflect.ValueOf(want).Elem(), reflect.ValueOf(got).Elem()
	for i := range w.NumField() {
		f := w.Type().Field(i).Name
		if v := w.Field(i); !v.IsZero() && !reflect.DeepEqual(v.Interface(), g.Field(i).Interface()) {
			t.Errorf("%s: %s is %s, want %s", what, f, show(g.Field(i)), show(v))
		}
	}
}

func show(v reflect.Value) string {
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	return fmt.Sprint(v.Interface())
}

// What a kernel sent that has the kind.
func TestRecordedKinds(t *testing.T) {
	all := fixtures(t)
	for _, s := range samples(bed{parent: 50, second: 51}) {
		t.Run(s.name, func(t *testing.T) {
			b, ok := all["kind_"+s.name]
			if !ok {
				if len(all) > 0 {
					t.Error("no fixture")
				}
				return
			}
			var l Link
			must(t, l.decode(b, true))
			if l.Name != sampleLink || l.Index == 0 {
				t.Errorf("got %+v", l)
			}
			sameKind(t, "recorded", s.kind, l.Kind)
			// What can be sent of it survives.
			sent, err := infoAttrs.Append(nil, &linkInfo{kind: l.Kind})
			must(t, err)
			var back Link
			must(t, back.readInfo(sent))
			sameKind(t, "sent again", s.kind, back.Kind)
		})
	}
}

// TestRecord prints the fixtures of the kinds that the kernel at hand has.
func TestRecord(t *testing.T) {
	if !*record {
		return
	}
	release, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	for _, s := range samples(bed{parent: 50, second: 51}) {
		if s.hardware {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			c, _ := newClient(t)
			s.make(t, c, makeBed(t, c))
			req := request("link.Get", uapi.RTM_GETLINK, 0)
			req.Data = Name(sampleLink).appendTo(nil, header{})
			must(t, c.Query(t.Context(), req, func(m nlkit.Message) error {
				fmt.Printf("--- kind_%s.txt\n# RTM_NEWLINK of Linux %s: ip link add %s %s\n%s", s.name, strings.TrimSpace(string(release)), sampleLink, s.ip, dumpHex(m.Data))
				return nil
			}))
		})
	}
}
