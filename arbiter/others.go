package arbiter

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
)

// answerWait bounds how long a reload waits until the arbiters that stand by have read their files.
const answerWait = 5 * time.Second

// several gives the arbiters that have stood by.
func (a *Arbiter) several(ctx context.Context) (all []wire.ArbiterFiles, revision uint64, err error) {
	entry, err := a.o.Bus.Get(ctx, bus.CFG, arbitersKey)
	if errors.Is(err, bus.ErrNotFound) {
		return nil, 0, nil
	}
	if err == nil {
		err = wire.Unmarshal(entry.Value, &all)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("which arbiters there are: %w", err)
	}
	return all, entry.Revision, nil
}

// enrol notes that this arbiter belongs to the installation beside another one, and what is in its files.
func (a *Arbiter) enrol(ctx context.Context, texts string) {
	a.enlist(ctx, func(all []wire.ArbiterFiles) []wire.ArbiterFiles {
		me := wire.ArbiterFiles{Name: a.o.Name, Main: Absolute(a.o.Main), Texts: texts, Answered: a.answered}
		i, found := slices.BinarySearchFunc(all, me.Name, func(one wire.ArbiterFiles, name string) int { return strings.Compare(one.Name, name) })
		if !found {
			return slices.Insert(all, i, me)
		}
		me.Asked = all[i].Asked
		all[i] = me
		return all
	})
}

// enlist changes the list of arbiters. It is no matter if that fails.
func (a *Arbiter) enlist(ctx context.Context, change func([]wire.ArbiterFiles) []wire.ArbiterFiles) {
	for range 3 {
		all, revision, err := a.several(ctx)
		if err == nil {
			_, err = a.o.Bus.Put(ctx, bus.CFG, arbitersKey, wire.Marshal(change(all)), revision)
		}
		if err == nil {
			return
		}
		if !errors.Is(err, bus.ErrConflict) {
			a.o.Log.Debug("the list of arbiters is not changed", "error", err)
			return
		}
	}
}

// watchAsked keeps the newest question for the files of this arbiter in a channel with room for one.
func (a *Arbiter) watchAsked(ctx context.Context, asked chan uint64) {
	for ctx.Err() == nil {
		_ = a.o.Bus.Watch(ctx, bus.CFG, arbitersKey, func(e bus.Entry) {
			var all []wire.ArbiterFiles
			if wire.Unmarshal(e.Value, &all) != nil {
				return
			}
			for _, one := range all {
				if one.Name == a.o.Name && one.Asked > one.Answered {
					select {
					case <-asked:
					default:
					}
					asked <- one.Asked
				}
			}
		})
		pause(ctx, leadAgain)
	}
}

// askOthers has the arbiters that stand by read their files, if there are any.
func (a *Arbiter) askOthers(ctx context.Context) {
	if len(a.besides(ctx)) == 0 {
		return
	}
	a.enlist(ctx, func(all []wire.ArbiterFiles) []wire.ArbiterFiles {
		for i := range all {
			all[i].Asked++
		}
		return all
	})
}

// besides gives what the other arbiters that run say of their files.
func (a *Arbiter) besides(ctx context.Context) (others []wire.ArbiterFiles) {
	all, _, _ := a.several(ctx)
	if len(all) == 0 {
		return nil
	}
	beats, _ := a.o.Bus.List(ctx, bus.HB, "")
	up := map[string]bool{}
	for _, e := range beats {
		var h wire.Heartbeat
		if wire.Unmarshal(e.Value, &h) == nil && bus.Role(h.Role) == bus.Arbiter && h.State == wire.NodeUp {
			up[h.Name] = true
		}
	}
	return slices.DeleteFunc(all, func(one wire.ArbiterFiles) bool { return one.Name == a.o.Name || !up[one.Name] })
}

// unlike waits until the other arbiters have answered askOthers, and names those whose files are not the ones in force. One of an
// older release does not answer: what it said last counts.
func (a *Arbiter) unlike(ctx context.Context) (names []string) {
	all := a.besides(ctx)
	waits := func(one wire.ArbiterFiles) bool { return one.Answered < one.Asked }
	for end := time.Now().Add(answerWait); slices.ContainsFunc(all, waits) && ctx.Err() == nil && time.Now().Before(end); all = a.besides(ctx) {
		pause(ctx, ackLook)
	}
	_, now, err := a.current(ctx)
	for _, one := range all {
		if err == nil && one.Texts != now.Texts {
			names = append(names, one.Name)
		}
	}
	return names
}
