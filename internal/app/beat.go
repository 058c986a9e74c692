package app

import (
	"context"
	"errors"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

const (
	beatEvery = 5 * time.Second
	// rememberEvery is how often it is noted for later that a role is there.
	rememberEvery = time.Minute
	// lastBeat bounds how long the end of a role waits until the others see it.
	lastBeat = time.Second
)

// version is that of the binary.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}

// beat says every five seconds, and at each change, that the role is alive and how it is; ownership never depends on it. At the end it
// says that it goes.
func (r *running) beat() {
	if r.app.bus.Ready(r.ctx) != nil {
		return
	}
	host, _ := os.Hostname()
	h := wire.Heartbeat{
		Role: r.role.name, Name: r.app.o.Name, Host: host, PID: os.Getpid(), Since: monitor.At(time.Now()), HTTP: r.app.server.addr,
		Version: version(), Wire: wire.Version, Tags: r.tags(),
	}
	ticker := time.NewTicker(beatEvery)
	defer ticker.Stop()
	go r.noticeReloads()
	var remembered time.Time
	for r.ctx.Err() == nil {
		if s := r.is(); s != h.State {
			h.State, h.Since = s, monitor.At(time.Now())
			remembered = time.Time{}
		}
		h.Load, h.Troubles, h.Boot, h.Generation = r.load(), r.troubles(), r.booted(), r.generation()
		if !r.show(r.ctx, h) {
			remembered = time.Time{}
		}
		if time.Since(remembered) > rememberEvery && r.remember(r.ctx, h, false) {
			remembered = time.Now()
		}
		select {
		case <-r.ctx.Done():
		case <-ticker.C:
		case <-r.soon:
		case <-r.busNews():
		}
	}
	<-r.over // which may take seconds: a poller waits for its checks
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), lastBeat)
	defer cancel()
	if r.leave(ctx) {
		r.remember(ctx, h, true)
	}
}

// tags are those that the role serves.
func (r *running) tags() []string {
	switch r.role.name {
	case "poller":
		return r.app.o.PollerTags
	case "reactionner":
		return r.app.o.ReactionnerTags
	}
	return nil
}

// adopter is a daemon that works with a configuration.
type adopter interface {
	// Generation is the one that it works with, 0 for none.
	Generation() uint64
}

func (r *running) generation() uint64 {
	if l := r.current(); l != nil {
		if d, ok := l.daemon.(adopter); ok {
			return d.Generation()
		}
	}
	return 0
}

// lookEvery is how often it is looked whether a role works with a new configuration: who reloads waits for that.
const lookEvery = 200 * time.Millisecond

// noticeReloads has the heart beat when a new configuration is in use, until the role ends.
func (r *running) noticeReloads() {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for known := r.generation(); ; {
		select {
		case <-r.ctx.Done():
			return
		case <-ticker.C:
		}
		if now := r.generation(); now != known {
			known = now
			signal(r.soon)
		}
	}
}

func (r *running) load() map[string]int64 {
	var load map[string]int64
	if l := r.current(); l != nil {
		if d, ok := l.daemon.(loader); ok {
			load = d.Load()
		}
	}
	return r.app.withBus(r.role.name, load)
}

// A heartbeat has so many troubles, of so many bytes.
const (
	mostTroubles = 8
	mostTrouble  = 400
)

// troubles are what somebody should look at, of the role that works.
func (r *running) troubles() []string {
	l := r.current()
	if l == nil {
		return nil
	}
	d, ok := l.daemon.(troubled)
	if !ok {
		return nil
	}
	all := d.Troubles()
	all = all[:min(len(all), mostTroubles)]
	for i, text := range all {
		if len(text) > mostTrouble {
			all[i] = strings.ToValidUTF8(text[:mostTrouble], "") + "…"
		}
	}
	return all
}

func (r *running) key() string { return bus.BeatKey(r.role.name, r.app.o.Name) }

// show puts a heartbeat where others see it. kept says that nobody else has written or removed the one before, nor what is remembered:
// a daemon of the same name may have, at its end too.
func (r *running) show(ctx context.Context, h wire.Heartbeat) (kept bool) {
	e, err := r.app.bus.Get(ctx, bus.HB, r.key())
	kept = !r.twin.seen || err == nil && r.twin.owns(e)
	if other, is := r.twin.finds(e); is && err == nil {
		r.warn(other)
	}
	r.twin.shows(&h)
	if err == nil || errors.Is(err, bus.ErrNotFound) {
		_, err = r.app.bus.Put(ctx, bus.HB, r.key(), wire.Marshal(h), e.Revision)
	}
	if err == nil {
		r.twin.seen = true
	} else if ctx.Err() == nil {
		r.app.o.Log.Debug("heartbeat not taken", "role", r.role.name, "error", err)
	}
	return kept
}

// leave removes the heartbeat. last is false when there is one of another daemon of the same name: that one is not at its end.
func (r *running) leave(ctx context.Context) (last bool) {
	e, err := r.app.bus.Get(ctx, bus.HB, r.key())
	if err == nil && !r.twin.owns(e) {
		return false
	}
	if err == nil {
		err = r.app.bus.Delete(ctx, bus.HB, r.key(), e.Revision)
	}
	if err != nil {
		r.app.o.Log.Debug("the last heartbeat stays until it is too old", "role", r.role.name, "error", err)
	}
	return !errors.Is(err, bus.ErrConflict)
}

// remember notes the role for when it is silent. Only what this one noted ends with it: another daemon may have its name by now.
func (r *running) remember(ctx context.Context, h wire.Heartbeat, ended bool) bool {
	key := bus.KnownKey(r.role.name, r.app.o.Name)
	e, err := r.app.bus.Get(ctx, bus.NODE, key)
	if ended && err == nil && !r.twin.noted(e) {
		return false
	}
	if err == nil || errors.Is(err, bus.ErrNotFound) {
		h.Load, h.Troubles = nil, nil
		if ended { // the server of the bus goes a little later
			h.Load = r.app.withBus(r.role.name, nil)
		}
		_, err = r.app.bus.Put(ctx, bus.NODE, key, wire.Marshal(wire.KnownRole{Beat: h, At: monitor.At(time.Now()), Ended: ended}), e.Revision)
	}
	if err != nil && ctx.Err() == nil {
		r.app.o.Log.Debug("the node is not remembered", "role", r.role.name, "error", err)
	}
	return err == nil
}
