// Package rtnl holds what the packages for addresses, routes, rules and next hops
// share: address families, routing tables, protocols and scopes.
//
// The types print the words that iproute2 has built in and parse them back, as
// text and from JSON. Tables, protocols and scopes without such a word are plain
// numbers; what /etc/iproute2 calls them on some system is not read.
package rtnl
