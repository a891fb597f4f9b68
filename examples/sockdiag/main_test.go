package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/attr/attrtest"
	"github.com/nlkit/nlkit/internal/nstest"
)

func TestMain(m *testing.M) { nstest.Main(m) }

func TestTables(t *testing.T) {
	attrtest.RoundTrip(t, socketAttrs)
	attrtest.Covers(t, append(attr.Table[socket](socketLayout.Fields), socketAttrs...))
	attrtest.Covers(t, attr.Table[socketID](socketIDLayout.Fields))
	attrtest.Covers(t, attr.Table[diagRequest](diagRequestLayout.Fields))
	attrtest.Covers(t, attr.Table[tcpInfo](tcpInfoLayout.Fields))
	attrtest.RoundTrip(t, attr.Table[diagRequest]{attr.Struct(1, "request", diagRequestLayout, attr.Self[diagRequest])})
	for name, err := range map[string]error{
		"answer": socketLayout.Check(), "id": socketIDLayout.Check(), "request": diagRequestLayout.Check(), "tcp_info": tcpInfoLayout.Check(),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(make([]byte, socketLayout.Size))
	f.Add(append(make([]byte, socketLayout.Size), 8, 0, diagCong, 0, 'a', 0, 0, 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		var s socket
		if _, err := decode(nlkit.Message{Type: sockDiagByFamily, Data: b}, &s); err != nil && !errors.Is(err, attr.ErrMalformed) {
			t.Fatal(err)
		}
		_, _, _ = s.String(), s.Info.rtt(), s.peer()
	})
}

// sockets opens listeners and connections in a namespace, of both families.
func sockets(t *testing.T) (*nlkit.Client, *nstest.NS, []net.Conn) {
	t.Helper()
	ns := nstest.New(t)
	c, err := nlkit.New(nlkit.WithNetNSFD(ns.FD()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	var conns []net.Conn
	for _, addr := range []string{"127.0.0.1:0", "[::1]:0"} {
		var l net.Listener
		ns.Do(t, func() {
			if l, err = net.Listen("tcp", addr); err != nil {
				t.Fatal(err)
			}
		})
		t.Cleanup(func() { l.Close() })
		var a net.Conn
		ns.Do(t, func() {
			if a, err = net.Dial("tcp", l.Addr().String()); err != nil {
				t.Fatal(err)
			}
		})
		b, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { a.Close(); b.Close() })
		if _, err := a.Write([]byte("twelve bytes")); err != nil { // which wait to be read
			t.Fatal(err)
		}
		conns = append(conns, a, b)
	}
	return c, ns, conns
}

// all are the sockets of both families.
func all(t *testing.T, c *nlkit.Client) (all []socket) {
	t.Helper()
	for _, family := range []uint8{inet, inet6} {
		s, err := list(t.Context(), c, family)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s...)
	}
	return all
}

// lines are sockets as `ss -tan` prints them.
func lines(sockets []socket) (lines []string) {
	for _, s := range sockets {
		ends := fmt.Sprintf("%v %v", s.local(), s.peer())
		if s.State == 10 { // LISTEN
			ends = strings.TrimSuffix(ends, ":0") + ":*"
		}
		lines = append(lines, fmt.Sprintf("%v %d %d %s", s.State, s.ReceiveQ, s.SendQ, ends))
	}
	slices.Sort(lines)
	return lines
}

func TestInteropList(t *testing.T) {
	c, ns, _ := sockets(t)
	var want []string
	for line := range strings.Lines(string(ns.Run(t, "ss", "-tanH"))) {
		want = append(want, strings.Join(strings.Fields(line), " "))
	}
	slices.Sort(want)
	got := all(t, c)
	if !slices.Equal(lines(got), want) || len(got) != 6 {
		t.Errorf("got\n%s\nss says\n%s", strings.Join(lines(got), "\n"), strings.Join(want, "\n"))
	}
	for _, s := range got {
		if s.State == 1 && (s.Congestion == "" || s.Info.RTT == 0 || s.Info.rtt() > time.Second || s.Inode == 0) {
			t.Errorf("got %+v", s)
		}
	}
}

func TestGet(t *testing.T) {
	c, _, _ := sockets(t)
	for _, s := range all(t, c) {
		now, err := get(t.Context(), c, s)
		if err != nil || now.ID != s.ID || now.State != s.State || now.Congestion != s.Congestion || now.Inode != s.Inode {
			t.Errorf("got %+v, %v, want %+v", now, err, s)
		}
	}
	_, err := get(t.Context(), c, socket{Family: inet, ID: socketID{SourcePort: 9}})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no such socket: %v", err)
	}
}

func TestDestroyAndSubscribe(t *testing.T) {
	c, ns, conns := sockets(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	sub, err := subscribe(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	established := slices.DeleteFunc(all(t, c), func(s socket) bool { return s.State != 1 })
	b := c.NewBatch()
	for _, s := range established {
		if err := destroy(ctx, b, s); err != nil {
			t.Fatal(err)
		}
	}
	switch err := b.Send(ctx); {
	case errors.Is(err, errors.ErrUnsupported):
		nstest.Skip(t, "sock-destroy", "%v", err) // CONFIG_INET_DIAG_DESTROY
	case err != nil:
		// One end of a connection resets the other, which then is not there.
		if e, ok := errors.AsType[*nlkit.BatchError](err); !ok || !errors.Is(err, fs.ErrNotExist) || len(e.Failed) > 2 {
			t.Fatal(err)
		}
	}
	for _, conn := range conns {
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
		if _, err := conn.Read(make([]byte, 64)); err == nil {
			_, err = conn.Read(make([]byte, 64)) // behind what was there
			if !errors.Is(err, syscall.ECONNABORTED) && !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("got %v", err)
			}
		}
		_ = conn.Close() // now nobody has the socket
	}
	for range conns {
		var s socket
		if err := sub.ReadInto(&s); err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(established, func(e socket) bool { return e.local() == s.local() && e.peer() == s.peer() }) {
			t.Errorf("%v ended, which was none of %v", s, established)
		}
	}
	if out := string(ns.Run(t, "ss", "-tanH", "state", "established")); strings.TrimSpace(out) != "" {
		t.Errorf("still there: %s", out)
	}
}

func TestRun(t *testing.T) {
	if err := run(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if run(t.Context(), []string{"ssh"}) == nil {
		t.Error("ssh is taken for a number")
	}
}
