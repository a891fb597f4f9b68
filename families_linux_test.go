package nlkit_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/mdlayher/netlink"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/genl"
	"github.com/nlkit/nlkit/internal/nlfake"
	"github.com/nlkit/nlkit/internal/uapi"
)

// controller is a scripted kernel with families of generic netlink, whose numbers
// change as no real kernel's do on demand.
type controller struct {
	*nlfake.Kernel
	t *testing.T

	mu       sync.Mutex
	families map[uint16]registered
	silent   bool   // nothing is announced
	asked    int    // for a family
	policies int    // asked for
	during   func() // called once, in the middle of a family's request
	unknown  func() // called once, after the answer that there is no such family
	done     []string
}

// registered is a family: it says who it is to whoever asks, after its header.
type registered struct {
	name   string
	header int
	limit  uint64 // of the attribute 3, by the policy
}

// controlled returns a client of such a kernel.
func controlled(t *testing.T) (*nlkit.Client, *controller) {
	t.Helper()
	k := &controller{t: t, families: map[uint16]registered{}}
	c, fk := fake(t, func(_ *nlfake.Socket, reqs []netlink.Message) (out [][]byte) {
		for _, r := range reqs {
			for _, m := range k.answer(r) {
				out = append(out, nlfake.Join(m))
			}
		}
		return out
	})
	k.Kernel = fk
	return c, k
}

// register gives a number to a family, unregister takes it back.
func (k *controller) register(id uint16, f registered) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.families[id] = f
	k.announce(uapi.CTRL_CMD_NEWFAMILY, id, f)
}

func (k *controller) unregister(id uint16) {
	k.mu.Lock()
	defer k.mu.Unlock()
	f := k.families[id]
	delete(k.families, id)
	k.announce(uapi.CTRL_CMD_DELFAMILY, id, f)
}

func (k *controller) announce(command byte, id uint16, f registered) {
	if k.silent {
		return
	}
	if err := k.Multicast(uapi.GENL_ID_CTRL, nlfake.Join(describe(command, id, f))); err != nil {
		k.t.Error(err)
	}
}

// describe is nlctrl's message of a family, of which each has one group.
func describe(command byte, id uint16, f registered) netlink.Message {
	b := []byte{command, 2, 0, 0}
	b = attr.AppendString(b, uapi.CTRL_ATTR_FAMILY_NAME, f.name)
	b = attr.AppendUint16(b, uapi.CTRL_ATTR_FAMILY_ID, id)
	b = attr.AppendUint32(b, uapi.CTRL_ATTR_VERSION, 7)
	b = attr.AppendUint32(b, uapi.CTRL_ATTR_HDRSIZE, uint32(f.header))
	group := attr.AppendString(attr.AppendUint32(nil, uapi.CTRL_ATTR_MCAST_GRP_ID, 1000+uint32(id)), uapi.CTRL_ATTR_MCAST_GRP_NAME, "news")
	b = attr.AppendBytes(b, uapi.CTRL_ATTR_MCAST_GROUPS, attr.AppendBytes(nil, 1, group))
	return netlink.Message{Header: netlink.Header{Type: uapi.GENL_ID_CTRL}, Data: b}
}

