package link

import (
	"cmp"
	"context"
	"net"
	"slices"
	"sync"

	"github.com/nlkit/nlkit"
)

// Directory knows the links of a network namespace by index, name, alternative name
// and hardware address, as they are: it is kept by a [Watch]. A look-up takes no
// system call and does not depend on the number of links. Any number of goroutines may
// use it. An alternative name of a link that is down is known when the link comes up,
// since the kernel does not tell of it before. The links that it returns share memory with
// it and must not be changed.
type Directory struct {
	w    *nlkit.Watch[Link]
	done chan struct{}
	err  error // once done is closed

	mu     sync.RWMutex
	links  map[int]*Link
	names  map[string]int // also alternative ones
	owners map[string][]int
	all    []Link // what Links returns, nil if something has changed since
}

// OpenDirectory returns a directory that knows all links. It has one goroutine, which
// ends with ctx, or by Close, or when the watch fails: Done and Err tell. From then on
// the directory stays as it is.
//
// It takes no privilege. The error is the context's, or one of [List].
func OpenDirectory(ctx context.Context, c *nlkit.Client) (*Directory, error) {
	w, err := Watch(ctx, c)
	if err != nil {
		return nil, err
	}
	d := &Directory{
		w: w, done: make(chan struct{}),
		links: map[int]*Link{}, names: map[string]int{}, owners: map[string][]int{},
	}
	for {
		ch, err := w.Next()
		if err != nil {
			_ = w.Close()
			return nil, err
		}
		if ch.Type == nlkit.Synced {
			break
		}
		d.apply(&ch)
	}
	go func() {
		defer close(d.done)
		for {
			ch, err := w.Next()
			if err != nil {
				d.err = err
				_ = w.Close()
				return
			}
			d.apply(&ch)
		}
	}()
	return d, nil
}

// apply takes in what the watch tells.
func (d *Directory) apply(ch *nlkit.Change[Link]) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all = nil
	if ch.Type == nlkit.Changed || ch.Type == nlkit.Removed {
		d.remove(&ch.Old)
	}
	if ch.Type == nlkit.Changed || ch.Type == nlkit.Added {
		l := ch.New
		d.links[l.Index] = &l
		for _, name := range namesOf(&l) {
			d.names[name] = l.Index
		}
		if a := string(l.Address); a != "" {
			d.owners[a] = append(d.owners[a], l.Index)
		}
	}
}

func (d *Directory) remove(l *Link) {
	delete(d.links, l.Index)
	for _, name := range namesOf(l) {
		if d.names[name] == l.Index { // else it is another's by now
			delete(d.names, name)
		}
	}
	a := string(l.Address)
	if owners := slices.DeleteFunc(d.owners[a], func(i int) bool { return i == l.Index }); len(owners) > 0 {
		d.owners[a] = owners
	} else {
		delete(d.owners, a)
	}
}

func namesOf(l *Link) []string { return append([]string{l.Name}, l.AltNames...) }

// Index returns the link with an index.
func (d *Directory) Index(index int) (l Link, ok bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.link(index)
}

// Name returns the link with a name, or an alternative name.
func (d *Directory) Name(name string) (l Link, ok bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	index, ok := d.names[name]
	if !ok {
		return Link{}, false
	}
	return d.link(index)
}

// Address returns the links with a hardware address, in no order: several may have the
// same one, such as a link and the VLANs on top of it.
func (d *Directory) Address(a net.HardwareAddr) []Link {
	d.mu.RLock()
	defer d.mu.RUnlock()
	var links []Link
	for _, index := range d.owners[string(a)] {
		links = append(links, *d.links[index])
	}
	return links
}

// Links returns all links as they are at one moment, in the order of their indexes. The
// slice is the same for all as long as nothing changes, and must not be changed.
func (d *Directory) Links() []Link {
	d.mu.RLock()
	all := d.all
	d.mu.RUnlock()
	if all != nil {
		return all
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.all == nil {
		d.all = make([]Link, 0, len(d.links))
		for _, l := range d.links {
			d.all = append(d.all, *l)
		}
		slices.SortFunc(d.all, func(a, b Link) int { return cmp.Compare(a.Index, b.Index) })
	}
	return d.all
}

func (d *Directory) link(index int) (Link, bool) {
	if l := d.links[index]; l != nil {
		return *l, true
	}
	return Link{}, false
}

// Stats returns what the directory's watch has been through.
func (d *Directory) Stats() nlkit.WatchStats { return d.w.Stats() }

// Done returns a channel that is closed when the directory is no longer kept.
func (d *Directory) Done() <-chan struct{} { return d.done }

// Err returns why the directory is no longer kept, nil while it is: the context's
// error, [net.ErrClosed] after Close, or what ended the watch.
func (d *Directory) Err() error {
	select {
	case <-d.done:
		return d.err
	default:
		return nil
	}
}

// Close ends the directory, and returns when its goroutine has ended. It may be called
// more than once.
func (d *Directory) Close() error {
	err := d.w.Close()
	<-d.done
	return err
}
