package natsbus_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/natsbus"
	"github.com/onbu/onbu/internal/logtest"
	"github.com/onbu/onbu/internal/realpeer"
)

// The servers of a cluster are started one after the other.
func TestAServerThatWaitsForOthersNamesThem(t *testing.T) {
	t.Parallel()
	var at [3]string
	for i := range at {
		at[i] = fmt.Sprintf("127.0.0.1:%d", realpeer.Port(t))
	}
	var heard logtest.Log
	log := slog.New(slog.NewTextHandler(&heard, nil))
	start := func(i int) *natsbus.Server {
		s, err := natsbus.StartServer(natsbus.ServerOptions{
			Dir: t.TempDir(), Name: fmt.Sprintf("n%d", i), Log: log, Cluster: &natsbus.Cluster{Listen: at[i], Join: []string{at[(i+1)%3], at[(i+2)%3]}},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
	alone := start(0)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	want := "not there: " + at[1] + ", " + at[2]
	if _, err := alone.Connect(ctx, natsbus.Options{Log: log}); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(heard.String(), want) {
		t.Errorf("it says %v, and logs\n%s", err, heard.String())
	}
	start(1)
	ctx, cancel = context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	c, err := alone.Connect(ctx, natsbus.Options{Log: log})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	stands(ctx, t, c, "with two", func(s bus.Standing) bool {
		return s.Bare && strings.HasSuffix(s.Unjoined, at[2]) && (s.Unjoined == at[2] || strings.HasPrefix(s.Unjoined, "1 of "))
	})
	start(2)
	stands(ctx, t, c, "with three", func(s bus.Standing) bool { return s.Bare && s.Unjoined == "" })
}
