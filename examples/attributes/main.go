// Command attributes shows what typed attribute tables do, without a kernel: a table
// turns a struct into nested attributes and back, prints any message for people, and
// names the attribute at fault where a value or bytes are wrong.
package main

import (
	"fmt"
	"log"
	"net/netip"
	"time"

	"github.com/nlkit/nlkit/attr"
)

// config is what a message of some protocol is about.
type config struct {
	Name    string
	Timeout time.Duration
	Server  *server           // a nest; nil is not sent
	Routes  []route           // a nest of nests
	Limits  map[uint16]uint32 // a nest whose types are the keys
}

type server struct {
	Addr netip.Addr
	Port uint16
}

type route struct {
	Dst    netip.Addr
	Metric *uint32 // zero is a metric like others: nil is not sent
}

// One row an attribute: its type and name, its form on the wire, and its field.
var configAttrs = attr.Table[config]{
	attr.String(1, "CONFIG_NAME", func(c *config) *string { return &c.Name }),
	attr.Millis(2, "CONFIG_TIMEOUT", func(c *config) *time.Duration { return &c.Timeout }),
	attr.Nested(3, "CONFIG_SERVER", serverAttrs, func(c *config) **server { return &c.Server }),
	attr.List(4, "CONFIG_ROUTES", routeAttrs, func(c *config) *[]route { return &c.Routes }),
	attr.Map(5, "CONFIG_LIMITS", attr.U32(0, "", attr.Self[uint32]), func(c *config) *map[uint16]uint32 { return &c.Limits }),
}

var serverAttrs = attr.Table[server]{
	attr.Addr(1, "SERVER_ADDR", func(s *server) *netip.Addr { return &s.Addr }),
	attr.BE16(2, "SERVER_PORT", func(s *server) *uint16 { return &s.Port }), // in network byte order
}

var routeAttrs = attr.Table[route]{
	attr.Addr(1, "ROUTE_DST", func(r *route) *netip.Addr { return &r.Dst }),
	attr.OptU32(2, "ROUTE_METRIC", func(r *route) **uint32 { return &r.Metric }),
}

func main() {
	log.SetFlags(0)
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	c := config{
		Name: "example", Timeout: 1500 * time.Millisecond,
		Server: &server{netip.MustParseAddr("2001:db8::1"), 8080},
		Routes: []route{{netip.MustParseAddr("192.0.2.1"), new(uint32(0))}, {Dst: netip.MustParseAddr("192.0.2.2")}},
		Limits: map[uint16]uint32{1: 100, 7: 200},
	}
	b, err := configAttrs.Append(nil, &c)
	if err != nil {
		return err
	}
	b = attr.AppendUint32(b, 99, 1) // what only a newer kernel knows
	fmt.Printf("%d bytes:\n%s", len(b), attr.Dump(configAttrs, b))

	var back config
	if err := configAttrs.Decode(b, &back); err != nil {
		return err
	}
	fmt.Printf("\nread back: %q, %v, %v, %d routes, limits %v\n", back.Name, back.Timeout, *back.Server, len(back.Routes), back.Limits)

	// Errors name the attribute by its path.
	_, err = configAttrs.Append(nil, &config{Timeout: 60 * 24 * time.Hour})
	fmt.Println("\na value that does not fit:", err)
	nest, start := attr.BeginNested(nil, 3)
	nest, err = attr.EndNested(attr.AppendBytes(nest, 1, []byte{192, 0, 2}), start)
	if err != nil {
		return err
	}
	fmt.Println("bytes that are wrong:     ", configAttrs.Decode(nest, &back))

	// Without a table: a scan in place, which allocates nothing.
	fmt.Print("types in the message:     ")
	s := attr.Scan(b)
	for s.Next() {
		fmt.Print(" ", s.Type())
	}
	fmt.Println()
	return s.Err()
}
