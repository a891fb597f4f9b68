package main

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/genl"
	"github.com/nlkit/nlkit/internal/netns"
	"github.com/nlkit/nlkit/internal/nft"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/nflog"
	"github.com/nlkit/nlkit/route"
)

func (t *tour) followEvents(ctx context.Context) error {
	links, err := link.Subscribe(ctx, t.c)
	if err != nil {
		return err
	}
	defer links.Close()
	routes, err := route.Subscribe(ctx, t.c)
	if err != nil {
		return err
	}
	defer routes.Close()

	dst := netip.MustParsePrefix("172.31.0.0/16")
	r := route.Route{Dst: dst, Gateway: rightPrefix.Addr()}
	err = errors.Join(
		link.Set(ctx, t.c, link.Name("left"), link.WithMTU(1300)),
		route.Add(ctx, t.c, r),
		route.Delete(ctx, t.c, r),
	)
	if err != nil {
		return err
	}
	for ev, err := range links.All() {
		if err != nil {
			return err
		}
		say("link %s: %s mtu %d", ev.Type, ev.Object.Name, ev.Object.MTU)
		if ev.Object.Name == "left" && ev.Object.MTU == 1300 {
			break
		}
	}
	var types []nlkit.EventType
	for ev, err := range routes.All() {
		if err != nil {
			return err
		}
		if ev.Object.Dst != dst {
			continue // the kernel's own routes
		}
		say("route %s: %s", ev.Type, ev.Object)
		if types = append(types, ev.Type); ev.Type == nlkit.Deleted {
			break
		}
	}
	return check(slices.Equal(types, []nlkit.EventType{nlkit.Updated, nlkit.Deleted}), "the route's events were %v", types)
}

func (t *tour) showErrors(ctx context.Context) error {
	err := link.Add(ctx, t.c, "vx0", &link.VXLAN{VNI: 42, DF: new(link.VXLANDF(9))})
	say("%v", err)
	e, ok := errors.AsType[*nlkit.Error](err)
	if err := check(ok && e.Sent && e.Message != "" && e.Attr == "IFLA_LINKINFO.IFLA_INFO_DATA.IFLA_VXLAN_DF" && errors.Is(err, fs.ErrInvalid),
		"a setting that the kernel does not know was reported as %#v", err); err != nil {
		return err
	}
	err = route.Add(ctx, t.c, route.Route{Dst: beyond, Gateway: rightPrefix.Addr()})
	say("%v", err)
	if err := check(errors.Is(err, fs.ErrExist) && errors.Is(err, syscall.EEXIST), "an existing route was reported as %#v", err); err != nil {
		return err
	}
	_, err = link.Get(ctx, t.c, link.Name("nowhere"))
	say("%v", err)
	if err := check(errors.Is(err, fs.ErrNotExist), "an unknown link was reported as %#v", err); err != nil {
		return err
	}
	err = link.Add(ctx, t.c, "vx0", &link.VXLAN{VNI: 1 << 24})
	say("%v", err)
	return check(errors.Is(err, fs.ErrInvalid) && nlkit.SafeToRetry(err), "a number out of range was reported as %#v", err)
}

func (t *tour) listFamilies(ctx context.Context) error {
	families, err := genl.List(ctx, t.c)
	if err != nil {
		return err
	}
	for _, f := range families {
		groups := make([]string, len(f.Groups))
		for i, g := range f.Groups {
			groups[i] = g.Name
		}
		say("%2d %-12s version %d, %d operations, groups: %s", f.ID, f.Name, f.Version, len(f.Operations), strings.Join(groups, " "))
	}
	ctrl, err := genl.Resolve(ctx, t.c, "nlctrl")
	if err != nil {
		return err
	}
	if err := check(ctrl.ID == 16 && len(ctrl.Groups) > 0, "nlctrl is %+v", ctrl); err != nil {
		return err
	}
	family, group, err := genl.LookupGroup(ctx, t.c, ctrl.Groups[0].ID)
	if err != nil {
		return err
	}
	say("group %d is %q of %s", group.ID, group.Name, family.Name)
	return check(family.ID == ctrl.ID, "the group belongs to %s", family.Name)
}

func (t *tour) logPackets(ctx context.Context) error {
	const group, port = 5, 4242
	rule := nft.LogRule{Group: group, Prefix: "tour: ", L4Proto: syscall.IPPROTO_UDP, DstPort: port}
	if err := nft.AddLogRule(int(t.there.Fd()), rule); err != nil {
		return err
	}
	sub, err := nflog.Subscribe(ctx, t.far, group)
	if err != nil {
		return err
	}
	defer sub.Close()

	messages := []string{"one", "two", "six"}
	to := netip.AddrPortFrom(rightPrefix.Addr(), port)
	err = netns.Do(t.here, func() error {
		conn, err := net.ListenUDP("udp4", nil) // not connected: nobody answers there
		if err != nil {
			return err
		}
		defer conn.Close()
		for _, m := range messages {
			if _, err := conn.WriteToUDPAddrPort([]byte(m), to); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for p, err := range sub.All() {
		if err != nil {
			return err
		}
		text := messages[0]
		say("%q in over index %d, %d bytes, ends in %q", p.Prefix, p.InLink, len(p.Payload), p.Payload[len(p.Payload)-len(text):])
		if err := check(strings.HasSuffix(string(p.Payload), text) && p.Prefix == rule.Prefix && p.InLink == t.right.Index, "the packet is %+v", p); err != nil {
			return err
		}
		if messages = messages[1:]; len(messages) == 0 {
			break
		}
	}
	s := sub.Stats()
	say("received %d, lost %d, overruns %d", s.Received, s.Lost, s.Overruns)
	return check(s.Received == 3 && s.Lost == 0, "the counters are %+v", s)
}

func (t *tour) cancelBlocked(ctx context.Context) error {
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	sub, err := link.Subscribe(waiting, t.c)
	if err != nil {
		return err
	}
	defer sub.Close()
	ended := make(chan error, 1)
	go func() {
		var ev link.Event
		ended <- sub.ReadInto(&ev)
	}()
	begin := time.Now()
	cancel()
	err = <-ended
	took := time.Since(begin)
	say("it ended %v after the cancel: %v", took.Round(time.Microsecond), err)
	if err := check(errors.Is(err, context.Canceled), "the subscription ended with %v", err); err != nil {
		return err
	}
	_, err = link.Get(ctx, t.c, link.Name("lo")) // and the client goes on
	return err
}
