package app_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/onbu/onbu/internal/app"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/internal/logtest"
	"github.com/onbu/onbu/internal/wire"
)

func TestADaemonRefusesToStartBesideOneThatIsTwoVersionsApart(t *testing.T) {
	c := membus.New().Connect("test")
	if err := c.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	other := wire.Heartbeat{Role: "scheduler", Name: "alpha", Version: "v9", Wire: wire.Version + 2}
	if _, err := c.Put(t.Context(), bus.HB, bus.BeatKey("scheduler", "alpha"), wire.Marshal(other), 0); err != nil {
		t.Fatal(err)
	}
	err := app.Run(t.Context(), app.Options{Roles: []string{"scheduler"}, Bus: c, Name: "beta", Log: slog.New(slog.DiscardHandler)})
	if !errors.Is(err, wire.ErrVersion) || !strings.Contains(err.Error(), "scheduler alpha, release v9: ") || !strings.Contains(err.Error(), "too new") {
		t.Errorf("it ended with %v", err)
	}
}

func TestADaemonStartsBesideOneOfTheNextVersion(t *testing.T) {
	c := membus.New().Connect("test")
	if err := c.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	other := wire.Heartbeat{Role: "scheduler", Name: "alpha", Version: "v9", Wire: wire.Version + 1}
	if _, err := c.Put(t.Context(), bus.HB, bus.BeatKey("scheduler", "alpha"), wire.Marshal(other), 0); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var heard logtest.Log
	err := app.Run(ctx, app.Options{Roles: []string{"reactionner"}, Bus: c, Name: "beta", Log: slog.New(slog.NewTextHandler(&heard, nil)), HTTP: "127.0.0.1:0", Started: func(string) { cancel() }})
	if err != nil || !strings.Contains(heard.String(), "ended in order") {
		t.Errorf("it ended with %v, and said\n%s", err, heard.String())
	}
}
