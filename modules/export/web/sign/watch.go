package sign

import (
	"context"
	"fmt"
	"time"
)

const (
	// watchEvery is how often the users file is looked at though nobody signs in.
	watchEvery = 2 * time.Second
	// mostComplaints bounds how many mistakes in it are named.
	mostComplaints = 5
)

// Watch reads the users file when it changes, until ctx ends: a mistake in it is told when somebody makes it, and not when somebody signs
// in. It says once how the first one comes who can.
func (g *Gate) Watch(ctx context.Context) {
	if g.o.Users == "" {
		return
	}
	if g.Users() == 0 && g.o.Proxy.Header == "" && len(g.Complaints()) == 0 {
		g.o.Log.Info("nobody can sign in on the pages yet: onbu user add NAME --role admin --file " + g.o.Users)
	}
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			g.users.get()
		}
	}
}

// Complaints are what was wrong with the users file when it was looked at last; none where all is well.
func (g *Gate) Complaints() (all []string) {
	if err := g.users.trouble(); err != "" {
		all = append(all, "the users file cannot be read, and what it said before counts: "+err)
	}
	wrong := g.mistakes.Load()
	if wrong == nil {
		return all
	}
	for i, err := range *wrong {
		if i == mostComplaints {
			return append(all, fmt.Sprintf("the users file has %d more wrong lines: the log of the broker names them", len(*wrong)-i))
		}
		all = append(all, "a line of the users file is wrong and does not count: "+err.Error())
	}
	return all
}
