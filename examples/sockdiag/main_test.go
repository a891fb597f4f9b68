//go:build linux

package main

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr/attrtest"
	"github.com/nlkit/nlkit/internal/nstest"
)

func TestMain(m *testing.M) { nstest.Main(m) }

func TestTables(t *testing.T) {
	attrtest.RoundTrip(t, socketAttrs)
	for _, check := range []error{queryLayout.Check(), socketLayout.Check(), infoLayout.Check()} {
		if check != nil {
			t.Error(check)
		}
	}
}

func FuzzSocket(f *testing.F) { attrtest.Fuzz(f, socketAttrs) }

// FuzzMessage feeds what a kernel would send: nothing of it may panic.
func FuzzMessage(f *testing.F) {
	f.Add(make([]byte, socketLayout.Size))
	f.Fuzz(func(t *testing.T, data []byte) {
		var s Socket
		if keep, err := decodeSocket(nlkit.Message{Type: unix.SOCK_DIAG_BY_FAMILY, Data: data}, &s); keep && err == nil {
			_ = s.State.String() + s.Local() + s.Peer()
		}
	})
}

// TestAgainstSS opens sockets of both families in a namespace, and compares what
// there is with what ss says.
func TestAgainstSS(t *testing.T) {
	ns := nstest.New(t)
	c, err := nlkit.New(nlkit.WithNetNSFD(ns.FD()))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()

	ns.Do(t, func() {
		for _, listen := range []struct{ network, address, dial string }{
			{"tcp4", "127.0.0.1:0", ""},
			{"tcp4", "0.0.0.0:0", "127.0.0.1"},
			{"tcp6", "[::1]:0", "::1"},
			{"tcp6", "[::]:0", ""},         // of IPv6 alone
			{"tcp", "[::]:0", "127.0.0.1"}, // a mapped address at this end
		} {
			l, err := net.Listen(listen.network, listen.address)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { l.Close() })
			if listen.dial == "" {
				continue
			}
			_, port, err := net.SplitHostPort(l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			near, err := net.Dial("tcp", net.JoinHostPort(listen.dial, port))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { near.Close() })
			far, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { far.Close() })
			if _, err := near.Write([]byte("waits to be read")); err != nil {
				t.Fatal(err)
			}
		}
	})

	sockets, err := TCPSockets(t.Context(), c, AllStates)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	states := map[State]int{}
	for _, s := range sockets {
		got = append(got, fmt.Sprint(s.State, " ", s.RecvQueue, " ", s.SendQueue, " ", s.Local(), " ", s.Peer()))
		states[s.State]++
		if s.State == Established && (s.Congestion == "" || s.Info.CongestionWindow == 0 || s.RTT() <= 0) {
			t.Errorf("%s has no details: %+v", got[len(got)-1], s)
		}
		if s.Inode == 0 {
			t.Errorf("%s has no inode", got[len(got)-1])
		}
	}
	if states[Listen] != 5 || states[Established] != 6 {
		t.Errorf("there are %v, want 5 that listen and 6 that are connected", states)
	}
	var want []string
	for line := range strings.Lines(string(ns.Run(t, "ss", "-Htan"))) {
		want = append(want, strings.Join(strings.Fields(line), " "))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nss has\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}

	listening, err := TCPSockets(t.Context(), c, 1<<Listen)
	if err != nil {
		t.Fatal(err)
	}
	if len(listening) != 5 {
		t.Errorf("%d sockets listen, want 5: %+v", len(listening), listening)
	}
}
