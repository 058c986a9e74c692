package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/chronicle"
	"github.com/onbu/onbu/internal/console"
	"github.com/onbu/onbu/monitor/api"
)

// followAgain is how often somebody is asked to go on who does not answer.
const followAgain = 2 * time.Second

// follower reads the cluster log, over restarts of whoever is asked.
type follower struct {
	q    chronicle.Query
	each func(api.Deed) error
	say  io.Writer

	last   uint64 // the place of the newest entry that was given
	given  int    // of the entries at that place, how many were
	skip   int    // of the entries there that come again, how many still do
	failed error  // of each
}

// run reads until all is given, or with Follow until ctx ends. What was never answered is an error of whoever asked.
func (f *follower) run(ctx context.Context, c cluster) error {
	err := c.Chronicle(ctx, f.q, f.take)
	for lost := false; f.q.Follow && f.failed == nil && err != nil; {
		if _, broken := errors.AsType[*console.Broken](err); broken {
			fmt.Fprintln(f.say, err.Error()+"; asking again until it does")
			lost = true
		} else if refusal, refused := errors.AsType[*console.Refusal](err); !lost || refused && refusal.Code < http.StatusInternalServerError {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(followAgain):
		}
		f.q.After, f.skip = max(f.last, 1)-1, f.given
		err = c.Chronicle(ctx, f.q, f.take)
	}
	return err
}

// take gives an entry, unless it was given before.
func (f *follower) take(d api.Deed) error {
	if d.Seq == f.last && f.skip > 0 {
		f.skip--
		return nil
	}
	if d.Seq != f.last {
		f.last, f.given = d.Seq, 0
	}
	f.given++
	f.failed = f.each(d)
	return f.failed
}

// names says which nodes the log has entries of.
func (f *follower) names(ctx context.Context, c cluster) {
	all := map[string]bool{}
	err := c.Chronicle(ctx, chronicle.Query{}, func(d api.Deed) error { all[d.Node] = true; return nil })
	if err == nil && len(all) > 0 {
		fmt.Fprintln(f.say, "the log has entries of "+strings.Join(slices.Sorted(maps.Keys(all)), ", "))
	}
}