// answer is what the kernel says to a request.
func (k *controller) answer(r netlink.Message) (out []netlink.Message) {
	k.mu.Lock()
	defer k.mu.Unlock()
	id, command := uint16(r.Header.Type), r.Data[0]
	dump := r.Header.Flags&uapi.NLM_F_DUMP == uapi.NLM_F_DUMP
	fail := func(errno syscall.Errno) []netlink.Message { return []netlink.Message{nlfake.Ack(r, errno, nil)} }
	reply := func(m netlink.Message) {
		flags := uint16(0)
		if dump {
			flags = uapi.NLM_F_MULTI
		}
		out = append(out, nlfake.Reply(r, uint16(m.Header.Type), flags, m.Data))
	}
	end := func() []netlink.Message {
		if dump {
			return append(out, nlfake.Done(r, 0, 0))
		}
		if r.Header.Flags&uapi.NLM_F_ACK != 0 {
			out = append(out, nlfake.Ack(r, 0, nil))
		}
		return out
	}

	if id != uapi.GENL_ID_CTRL {
		f, ok := k.families[id]
		if !ok {
			return fail(syscall.ENOENT)
		}
		k.done = append(k.done, fmt.Sprintf("%s.%d", f.name, command))
		if during := k.during; during != nil {
			k.during = nil
			k.mu.Unlock()
			during()
			k.mu.Lock()
		}
		if r.Data[1] != 7 || len(r.Data) < 4+f.header || bytes.Contains(r.Data, []byte("refuse")) {
			return fail(syscall.ENOENT) // which this family says for what it does not find
		}
		attrs := r.Data[4+(f.header+3)&^3:]
		m := netlink.Message{Header: netlink.Header{Type: r.Header.Type}, Data: []byte{command, 7, 0, 0}}
		m.Data = append(m.Data, r.Data[4:4+(f.header+3)&^3]...)
		m.Data = append(attr.AppendString(m.Data, 9, f.name), attrs...)
		if command != 2 { // which is done without an answer
			reply(m)
			if dump {
				reply(m)
			}
		}
		return end()
	}

	var name string
	for s := attr.Scan(r.Data[4:]); s.Next(); {
		switch s.Type() {
		case uapi.CTRL_ATTR_FAMILY_NAME:
			name = s.String()
		case uapi.CTRL_ATTR_FAMILY_ID:
			name = k.families[s.Uint16()].name
			id = s.Uint16()
		}
	}
	switch command {
	case uapi.CTRL_CMD_GETFAMILY:
		if dump {
			for _, id := range slices.Sorted(maps.Keys(k.families)) {
				reply(describe(uapi.CTRL_CMD_NEWFAMILY, id, k.families[id]))
			}
			return end()
		}
		k.asked++
		for id, f := range k.families {
			if f.name == name {
				reply(describe(uapi.CTRL_CMD_NEWFAMILY, id, f))
				return end()
			}
		}
		if unknown := k.unknown; unknown != nil {
			k.unknown = nil
			k.mu.Unlock()
			defer k.mu.Lock()
			defer unknown()
		}
		return fail(syscall.ENOENT)
	case uapi.CTRL_CMD_GETPOLICY:
		k.policies++
		f, ok := k.families[id]
		switch {
		case !ok:
			return fail(syscall.ENOENT)
		case f.limit == 0:
			return fail(syscall.EOPNOTSUPP)
		}
		sets := attr.AppendUint32(attr.AppendUint32(nil, uapi.CTRL_ATTR_POLICY_DO, 0), uapi.CTRL_ATTR_POLICY_DUMP, 0)
		reply(netlink.Message{Header: r.Header, Data: append([]byte{command, 2, 0, 0},
			attr.AppendBytes(nil, uapi.CTRL_ATTR_OP_POLICY, attr.AppendBytes(nil, 1, sets))...)})
		rule := attr.AppendUint32(nil, uapi.NL_POLICY_TYPE_ATTR_TYPE, uapi.NL_ATTR_TYPE_U32)
		rule = attr.AppendUint64(rule, uapi.NL_POLICY_TYPE_ATTR_MIN_VALUE_U, 0)
		rule = attr.AppendUint64(rule, uapi.NL_POLICY_TYPE_ATTR_MAX_VALUE_U, f.limit)
		reply(netlink.Message{Header: r.Header, Data: append([]byte{command, 2, 0, 0},
			attr.AppendBytes(nil, uapi.CTRL_ATTR_POLICY, attr.AppendBytes(nil, 0, attr.AppendBytes(nil, 3, rule)))...)})
		return end()
	}
	return fail(syscall.EOPNOTSUPP)
}

// question goes to a family, which says who it is.
type question struct {
	Text   string
	Number uint32
	Head   uint32
}

type answer struct {
	By, Text string
	Head     uint32
}

var ask = genl.Call[question, answer]{
	Op: "test.Ask", Command: 1,
	Request: attr.Table[question]{
		attr.String(2, "TEST_TEXT", func(q *question) *string { return &q.Text }),
		attr.U32(3, "TEST_NUMBER", func(q *question) *uint32 { return &q.Number }),
	},
	Reply: attr.Table[answer]{
		attr.String(2, "TEST_TEXT", func(a *answer) *string { return &a.Text }),
		attr.String(9, "TEST_BY", func(a *answer) *string { return &a.By }),
	},
	DecodeHeader: func(b []byte, a *answer) error {
		if len(b) >= 4 {
			a.Head = binary.NativeEndian.Uint32(b)
		}
		return nil
	},
	Describe: func(q *question) string { return q.Text },
}

// tell is ask without an answer.
var tell = func() genl.Call[question, answer] {
	call := ask
	call.Op, call.Command = "test.Tell", 2
	return call
}()

