package feed

import (
	"context"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

const (
	sweepEvery = 10 * time.Minute
	// goneFor is how long the place of a module is kept that the configuration asks for no more: a reload that was a mistake
	// costs nothing.
	goneFor = 24 * time.Hour
	// unusedFor is how long the place of a module is kept that no broker works with, as long as the journal reaches back.
	unusedFor = 30 * 24 * time.Hour
)

// Run keeps the list of all places, and forgets those that nobody needs any more, until ctx ends.
func (f *Feeder) Run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { f.sweep(ctx) })
	for ctx.Err() == nil {
		err := f.o.Bus.Watch(ctx, bus.FEED, "", f.heard)
		if ctx.Err() == nil {
			f.o.Log.Warn("the watch for the places of export modules ended and begins again", "error", err)
			pause(ctx, time.Second)
		}
	}
}

func (f *Feeder) heard(e bus.Entry) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if e.Value == nil {
		delete(f.places, e.Key)
		return
	}
	found := entry{revision: e.Revision}
	if err := wire.Unmarshal(e.Value, &found.Standing); err != nil {
		f.o.Log.Error("the place of an export module is unreadable", "key", e.Key, "error", err)
		return
	}
	f.places[e.Key] = found
}

// all gives the places of all modules of all brokers, by key.
func (f *Feeder) all() map[string]entry {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := make(map[string]entry, len(f.places))
	for key, e := range f.places {
		all[key] = e
	}
	return all
}

func (f *Feeder) sweep(ctx context.Context) {
	for pause(ctx, sweepEvery); ctx.Err() == nil; pause(ctx, sweepEvery) {
		defined, err := f.o.Defined(ctx)
		if err != nil {
			f.o.Log.Debug("places of export modules are kept: which modules there are is not known", "error", err)
			continue
		}
		for key, e := range f.all() {
			f.judge(ctx, key, e, defined, time.Now())
		}
	}
}

// judge forgets a place, marks it as one that nobody asks for, or leaves it. That somebody else changed it meanwhile is fine: then
// it is in use.
func (f *Feeder) judge(ctx context.Context, key string, e entry, defined map[string]bool, now time.Time) {
	gone := e.Of != "" && !defined[e.Of]
	var err error
	switch {
	case now.Sub(e.Saved.Std()) > unusedFor, gone && e.Gone != 0 && now.Sub(e.Gone.Std()) > goneFor:
		err = f.o.Bus.Delete(ctx, bus.FEED, key, e.revision)
		if err == nil {
			f.o.Log.Info("the place of an export module that is gone is forgotten", "module", e.Module, "broker", e.Broker)
		}
	case gone && e.Gone == 0:
		e.Gone = monitor.At(now)
		_, err = f.o.Bus.Put(ctx, bus.FEED, key, wire.Marshal(e.Standing), e.revision)
	}
	if err != nil {
		f.o.Log.Debug("the place of an export module that is gone stays", "module", e.Module, "error", err)
	}
}
