// Package rtnl holds what the packages for addresses, routes, rules and next hops
// share: address families, routing tables, protocols, scopes, and the encapsulations
// of routes and next hops (lightweight tunnels).
//
// The types print the words that iproute2 has built in and parse them back, as
// text and from JSON. Tables, protocols and scopes without such a word are plain
// numbers; what the files of iproute2 call them on some system, [LoadNames] reads.
//
// An encapsulation is an [Encap]: one struct for each type, or an [UnknownEncap]; in
// JSON it is an [EncapJSON].
//
//	r := route.Route{Dst: p, Gateway: gw, Extra: &route.Extra{
//		Encap: &rtnl.MPLSEncap{Labels: rtnl.Labels{100, 200}},
//	}}
package rtnl
