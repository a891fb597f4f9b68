package main

import (
	"context"
	"encoding"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jsimonetti/rtnetlink/v2"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/neigh"
	"github.com/nlkit/nlkit/nexthop"
	"github.com/nlkit/nlkit/route"
	"github.com/nlkit/nlkit/rtnl"
	"github.com/nlkit/nlkit/rule"
)

// Messages are decoded and encoded without the kernel: those that are decoded came from
// it, once.

var codecScene = scene{name: "one of each", build: func(int) (*stage, error) {
	return newStage(func(ctx context.Context, c *nlkit.Client, index int) error {
		return errors.Join(
			addRoutes(ctx, c, 1, func(i int) route.Route { return route4(i, index) }),
			addr.Add(ctx, c, addr.Address{Link: index, Prefix: netip.PrefixFrom(ip4(1<<16), 32), Label: linkName}),
			neigh.Add(ctx, c, neigh.Neighbour{Link: index, Addr: ip4(2), LinkAddr: net.HardwareAddr{2, 0, 0, 0, 0, 1}}),
			rule.Add(ctx, c, rule.Rule{Family: rtnl.FamilyIPv4, From: netip.PrefixFrom(ip4(3), 32), Mark: 1, Table: 100}),
			nexthop.Add(ctx, c, nexthop.Nexthop{ID: 1, Link: index, Family: rtnl.FamilyIPv4}),
		)
	})
}}

// A catcher does requests by keeping the last.
type catcher struct{ nlkit.Request }

func (c *catcher) Do(_ context.Context, r nlkit.Request) error {
	c.Request = r
	return nil
}

// A message is a kind of message.
type message struct {
	get    uint16 // its type of request
	header []byte // of the request
	counts func(data []byte) bool
}

// fetch returns the first that counts.
func (m message) fetch() (nlkit.Message, error) {
	c, err := nlkit.New()
	if err != nil {
		return nlkit.Message{}, err
	}
	defer c.Close()
	for answer, err := range c.Dump(background, nlkit.Request{Op: "bench.Fetch", Type: m.get, Header: len(m.header), Data: m.header}) {
		if err != nil {
			return answer, err
		}
		if m.counts(answer.Data) {
			answer.Data = slices.Clone(answer.Data)
			return answer, nil
		}
	}
	return nlkit.Message{}, errors.New("no message")
}

// The first byte of each header is the family; where it says who made the object or
// what it is about is the kernel's to know.
var (
	routeMessage   = message{uapi.RTM_GETROUTE, []byte{unix.AF_INET, 11: 0}, func(b []byte) bool { return b[5] == unix.RTPROT_STATIC }}
	addressMessage = message{uapi.RTM_GETADDR, []byte{unix.AF_INET, 7: 0}, func(b []byte) bool { return b[1] == 32 }}
	neighMessage   = message{uapi.RTM_GETNEIGH, []byte{unix.AF_INET, 11: 0}, func(b []byte) bool { return b[8] == unix.NUD_PERMANENT }}
	ruleMessage    = message{uapi.RTM_GETRULE, []byte{unix.AF_INET, 11: 0}, func(b []byte) bool { return b[2] == 32 }}
	nexthopMessage = message{uapi.RTM_GETNEXTHOP, make([]byte, 8), func([]byte) bool { return true }}
	linkMessage    = message{uapi.RTM_GETLINK, make([]byte, 16), func(b []byte) bool { return b[4] != 1 }}
)

// decode is nlkit. Its decoders are the packages' own: what an object that was made is
// read back by, from the kernel's echo, is one.
func decode(name string, m message, add func(d nlkit.Doer) error) variant {
	return variant{name: name, by: byNLKit, run: calls(func(job) (func(int) error, error) {
		var caught catcher
		if err := add(&caught); err != nil {
			return nil, err
		}
		if caught.Reply == nil {
			return nil, errors.New("it reads nothing back")
		}
		answer, err := m.fetch()
		return func(int) error { return caught.Reply(answer) }, err
	})}
}

// peerDecode is a decoder of a peer.
func peerDecode(name, by string, m message, decode func(data []byte) error) variant {
	return variant{name: name, by: by, run: calls(func(job) (func(int) error, error) {
		answer, err := m.fetch()
		return func(int) error { return decode(answer.Data) }, err
	})}
}

