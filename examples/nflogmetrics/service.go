package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/nflog"
)

// config is what a service does.
type config struct {
	groups []uint16
	period time.Duration  // how often pages are told
	client []nlkit.Option // a network namespace, for tests
}

// A service receives packets and tells of them. It owns its subscription from
// newService on, until run returns.
type service struct {
	cfg    config
	client *nlkit.Client
	sub    *nflog.Subscription
	counts *counts
	reads  atomic.Bool // as long as packets are received
}

// newService subscribes: what is logged from when it returns is counted. ctx ends the
// service.
func newService(ctx context.Context, cfg config) (*service, error) {
	c, err := nlkit.New(cfg.client...)
	if err != nil {
		return nil, err
	}
	// Headers are all that is looked at: 128 bytes have them, also of IPv6.
	sub, err := nflog.Subscribe(ctx, c, cfg.groups[0], nflog.WithGroups(cfg.groups[1:]...), nflog.WithCopyRange(128))
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	s := &service{cfg: cfg, client: c, sub: sub, counts: newCounts()}
	s.reads.Store(true)
	return s, nil
}

// run receives and serves until the context ends, which is no error, or one of both fails.
func (s *service) run(until context.Context, l net.Listener) error {
	defer s.client.Close()
	ctx, stop := context.WithCancel(until)
	defer stop()
	server := &http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: 5 * time.Second,
		// Pages that follow the counts end with the service.
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	received, served := make(chan error, 1), make(chan error, 1)
	go func() {
		received <- s.receive()
		stop()
	}()
	go func() {
		served <- server.Serve(l)
		stop()
	}()
	<-ctx.Done()
	_ = s.sub.Close()

	grace, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := server.Shutdown(grace)
	if e := <-served; !errors.Is(e, http.ErrServerClosed) {
		err = errors.Join(err, e)
	}
	// The subscription has ended with its context, or it was closed here.
	if e := <-received; until.Err() == nil && !errors.Is(e, net.ErrClosed) {
		err = errors.Join(err, e)
	}
	return err
}

// receive counts packets until the subscription ends.
func (s *service) receive() error {
	defer s.reads.Store(false)
	var p nflog.Packet // used again for each packet: nothing is allocated
	for {
		err := s.sub.ReadInto(&p)
		switch {
		case errors.Is(err, nlkit.ErrOverrun):
			continue // the subscription counts what was lost
		case err != nil:
			return err
		}
		s.counts.add(&p)
	}
}
