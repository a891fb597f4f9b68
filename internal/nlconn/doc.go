// Package nlconn is the one place that touches netlink sockets: the pool, the
// exchanges (acknowledged request, single reply, dump, batch), receive-only
// sockets, and how a context ends each of them.
//
// Sockets are opened, bound and configured by mdlayher/netlink. Datagrams are written
// and read through its SyscallConn, from and into buffers that are used again: that
// keeps what its own receive loop drops (the flags of a dump's closing message, of
// which NLM_F_DUMP_INTR may be the only sign of an inconsistent dump, and half of an
// extended acknowledgement), and it allocates nothing. A socket for requests is not
// left in Go's poller, which would be woken for each answer.
//
// A Conn has one owner at a time. A Conn whose exchange did not end is closed and
// never used again, so that a stale reply cannot answer a later request.
package nlconn
