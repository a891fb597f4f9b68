// Package uapi holds the kernel's netlink constants under their C names, for
// every operating system, so that the packages that use them build everywhere.
//
// zconst.go is generated from golang.org/x/sys/unix, which has its values from the
// kernel's headers. What that lacks stands in files of this package named after
// the header, with the kernel version that brought it.
package uapi

//go:generate go run ./gen
