package genl_test

import (
	"context"
	"errors"
	"io/fs"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/genl"
	"github.com/nlkit/nlkit/internal/uapi"
)

// both runs a test where families live: in the test's own network namespace, which
// may be the first and have them all, and in a fresh one.
func both(t *testing.T, f func(t *testing.T, c *nlkit.Client)) {
	t.Run("here", func(t *testing.T) {
		c, err := nlkit.New()
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		f(t, c)
	})
	t.Run("fresh namespace", func(t *testing.T) {
		c, _ := live(t)
		f(t, c)
	})
}

func TestEveryFamilyResolves(t *testing.T) {
	both(t, func(t *testing.T, c *nlkit.Client) {
		families, err := genl.List(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(families, func(f genl.Family) bool { return f.Name == "nlctrl" }) || len(families) < 2 {
			t.Fatalf("got %+v", families)
		}
		for _, want := range families {
			byName, err := genl.Resolve(t.Context(), c, want.Name)
			if err != nil || !reflect.DeepEqual(byName, want) {
				t.Errorf("by name: got %+v, %v\nwant %+v", byName, err, want)
			}
			byID, err := genl.ResolveID(t.Context(), c, want.ID)
			if err != nil || !reflect.DeepEqual(byID, want) {
				t.Errorf("by id: got %+v, %v\nwant %+v", byID, err, want)
			}
			for _, g := range want.Groups {
				fam, group, err := genl.LookupGroup(t.Context(), c, g.ID)
				if err != nil || group != g || !reflect.DeepEqual(fam, want) {
					t.Errorf("group %+v of %s: got %+v of %s, %v", g, want.Name, group, fam.Name, err)
				}
				if got, err := want.Group(g.Name); err != nil || got != g {
					t.Errorf("got %+v, %v, want %+v", got, err, g)
				}
			}
		}
		var streamed []genl.Family
		for f, err := range genl.All(t.Context(), c) {
			if err != nil {
				t.Fatal(err)
			}
			streamed = append(streamed, f)
		}
		if !reflect.DeepEqual(streamed, families) {
			t.Errorf("All gives %+v\nList gives %+v", streamed, families)
		}
	})
}

func TestController(t *testing.T) {
	c, _ := live(t)
	f := resolve(t, c, "nlctrl")
	if f.ID != genl.Controller.ID || f.Version != genl.Controller.Version || f.HeaderSize != 0 {
		t.Errorf("got %+v, it is taken for %+v", f, genl.Controller)
	}
	if g, err := f.Group("notify"); err != nil || g.ID != uapi.GENL_ID_CTRL {
		t.Errorf("got %+v, %v", g, err)
	}
	if op, ok := f.Operation(uapi.CTRL_CMD_GETFAMILY); !ok || !op.Flags.Has(genl.OpDo|genl.OpDump) {
		t.Errorf("got %v, %t", op, ok)
	}
}

func TestBreakingOutOfAll(t *testing.T) {
	c, _ := live(t)
	for range 3 {
		for f, err := range genl.All(t.Context(), c) {
			if err != nil || f.ID == 0 {
				t.Fatalf("got %+v, %v", f, err)
			}
			break
		}
	}
	resolve(t, c, "nlctrl")
}

func TestUnknownFamilies(t *testing.T) {
	c, _ := live(t)
	check := func(err error, is error, want string, sent bool) {
		t.Helper()
		e, ok := errors.AsType[*nlkit.Error](err)
		if !ok || !errors.Is(err, is) || err.Error() != want || e.Sent != sent {
			t.Errorf("got %v (sent: %t), want %s", err, ok && e.Sent, want)
		}
	}
	_, err := genl.Resolve(t.Context(), c, "nlkit-none")
	check(err, fs.ErrNotExist, `genl.Resolve "nlkit-none": no such file or directory`, true)
	if e, ok := errors.AsType[*nlkit.Error](err); !ok || e.Object != `"nlkit-none"` {
		t.Errorf("it is about %q", e.Object)
	}
	_, err = genl.Resolve(t.Context(), c, "exactly-15-long")
	check(err, fs.ErrNotExist, `genl.Resolve "exactly-15-long": no such file or directory`, true)
	_, err = genl.Resolve(t.Context(), c, "no longer than16")
	check(err, fs.ErrInvalid, `genl.Resolve "no longer than16": 16 bytes, a family's name has at most 15 (CTRL_ATTR_FAMILY_NAME)`, false)
	_, err = genl.Resolve(t.Context(), c, "")
	check(err, fs.ErrInvalid, `genl.Resolve: a family's name is empty (CTRL_ATTR_FAMILY_NAME)`, false)
	_, err = genl.Resolve(t.Context(), c, "a\x00b")
	if !errors.Is(err, fs.ErrInvalid) || !nlkit.SafeToRetry(err) {
		t.Errorf("got %v", err)
	}
	_, err = genl.ResolveID(t.Context(), c, 0x3fe)
	check(err, fs.ErrNotExist, "genl.ResolveID family 0x3fe: no such file or directory", true)
	_, err = genl.ResolveID(t.Context(), c, 0)
	check(err, fs.ErrNotExist, "genl.ResolveID family 0x0: no such file or directory", true)
	_, _, err = genl.LookupGroup(t.Context(), c, 1<<20)
	check(err, fs.ErrNotExist, "genl.LookupGroup group 0x100000: file does not exist", true)
}

func TestContextThatHasEnded(t *testing.T) {
	c, _ := live(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := genl.Resolve(ctx, c, "nlctrl")
	errs := []error{err}
	_, err = genl.ResolveID(ctx, c, 16)
	errs = append(errs, err)
	_, err = genl.List(ctx, c)
	errs = append(errs, err)
	_, _, err = genl.LookupGroup(ctx, c, 16)
	errs = append(errs, err)
	_, err = genl.Subscribe(ctx, c, "nlctrl", []string{"notify"}, genl.ByTable(genl.FamilyAttrs))
	errs = append(errs, err)
	for _, err := range genl.All(ctx, c) {
		errs = append(errs, err)
	}
	if len(errs) != 6 {
		t.Fatalf("%d errors", len(errs))
	}
	for _, err := range errs {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	}
}

func TestNoClient(t *testing.T) {
	_, err := genl.Resolve(t.Context(), nil, "nlctrl")
	errs := []error{err}
	_, err = genl.List(t.Context(), nil)
	errs = append(errs, err)
	_, err = genl.Subscribe(t.Context(), nil, "nlctrl", []string{"notify"}, genl.ByTable(genl.FamilyAttrs))
	errs = append(errs, err, getFeatures.Do(t.Context(), nil, genl.Controller, nil))
	for _, err := range errs {
		if !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("got %v", err)
		}
	}
}

// listed is what `genl ctrl list` says of a family.
type listed struct {
	id, version, header, attrs uint64
	commands, groups           map[uint64]string // capabilities or "", names
}

func TestInteropList(t *testing.T) {
	c, ns := live(t)
	want := map[string]*listed{}
	var f *listed
	var command uint64
	number := func(s string) uint64 {
		n, err := strconv.ParseUint(strings.TrimPrefix(s, "ID-"), 0, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for line := range strings.Lines(string(ns.Run(t, "genl", "ctrl", "list"))) {
		w := strings.Fields(line)
		switch {
		case len(w) == 0:
		case w[0] == "Name:":
			f = &listed{commands: map[uint64]string{}, groups: map[uint64]string{}}
			want[w[1]] = f
		case w[0] == "ID:": // ID: 0x10 Version: 0x2 header size: 0 max attribs: 0
			f.id, f.version, f.header, f.attrs = number(w[1]), number(w[3]), number(w[6]), number(w[9])
		case w[0] == "Capabilities":
			f.commands[command] = strings.Trim(w[1], "():")
		case w[0][0] == '#' && len(w) >= 4 && w[2] == "name:":
			f.groups[number(w[1])] = w[3]
		case w[0][0] == '#':
			command = number(w[1])
			f.commands[command] = ""
		}
	}
	if want["nlctrl"] == nil || want["nlctrl"].groups[16] != "notify" || len(want["nlctrl"].commands) == 0 {
		t.Fatalf("genl says %+v", want)
	}

	families, err := genl.List(t.Context(), c)
	if err != nil || len(families) != len(want) {
		t.Fatalf("got %d families, %v, genl lists %d", len(families), err, len(want))
	}
	for _, got := range families {
		w := want[got.Name]
		if w == nil {
			t.Errorf("genl does not list %q", got.Name)
			continue
		}
		if uint64(got.ID) != w.id || uint64(got.Version) != w.version || uint64(got.HeaderSize) != w.header || uint64(got.MaxAttr) != w.attrs {
			t.Errorf("got %+v, genl says %+v", got, w)
		}
		if len(got.Operations) != len(w.commands) || len(got.Groups) != len(w.groups) {
			t.Errorf("%s: got %v and %v, genl says %v and %v", got.Name, got.Operations, got.Groups, w.commands, w.groups)
		}
		for _, op := range got.Operations {
			// genl shows the flags of some families only.
			if flags, ok := w.commands[uint64(op.Command)]; !ok || flags != "" && number(flags) != uint64(op.Flags) {
				t.Errorf("%s: got %v, genl says %q", got.Name, op, flags)
			}
		}
		for _, g := range got.Groups {
			if w.groups[uint64(g.ID)] != g.Name {
				t.Errorf("%s: got %+v, genl says %q", got.Name, g, w.groups[uint64(g.ID)])
			}
		}
	}
}
