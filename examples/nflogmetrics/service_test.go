package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/nft"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/nflog"
)

var dns, web = netip.MustParseAddrPort("127.0.0.1:53"), netip.MustParseAddrPort("[::1]:80")

// start starts a service in a fresh namespace that logs two ports to two groups. It
// returns its address, and what stops it and returns its error.
func start(t *testing.T) (ns *nstest.NS, url string, stop func() error) {
	t.Helper()
	ns = nstest.New(t)
	for port, rule := range map[uint16]nft.LogRule{
		dns.Port(): {Hook: nft.Output, Group: 5, Prefix: `<b>dns</b> "quoted"`},
		web.Port(): {Hook: nft.Input, Group: 6, Prefix: "web"},
	} {
		rule.L4Proto, rule.DstPort = syscall.IPPROTO_UDP, port
		nstest.NFLogRule(t, ns, rule)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	s, err := newService(ctx, config{groups: []uint16{5, 6}, period: 50 * time.Millisecond, client: []nlkit.Option{nlkit.WithNetNSFD(ns.FD())}})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.run(ctx, l) }()
	running := true
	stop = func() error {
		if !running {
			return nil
		}
		running = false
		cancel(errors.New("enough"))
		return <-ended
	}
	t.Cleanup(func() { _ = stop() })
	return ns, "http://" + l.Addr().String() + "/", stop
}

// get returns the body of a page.
func get(t *testing.T, url string) (status int, body string, header http.Header) {
	t.Helper()
	defer http.DefaultClient.CloseIdleConnections()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b), res.Header
}

func TestMetrics(t *testing.T) {
	ns, url, stop := start(t)
	ns.SendUDP(t, netip.AddrPort{}, dns, []byte("name?"), 3)
	ns.SendUDP(t, netip.AddrPort{}, web, []byte("page?"), 2)
	want := []string{
		`nflog_packets_total{hook="output",prefix="<b>dns</b> \"quoted\"",protocol="udp"} 3`,
		`nflog_packets_total{hook="input",prefix="web",protocol="udp"} 2`,
		fmt.Sprintf(`nflog_bytes_total{hook="output",prefix="<b>dns</b> \"quoted\"",protocol="udp"} %d`, 3*(20+8+5)),
		fmt.Sprintf(`nflog_bytes_total{hook="input",prefix="web",protocol="udp"} %d`, 2*(40+8+5)),
		`nflog_received_total{group="5"} 3`, `nflog_received_total{group="6"} 2`,
		`nflog_lost_total{group="5"} 0`, `nflog_lost_total{group="6"} 0`,
		"nflog_overruns_total 0", "nflog_malformed_total 0", "nflog_up 1",
		"go_goroutines ", "process_open_fds ",
	}
	deadline := time.Now().Add(20 * time.Second)
	for range time.Tick(5 * time.Millisecond) {
		_, body, _ := get(t, url+"metrics")
		missing := ""
		for _, line := range want {
			if !strings.Contains(body, "\n"+line) {
				missing += line + "\n"
			}
		}
		if missing == "" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("without\n%sin\n%s", missing, body)
		}
	}
	if code, body, header := get(t, url+"healthz"); code != http.StatusOK || body != "ok\n" || header.Get("Content-Security-Policy") == "" {
		t.Errorf("health is %d, %q, %v", code, body, header)
	}
	if code, _, _ := get(t, url+"nothing"); code != http.StatusNotFound {
		t.Errorf("there is something: %d", code)
	}
	if err := stop(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// TestStop stops a service that a page follows: the page is told, and nothing waits.
func TestStop(t *testing.T) {
	_, url, stop := start(t)
	res, err := http.Get(url + "events")
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	if !lines.Scan() || !strings.HasPrefix(lines.Text(), `data: {"rows":[]`) {
		t.Fatalf("the first line is %q, %v", lines.Text(), lines.Err())
	}
	begin := time.Now()
	if err := stop(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	if took := time.Since(begin); took > 4*time.Second {
		t.Errorf("it took %v to stop", took)
	}
	told := false
	for lines.Scan() {
		told = told || lines.Text() == "event: end"
	}
	if !told {
		t.Error("the page was not told of the end")
	}
}

func TestGroupInUse(t *testing.T) {
	ns, _, _ := start(t)
	_, err := newService(t.Context(), config{groups: []uint16{7, 5}, client: []nlkit.Option{nlkit.WithNetNSFD(ns.FD())}})
	if !errors.Is(err, nflog.ErrInUse) {
		t.Errorf("got %v", err)
	}
}

// TestListenerFails ends a service by its other half.
func TestListenerFails(t *testing.T) {
	ns := nstest.New(t)
	s, err := newService(t.Context(), config{groups: []uint16{5}, period: time.Second, client: []nlkit.Option{nlkit.WithNetNSFD(ns.FD())}})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	if err := s.run(t.Context(), l); !errors.Is(err, net.ErrClosed) {
		t.Errorf("it ended with %v", err)
	}
	if s.reads.Load() {
		t.Error("it still receives")
	}
}

func TestSeriesAreBounded(t *testing.T) {
	c := newCounts()
	for i := range 5 * maxSeries {
		c.add(&nflog.Packet{Prefix: "wire", Hook: nflog.HookIngress, Protocol: nflog.EtherType(i), Payload: make([]byte, 10)})
	}
	rows := c.rows()
	if len(rows) != maxSeries+1 {
		t.Errorf("%d series", len(rows))
	}
	var all uint64
	for _, r := range rows {
		all += r.packets
	}
	if r := rows[0]; r.prefix != other || r.protocol != other || r.packets != 4*maxSeries || r.bytes != 40*maxSeries || all != 5*maxSeries {
		t.Errorf("%+v, %d packets in all", r, all)
	}
}
