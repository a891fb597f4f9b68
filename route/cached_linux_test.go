package route_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/livetest"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/route"
	"github.com/nlkit/nlkit/rtnl"
)

// learnMTU tells the namespace, as a router would, that packets from its address src to
// dst must not be longer than mtu: by an ICMP message about a packet of a socket.
func (l *lab) learnMTU(t *testing.T, src, dst netip.Addr, mtu int) {
	t.Helper()
	l.ns.Do(t, func() {
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		family, protocol, to := unix.AF_INET, unix.IPPROTO_ICMP, sockaddr(dst, 9)
		if dst.Is6() {
			family, protocol = unix.AF_INET6, unix.IPPROTO_ICMPV6
		}
		udp, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		must(err)
		t.Cleanup(func() { _ = unix.Close(udp) }) // not before the message is looked at, which may take its time
		must(unix.Bind(udp, sockaddr(src, 4000)))
		must(unix.Connect(udp, to))

		be16 := binary.BigEndian.AppendUint16
		ports := be16(be16(be16(be16(nil, 4000), 9), 8), 0)
		var packet []byte
		if dst.Is4() { // destination unreachable, fragmentation needed
			packet = be16(append(be16([]byte{3, 4}, 0), 0, 0), uint16(mtu))
			packet = append(packet, 0x45, 0, 0, 28, 0, 0, 0x40, 0, 64, unix.IPPROTO_UDP, 0, 0)
		} else { // packet too big
			packet = binary.BigEndian.AppendUint32([]byte{2, 0, 0, 0}, uint32(mtu)) // the kernel adds the checksum
			packet = append(packet, 0x60, 0, 0, 0, 0, 8, unix.IPPROTO_UDP, 64)
		}
		packet = append(append(append(packet, src.AsSlice()...), dst.AsSlice()...), ports...)
		if dst.Is4() {
			sum := uint32(0)
			for i := 0; i < len(packet); i += 2 {
				sum += uint32(binary.BigEndian.Uint16(packet[i:]))
			}
			sum = sum>>16 + sum&0xffff
			binary.BigEndian.PutUint16(packet[2:], ^uint16(sum+sum>>16))
		}
		raw, err := unix.Socket(family, unix.SOCK_RAW|unix.SOCK_CLOEXEC, protocol)
		must(err)
		defer unix.Close(raw)
		must(unix.Sendto(raw, packet, 0, sockaddr(src, 0)))
	})
}

func sockaddr(a netip.Addr, port int) unix.Sockaddr {
	if a.Is4() {
		return &unix.SockaddrInet4{Addr: a.As4(), Port: port}
	}
	return &unix.SockaddrInet6{Addr: a.As16(), Port: port}
}

func TestMatchCached(t *testing.T) {
	nstest.NeedKernel(t, "5.3")
	l := newLab(t)
	ctx := t.Context()
	l.ns.Run(t, "ip", "link", "set", "lo", "up")
	for _, tt := range []struct {
		family   rtnl.Family
		net      netip.Prefix
		src, dst netip.Addr
		gateway  netip.Addr
	}{
		{v4, prefix("10.10.0.0/16"), ip("10.1.0.1"), ip("10.10.0.5"), ip("10.1.0.2")},
		{v6, prefix("2001:db8:10::/48"), ip("2001:db8:1::1"), ip("2001:db8:10::5"), ip("2001:db8:1::2")},
	} {
		if err := route.Add(ctx, l.c, route.Route{Dst: tt.net, Gateway: tt.gateway}); err != nil {
			t.Fatal(err)
		}
		if list, err := route.List(ctx, l.c, route.MatchCached(), route.MatchFamily(tt.family)); err != nil || len(list) > 0 {
			t.Errorf("%v, before: %v, %v", tt.family, list, err)
		}
		l.learnMTU(t, tt.src, tt.dst, 1300)
		nstest.Eventually(t, func() string { // the message may wait until the kernel has time
			if list, err := route.List(ctx, l.c, route.MatchCached(), route.MatchFamily(tt.family)); err != nil || len(list) == 0 {
				return fmt.Sprintf("%v, learnt: %v, %v", tt.family, list, err)
			}
			return ""
		})
		for name, c := range map[string]*nlkit.Client{"strict": l.c, "lenient": livetest.In(t, l.ns, nlkit.WithStrict(false))} {
			list, err := route.List(ctx, c, route.MatchCached(), route.MatchFamily(tt.family))
			if err != nil || len(list) != 1 {
				t.Errorf("%s %v: %v, %v", name, tt.family, list, err)
				continue
			}
			r := list[0]
			if r.Dst != netip.PrefixFrom(tt.dst, tt.dst.BitLen()) || r.Gateway != tt.gateway || r.Link != l.v0 || !r.Flags.Has(route.FlagCloned) ||
				r.Extra == nil || r.Extra.Metrics.MTU != 1300 || r.Extra.Expires <= 0 {
				t.Errorf("%s %v: %+v %+v", name, tt.family, r, r.Extra)
			}
			if list, err := route.List(ctx, c, route.MatchWithin(tt.net)); err != nil || len(list) != 1 || list[0].Dst != tt.net {
				t.Errorf("%s: in tables %v, %v", name, list, err)
			}
			if list, err := route.List(ctx, c, route.MatchCached(), route.MatchFamily(tt.family), route.MatchGateway(tt.src)); err != nil || len(list) > 0 {
				t.Errorf("%s: by another gateway %v, %v", name, list, err)
			}
		}
	}
	_, errWatch := route.Watch(ctx, l.c, route.MatchCached())
	_, errWait := route.Wait(ctx, l.c, route.MatchCached())
	for name, err := range map[string]error{"Flush": route.Flush(ctx, l.c, route.MatchCached()), "Watch": errWatch, "Wait": errWait} {
		if e, ok := errors.AsType[*nlkit.Error](err); !ok || !errors.Is(err, fs.ErrInvalid) || e.Op != "route."+name || e.Sent {
			t.Errorf("%s: %v", name, err)
		}
	}
}
