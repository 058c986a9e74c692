package app

import (
	"context"

	"github.com/onbu/onbu/internal/chronicle"
	"github.com/onbu/onbu/monitor"
)

// teller is a bus that tells the cluster log of itself.
type teller interface{ Chronicle(monitor.Chronicle) }

// chronicle begins the cluster log of this process. It ends after the roles, and before the bus.
func (a *App) chronicle(ctx context.Context) {
	a.deeds = chronicle.NewWriter(chronicle.Options{Bus: a.bus, Node: a.o.Name, Boot: a.boot, Log: a.o.Log})
	if teller, ok := a.bus.(teller); ok {
		role := ""
		if len(a.o.Roles) == 1 {
			role = a.o.Roles[0] // several processes may have one name
		}
		teller.Chronicle(a.deeds.For(role))
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		a.deeds.Run(ctx)
	}()
	a.closers = append(a.closers, func() error {
		cancel()
		<-ended
		return nil
	})
}
