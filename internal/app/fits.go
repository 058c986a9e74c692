package app

import (
	"context"
	"fmt"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
)

// fitsWait bounds how long the start waits to see who is there. Without a bus there is nobody to misunderstand.
const fitsWait = 2 * time.Second

// fits refuses to start beside daemons of a release that does not go together with this one. Those that were killed are seen for 15 s.
func (a *App) fits(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, fitsWait)
	defer cancel()
	all, err := a.bus.List(ctx, bus.HB, "")
	if err != nil {
		return nil
	}
	for _, e := range all {
		var h wire.Heartbeat
		if err := wire.Unmarshal(e.Value, &h); err != nil {
			continue
		}
		if err := wire.Fits(h.Wire); err != nil {
			return fmt.Errorf("%s %s, release %s: %w", h.Role, h.Name, h.Version, err)
		}
	}
	return nil
}
