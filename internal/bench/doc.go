// Command bench measures nlkit beside its peers and beside C programs that do no more
// than the work itself, in network namespaces of its own.
//
//	go run . [-quick] [-passes N] [-check] [WORK...]
//
// Every work is a file of its own: what there is to do, and its variants, of which
// each runs in a process of its own that reports what it took. The variants run in
// turn, as often as there are passes, so that what else the machine does meets all of
// them; what counts are ratios of medians within one run. The C programs in floor are
// compiled when they are needed, which takes cc.
//
// It runs as root, or as an ordinary user where such a one may make user namespaces;
// then the system may cut receive buffers, and more is lost.
package main
