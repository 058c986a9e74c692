package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/keys"
	"github.com/onbu/onbu/monitor"
)

// openKeys reads the certificate of this process, whose name is the daemons' own, since the bus lets nobody speak for others.
func (a *App) openKeys() error {
	if a.o.Keys == "" {
		return nil
	}
	ring, err := keys.Open(a.o.Keys, a.o.Log)
	if err != nil {
		return err
	}
	who := ring.Identity()
	if a.o.Name != "" && a.o.Name != who.Name {
		return fmt.Errorf("--name is %s, but the certificate in %s is for %s: leave --name out", a.o.Name, a.o.Keys, who)
	}
	a.o.Name, a.keys = who.Name, ring
	if a.o.BusURL == "embedded:" {
		return nil // the daemons speak with the server in this process
	}
	for _, role := range a.o.Roles {
		if !slices.Contains(who.Roles, bus.Role(role)) {
			return fmt.Errorf("the certificate in %s is for %s, not for the role %s: ask for one with `onbu keys daemon %s --role %s`",
				a.o.Keys, who, role, who.Name, role)
		}
	}
	return nil
}

// refusable is a bus that says how often it refused us something.
type refusable interface{ Refused() uint64 }

// lookAgain is how soon the cluster log has what the bus refused.
const lookAgain = 10 * time.Second

// watchKeys tells of a certificate that ends soon, and of rights that the bus refuses, until ctx ends.
func (a *App) watchKeys(ctx context.Context) {
	bus, ok := a.bus.(refusable)
	if ok {
		a.metrics.NewGauge("onbu_bus_refused_total", func() float64 { return float64(bus.Refused()) })
		go a.watchRefusals(ctx, bus)
	}
	if a.keys == nil {
		return
	}
	a.metrics.NewGauge("onbu_certificate_expires_seconds", func() float64 { return time.Until(a.keys.Until()).Seconds() })
	tell := a.deeds.For("")
	go a.keys.Watch(ctx, func(text string) { tell.Tell(monitor.CertificateEnds, a.o.Name, text) })
}

func (a *App) watchRefusals(ctx context.Context, bus refusable) {
	tell, told := a.deeds.For(""), uint64(0)
	ticker := time.NewTicker(lookAgain)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if n := bus.Refused(); n > told {
			tell.Tell(monitor.RightRefused, a.o.Name, fmt.Sprintf("the bus refused it something %d times; its log says what", n-told))
			told = n
		}
	}
}

// keysWell adds the certificate to the state of health when it ends soon, or lacks an address of the server; false when it has ended.
func keysWell(ring *keys.Ring, state map[string]string) bool {
	if ring == nil {
		return true
	}
	now := time.Now()
	if text := ring.Unnamed(); text != "" {
		state["certificate"] = text
	}
	if text := ring.Ending(now); text != "" {
		state["certificate"] = text
	}
	return ring.Until().After(now)
}
