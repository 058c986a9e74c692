package sites

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules/piggyback"
	"github.com/onbu/onbu/monitor"
)

// own is the hosts of this site.
type own struct {
	ready chan struct{} // closed once they are known

	mu    sync.Mutex // guards what follows
	hosts []string   // sorted; nil before they are known
	told  chan struct{}
}

// list is hosts with their hash.
type list struct {
	hash  uint64
	hosts []string
}

// newList takes sorted names.
func newList(hosts []string) list {
	h := sha256.New()
	for _, name := range hosts {
		h.Write([]byte(name))
		h.Write([]byte{'\n'})
	}
	return list{binary.BigEndian.Uint64(h.Sum(nil)), hosts}
}

// get gives the hosts, and what is closed when they change.
func (o *own) get() ([]string, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.hosts, o.told
}

func (o *own) set(hosts []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.hosts == nil {
		close(o.ready)
	} else if slices.Equal(o.hosts, hosts) {
		return
	}
	o.hosts = hosts
	close(o.told)
	o.told = make(chan struct{})
}

// watchOwn follows the directory.
func (s *Sites) watchOwn(ctx context.Context) error {
	return s.o.Bus.Watch(ctx, bus.CFG, "current", func(e bus.Entry) {
		if e.Value == nil {
			return
		}
		if err := s.learnOwn(ctx, e.Value); err != nil {
			s.o.Log.Error("other sites are not told of the new directory of hosts", "error", err)
		}
	})
}

func (s *Sites) learnOwn(ctx context.Context, current []byte) error {
	var g wire.Generation
	if err := wire.Unmarshal(current, &g); err != nil {
		return fmt.Errorf("pointer to the current configuration: %w", err)
	}
	data, err := s.o.Bus.Blob(ctx, bus.CFG, wire.DirectoryName(g.Number))
	if err != nil {
		return err
	}
	var d monitor.Directory
	if err := wire.Unmarshal(data, &d); err != nil {
		return fmt.Errorf("directory of generation %d: %w", g.Number, err)
	}
	hosts := make([]string, 0, len(d.Hosts))
	for name := range d.Hosts {
		if piggyback.IsName(name) { // there are no payloads for others
			hosts = append(hosts, name)
		}
	}
	slices.Sort(hosts)
	s.own.set(hosts)
	return nil
}