// ways are all ways to call a family; each returns who answered, if any did.
var ways = map[string]func(ctx context.Context, c *nlkit.Client, fam genl.Target, text string) (by string, err error){
	"Do": func(ctx context.Context, c *nlkit.Client, fam genl.Target, text string) (string, error) {
		return "", tell.Do(ctx, c, fam, &question{Text: text})
	},
	"Query": func(ctx context.Context, c *nlkit.Client, fam genl.Target, text string) (string, error) {
		a, err := ask.Query(ctx, c, fam, &question{Text: text})
		return a.By, err
	},
	"List": func(ctx context.Context, c *nlkit.Client, fam genl.Target, text string) (string, error) {
		list, err := ask.List(ctx, c, fam, &question{Text: text})
		if err != nil {
			return "", err
		}
		if len(list) != 2 || list[0] != list[1] {
			return "", fmt.Errorf("got %+v", list)
		}
		return list[0].By, nil
	},
	"All": func(ctx context.Context, c *nlkit.Client, fam genl.Target, text string) (by string, err error) {
		n := 0
		for a, err := range ask.All(ctx, c, fam, &question{Text: text}) {
			if err != nil {
				return "", err
			}
			n++
			by = a.By
		}
		if n != 2 {
			return "", fmt.Errorf("%d answers", n)
		}
		return by, nil
	},
	"Batch": func(ctx context.Context, c *nlkit.Client, fam genl.Target, text string) (string, error) {
		b := c.NewBatch()
		for range 2 {
			if err := tell.Do(ctx, b, fam, &question{Text: text}); err != nil {
				return "", err
			}
		}
		return "", b.Send(ctx)
	},
}

func eachWay(t *testing.T, f func(t *testing.T, way string, call func(ctx context.Context, c *nlkit.Client, fam genl.Target, text string) (string, error))) {
	for way, call := range ways {
		t.Run(way, func(t *testing.T) { f(t, way, call) })
	}
}

func TestNamesAreLookedUpOnce(t *testing.T) {
	eachWay(t, func(t *testing.T, way string, call func(context.Context, *nlkit.Client, genl.Target, string) (string, error)) {
		c, k := controlled(t)
		k.register(30, registered{name: "blue"})
		k.register(31, registered{name: "red"})
		for range 3 {
			for _, name := range []string{"blue", "red"} {
				if by, err := call(t.Context(), c, genl.Name(name), "hello"); err != nil || by != "" && by != name {
					t.Fatalf("%s: answered by %q, %v", name, by, err)
				}
			}
		}
		if k.asked != 2 {
			t.Errorf("%d look-ups", k.asked)
		}
		if len(k.done) != map[bool]int{true: 12, false: 6}[way == "Batch"] {
			t.Errorf("done: %v", k.done)
		}
	})
}

// What is announced is known before the next request goes out.
func TestFamilyThatComesBackUnderAnotherNumber(t *testing.T) {
	eachWay(t, func(t *testing.T, _ string, call func(context.Context, *nlkit.Client, genl.Target, string) (string, error)) {
		c, k := controlled(t)
		k.register(30, registered{name: "blue"})
		for id := uint16(30); id < 35; id++ {
			if by, err := call(t.Context(), c, genl.Name("blue"), "hello"); err != nil || by != "" && by != "blue" {
				t.Fatalf("%d: answered by %q, %v", id, by, err)
			}
			k.unregister(id)
			k.register(id+1, registered{name: "blue"})
			k.register(id, registered{name: "red"}) // which must not get what is meant for blue
		}
		if k.asked != 5 {
			t.Errorf("%d look-ups", k.asked)
		}
		if slices.ContainsFunc(k.done, func(s string) bool { return strings.HasPrefix(s, "red") }) {
			t.Errorf("done: %v", k.done)
		}
	})
}

// Should the announcement be lost, the failure tells.
func TestFamilyThatMovedUnheard(t *testing.T) {
	eachWay(t, func(t *testing.T, way string, call func(context.Context, *nlkit.Client, genl.Target, string) (string, error)) {
		c, k := controlled(t)
		k.register(30, registered{name: "blue"})
		if _, err := call(t.Context(), c, genl.Name("blue"), "hello"); err != nil {
			t.Fatal(err)
		}
		k.silent = true
		k.unregister(30)
		k.register(31, registered{name: "blue"})
		by, err := call(t.Context(), c, genl.Name("blue"), "hello")
		if way == "Batch" {
			if e, ok := errors.AsType[*nlkit.BatchError](err); !ok || !errors.Is(err, fs.ErrNotExist) || len(e.Failed) != 2 || k.asked != 1 {
				t.Errorf("got %v, after %d look-ups", err, k.asked)
			}
			return
		}
		if err != nil || by != "" && by != "blue" || k.asked != 2 {
			t.Errorf("answered by %q, %v, after %d look-ups", by, err, k.asked)
		}
	})
}

