package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/nflog"
)

// A formatter writes one packet, with the names of the links that it came in on and
// goes out on.
type formatter func(w io.Writer, p *nflog.Packet, in, out string) error

func format(name string) (formatter, error) {
	switch name {
	case "text":
		return text, nil
	case "json":
		return jsonLine, nil
	}
	return nil, fmt.Errorf("no format %q: there are text and json", name)
}

// received returns when the packet came, for those that the kernel does not tell it of
// the present time.
func received(p *nflog.Packet) time.Time {
	if p.Timestamp.IsZero() {
		return time.Now()
	}
	return p.Timestamp
}

func text(w io.Writer, p *nflog.Packet, in, out string) error {
	_, err := fmt.Fprintf(w, "%s %s %s %s in %s out %s: %v\n",
		received(p).Format("15:04:05.000000"), cmp.Or(p.Prefix, "-"), p.Family, p.Hook, cmp.Or(in, "-"), cmp.Or(out, "-"), p.Headers())
	return err
}

func jsonLine(w io.Writer, p *nflog.Packet, in, out string) error {
	h := p.Headers()
	line := struct {
		Time    time.Time    `json:"time"`
		Group   uint16       `json:"group"`
		Prefix  string       `json:"prefix,omitempty"`
		Family  nflog.Family `json:"family"`
		Hook    nflog.Hook   `json:"hook"`
		In      string       `json:"in,omitempty"`
		Out     string       `json:"out,omitempty"`
		Mark    uint32       `json:"mark,omitempty"`
		UID     *uint32      `json:"uid,omitempty"`
		MAC     string       `json:"mac,omitempty"`
		Proto   string       `json:"protocol"`
		Src     string       `json:"src,omitempty"`
		Dst     string       `json:"dst,omitempty"`
		Length  int          `json:"length,omitempty"`
		Summary string       `json:"summary"`
	}{
		Time: received(p), Group: p.Group, Prefix: p.Prefix, Family: p.Family, Hook: p.Hook, In: in, Out: out,
		Mark: p.Mark, MAC: h.SrcMAC.String(), Proto: h.EtherType.String(), Length: h.Length, Summary: h.String(),
	}
	if uid, ok := p.UID(); ok {
		line.UID = &uid
	}
	if h.Src.IsValid() {
		line.Proto, line.Src, line.Dst = h.Protocol(), endpoint(h.Src), endpoint(h.Dst)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(line)
}

// endpoint returns an address, and the port where there is one.
func endpoint(a netip.AddrPort) string {
	if a.Port() == 0 {
		return a.Addr().String()
	}
	return a.String()
}

// linkNames knows the names of links that it was asked for before. One that is
// renamed keeps the old name here.
type linkNames struct {
	c     *nlkit.Client
	known map[int]string
}

func (n *linkNames) of(ctx context.Context, index int) string {
	if index == 0 {
		return ""
	}
	name, ok := n.known[index]
	if !ok {
		name = strconv.Itoa(index)
		if l, err := link.Get(ctx, n.c, link.Index(index)); err == nil {
			name = l.Name
		}
		if n.known == nil {
			n.known = map[int]string{}
		}
		n.known[index] = name
	}
	return name
}
