package rtnl_test

import (
	"fmt"
	"log"
	"net/netip"

	"github.com/nlkit/nlkit/rtnl"
)

func ExampleEncap() {
	for _, e := range []rtnl.Encap{
		&rtnl.MPLSEncap{Labels: rtnl.Labels{100, 200}},
		&rtnl.IPEncap{ID: 42, Dst: netip.MustParseAddr("192.0.2.9")},
		&rtnl.SEG6LocalEncap{Action: rtnl.SEG6EndDT46, VRFTable: 100},
	} {
		fmt.Println("ip route add … encap", e)
	}
	// Output:
	// ip route add … encap mpls 100/200
	// ip route add … encap ip id 42 dst 192.0.2.9
	// ip route add … encap seg6local action End.DT46 vrftable 100
}

func ExampleLoadNames() {
	names, err := rtnl.LoadNames() // of this system
	if err != nil {
		log.Print(err) // the names are those of all else
	}
	fmt.Println(names.Table(rtnl.TableMain))
	fmt.Println(names.ParseProtocol("bgp"))
	// Output:
	// main
	// bgp <nil>
}