func TestFamilyThatIsGone(t *testing.T) {
	eachWay(t, func(t *testing.T, way string, call func(context.Context, *nlkit.Client, genl.Target, string) (string, error)) {
		for _, silent := range []bool{false, true} {
			c, k := controlled(t)
			k.register(30, registered{name: "blue"})
			if _, err := call(t.Context(), c, genl.Name("blue"), "hello"); err != nil {
				t.Fatal(err)
			}
			k.silent = silent
			k.unregister(30)
			_, err := call(t.Context(), c, genl.Name("blue"), "hello")
			if !errors.Is(err, fs.ErrNotExist) || k.asked > 3 {
				t.Errorf("got %v, after %d look-ups", err, k.asked)
			}
			if way != "Batch" && nlkit.SafeToRetry(err) == silent {
				t.Errorf("silent %t: the request was sent: %v", silent, err)
			}
		}
	})
}

// A family's own "no such thing" is no reason to ask it again.
func TestRefusalsAreNotRepeated(t *testing.T) {
	eachWay(t, func(t *testing.T, way string, call func(context.Context, *nlkit.Client, genl.Target, string) (string, error)) {
		c, k := controlled(t)
		k.register(30, registered{name: "blue"})
		_, err := call(t.Context(), c, genl.Name("blue"), "refuse")
		if !errors.Is(err, fs.ErrNotExist) || len(k.done) != map[bool]int{true: 2, false: 1}[way == "Batch"] {
			t.Errorf("got %v, done %v", err, k.done)
		}
		if e, ok := errors.AsType[*nlkit.Error](err); !ok || e.Object != "refuse" || !e.Sent {
			t.Errorf("got %#v", err)
		}
		if _, err := call(t.Context(), c, genl.Name("blue"), "hello"); err != nil {
			t.Error(err)
		}
	})
}

// A number that goes to another family while the request is there is not passed over.
func TestNumberThatChangesHandsMeanwhile(t *testing.T) {
	eachWay(t, func(t *testing.T, way string, call func(context.Context, *nlkit.Client, genl.Target, string) (string, error)) {
		c, k := controlled(t)
		k.register(30, registered{name: "blue"})
		k.during = func() {
			k.unregister(30)
			k.register(30, registered{name: "red"})
			k.register(31, registered{name: "blue"})
		}
		by, err := call(t.Context(), c, genl.Name("blue"), "hello")
		e, ok := errors.AsType[*nlkit.Error](err)
		if !ok || !errors.Is(err, genl.ErrReassigned) || !e.Sent || e.Object != "hello" || by != "" {
			t.Errorf("answered by %q, %v", by, err)
		}
		if b, ok := errors.AsType[*nlkit.BatchError](err); way == "Batch" && (!ok || len(b.Failed) != 2 || b.Failed[0].Index != 0) {
			t.Errorf("got %v", err)
		}
		if by, err := call(t.Context(), c, genl.Name("blue"), "hello"); err != nil || by != "" && by != "blue" {
			t.Errorf("afterwards: answered by %q, %v", by, err)
		}

		// One that is given back to the same family, or goes without being given to
		// another, is the request's all the same.
		k.during = func() { k.unregister(31) }
		if _, err := call(t.Context(), c, genl.Name("blue"), "hello"); way != "Batch" && err != nil {
			t.Errorf("unloaded behind the request: %v", err)
		}
	})
}

// What was lost with an overrun is asked for again.
func TestAnnouncementsThatAreLost(t *testing.T) {
	eachWay(t, func(t *testing.T, _ string, call func(context.Context, *nlkit.Client, genl.Target, string) (string, error)) {
		c, k := controlled(t)
		overrun := nlfake.Join(netlink.Message{Header: netlink.Header{Type: uapi.NLMSG_OVERRUN}})
		lose := func() {
			if err := k.Multicast(uapi.GENL_ID_CTRL, overrun); err != nil {
				t.Error(err)
			}
		}
		k.register(30, registered{name: "blue"})
		if _, err := call(t.Context(), c, genl.Name("blue"), "hello"); err != nil {
			t.Fatal(err)
		}
		k.silent = true
		k.unregister(30)
		k.register(30, registered{name: "red"})
		k.register(31, registered{name: "blue"})
		lose()
		if by, err := call(t.Context(), c, genl.Name("blue"), "hello"); err != nil || by != "" && by != "blue" {
			t.Errorf("answered by %q, %v", by, err)
		}
		if slices.ContainsFunc(k.done, func(s string) bool { return strings.HasPrefix(s, "red") }) {
			t.Errorf("done: %v", k.done)
		}

		k.during = lose
		if _, err := call(t.Context(), c, genl.Name("blue"), "hello"); err != nil {
			t.Errorf("lost meanwhile, with nothing in it: %v", err)
		}
		k.during = func() {
			k.unregister(31)
			k.register(31, registered{name: "red"})
			k.register(32, registered{name: "blue"})
			lose()
		}
		if _, err := call(t.Context(), c, genl.Name("blue"), "hello"); !errors.Is(err, genl.ErrReassigned) {
			t.Errorf("lost meanwhile, with the number given away: %v", err)
		}
	})
}

