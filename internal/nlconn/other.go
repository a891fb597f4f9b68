//go:build !linux

package nlconn

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/mdlayher/netlink"
)

// There is no netlink here: a Pool cannot be used, and what takes a Conn is never
// reached.

type Config struct {
	NetNS                   *os.File
	Lenient, CapAck         bool
	ReadBuffer, WriteBuffer int
	MaxIdle                 int
	Dial                    func(int) (*netlink.Conn, error)
}

type ListenConfig struct {
	Groups                  []uint32
	ReadBuffer, Datagram    int
	AllNSID, BroadcastError bool
	Wants                   []Want
}

type Result struct {
	Sent, Interrupted bool
	Warning           string
}

type Pool struct{}

func NewPool(Config) *Pool                                { return &Pool{} }
func (*Pool) Get(int) (*Conn, error)                      { return nil, errors.ErrUnsupported }
func (*Pool) Listen(int, ListenConfig) (*Conn, error)     { return nil, errors.ErrUnsupported }
func (*Pool) Put(*Conn)                                   {}
func (*Pool) Forget(*Conn)                                {}
func (*Pool) ForgetOn(context.Context, *Conn) func() bool { return func() bool { return false } }
func (*Pool) Idle() (idle, all int)                       { return 0, 0 }
func (*Pool) Close() error                                { return nil }

type Conn struct {
	Proto                       int
	Strict, ExtendedAck         bool
	BytesOut, BytesIn, Overruns uint64
}

func (*Conn) Close() error                         { return nil }
func (*Conn) Closed() bool                         { return true }
func (*Conn) PortID() uint32                       { return 0 }
func (*Conn) Join(uint32) error                    { return errors.ErrUnsupported }
func (*Conn) Leave(uint32) error                   { return errors.ErrUnsupported }
func (*Conn) Groups() ([]uint32, error)            { return nil, errors.ErrUnsupported }
func (*Conn) ReadBuffer() (int, error)             { return 0, errors.ErrUnsupported }
func (*Conn) Receive(*Message, bool) (bool, error) { return false, errors.ErrUnsupported }
func (*Conn) ReceiveUntil(*Message, time.Time) (bool, error) {
	return false, errors.ErrUnsupported
}

func (*Conn) Do(context.Context, Request, func(Message) error) (Result, error) {
	return Result{}, errors.ErrUnsupported
}

func (*Conn) Control(context.Context, Request) (Result, error) {
	return Result{}, errors.ErrUnsupported
}

func (*Conn) Query(context.Context, Request, func(Message) error) (Result, error) {
	return Result{}, errors.ErrUnsupported
}

func (*Conn) Dump(context.Context, Request, func(Message) bool) (Result, error) {
	return Result{}, errors.ErrUnsupported
}

func (*Conn) Batch(_ context.Context, reqs []Request, _ func(int, Message) error, _ func(int, string), done func(int, bool, error)) {
	for i := range reqs {
		done(i, false, errors.ErrUnsupported)
	}
}
