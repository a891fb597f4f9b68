package main

import (
	"errors"
	"testing"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/link"
)

func TestMain(m *testing.M) { nstest.Main(m) }

func TestAdd(t *testing.T) {
	ns := nstest.New(t)
	c, err := nlkit.New(nlkit.WithNetNSFD(ns.FD()))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx := t.Context()
	if err := link.Add(ctx, c, "veth0", &link.Veth{Peer: link.NewPeer("veth1")}, link.Up()); err != nil {
		t.Fatal(err)
	}
	err = add(ctx, c, "veth0", 42)
	if errors.Is(err, errors.ErrUnsupported) {
		nstest.Skip(t, "kind:vlan", "%v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	l, err := link.Get(ctx, c, link.Name("veth0.42"))
	if v, ok := link.KindAs[*link.VLAN](l); err != nil || !ok || v.ID != 42 {
		t.Errorf("made %+v, %v", l, err)
	}
	if err := list(ctx, c); err != nil {
		t.Error(err)
	}
}