// A request that was done is not done again because its family cannot be found any more
// when that has to be asked: it may be back by then.
func TestFamilyThatIsGoneWhenAskedFor(t *testing.T) {
	eachWay(t, func(t *testing.T, way string, call func(context.Context, *nlkit.Client, genl.Target, string) (string, error)) {
		c, k := controlled(t)
		k.register(30, registered{name: "blue"})
		k.during = func() {
			k.silent = true
			k.unregister(30)
			if err := k.Multicast(uapi.GENL_ID_CTRL, nlfake.Join(netlink.Message{Header: netlink.Header{Type: uapi.NLMSG_OVERRUN}})); err != nil {
				t.Error(err)
			}
			k.unknown = func() { k.register(31, registered{name: "blue"}) }
		}
		_, err := call(t.Context(), c, genl.Name("blue"), "hello")
		if !errors.Is(err, genl.ErrReassigned) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v", err)
		}
		if e, ok := errors.AsType[*nlkit.Error](err); !ok || !e.Sent || e.Object != "hello" {
			t.Errorf("got %#v", e)
		}
		if len(k.done) != 1 && way != "Batch" {
			t.Errorf("done: %v", k.done)
		}
	})
}

// What went wrong with the announcements is told as the failure of what needed them.
func TestNamesOfAClosedClient(t *testing.T) {
	c, k := controlled(t)
	k.register(30, registered{name: "blue"})
	for _, known := range []bool{false, true} {
		if known {
			c, k = controlled(t)
			k.register(30, registered{name: "blue"})
			if err := tell.Do(t.Context(), c, genl.Name("blue"), &question{Text: "hello"}); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		eachWay(t, func(t *testing.T, way string, call func(context.Context, *nlkit.Client, genl.Target, string) (string, error)) {
			_, err := call(t.Context(), c, genl.Name("blue"), "hello")
			e, ok := errors.AsType[*nlkit.Error](err)
			if !ok || !errors.Is(err, net.ErrClosed) || !strings.HasPrefix(e.Op, "test.") || e.Sent {
				t.Errorf("got %#v", e)
			}
		})
		_, err := genl.GetPolicy(t.Context(), c, genl.Name("blue"))
		if e, ok := errors.AsType[*nlkit.Error](err); !ok || !errors.Is(err, net.ErrClosed) || e.Op != "genl.GetPolicy" {
			t.Errorf("got %#v", e)
		}
	}
}

func TestMalformedAnnouncement(t *testing.T) {
	c, k := controlled(t)
	k.register(30, registered{name: "blue"})
	call := ways["Query"]
	if _, err := call(t.Context(), c, genl.Name("blue"), "hello"); err != nil {
		t.Fatal(err)
	}
	for _, data := range [][]byte{{1}, {1, 2, 0, 0, 9, 0, 1, 0}} {
		if err := k.Multicast(uapi.GENL_ID_CTRL, nlfake.Join(netlink.Message{Header: netlink.Header{Type: uapi.GENL_ID_CTRL}, Data: data})); err != nil {
			t.Fatal(err)
		}
		_, err := call(t.Context(), c, genl.Name("blue"), "hello")
		if !errors.Is(err, nlkit.ErrMalformed) && !errors.Is(err, attr.ErrMalformed) || !nlkit.SafeToRetry(err) {
			t.Errorf("got %v", err)
		}
		if by, err := call(t.Context(), c, genl.Name("blue"), "hello"); err != nil || by != "blue" {
			t.Errorf("afterwards: answered by %q, %v", by, err)
		}
	}
	// Other messages to the group say nothing.
	n := k.asked
	for _, m := range []netlink.Message{
		{Header: netlink.Header{Type: 99}},
		{Header: netlink.Header{Type: uapi.GENL_ID_CTRL}, Data: []byte{uapi.CTRL_CMD_NEWMCAST_GRP, 2, 0, 0}},
	} {
		if err := k.Multicast(uapi.GENL_ID_CTRL, nlfake.Join(m)); err != nil {
			t.Fatal(err)
		}
	}
	if by, err := call(t.Context(), c, genl.Name("blue"), "hello"); err != nil || by != "blue" || k.asked != n {
		t.Errorf("answered by %q, %v, after %d look-ups more", by, err, k.asked-n)
	}
}

func TestHeaderOfAFamilyByName(t *testing.T) {
	c, k := controlled(t)
	k.register(30, registered{name: "blue", header: 6})
	if a, err := ask.Query(t.Context(), c, genl.Name("blue"), &question{Text: "hello"}); err != nil || a.Text != "hello" || a.Head != 0 {
		t.Errorf("zeros: got %+v, %v", a, err)
	}
	call := ask
	call.AppendHeader = func(b []byte, q *question) []byte {
		return append(binary.NativeEndian.AppendUint32(b, q.Head), 0, 0)
	}
	if a, err := call.Query(t.Context(), c, genl.Name("blue"), &question{Text: "hello", Head: 77}); err != nil || a.Text != "hello" || a.Head != 77 {
		t.Errorf("six bytes: got %+v, %v", a, err)
	}
	k.unregister(30)
	k.register(31, registered{name: "blue", header: 4})
	if list, err := ask.List(t.Context(), c, genl.Name("blue"), &question{Text: "hello"}); err != nil || len(list) != 2 || list[1].Text != "hello" {
		t.Errorf("zeros, for another size: got %+v, %v", list, err)
	}
	k.silent = true // and once more, by what the failure tells
	k.unregister(31)
	k.register(32, registered{name: "blue", header: 4})
	if a, err := ask.Query(t.Context(), c, genl.Name("blue"), &question{Text: "hello"}); err != nil || a.Text != "hello" || a.By != "blue" {
		t.Errorf("zeros, sent again: got %+v, %v", a, err)
	}
	k.silent = false
	k.during = func() {
		k.unregister(32)
		k.register(32, registered{name: "red", header: 4})
		k.register(33, registered{name: "blue", header: 4})
	}
	_, err := ask.Query(t.Context(), c, genl.Name("blue"), &question{Text: "hello"})
	if e, ok := errors.AsType[*nlkit.Error](err); !ok || !errors.Is(err, genl.ErrReassigned) || e.Object != "hello" {
		t.Errorf("zeros, to another family: %v", err)
	}
	for _, q := range []func() error{
		func() error {
			_, err := call.Query(t.Context(), c, genl.Name("blue"), &question{Text: "hello"})
			return err
		},
		func() error { return call.Do(t.Context(), c, genl.Name("blue"), &question{Text: "hello"}) },
		func() error {
			_, err := call.List(t.Context(), c, genl.Name("blue"), &question{Text: "hello"})
			return err
		},
	} {
		want := `test.Ask hello: a header of 6 bytes, family "blue" has one of 4`
		if err := q(); err == nil || err.Error() != want || !errors.Is(err, fs.ErrInvalid) || !nlkit.SafeToRetry(err) {
			t.Errorf("got %v", err)
		}
	}
	call.AppendHeader = func([]byte, *question) []byte { return nil }
	if err := call.Do(t.Context(), c, genl.Name("blue"), nil); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("a header that was thrown away: %v", err)
	}
}