// ownDecode is nlkit's decoder in a package that reads nothing back: the benchmark of
// that package's tests, with a recorded message.
func ownDecode(pkg, benchmark string) variant {
	return variant{name: pkg, by: byNLKit, run: func(j job) (r report, err error) {
		cmd := exec.Command("go", "test", "-run", "^$", "-bench", benchmark, "-benchmem", "-benchtime", fmt.Sprintf("%dx", j.n), "../../"+pkg)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			return r, fmt.Errorf("%v: %w\n%s", cmd, err, out)
		}
		for line := range strings.Lines(string(out)) {
			// BenchmarkDecode/hand-2  50  31.2 ns/op  0 B/op  0 allocs/op
			f := strings.Fields(line)
			if len(f) != 8 || f[3] != "ns/op" {
				continue
			}
			ns, err := strconv.ParseFloat(f[2], 64)
			var perBytes, perAllocs uint64
			if _, scanErr := fmt.Sscan(f[4]+" "+f[6], &perBytes, &perAllocs); err != nil || scanErr != nil {
				return r, fmt.Errorf("it says %q", line)
			}
			n := uint64(j.n)
			return report{Items: n, Wall: time.Duration(ns * float64(n)), Bytes: n * perBytes, Allocs: n * perAllocs, Peak: status("VmHWM")}, nil
		}
		return r, fmt.Errorf("%v: no result in\n%s", cmd, out)
	}}
}

// jsimDecode is a decoder of jsimonetti/rtnetlink.
func jsimDecode[T any, P interface {
	*T
	encoding.BinaryUnmarshaler
}](m message) variant {
	return peerDecode("rtnetlink UnmarshalBinary", byJsimonetti, m, func(data []byte) error {
		return P(new(T)).UnmarshalBinary(data)
	})
}

// floorCodec is the C program's variant.
func floorCodec(way, what string) variant {
	return variant{name: "C", by: byC, c: "codec.c", args: []string{way, what}}
}

// decoding is the work of decoding a message; what is its name here and in C.
func decoding(what string, variants ...variant) work {
	return work{
		name: "decode-" + what, about: "decode the message of one " + what + ", without the kernel", unit: "message",
		full: scale{n: 500_000}, quick: scale{n: 15_000}, least: scale{n: 50}, practice: 1000,
		scene:    codecScene,
		variants: append([]variant{floorCodec("decode", what)}, variants...),
	}
}

var codecWorks = []work{
	decoding("route",
		decode("route", routeMessage, func(d nlkit.Doer) error {
			return route.Add(background, d, route4(1, 1), route.Into(new(route.Route)))
		}),
		jsimDecode[rtnetlink.RouteMessage](routeMessage),
	),
	decoding("address",
		decode("addr", addressMessage, func(d nlkit.Doer) error {
			return addr.Add(background, d, addr.Address{Link: 1, Prefix: netip.PrefixFrom(ip4(1), 32)}, addr.Into(new(addr.Address)))
		}),
		jsimDecode[rtnetlink.AddressMessage](addressMessage),
	),
	decoding("link",
		decode("link", linkMessage, func(d nlkit.Doer) error {
			return link.Add(background, d, "v1", new(link.Veth), link.Into(new(link.Link)))
		}),
		peerDecode("netlink LinkDeserialize", byVishvananda, linkMessage, func(data []byte) error {
			_, err := netlink.LinkDeserialize(nil, data)
			return err
		}),
		jsimDecode[rtnetlink.LinkMessage](linkMessage),
	),
	decoding("neighbour",
		ownDecode("neigh", "^BenchmarkDecode$/^hand$"),
		peerDecode("netlink NeighDeserialize", byVishvananda, neighMessage, func(data []byte) error {
			_, err := netlink.NeighDeserialize(data)
			return err
		}),
		jsimDecode[rtnetlink.NeighMessage](neighMessage),
	),
	decoding("rule",
		decode("rule", ruleMessage, func(d nlkit.Doer) error {
			return rule.Add(background, d, rule.Rule{Family: rtnl.FamilyIPv4, Table: 100}, rule.Into(new(rule.Rule)))
		}),
		jsimDecode[rtnetlink.RuleMessage](ruleMessage),
	),
	decoding("nexthop",
		decode("nexthop", nexthopMessage, func(d nlkit.Doer) error {
			return nexthop.Add(background, d, nexthop.Nexthop{ID: 1, Link: 1, Family: rtnl.FamilyIPv4}, nexthop.Into(new(nexthop.Nexthop)))
		}),
	),
	{
		name: "decode-nflog", about: "decode the message of one logged packet, without the kernel", unit: "message",
		full: scale{n: 500_000}, quick: scale{n: 15_000}, least: scale{n: 50}, passes: 5,
		scene:    codecScene,
		variants: []variant{ownDecode("nflog", "^BenchmarkDecode$/^scan$")},
	},
	{
		name: "encode-route", about: "encode the message that adds a route, without the kernel", unit: "message",
		full: scale{n: 500_000}, quick: scale{n: 15_000}, least: scale{n: 50}, practice: 1000,
		scene: codecScene,
		variants: []variant{
			floorCodec("encode", linkName),
			{name: "route.Add", by: byNLKit, run: calls(func(job) (func(int) error, error) {
				var caught catcher
				index, err := linkIndex()
				return func(i int) error { return route.Add(background, &caught, route4(i, index)) }, err
			})},
			{name: "rtnetlink MarshalBinary", by: byJsimonetti, run: calls(func(job) (func(int) error, error) {
				index, err := linkIndex()
				return func(i int) error {
					_, err := jsimRoute(i, index).MarshalBinary()
					return err
				}, err
			})},
		},
	},
}
