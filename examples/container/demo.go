package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/internal/netns"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/route"
)

// A space is a network namespace with a client in it.
type space struct {
	ns *os.File
	*nlkit.Client
}

func newSpace() (s space, err error) {
	if s.ns, err = netns.New(); err != nil {
		return s, err
	}
	if s.Client, err = nlkit.New(nlkit.WithNetNSFD(int(s.ns.Fd()))); err != nil {
		s.ns.Close()
	}
	return s, err
}

func (s space) close() {
	s.Client.Close()
	s.ns.Close()
}

func demo(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	host, err := newSpace()
	if err != nil {
		return err
	}
	defer host.close()
	gateways := []netip.Prefix{netip.MustParsePrefix("10.88.0.1/24"), netip.MustParsePrefix("2001:db8:88::1/64")}
	bridge, err := makeBridge(ctx, host.Client, "br0", gateways)
	if err != nil {
		return err
	}

	var containers []space
	addresses := gateways
	for _, name := range []string{"red", "blue"} {
		s, err := newSpace()
		if err != nil {
			return err
		}
		defer s.close()
		containers = append(containers, s)
		addresses = next(addresses)
		if err := attach(ctx, host.Client, s.Client, s.ns, bridge, "veth-"+name, addresses, gateways); err != nil {
			return err
		}
		fmt.Printf("%s:\n", name)
		if err := show(ctx, s.Client); err != nil {
			return err
		}
	}
	for _, p := range addresses {
		text, err := send(containers[0], containers[1], p.Addr())
		if err != nil {
			return err
		}
		fmt.Printf("red sends to blue: %s\n", text)
	}

	// The name is taken: the container stays as it is, and the error says why.
	err = attach(ctx, host.Client, containers[0].Client, containers[0].ns, bridge, "veth-blue", next(addresses), gateways)
	if !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("attached twice: %w", err)
	}
	fmt.Println("once more:", err)

	if err := detach(ctx, host.Client, "veth-red"); err != nil {
		return err
	}
	return link.WaitGone(ctx, containers[0].Client, link.Name("eth0"))
}

// next returns the address after each.
func next(addresses []netip.Prefix) (all []netip.Prefix) {
	for _, p := range addresses {
		all = append(all, netip.PrefixFrom(p.Addr().Next(), p.Bits()))
	}
	return all
}

func show(ctx context.Context, c *nlkit.Client) error {
	for a, err := range addr.All(ctx, c) {
		if err != nil {
			return err
		}
		fmt.Println("  ", a.Prefix, a.Scope)
	}
	for r, err := range route.All(ctx, c) {
		if err != nil {
			return err
		}
		if r.IsDefault() {
			fmt.Println("  ", r)
		}
	}
	return nil
}

// send has one container send to an address of another, by TCP. A socket stays in the
// namespace that it was made in.
func send(from, to space, a netip.Addr) (text string, err error) {
	var listener net.Listener
	err = netns.Do(to.ns, func() (err error) {
		listener, err = net.Listen("tcp", net.JoinHostPort(a.String(), "0"))
		return err
	})
	if err != nil {
		return "", err
	}
	defer listener.Close()
	var conn net.Conn
	err = netns.Do(from.ns, func() (err error) {
		conn, err = net.DialTimeout("tcp", listener.Addr().String(), 10*time.Second)
		return err
	})
	if err != nil {
		return "", err
	}
	received, err := listener.Accept()
	if err != nil {
		conn.Close()
		return "", err
	}
	defer received.Close()
	if _, err = fmt.Fprintf(conn, "hello from %s", conn.LocalAddr()); err == nil {
		err = conn.Close()
	}
	all, readErr := io.ReadAll(received)
	return string(all), errors.Join(err, readErr)
}