func TestNamesThatAreNone(t *testing.T) {
	eachWay(t, func(t *testing.T, way string, call func(context.Context, *nlkit.Client, genl.Target, string) (string, error)) {
		c, k := controlled(t)
		for _, tt := range []struct {
			target genl.Target
			is     error
			want   string
		}{
			{genl.Name(""), fs.ErrInvalid, "a family's name is empty (CTRL_ATTR_FAMILY_NAME)"},
			{genl.Name("no longer than16"), fs.ErrInvalid, "16 bytes, a family's name has at most 15 (CTRL_ATTR_FAMILY_NAME)"},
			{genl.Name("none"), fs.ErrNotExist, `"none": no such file or directory`},
			{nil, fs.ErrInvalid, "no family"},
		} {
			_, err := call(t.Context(), c, tt.target, "hello")
			if !errors.Is(err, tt.is) || !strings.HasSuffix(err.Error(), tt.want) || !strings.Contains(err.Error(), "test.") {
				t.Errorf("%v: got %v", tt.target, err)
			}
			if way != "Batch" && !nlkit.SafeToRetry(err) {
				t.Errorf("%v: it was sent", tt.target)
			}
		}
		if len(k.done) != 0 {
			t.Errorf("done: %v", k.done)
		}
	})
}

// In a batch, an item that cannot be completed does not keep the others.
func TestBatchOfManyFamilies(t *testing.T) {
	c, k := controlled(t)
	k.register(30, registered{name: "blue", limit: 5})
	k.register(31, registered{name: "red"})
	checked := tell
	checked.Command, checked.Check = 1, true
	b := c.NewBatch()
	for i, err := range []error{
		tell.Do(t.Context(), b, genl.Name("blue"), &question{Text: "0"}),
		tell.Do(t.Context(), b, genl.Name("none"), &question{Text: "1"}),
		checked.Do(t.Context(), b, genl.Name("blue"), &question{Text: "2", Number: 6}),
		tell.Do(t.Context(), b, genl.Name("red"), &question{Text: "refuse"}),
		checked.Do(t.Context(), b, genl.Name("blue"), &question{Text: "4", Number: 5}),
		checked.Do(t.Context(), b, genl.Family{ID: 30, Name: "blue", Version: 7}, &question{Text: "5", Number: 7}),
		checked.Do(t.Context(), b, genl.Name("red"), &question{Text: "6", Number: 7}),
	} {
		if err != nil {
			t.Fatalf("item %d: %v", i, err)
		}
	}
	err := b.Send(t.Context())
	e, ok := errors.AsType[*nlkit.BatchError](err)
	if !ok || e.Total != 7 {
		t.Fatalf("got %v", err)
	}
	want := []string{
		`1: test.Tell "none": no such file or directory`,
		"2: test.Tell 2: 6 is out of range, the kernel takes 0..5 (TEST_NUMBER)",
		"3: test.Tell refuse: no such file or directory",
		"5: test.Tell 5: 7 is out of range, the kernel takes 0..5 (TEST_NUMBER)",
	}
	var got []string
	for _, item := range e.Failed {
		got = append(got, fmt.Sprintf("%d: %v", item.Index, item.Err))
		if item.Err.Sent != (item.Index == 3) {
			t.Errorf("item %d was sent: %t", item.Index, item.Err.Sent)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if done := []string{"blue.2", "red.2", "blue.1", "red.1"}; !slices.Equal(k.done, done) {
		t.Errorf("done: %v", k.done)
	}
	// All of them refused: nothing is sent, and nothing waited for.
	for range 2 {
		if err := tell.Do(t.Context(), b, genl.Name("none"), nil); err != nil {
			t.Fatal(err)
		}
	}
	if e, ok := errors.AsType[*nlkit.BatchError](b.Send(t.Context())); !ok || len(e.Failed) != 2 {
		t.Errorf("got %v", e)
	}
}

func TestCheckFollowsTheFamily(t *testing.T) {
	c, k := controlled(t)
	call := ask
	call.Check = true
	try := func(fam genl.Target, n uint32, want string) {
		t.Helper()
		_, err := call.Query(t.Context(), c, fam, &question{Text: "hello", Number: n})
		if got := fmt.Sprint(err); got != want {
			t.Errorf("%d: got %v, want %s", n, got, want)
		}
		if err != nil && (!errors.Is(err, fs.ErrInvalid) || !nlkit.SafeToRetry(err)) {
			t.Errorf("got %v", err)
		}
		if _, err := call.List(t.Context(), c, fam, &question{Text: "hello", Number: n}); fmt.Sprint(err) != want {
			t.Errorf("%d: a dump gives %v, want %s", n, err, want)
		}
	}
	k.register(30, registered{name: "blue", limit: 5})
	const refused = "test.Ask hello: 6 is out of range, the kernel takes 0..5 (TEST_NUMBER)"
	for range 3 {
		try(genl.Name("blue"), 6, refused)
		try(genl.Name("blue"), 5, "<nil>")
		try(genl.Family{ID: 30, Name: "blue", Version: 7}, 6, refused)
	}
	if k.policies != 1 {
		t.Errorf("the policy was asked for %d times", k.policies)
	}
	k.unregister(30)
	k.register(30, registered{name: "blue", limit: 6})
	try(genl.Name("blue"), 6, "<nil>")
	if k.policies != 2 {
		t.Errorf("the policy was asked for %d times", k.policies)
	}
	k.register(31, registered{name: "old"}) // a kernel that tells no policy
	for range 3 {
		try(genl.Name("old"), 6, "<nil>")
	}
	if k.policies != 3 {
		t.Errorf("the policy was asked for %d times", k.policies)
	}
	if _, err := genl.GetPolicy(t.Context(), c, genl.Name("old")); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("got %v", err)
	}
	p, err := genl.GetPolicy(t.Context(), c, genl.Name("blue"))
	if err != nil || p.String() != "command 1: do 0, dump 0\nset 0:\n\t3 U32 0..6\n" {
		t.Errorf("got %v, %v", p, err)
	}
	for _, err := range []error{
		func() error { _, err := genl.GetPolicy(t.Context(), c, nil); return err }(),
		func() error { _, err := genl.GetPolicy(t.Context(), c, genl.Name("")); return err }(),
	} {
		if !errors.Is(err, fs.ErrInvalid) || !strings.HasPrefix(err.Error(), "genl.GetPolicy: ") {
			t.Errorf("got %v", err)
		}
	}
	if _, err := genl.GetPolicy(t.Context(), c, genl.Name("none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// A subscription goes on with a family that comes back, and says that there is a gap.
func TestSubscriptionFollowsTheFamily(t *testing.T) {
	c, k := controlled(t)
	k.register(30, registered{name: "blue"})
	k.register(31, registered{name: "red"})
	sub, err := genl.Subscribe(t.Context(), c, "blue", []string{"news"}, genl.ByTable(ask.Reply))
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	news := func(id uint16, text string) {
		t.Helper()
		m := netlink.Message{Header: netlink.Header{Type: netlink.HeaderType(id)}, Data: attr.AppendString([]byte{5, 7, 0, 0}, 2, text)}
		if err := k.Multicast(1000+uint32(id), nlfake.Join(m)); err != nil {
			t.Error(err)
		}
	}
	next := func(want string) {
		t.Helper()
		var e genl.Event[answer]
		ok, err := sub.TryRead(&e)
		got := e.Object.Text
		if err != nil {
			got = err.Error()
		}
		if ok != (want != "" && err == nil) || got != want {
			t.Errorf("got %q, %t, want %q", got, ok, want)
		}
	}
	const gap = `genl.Subscribe "blue": messages were lost: receive buffer overrun`
	next("")
	news(30, "one")
	news(31, "of another family")
	k.register(40, registered{name: "green"}) // which is none of its business
	news(30, "two")
	next("one")
	next("two")
	k.unregister(30)
	next("")
	k.register(32, registered{name: "blue"})
	next(gap)
	news(30, "of nobody")
	news(32, "three")
	next("three")
	k.register(32, registered{name: "blue"}) // announced again
	news(32, "four")
	next("four")
	k.unregister(32)
	k.register(33, registered{name: "blue"})
	k.unregister(33) // gone before it was found
	next("")
	k.register(34, registered{name: "blue"})
	next(gap)
	news(34, "five")
	next("five")
	if sub.Overruns() != 2 || sub.Received() != 5 {
		t.Errorf("%d overruns, %d received", sub.Overruns(), sub.Received())
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if _, err := sub.TryRead(new(genl.Event[answer])); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v", err)
	}
	eachWay(t, func(t *testing.T, _ string, call func(context.Context, *nlkit.Client, genl.Target, string) (string, error)) {
		if _, err := call(t.Context(), c, genl.Name("blue"), "hello"); !errors.Is(err, net.ErrClosed) {
			t.Errorf("a call of a closed client: %v", err)
		}
	})
}

func TestNamesWithoutAClient(t *testing.T) {
	var c *nlkit.Client
	_, err := ask.Query(t.Context(), c, genl.Name("blue"), nil)
	errs := []error{err, ask.Do(t.Context(), c, genl.Name("blue"), nil)}
	_, err = ask.List(t.Context(), c, genl.Name("blue"), nil)
	errs = append(errs, err)
	_, err = genl.GetPolicy(t.Context(), c, genl.Name("blue"))
	errs = append(errs, err)
	for _, err := range errs {
		if !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("got %v", err)
		}
	}
}

// Whatever the numbers do, no family gets what is meant for another without the caller
// being told.
func TestFamiliesInMotion(t *testing.T) {
	c, k := controlled(t)
	names := []string{"blue", "red", "green"}
	for i, name := range names {
		k.register(30+uint16(i), registered{name: name})
	}
	move := make(chan struct{}, 4)
	var moving, calling sync.WaitGroup
	moving.Go(func() {
		r := rand.New(rand.NewPCG(1, 2))
		for range move {
			// Two families change places, all numbers being so few.
			a, b := uint16(30+r.IntN(4)), uint16(30+r.IntN(4))
			k.mu.Lock()
			fa, oka := k.families[a]
			fb, okb := k.families[b]
			delete(k.families, a)
			delete(k.families, b)
			for id, f := range map[uint16]registered{a: fb, b: fa} {
				if ok := map[uint16]bool{a: okb, b: oka}[id]; ok {
					k.families[id] = f
				}
			}
			k.announce(uapi.CTRL_CMD_DELFAMILY, a, fa)
			k.announce(uapi.CTRL_CMD_DELFAMILY, b, fb)
			for _, id := range []uint16{a, b} {
				if f, ok := k.families[id]; ok {
					k.announce(uapi.CTRL_CMD_NEWFAMILY, id, f)
				}
			}
			k.mu.Unlock()
		}
	})
	var done, told, gone int
	var mu sync.Mutex
	for _, name := range names {
		calling.Go(func() {
			for range 300 {
				select {
				case move <- struct{}{}:
				default: // moving is slow enough
				}
				a, err := ask.Query(t.Context(), c, genl.Name(name), &question{Text: name})
				mu.Lock()
				switch {
				case err == nil && a.By == name:
					done++
				case errors.Is(err, genl.ErrReassigned):
					told++
				case errors.Is(err, fs.ErrNotExist):
					gone++
				default:
					t.Errorf("%s: answered by %q, %v", name, a.By, err)
				}
				mu.Unlock()
			}
		})
	}
	calling.Wait()
	close(move)
	moving.Wait()
	t.Logf("%d done, %d were told, %d found nobody, of %d look-ups", done, told, gone, k.asked)
	if done == 0 {
		t.Error("nothing was done")
	}
}
