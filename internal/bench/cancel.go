package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	mdlayher "github.com/mdlayher/netlink"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/route"
)

// Giving up. No other Go peer can end a call or a subscription by a context.

// cancelled returns how long block takes to return when its context ends while it
// waits, which is after it called waiting.
func cancelled(block func(ctx context.Context, waiting func()) error) (time.Duration, error) {
	ctx, cancel := context.WithCancel(background)
	waiting := make(chan struct{})
	type end struct {
		at  time.Time
		err error
	}
	ended := make(chan end, 1)
	go func() {
		err := block(ctx, func() { close(waiting) })
		ended <- end{time.Now(), err}
	}()
	<-waiting
	time.Sleep(100 * time.Microsecond) // until it waits, mostly: it must not matter
	begin := time.Now()
	cancel()
	e := <-ended
	if !errors.Is(e.err, context.Canceled) {
		return 0, fmt.Errorf("a cancelled call returned %w", e.err)
	}
	return e.at.Sub(begin), nil
}

// leakless makes a variant of calls that time themselves and must leave neither
// goroutine nor file behind.
func leakless(name string, open func() (func() (time.Duration, error), error)) variant {
	return variant{name: name, by: byNLKit, run: func(j job) (report, error) {
		var files, goroutines int
		r, err := singles(func(job) (func() (time.Duration, error), error) {
			call, err := open()
			return func() (time.Duration, error) {
				d, err := call()
				if files == 0 {
					files, goroutines = descriptors(), runtime.NumGoroutine()
				}
				return d, err
			}, err
		})(j)
		if err != nil {
			return r, err
		}
		// What has done its work may still be on its way out.
		for range 1000 {
			if runtime.NumGoroutine() <= goroutines && descriptors() <= files {
				break
			}
			time.Sleep(time.Millisecond)
		}
		if f, g := descriptors(), runtime.NumGoroutine(); f > files || g > goroutines {
			r.Wrong = fmt.Sprintf("%d files and %d goroutines grew to %d and %d", files, goroutines, f, g)
		}
		return r, nil
	}}
}

// unanswered is a request that the kernel ignores.
var unanswered = nlkit.Request{Op: "bench.Wait", Type: uapi.NLMSG_NOOP}

var cancelWorks = []work{
	{
		name: "cancel-call", about: "end a call that waits, by its context", unit: "call", figure: single,
		full: scale{n: 1000}, quick: scale{n: 200}, least: scale{n: 5}, practice: 2,
		scene: plainScene,
		variants: []variant{
			leakless("Client.Query", func() (func() (time.Duration, error), error) {
				c, err := nlkit.New()
				return func() (time.Duration, error) {
					return cancelled(func(ctx context.Context, waiting func()) error {
						waiting()
						return c.Query(ctx, unanswered, func(nlkit.Message) error { return nil })
					})
				}, err
			}),
		},
		goals: []goal{{"Client.Query", single, "", float64(time.Millisecond)}},
	},
	{
		name: "cancel-subscription", about: "end a subscription that waits, by its context", unit: "subscription", figure: single,
		full: scale{n: 1000}, quick: scale{n: 200}, least: scale{n: 5}, practice: 2,
		scene: plainScene,
		variants: []variant{
			leakless("link.Subscribe", func() (func() (time.Duration, error), error) {
				c, err := nlkit.New()
				return func() (time.Duration, error) {
					return cancelled(func(ctx context.Context, waiting func()) error {
						sub, err := link.Subscribe(ctx, c)
						if err != nil {
							return err
						}
						defer sub.Close()
						waiting()
						var e link.Event
						return sub.ReadInto(&e)
					})
				}, err
			}),
		},
		goals: []goal{{"link.Subscribe", single, "", float64(time.Millisecond)}},
	},
}

// breakWork is a work of millionWorks. A variant needs a break to be as good as new:
// the next one asks on the same client.
var breakWork = work{
	name: "break", about: "break out of a list of a million routes after the first", unit: "break", figure: single,
	full: scale{n: 20, size: 1_000_000}, quick: scale{n: 10, size: fewMillion.n}, least: scale{n: 2, size: 500}, passes: 3, practice: 1,
	scene: millionScene,
	variants: []variant{
		leakless("route.All", func() (func() (time.Duration, error), error) {
			c, err := nlkit.New()
			return func() (time.Duration, error) {
				begin := time.Now()
				for _, err := range route.All(background, c, ipv4) {
					if err != nil {
						return 0, err
					}
					break
				}
				return time.Since(begin), nil
			}, err
		}),
		slow(variant{name: "netlink RouteListFilteredIter", by: byVishvananda, run: singles(func(job) (func() (time.Duration, error), error) {
			h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
			return func() (time.Duration, error) {
				begin := time.Now()
				err := h.RouteListFilteredIter(netlink.FAMILY_V4, &netlink.Route{}, 0, func(netlink.Route) bool { return false })
				return time.Since(begin), err
			}, err
		})}),
		slow(variant{name: "netlink.Conn ReceiveIter", by: byMdlayher, run: singles(func(job) (func() (time.Duration, error), error) {
			c, err := mdlayher.Dial(unix.NETLINK_ROUTE, &mdlayher.Config{MessageBufferSize: 64 << 10})
			return func() (time.Duration, error) {
				begin := time.Now()
				const header = 12 // of struct rtmsg
				_, err := c.Send(mdlayher.Message{
					Header: mdlayher.Header{Type: unix.RTM_GETROUTE, Flags: mdlayher.Request | mdlayher.Dump},
					Data:   append([]byte{unix.AF_INET}, make([]byte, header-1)...),
				})
				if err != nil {
					return 0, err
				}
				for _, err := range c.ReceiveIter() {
					if err != nil {
						return 0, err
					}
					break
				}
				return time.Since(begin), nil
			}, err
		})}),
	},
	goals: []goal{{"route.All", single, "", float64(2 * time.Millisecond)}},
}
