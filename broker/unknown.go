package broker

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/api"
)

// unknown are the lists of all receivers.
type unknown struct {
	mu sync.Mutex
	of map[string][]monitor.UnknownResult // by key
}

// watchUnknown keeps the lists until ctx ends.
func (b *Broker) watchUnknown(ctx context.Context) {
	for ctx.Err() == nil {
		err := b.o.Bus.Watch(ctx, bus.STRAY, "", func(e bus.Entry) { b.unknown.set(e) })
		if ctx.Err() == nil {
			b.o.Log.Warn("the watch for unknown hosts and services ended and begins again", "error", err)
			pause(ctx, time.Second)
		}
	}
}

func (u *unknown) set(e bus.Entry) {
	var list []monitor.UnknownResult
	u.mu.Lock()
	defer u.mu.Unlock()
	if e.Value == nil || wire.Unmarshal(e.Value, &list) != nil {
		delete(u.of, e.Key)
		return
	}
	if u.of == nil {
		u.of = map[string][]monitor.UnknownResult{}
	}
	u.of[e.Key] = list
}

// all gives what every receiver says, the newest first.
func (u *unknown) all() []api.Unknown {
	u.mu.Lock()
	defer u.mu.Unlock()
	out := []api.Unknown{}
	for key, list := range u.of {
		receiver, _ := bus.Named(key)
		for _, r := range list {
			out = append(out, api.Unknown{
				Host: r.Host, Service: r.Service, Source: r.Source, Output: r.Output, Count: r.Count, First: r.First.Unix(), Last: r.Last.Unix(), Receiver: receiver,
			})
		}
	}
	slices.SortFunc(out, func(a, b api.Unknown) int {
		return cmp.Or(cmp.Compare(b.Last, a.Last), cmp.Compare(a.Host, b.Host), cmp.Compare(a.Service, b.Service))
	})
	return out
}

func (b *Broker) listUnknown(w http.ResponseWriter, _ *http.Request) { answer(w, b.unknown.all()) }
