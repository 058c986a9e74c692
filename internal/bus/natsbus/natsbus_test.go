package natsbus_test

import (
	"testing"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/bustest"
	"github.com/onbu/onbu/internal/bus/natsbus"
)

func TestKeepsThePromisesOfTheBus(t *testing.T) {
	t.Parallel()
	bustest.Run(t, func(t *testing.T) func(string) bus.Conn {
		s := startServer(t, t.TempDir())
		return func(name string) bus.Conn { return connect(t, s, name) }
	})
}

func startServer(t testing.TB, dir string) *natsbus.Server {
	t.Helper()
	s, err := natsbus.StartServer(natsbus.ServerOptions{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func connect(t testing.TB, s *natsbus.Server, name string) *natsbus.Conn {
	t.Helper()
	c, err := s.Connect(t.Context(), natsbus.Options{Name: name, MaxStream: bustest.StreamLimit})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}
