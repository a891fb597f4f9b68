package nflog_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/nft"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/nflog"
)

// logger returns the name of what logs a family's packets for the kernel.
func logger(t *testing.T, ns *nstest.NS, file string) (name string) {
	t.Helper()
	ns.Do(t, func() {
		b, err := os.ReadFile("/proc/sys/net/netfilter/nf_log/" + file)
		if err != nil {
			t.Fatal(err)
		}
		name = strings.TrimSpace(string(b))
	})
	return name
}

func TestBindFamily(t *testing.T) {
	c, ns := live(t)
	files := map[nflog.Family]string{
		nflog.FamilyIPv4: "2", nflog.FamilyARP: "3", nflog.FamilyNetdev: "5", nflog.FamilyBridge: "7", nflog.FamilyIPv6: "10",
	}
	for family, file := range files {
		if err := nflog.BindFamily(t.Context(), c, family); err != nil {
			t.Errorf("%s: %v", family, err)
		}
		if got := logger(t, ns, file); got != "nfnetlink_log" {
			t.Errorf("%s: the logger is %s", family, got)
		}
	}
	b := c.NewBatch()
	for family := range files {
		if err := nflog.UnbindFamily(t.Context(), b, family); err != nil {
			t.Errorf("%s: %v", family, err)
		}
	}
	if err := b.Send(t.Context()); err != nil {
		t.Error(err)
	}
	for family, file := range files {
		if got := logger(t, ns, file); got != "NONE" {
			t.Errorf("%s: the logger is %s", family, got)
		}
	}
}

// TestBindFamilyReceives has the kernel log a packet that no connection can have.
func TestBindFamilyReceives(t *testing.T) {
	c, ns := live(t)
	// Not by live, which takes a group of 0 for none.
	nstest.NFLogRule(t, ns, nft.LogRule{Hook: nft.Output, Prefix: "mark", L4Proto: unix.IPPROTO_UDP, DstPort: port})
	track(t, ns, 0)
	ns.Do(t, func() {
		if err := os.WriteFile("/proc/sys/net/netfilter/nf_conntrack_log_invalid", []byte("255"), 0); err != nil {
			t.Fatal(err)
		}
	})
	sub, err := nflog.Subscribe(t.Context(), c, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	s := newSender(t, ns, local4, 0)
	// A segment that opens and ends a connection at once, without a checksum.
	segment := "\x00\x01\x00\x02" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00" + "\x50\x03\x00\x00" + "\x00\x00\x00\x00"
	send := func() {
		ns.Do(t, func() {
			fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_TCP)
			if err != nil {
				t.Fatal(err)
			}
			defer unix.Close(fd)
			// What is invalid is not dropped by itself.
			if err := unix.Sendto(fd, []byte(segment), 0, &unix.SockaddrInet4{Addr: local4.As4()}); err != nil {
				t.Fatal(err)
			}
		})
		s.send(t, "mark")
	}
	invalid := func() (n int) {
		t.Helper()
		send()
		for p, err := range sub.All() {
			if err != nil {
				t.Fatal(err)
			}
			if p.Prefix == "mark" {
				return n
			}
			h := p.Headers()
			if p.Family != nflog.FamilyIPv4 || p.Group != 0 || !strings.HasPrefix(p.Prefix, "nf_ct_proto_6: ") || h.TCP.Flags != nflog.TCPSYN|nflog.TCPFIN || h.Dst.Port() != 2 {
				t.Errorf("%q: %v", p.Prefix, h)
			}
			n++
		}
		return 0
	}
	for range 2 {
		if n := invalid(); n != 0 {
			t.Errorf("%d packets without a binding", n)
		}
		if err := nflog.BindFamily(t.Context(), c, nflog.FamilyIPv4); err != nil {
			t.Fatal(err)
		}
		if n := invalid(); n == 0 {
			t.Error("no packet with a binding")
		}
		if err := nflog.UnbindFamily(t.Context(), c, nflog.FamilyIPv4); err != nil {
			t.Fatal(err)
		}
	}
}

func TestBindFamilyRefused(t *testing.T) {
	c, ns := live(t)
	for family, want := range map[nflog.Family]string{
		nflog.FamilyUnspec: "nflog.BindFamily family unspec: no packet has it: use ip and ip6, each by itself",
		nflog.FamilyInet:   "nflog.BindFamily family inet: no packet has it: use ip and ip6, each by itself",
	} {
		if err := nflog.BindFamily(t.Context(), c, family); !errors.Is(err, fs.ErrInvalid) || !nlkit.SafeToRetry(err) || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	err := nflog.BindFamily(t.Context(), c, 200)
	if want := "nflog.BindFamily family Family(200): address family not supported by protocol: the kernel has no such family"; !errors.Is(err, errors.ErrUnsupported) || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
	if err := nflog.UnbindFamily(t.Context(), c, 200); err != nil {
		t.Error(err)
	}
	if err := nflog.UnbindFamily(t.Context(), c, nflog.FamilyInet); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("got %v", err)
	}
	if err := nflog.BindFamily(t.Context(), nil, nflog.FamilyIPv4); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("without a client: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := nflog.BindFamily(ended, c, nflog.FamilyIPv4); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v", err)
	}
	ns.Do(t, func() {
		if !nstest.DropRights(t) {
			return
		}
		c, err := nlkit.New()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		for _, f := range []func(context.Context, nlkit.Doer, nflog.Family) error{nflog.BindFamily, nflog.UnbindFamily} {
			if err := f(t.Context(), c, nflog.FamilyIPv4); !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "it takes CAP_NET_ADMIN") {
				t.Errorf("without rights: %v", err)
			}
		}
	})
}
