package app

import (
	"fmt"
	"slices"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/keys"
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
