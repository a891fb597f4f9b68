// Command bench measures nlkit beside its peers and beside C programs that do no more
// than the work itself, in network namespaces of its own.
//
//	go run . [-quick] [-check] [-passes N] [-n N] [-o DIR] [-docs FILE] [WORK...]
//	go run . -growth [-quick] [-passes N] [-o DIR] [-docs FILE] [GROWTH...]
//
// A work is one thing to do, with its variants: a C program of floor, nlkit, and each
// peer that can do it. They are in the lists that work.go puts together, each beside
// the figures that it is to reach. A new row is one more element of such a list, and a
// function for each variant; all else, tests included, follows from it.
//
// What makes the figures fair: all variants of a work run on the same stage, a network
// namespace with the objects in it, each in a process of its own that reports what it
// took. They run in turn, as often as there are passes, so that what else the machine
// does meets all of them, and a socket that is kept has been used before it counts. The
// number of items must be the same for all. What counts are ratios of medians within
// one run, and how far the machine is to be trusted is measured with them: the C
// program runs a second time in each pass, and each ratio has the spread of its
// passes. A goal counts as missed if it is missed by more than that, and more passes
// are made before that is said.
//
// The C programs are compiled when they are needed, which takes cc; iproute2 is
// compared with, too. It runs as root, or as an ordinary user where such a one may make
// user namespaces; then the system may cut receive buffers, and more is lost.
package main
