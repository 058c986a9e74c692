package arbiter

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/lease"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// arbitersKey holds the arbiters that have stood by.
const arbitersKey = "arbiters"

func (a *Arbiter) door() lease.Door {
	return lease.Door{Bus: a.o.Bus, Subject: bus.AliveRole(bus.Arbiter)}
}

// standBy waits until this arbiter may lead. Meanwhile it looks whether its files are those in force. The error is ctx's.
func (a *Arbiter) standBy(ctx context.Context) (why string, err error) {
	ctx, cancel := context.WithCancel(ctx)
	var watching sync.WaitGroup
	defer watching.Wait()
	defer cancel()
	var once sync.Once
	return a.lease.Await(ctx, a.door(), func(held wire.Lease) {
		if held.Owner == a.o.Name && !a.beside {
			a.o.Log.Warn("an arbiter of the same name runs: give each another --name", "name", a.o.Name)
		}
		a.o.Log.Info("another arbiter leads; this one stands by", "leader", held.Owner)
		a.beside = true
		once.Do(func() { watching.Go(func() { a.watchFiles(ctx) }) })
	})
}

// copiedWithin is how long after a reload the files of all arbiters may differ: somebody copies them, one machine after the other. Then
// those that are here are read again, before it is said that they are others.
const copiedWithin = 30 * time.Second

// watchFiles compares the files that are here with those in force: now, when others come into force, when somebody reloads, and when it
// is asked to.
func (a *Arbiter) watchFiles(ctx context.Context) {
	var beside sync.WaitGroup
	defer beside.Wait()
	newest := make(chan wire.Generation, 1)
	beside.Go(func() { a.watchCurrent(ctx, newest) })
	asked := make(chan uint64, 1)
	beside.Go(func() { a.watchAsked(ctx, asked) })
	mine := a.texts(a.o.Config)
	a.o.Config = nil // it may be long until it is needed, and other by then
	a.enrol(ctx, mine)
	var now wire.Generation
	var later <-chan time.Time
	for {
		read, sure := true, false
		select {
		case <-ctx.Done():
			return
		case <-a.o.Reload:
			a.o.Log.Info("the files are read again, and are not brought into force: this arbiter stands by", "main", a.o.Main)
		case <-later:
			sure = true
		case a.answered = <-asked: // whoever reloads hears what comes of it at once
		case g := <-newest:
			read, sure = false, now.Number == 0 // at the start nobody is about to copy something
			now = g
		}
		if read {
			mine = a.texts(nil)
			a.enrol(ctx, mine)
		}
		if later = nil; now.Texts != mine && !sure {
			later = time.After(copiedWithin)
			continue
		}
		a.compare(mine, now)
	}
}

// watchCurrent keeps the newest generation in a channel with room for one.
func (a *Arbiter) watchCurrent(ctx context.Context, newest chan wire.Generation) {
	for ctx.Err() == nil {
		_ = a.o.Bus.Watch(ctx, bus.CFG, currentKey, func(e bus.Entry) {
			var g wire.Generation
			if wire.Unmarshal(e.Value, &g) != nil {
				return
			}
			select {
			case <-newest:
			default:
			}
			newest <- g
		})
		pause(ctx, leadAgain)
	}
}

// texts gives the hash of the files that are here; empty if they are broken, which it logs.
func (a *Arbiter) texts(c *objects.Config) string {
	if c == nil {
		var report *objects.Report
		if c, report = load(a.o.Main, objects.Opts{}); !report.OK() {
			a.o.Log.Error("the files of this arbiter are broken: it could not lead with them; onbu verify lists the errors", "main", a.o.Main, "errors", report.Errors)
			return ""
		}
	}
	return c.Sum
}

// compare says when the files that are here become others than those in force, or the same again.
func (a *Arbiter) compare(mine string, now wire.Generation) {
	if now.Texts == "" {
		return
	}
	differs := mine != now.Texts
	if a.differs.Swap(differs) == differs {
		return
	}
	if !differs {
		a.o.Log.Info("the files of this arbiter are those in force", "generation", now.Number)
		return
	}
	a.o.Log.Warn("the files of this arbiter differ from those in force; if it has to lead, it does not bring them into force before onbu reload",
		"generation", now.Number, "of", now.By, "main", a.o.Main)
	a.o.Chronicle.Tell(monitor.FilesDiffer, "arbiter "+a.o.Name, fmt.Sprintf("its files differ from those in force, which are of %s", now.By))
}

// firstLine gives the first line of a text.
func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return strings.TrimSuffix(line, ":")
}
