package nlconn

import (
	"encoding/binary"
	"errors"
	"syscall"
	"testing"

	"github.com/mdlayher/netlink"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// routes is what the dumps below read. The package documentation's claim that the
// own receive loop is worth having is these benchmarks.
const routes = 100_000

// loopbackUp is RTM_NEWLINK that sets lo up.
func loopbackUp() Request {
	data := make([]byte, 16)
	binary.NativeEndian.PutUint32(data[4:], 1)
	binary.NativeEndian.PutUint32(data[8:], uapi.IFF_UP)
	binary.NativeEndian.PutUint32(data[12:], uapi.IFF_UP)
	return Request{Type: uapi.RTM_NEWLINK, Data: data}
}

// routeTo is RTM_NEWROUTE or RTM_DELROUTE of a /32 over lo.
func routeTo(typ uint16, i int) Request {
	data := []byte{uapi.AF_INET, 32, 0, 0, uapi.RT_TABLE_MAIN, uapi.RTPROT_STATIC, uapi.RT_SCOPE_LINK, uapi.RTN_UNICAST, 0, 0, 0, 0}
	data = attr.AppendBE32(data, uapi.RTA_DST, uint32(10<<24+i))
	data = attr.AppendUint32(data, uapi.RTA_OIF, 1)
	r := Request{Type: typ, Data: data}
	if typ == uapi.RTM_NEWROUTE {
		r.Flags = uapi.NLM_F_CREATE | uapi.NLM_F_EXCL
	}
	return r
}

func manyRoutes(b *testing.B, c *Conn, typ uint16) {
	reqs := make([]Request, routes)
	for i := range reqs {
		reqs[i] = routeTo(typ, i)
	}
	c.Batch(b.Context(), reqs, nil, nil, func(i int, _ bool, err error) {
		if err != nil {
			b.Fatalf("route %d: %v", i, err)
		}
	})
}

// polled returns a socket that mdlayher/netlink still has.
func polled(b *testing.B, p *Pool) *Conn {
	b.Helper()
	c, err := p.dial(syscall.NETLINK_ROUTE, p.cfg, 0, true)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { p.Forget(c) })
	return c
}

func BenchmarkDump(b *testing.B) {
	p := inNamespace(b)
	c, err := p.Get(syscall.NETLINK_ROUTE)
	if err != nil {
		b.Fatal(err)
	}
	defer p.Put(c)
	if _, err := c.Do(b.Context(), loopbackUp(), nil); err != nil {
		b.Fatal(err)
	}
	manyRoutes(b, c, uapi.RTM_NEWROUTE)
	data := make([]byte, 12)
	data[0] = uapi.AF_INET
	b.Run("nlconn", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			n := 0
			if _, err := c.Dump(b.Context(), Request{Type: uapi.RTM_GETROUTE, Data: data}, func(Message) bool { n++; return true }); err != nil || n < routes {
				b.Fatal(n, err)
			}
		}
	})
	b.Run("ReceiveIter", func(b *testing.B) {
		c := polled(b, p)
		b.ReportAllocs()
		for b.Loop() {
			_, err := c.nl.Send(netlink.Message{
				Header: netlink.Header{Type: uapi.RTM_GETROUTE, Flags: netlink.Request | netlink.Dump}, Data: data,
			})
			n := 0
			for _, e := range c.nl.ReceiveIter() {
				n++
				err = errors.Join(err, e)
			}
			if err != nil || n < routes {
				b.Fatal(n, err)
			}
		}
	})
}

func BenchmarkRoundTrip(b *testing.B) {
	p := inNamespace(b)
	c, err := p.Get(syscall.NETLINK_ROUTE)
	if err != nil {
		b.Fatal(err)
	}
	defer p.Put(c)
	data := make([]byte, 16)
	binary.NativeEndian.PutUint32(data[4:], 1)
	b.Run("nlconn", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.Query(b.Context(), Request{Type: uapi.RTM_GETLINK, Data: data}, func(Message) error { return nil }); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("nlconn-polled", func(b *testing.B) {
		c := polled(b, p)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.Query(b.Context(), Request{Type: uapi.RTM_GETLINK, Data: data}, func(Message) error { return nil }); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Execute", func(b *testing.B) {
		c := polled(b, p)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.nl.Execute(netlink.Message{Header: netlink.Header{Type: uapi.RTM_GETLINK, Flags: netlink.Request}, Data: data}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkEvent measures one event of a subscription that was at rest before it, with
// the request that causes it.
func BenchmarkEvent(b *testing.B) {
	p := inNamespace(b)
	w, sub := writerOf(b, p), subscribe(b, p, uapi.RTNLGRP_LINK)
	b.ReportAllocs()
	var m Message
	for n := uint32(0); b.Loop(); n++ {
		do(b, w, queueLength(1+n%2))
		if ok, err := sub.Receive(&m, true); !ok || err != nil {
			b.Fatal(err)
		}
		if ok, err := sub.Receive(&m, false); ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}
